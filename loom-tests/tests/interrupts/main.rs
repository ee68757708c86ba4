//! Interrupts: a handler that runs to its end at each operation of what it interrupts, compiled only in the
//! model of interrupts.
//!
//! `cargo test` and `cargo interrupts` start them; see `interrupts_run.rs`.
#![cfg(concurrent_futures_model = "interrupt")]
#![expect(clippy::missing_panics_doc, reason = "it is by a panic that a test fails")]

mod acts;
mod everywhere;
mod life;
mod matrix;
mod must_fail;
mod one_core;
mod pinned;
mod sleep;
mod workers;
mod world;
