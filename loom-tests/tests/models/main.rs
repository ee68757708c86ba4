//! The models: one file for each pair of racing operations, compiled only under the model checker.
//!
//! `cargo test` and `cargo loom` start them, each in a process of its own; see `models_run.rs`.
#![cfg(concurrent_futures_model = "loom")]
#![forbid(unsafe_code)]
#![expect(clippy::missing_panics_doc, reason = "it is by a panic that a model fails")]

mod arena_slot_vs_late_reference;
mod attempt_queued_vs_wait;
mod callback_added_vs_complete;
mod cancel_vs_cancel;
mod cancel_vs_wait;
mod claim_on_wait_vs_worker;
mod claim_vs_worker;
mod clone_vs_drop;
mod complete_vs_blocking_wait;
mod complete_vs_cancel;
mod complete_vs_drop_of_future;
mod complete_vs_poll;
mod complete_vs_wait_that_times_out;
mod complete_vs_waiters_of_both_kinds;
mod drop_of_promise_vs_wait;
mod drop_of_shared_waiter_vs_complete;
mod finish_and_release_vs_future;
mod fixed_wait_set_vs_complete;
mod must_fail;
mod pool_batch_vs_thief;
mod pool_break_down_vs_submit;
mod pool_cancel_all_vs_batch;
mod pool_cancel_vs_worker;
mod pool_end_vs_cancel;
mod pool_found_vs_submit;
mod pool_own_submit_vs_others;
mod pool_retire_vs_submit;
mod pool_room_vs_submit;
mod pool_shutdown_vs_exit;
mod pool_start_fails_vs_submit;
mod pool_start_vs_end;
mod pool_submit_vs_shutdown;
mod pool_submit_vs_sleep;
mod pool_support;
mod pool_tells_vs_submit;
mod queue_push_vs_pop_vs_take_half;
mod queue_remove_vs_pop;
mod queue_support;
mod register_vs_wake;
mod run_vs_shutdown;
mod scope_end_vs_cancel;
mod scope_end_vs_task;
mod sets_all_wait;
mod sets_take_vs_complete;
mod shared_waiters_vs_complete;
mod start_vs_cancel;
mod stop_vs_run;
mod submit_vs_shutdown;
mod support;
mod suspend_vs_cancel;
mod suspend_vs_drop_of_future;
mod suspend_vs_wait;
mod take_and_leave_vs_release;
mod task_vs_cancel;
mod then_vs_cancel;
mod wait_set_vs_complete;
