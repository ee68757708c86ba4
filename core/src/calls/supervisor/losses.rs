//! Workers that end: how it is noticed, what becomes of their calls, and when enough is enough.
#![forbid(unsafe_code)]

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::time::Duration;

use super::worker::{Places, Stage, Why, Worker};
use super::{Action, Kill, Landing, NewCall, Supervisor, WorkerId};
use crate::calls::{Exit, LargeSource, WorkerPhase, WorkerReport};
use crate::error::{Remote, TaskError, TaskErrorKind};

/// So many workers that end before they are ready, one after another, are no accident.
const BAD_STARTS: u32 = 3;

/// So many processes that cannot be started, one after another, and nobody works: then calls fail.
const FAILED_SPAWNS: u32 = 5;

/// Until the next process is tried, at first; twice as long each time.
const SPAWN_DELAY: Duration = Duration::from_millis(10);

impl<L: LargeSource + Clone> Supervisor<L> {
    /// The process was started; these are the places that it shares, and the file in which they are, to be
    /// sent to it. Says whether it is known: if not, it is to be ended, and nothing more said of it.
    pub fn spawned(
        &mut self,
        now: Duration,
        id: WorkerId,
        pid: u32,
        places: Box<dyn Places>,
        words: Option<L>,
    ) -> bool {
        self.failed_spawns = 0;
        let Some(at) = self.position(id) else { return false };
        let unwanted = self.workers[at].is_ending() || (self.closed && self.queue.is_empty());
        self.workers[at].spawned(pid, places, words, now);
        if unwanted {
            self.end_worker(now, at, Why::Killed, Kill::AtOnce);
        }
        true
    }

    /// The process could not be started. If that is `for_ever`, because there is no such program for
    /// instance, calls that wait do not wait for another try.
    pub fn spawn_failed(&mut self, now: Duration, id: WorkerId, cause: &str, for_ever: bool) {
        let Some(at) = self.position(id) else { return };
        self.workers.swap_remove(at);
        self.failed_spawns = self.failed_spawns.saturating_add(1);
        let delay = SPAWN_DELAY * 2_u32.pow(self.failed_spawns.min(7));
        self.spawn_at = now.saturating_add(delay);
        let alone = self.workers.iter().all(Worker::is_ending);
        if alone && (for_ever || self.failed_spawns >= FAILED_SPAWNS) {
            let said = format!("there is no worker and none could be started: {cause}");
            self.resolve_queue(|| Landing::Failed(TaskError::refused(&said)));
            self.failed_spawns = 0;
        }
        self.dispatch(now);
    }

    /// Nothing more will come from a worker.
    pub fn hung_up(&mut self, now: Duration, id: WorkerId) {
        let Some(at) = self.position(id) else { return };
        let worker = &self.workers[at];
        let expected = worker.stage == Stage::Retiring && worker.in_flight.is_empty();
        if !expected && !worker.is_ending() {
            self.end_worker(now, at, Why::Lost, Kill::AtOnce);
        }
        self.dispatch(now);
    }

    /// What came from a worker is not what the protocol has, for this reason.
    pub fn misbehaved(&mut self, now: Duration, id: WorkerId, how: &str) {
        if let Some(at) = self.position(id).filter(|at| !self.workers[*at].is_ending()) {
            self.end_worker(now, at, Why::Protocol(how.into()), Kill::AtOnce);
        }
        self.dispatch(now);
    }

    /// A worker that is to be ended has been stopped, by a signal or a debugger: it is frozen, not busy.
    pub fn found_stopped(&mut self, id: WorkerId) {
        if let Some(worker) = self.worker_mut(id) {
            worker.stopped = true;
        }
    }

    /// A worker has ended, and was reaped. All that it had written has been received.
    pub fn exited(&mut self, now: Duration, id: WorkerId, exit: Exit) {
        let Some(at) = self.position(id) else { return };
        let expected = self.workers[at].stage == Stage::Retiring;
        if !expected || !self.workers[at].in_flight.is_empty() {
            self.doom(at, Why::Lost, now);
        }
        let mut worker = self.workers.swap_remove(at);
        let why = match &worker.stage {
            Stage::Ending(why) => why.clone(),
            _ => Why::Killed, // went home as it was told
        };
        for call in core::mem::take(&mut worker.doomed) {
            self.counters.started += 1;
            let error = self.error_of(&worker, &why, exit, &call);
            self.resolve(call, Landing::Failed(error));
        }
        self.account_for(now, &worker, &why, exit);
        self.dispatch(now);
    }

