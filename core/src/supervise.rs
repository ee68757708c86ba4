//! [`Supervise`]: what an executor needs to know of the tasks that were accepted.
#![forbid(unsafe_code)]

use core::task::{Poll, Waker};

use crate::slot::SlotRef;

/// Keeps account of accepted tasks: the executor's own ledger, or a pool's queues.
pub trait Supervise: Send + Sync {
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

    /// Whether the calling context is a worker, which the end would have to wait for.
    fn on_worker(&self) -> bool;

    /// Unlinks a task that somebody else than a worker has claimed or cancelled.
    fn unlink(&self, task: &TaskRef<'_>);

    /// A worker is about to park in a wait. When every worker is, their wakers are woken.
    fn enter_wait(&self, waker: &Waker);

    /// Whether every worker is parked in a wait.
    fn all_wait(&self) -> bool;

    /// The worker no longer waits.
    fn leave_wait(&self, waker: &Waker);
}

/// Keeps implementations of [`Backend::supervise`](crate::Backend::supervise) in this crate, where
/// who supervises and who schedules are the same: it cannot be named elsewhere.
#[derive(Debug)]
pub struct Seal(pub(crate) ());

/// A task, to be unlinked. Made by this crate only.
#[derive(Debug)]
pub struct TaskRef<'a>(pub(crate) &'a SlotRef);

/// What an executor still has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remaining {
    /// Tasks that have not started; with a backend of one's own, tasks that have not ended.
    pub tasks: usize,
    /// Workers that have not ended, where they are the executor's.
    pub workers: usize,
}
