//! The models: one file for each pair of racing operations, compiled only under the model checker.
//!
//! `cargo test` and `cargo loom` start them, each in a process of its own; see `models_run.rs`.
#![cfg(concurrent_futures_model = "loom")]
#![forbid(unsafe_code)]
#![expect(clippy::missing_panics_doc, reason = "it is by a panic that a model fails")]

mod arena_slot_vs_late_reference;
mod callback_added_vs_complete;
mod cancel_vs_cancel;
mod cancel_vs_wait;
mod claim_on_wait_vs_worker;
mod clone_vs_drop;
mod complete_vs_blocking_wait;
mod complete_vs_cancel;
mod complete_vs_drop_of_future;
mod complete_vs_poll;
mod complete_vs_wait_that_times_out;
mod complete_vs_waiters_of_both_kinds;
mod drop_of_promise_vs_wait;
mod drop_of_shared_waiter_vs_complete;
mod must_fail;
mod register_vs_wake;
mod run_vs_shutdown;
mod shared_waiters_vs_complete;
mod start_vs_cancel;
mod submit_vs_shutdown;
mod support;
mod task_vs_cancel;
mod then_vs_cancel;