    /// Ends a worker: its calls are taken from it, those that run are lost with it.
    pub(super) fn end_worker(&mut self, now: Duration, at: usize, why: Why, how: Kill) {
        let spawning = self.workers[at].stage == Stage::Spawning;
        let (ending, before) = (self.workers[at].is_ending(), self.workers[at].kill_at);
        self.doom(at, why, now);
        let worker = &mut self.workers[at];
        worker.kill_at = match (how, before) {
            (_, None) if ending => return, // was killed already: there is no more than that
            (Kill::AtOnce, _) => None,
            (Kill::Politely, Some(before)) if ending => Some(before),
            (Kill::Politely, _) => Some(now.saturating_add(self.settings.grace)),
        };
        let id = worker.id;
        if !spawning {
            self.actions.push(Action::Kill(id, how));
        }
    }

    /// The worker will not answer any more.
    pub(super) fn doom(&mut self, at: usize, why: Why, now: Duration) {
        let worker = &mut self.workers[at];
        if !worker.is_ending() {
            worker.enter(Stage::Ending(why), now);
        }
        worker.run_until = None;
        worker.outbox.clear();
        let recalled = worker.recall_all(0);
        while let Some(call) = worker.remove(0) {
            worker.doomed.push(call);
        }
        recalled.into_iter().for_each(|call| self.come_home(call));
    }

    /// What a call failed with that was lost with its worker.
    fn error_of(&self, worker: &Worker<L>, why: &Why, exit: Exit, call: &NewCall<L>) -> TaskError {
        let phase = match worker.reader.is_between_frames() {
            _ if worker.stopped => WorkerPhase::Stopped,
            true => WorkerPhase::Running,
            false => WorkerPhase::Replying,
        };
        let report = WorkerReport { pid: worker.pid, exit, phase, task: call.name.into() };
        let (kind, message) = describe(why, &report, call.run_for);
        let remote = Remote { worker: Some(report), backtrace: None };
        TaskError::remote(kind, message, None, remote)
    }

    /// Whether this is one loss too many.
    fn account_for(&mut self, now: Duration, worker: &Worker<L>, why: &Why, exit: Exit) {
        let pid = worker.pid;
        match why {
            Why::InitFailed | Why::Deadline | Why::Killed => return,
            Why::Lost | Why::Protocol(_) | Why::Late | Why::Stuck => {}
        }
        let cause = cause_of(worker, why, exit);
        if !worker.was_ready {
            self.bad_starts += 1;
            if self.bad_starts >= BAD_STARTS {
                let said = format!(
                    "{BAD_STARTS} workers in a row ended before they were ready; the last: {cause}"
                );
                return self.break_down(now, &said);
            }
        }
        self.losses.push_back(now);
        let period = self.settings.restart_period;
        while self.losses.front().is_some_and(|first| now.saturating_sub(*first) > period) {
            self.losses.pop_front();
        }
        if self.losses.len() > self.settings.restarts {
            let (count, period) = (self.losses.len(), self.settings.restart_period);
            let said = format!(
                "{count} workers were lost within {period:?}; the last, process {pid}: {cause}"
            );
            self.break_down(now, &said);
        }
    }
}

/// What is the matter most of the time.
const HINT: &str = "is `init()` the first thing that its program's main calls?";

/// Why a worker was lost, in words.
fn cause_of<L>(worker: &Worker<L>, why: &Why, exit: Exit) -> String {
    match why {
        Why::Protocol(message) => format!("it broke the protocol: {message}"),
        Why::Stuck => String::from("it did not begin with a call that it was sent"),
        Why::Late => format!("it was not ready in time: {HINT}"),
        _ if worker.was_ready => format!("it ended with {exit}"),
        _ => format!("it ended with {exit} before it was ready: {HINT}"),
    }
}

/// What happened to a call whose worker was lost, killed or too slow.
fn describe(
    why: &Why,
    report: &WorkerReport,
    run_for: Option<Duration>,
) -> (TaskErrorKind, String) {
    let WorkerReport { pid, exit, phase, task } = report;
    match why {
        Why::Deadline => {
            let limit = run_for.unwrap_or_default();
            let how = match phase {
                WorkerPhase::Stopped => format!(" which was {phase}, not busy,"),
                _ => String::new(),
            };
            let said = format!(
                "{task} ran for longer than {limit:?}: its worker, process {pid},{how} was killed"
            );
            (TaskErrorKind::DeadlinePassed, said)
        }
        Why::Killed => {
            (TaskErrorKind::Killed, format!("killed while it ran {task}, in process {pid}: {exit}"))
        }
        Why::Protocol(message) => {
            let said = format!(
                "the worker that ran {task}, process {pid}, was killed because it broke the protocol: {message}"
            );
            (TaskErrorKind::WorkerLost, said)
        }
        Why::Lost | Why::Late | Why::Stuck | Why::InitFailed => {
            let said = format!("the worker, process {pid}, ended while {phase}, {task}: {exit}");
            (TaskErrorKind::WorkerLost, said)
        }
    }
}
