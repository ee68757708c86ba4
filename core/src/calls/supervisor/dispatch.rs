//! Which call goes to which worker, when another worker is started, and when calls are called back.
#![forbid(unsafe_code)]

use core::time::Duration;

use super::worker::{Stage, Worker};
use super::{Action, NewCall, Supervisor, WorkerId};
use crate::calls::messages::HELLO_SIZE;
use crate::calls::{FrameFlags, FrameKind, LargeSource, Leave};
use crate::error::TaskError;

impl<L: LargeSource + Clone> Supervisor<L> {
    /// Sends what can be sent, starts workers for the rest, and lets go whoever has nothing left to do.
    pub(super) fn dispatch(&mut self, now: Duration) {
        self.send_queued(now);
        if self.queue.is_empty() {
            self.relieve(now);
        }
        self.feed();
        self.start_workers(now);
        self.retire_where_possible(now);
    }

    fn send_queued(&mut self, now: Duration) {
        while let Some((_, first)) = self.queue.first_key_value() {
            let alone = first.run_for.is_some();
            let Some(at) = self.best_worker(alone) else { return };
            let Some((_, call)) = self.queue.pop_first() else { return };
            self.send(now, at, call);
        }
    }

    /// An idle worker, or the one with the least work, if the call need not have it alone.
    fn best_worker(&self, alone: bool) -> Option<usize> {
        let mut best = None;
        for (at, worker) in self.workers.iter().enumerate() {
            if !self.has_quota(worker) {
                continue;
            }
            let Some(ahead) = worker.ahead() else { continue };
            if worker.is_idle() {
                return Some(at);
            }
            // Calls of no measurable duration are counted.
            let load = (ahead, worker.in_flight.len());
            if !alone && best.is_none_or(|(least, _)| load < least) {
                best = Some((load, at));
            }
        }
        best.map(|(_, at)| at)
    }

    fn has_quota(&self, worker: &Worker<L>) -> bool {
        self.settings.calls_per_worker.is_none_or(|most| worker.taken < most)
    }

    fn send(&mut self, now: Duration, at: usize, call: NewCall<L>) {
        if call.promise.go_away() == Leave::Cancelled {
            // The desk is told so too, and does not find it then.
            self.counters.cancelled += 1;
            return self.forget_patience(&call);
        }
        let known = self.workers[at].table.get(call.task as usize).copied().flatten().is_some();
        if !known {
            call.promise.come_home(); // it never ran, and is not said to
            let said = alloc::format!("the worker's program has no function {}", call.name);
            return self.resolve(call, super::Landing::Failed(TaskError::refused(said)));
        }
        let estimate = self.estimates.get(call.task as usize).copied().flatten();
        self.workers[at].send(call, estimate, now);
    }

    /// One write for many small calls: a worker that has enough to do can wait for more of them.
    fn feed(&mut self) {
        for at in 0..self.workers.len() {
            if self.workers[at].is_hungry() {
                self.write(at);
            }
        }
    }

    /// Somebody is idle, and others have calls that have not started.
    fn relieve(&mut self, now: Duration) {
        while let Some(at) = self.best_worker(true) {
            let spare = |worker: &Worker<L>| {
                worker.in_flight.len() - worker.count_started().max(1).min(worker.in_flight.len())
            };
            let Some(victim) = self.workers.iter().max_by_key(|worker| spare(worker)) else {
                return;
            };
            let (id, spare) = (victim.id, spare(victim));
            if spare == 0 || id == self.workers[at].id {
                return;
            }
            let Some(victim) = self.worker_mut(id) else { return };
            let recalled = victim.recall_all(victim.in_flight.len() - spare.div_ceil(2));
            if recalled.is_empty() {
                return; // they have all been started just now
            }
            recalled.into_iter().for_each(|call| self.come_home(call));
            self.send_queued(now);
        }
    }

    /// One more for each call that nobody has room for, as long as there may be more.
    fn start_workers(&mut self, now: Duration) {
        if now >= self.spawn_at {
            for _ in 0..self.missing_workers() {
                self.start_worker(now);
            }
        }
    }

    /// How many more are wanted and may be.
    pub(super) fn missing_workers(&self) -> usize {
        let coming = self.workers.iter().filter(|worker| worker.is_coming()).count();
        let live = self.workers.iter().filter(|worker| !worker.is_ending()).count();
        let room = self.settings.workers.saturating_sub(live);
        // Whoever does not end when asked to is replaced all the same, but not again and again.
        let room =
            room.min(self.settings.workers.saturating_mul(2).saturating_sub(self.workers.len()));
        self.queue.len().saturating_sub(coming).min(room)
    }

    pub(super) fn start_worker(&mut self, now: Duration) {
        let id = WorkerId(self.spawned);
        self.spawned += 1;
        self.workers.push(Worker::new(id, now, HELLO_SIZE));
        self.actions.push(Action::Spawn(id));
    }

    /// Sends home whoever has done what it may, and at the end all.
    pub(super) fn retire_where_possible(&mut self, now: Duration) {
        for at in 0..self.workers.len() {
            let worker = &self.workers[at];
            let over = self.closed && self.queue.is_empty();
            let may_go = match worker.stage {
                Stage::Ready => worker.in_flight.is_empty() && (over || !self.has_quota(worker)),
                _ => false,
            };
            if may_go {
                self.retire(now, at);
            }
        }
        if self.closed && self.queue.is_empty() {
            self.drop_unborn(now);
        }
    }

    pub(super) fn retire(&mut self, now: Duration, at: usize) {
        let kill_at = now.checked_add(self.settings.start_timeout);
        let worker = &mut self.workers[at];
        worker.enter(Stage::Retiring, now);
        worker.kill_at = kill_at;
        worker.tell(FrameKind::Retire, FrameFlags::NONE, alloc::vec::Vec::new(), None);
        self.write(at);
    }
}
