//! What the time brings: calls that were not started in time, or run for too long; workers that are late,
//! idle for too long, or do not end.
#![forbid(unsafe_code)]

use alloc::format;
use core::time::Duration;

use super::worker::{Stage, Why, Worker};
use super::{Action, Kill, Landing, Supervisor};
use crate::calls::LargeSource;
use crate::error::{Remote, TaskError, TaskErrorKind};

/// A worker has calls lying behind one that has been running for so long: they go elsewhere.
const STALE: Duration = Duration::from_millis(5);

/// A worker that has not begun with a call for so long is stuck.
const STUCK: Duration = Duration::from_millis(100);

impl<L: LargeSource + Clone> Supervisor<L> {
    /// When [`tick`](Self::tick) is to be called at the latest.
    pub fn next_deadline(&self) -> Option<Duration> {
        let patience = self.patience.first().map(|(time, _)| *time);
        let spawn = (self.missing_workers() > 0).then_some(self.spawn_at);
        let workers = self.workers.iter().filter_map(|worker| self.deadline_of(worker));
        workers.chain(patience).chain(spawn).min()
    }

    fn deadline_of(&self, worker: &Worker<L>) -> Option<Duration> {
        let started = match worker.stage {
            Stage::Greeting | Stage::Initializing => {
                worker.since.checked_add(self.settings.start_timeout)
            }
            _ => None,
        };
        let idle = match self.settings.idle_timeout {
            Some(time) if worker.is_idle() => worker.progress.max(worker.since).checked_add(time),
            _ => None,
        };
        let stale = (worker.in_flight.len() > 1 && !worker.slow)
            .then(|| worker.progress.saturating_add(STALE));
        [started, idle, stale, worker.run_until, worker.kill_at].into_iter().flatten().min()
    }

    /// The time has come for something.
    pub fn tick(&mut self, now: Duration) {
        self.end_patience(now);
        for at in (0..self.workers.len()).rev() {
            self.look_at(now, at);
        }
        self.dispatch(now);
    }

    fn look_at(&mut self, now: Duration, at: usize) {
        let worker = &self.workers[at];
        let due = |time: Option<Duration>| time.is_some_and(|time| time <= now);
        if due(worker.kill_at) {
            let id = worker.id;
            // One that was sent home and does not go has done nobody any harm.
            let retiring = worker.stage == Stage::Retiring;
            self.doom(at, if retiring { Why::Killed } else { Why::Lost }, now);
            self.workers[at].kill_at = None;
            return self.actions.push(Action::Kill(id, Kill::AtOnce));
        }
        if !due(self.deadline_of(worker)) {
            return;
        }
        match worker.stage {
            Stage::Greeting | Stage::Initializing => {
                self.end_worker(now, at, Why::Late, Kill::AtOnce);
            }
            Stage::Ready if due(worker.run_until) => self.end_run(now, at),
            Stage::Ready if worker.is_idle() => self.retire(now, at),
            Stage::Ready => self.take_back_the_rest(at),
            _ => {}
        }
    }

    /// A call with a limit has been at a worker for as long as it may run.
    fn end_run(&mut self, now: Duration, at: usize) {
        let worker = &mut self.workers[at];
        if !worker.runs_one_without_limit() {
            return self.end_limited_run(now, at);
        }
        // It has been answered, and the answer is on its way; or it has not had its turn, and gets one
        // elsewhere.
        worker.run_until = None;
        self.take_back_the_rest(at);
    }

    /// As `end_run`, where the call with the limit is the one that runs or is about to.
    fn end_limited_run(&mut self, now: Duration, at: usize) {
        let worker = &mut self.workers[at];
        worker.put_running_first();
        if worker.has_started(0) {
            return self.end_worker(now, at, Why::Deadline, Kill::Politely);
        }
        // It has not run at all: what counts is whether the worker is going to begin with it. A limit of
        // less than a worker takes for that must not end one after another.
        if now.saturating_sub(worker.progress) >= STUCK {
            return self.end_worker(now, at, Why::Stuck, Kill::Politely);
        }
        worker.run_until = Some(now.saturating_add(STUCK));
        self.take_back_the_rest(at);
    }

    /// Calls that lie behind one that takes its time go elsewhere.
    fn take_back_the_rest(&mut self, at: usize) {
        let worker = &mut self.workers[at];
        worker.slow = true;
        let recalled = worker.recall_all(1);
        recalled.into_iter().for_each(|call| self.come_home(call));
    }

    /// Calls that were not started in time.
    fn end_patience(&mut self, now: Duration) {
        while let Some((time, number)) = self.patience.first().copied() {
            if time > now {
                return;
            }
            self.patience.pop_first();
            // Most are in the queue, where they are found at once.
            let waiting = self.queue.remove(&number).or_else(|| {
                let (at, position) = self.find(number)?;
                self.workers[at].recall(position)
            });
            if let Some(call) = waiting {
                call.promise.come_home(); // it never ran, and is not said to
                let message = format!("{} was not started in time", call.name);
                let kind = TaskErrorKind::DeadlinePassed;
                let error = TaskError::remote(kind, message, None, Remote::default());
                self.resolve(call, Landing::Failed(error));
            }
        }
    }
}
