//! What the operating system supplies to a pool of processes, with real processes and descriptors.
//!
//! On Linux only: much of it is looked at in `/proc`. What other systems get instead is tested here as far
//! as Linux has it.
#![cfg(target_os = "linux")]
#![expect(
    clippy::missing_panics_doc,
    clippy::missing_errors_doc,
    reason = "private helpers of tests: a panic is a failure"
)]

// It is private to the crate.
#[path = "../../src/process/os/mod.rs"]
#[expect(dead_code, reason = "the pool uses what the tests do not")]
mod os;

mod channel;
mod ends;
mod injected;
mod inside;
mod memory_files;
mod polling;
mod scarcity;
mod spawning;
mod support;
mod words;
