//! What the operating system supplies to a pool of processes, with real processes and descriptors.
#![cfg(unix)]
#![expect(
    clippy::missing_panics_doc,
    clippy::missing_errors_doc,
    reason = "private helpers of tests: a panic is a failure"
)]

// It is private to the crate.
#[path = "../../src/process/os/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the pool uses what the tests do not")]
mod os;

mod spawning;
mod support;
