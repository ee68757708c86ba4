//! What an executor has done, and has still to do: [`Counters`] and [`Remaining`].
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
use core::task::{Poll, Waker};

/// Accounts for every task that was accepted: the executor's own ledger, or a backend that keeps tasks
/// in a queue of its own.
#[cfg(feature = "alloc")]
pub trait Account: Send + Sync {
    /// Accepts nothing from now on. Idempotent.
    fn close(&self);

    /// Accepts nothing from now on and cancels what has not started; says how many tasks.
    fn close_and_cancel(&self) -> usize;

    /// Whether everything accepted has ended; registers the waker if not. Closed before.
    fn poll_ended(&self, waker: &Waker) -> Poll<()>;

    /// Forgets a waker that `poll_ended` registered.
    fn stop_waiting(&self, waker: &Waker);

    /// What is left of it.
    fn remaining(&self) -> Remaining;

    /// What has become of it.
    fn counters(&self) -> Counters;
}

/// What an executor still has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Remaining {
    /// Tasks that have not started; with a backend of one's own, tasks that have not ended.
    pub tasks: usize,
    /// Workers that have not ended, where they are the executor's.
    pub workers: usize,
}

/// What an executor has done so far, looked at without stopping anything.
///
/// The numbers are read one after another: while tasks come and go, they are of about the same moment.
/// They count from the executor's beginning, and wrap around.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counters {
    /// Tasks accepted.
    pub submitted: usize,
    /// Tasks started, by a worker or by who waited for them. Each attempt of a task that is run again
    /// is a task.
    pub started: usize,
    /// Tasks that have ended with a value or an error.
    pub finished: usize,
    /// Those of them that ended with an error.
    pub failed: usize,
    /// Tasks cancelled before they started.
    pub cancelled: usize,
    /// Tasks that wait to be started; of a backend of one's own as far as the executor knows.
    pub queued: usize,
    /// Workers that sleep, where they are the executor's.
    pub idle_workers: usize,
    /// Workers that were started and have not ended, where they are the executor's.
    pub live_workers: usize,
}
