//! The models: one file for each pair of racing operations, compiled only under the model checker.
//!
//! `cargo test` and `cargo loom` start them, each in a process of its own; see `models_run.rs`.
#![cfg(concurrent_futures_model = "loom")]
#![forbid(unsafe_code)]
#![expect(
    clippy::missing_panics_doc,
    reason = "it is by a panic that a model fails"
)]

mod must_fail;
mod placeholder;
