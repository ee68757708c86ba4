//! The end of the pool: closed, cancelled, killed, given up.
#![forbid(unsafe_code)]

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use super::worker::{Stage, Why};
use super::{Kill, Landing, NewCall, Supervisor};
use crate::calls::{CallPromise, LargeSource};
use crate::error::TaskError;

impl<L: LargeSource + Clone> Supervisor<L> {
    /// Accepts nothing from now on; what was accepted still runs.
    pub fn close(&mut self, now: Duration) {
        self.closed = true;
        self.dispatch(now);
    }

    /// Accepts nothing from now on, and cancels what has not started; says how many calls.
    pub fn close_and_cancel(&mut self, now: Duration) -> usize {
        self.closed = true;
        self.call_all_back();
        let cancelled = self.resolve_queue(|| Landing::Cancelled);
        self.dispatch(now);
        cancelled
    }

    /// Ends all workers, and starts none: what runs fails as killed, what has not started is cancelled.
    pub fn kill_all(&mut self, now: Duration, how: Kill) {
        self.killed = true;
        self.close_and_cancel(now);
        for at in (0..self.workers.len()).rev() {
            self.end_worker(now, at, Why::Killed, how);
        }
    }

    /// Forgets all workers and calls, because whoever drives it cannot go on: the promises, to be dropped
    /// outside the lock, which abandons their futures.
    pub fn abandon(&mut self) -> Vec<CallPromise> {
        (self.closed, self.killed) = (true, true);
        self.patience.clear();
        self.actions.clear();
        let mut calls: Vec<_> = core::mem::take(&mut self.queue).into_values().collect();
        for mut worker in self.workers.drain(..) {
            calls.append(&mut worker.doomed);
            calls.extend(worker.in_flight.drain(..).map(|flight| flight.call));
        }
        calls.into_iter().map(NewCall::into_promise).collect()
    }

    /// Gives up: what has not started fails with the cause, what runs may end.
    pub(super) fn break_down(&mut self, now: Duration, cause: &str) {
        if self.broken.is_some() {
            return;
        }
        self.broken = Some(Arc::from(cause));
        self.closed = true;
        self.call_all_back();
        self.resolve_queue(|| Landing::Failed(TaskError::pool_broken(cause)));
        self.retire_where_possible(now);
    }

    /// Calls back all that have not started.
    fn call_all_back(&mut self) {
        let mut recalled = Vec::new();
        for worker in &mut self.workers {
            recalled.append(&mut worker.recall_all(0));
        }
        recalled.into_iter().for_each(|call| self.come_home(call));
    }

    /// Resolves all in the queue; says how many.
    pub(super) fn resolve_queue(&mut self, landing: impl Fn() -> Landing) -> usize {
        let queue = core::mem::take(&mut self.queue);
        let count = queue.len();
        queue.into_values().for_each(|call| self.resolve(call, landing()));
        count
    }

    /// Nobody waits for workers that are not ready yet: those not started are forgotten by whoever
    /// starts them, the others ended.
    pub(super) fn drop_unborn(&mut self, now: Duration) {
        for at in (0..self.workers.len()).rev() {
            match self.workers[at].stage {
                Stage::Greeting | Stage::Initializing => {
                    self.end_worker(now, at, Why::Killed, Kill::AtOnce);
                }
                _ => {}
            }
        }
    }
}
