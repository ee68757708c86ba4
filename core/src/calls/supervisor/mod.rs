//! [`Supervisor`]: sends calls to workers and makes sure that every one of them ends, whatever becomes of
//! the workers.
//!
//! A state machine without input and output. Bytes, ends of streams, exits, the time and calls go in;
//! [`Action`]s come out: bytes to write, workers to start and to kill, futures to resolve. Whoever drives
//! it holds a lock around it and does what it says outside of that lock.
//!
//! ```text
//!             Spawn            Hello             Ready               Retire           exit
//!   (wanted) ───────► Greeting ─────► Initializing ─────► Ready ───────────► Retiring ─────► (gone)
//!                        │                 │                │                   │               ▲
//!                        └─────────────────┴────────────────┴───────────────────┘               │
//!                            end of stream, nonsense, too late, killed ──────► Ending ──────────┘
//! ```
//!
//! | where a call is | its future | who may take it from there |
//! |---|---|---|
//! | in the queue | pending | `dispatch`, which sends it; whoever cancels; the end of its patience |
//! | at a worker, offered | pending, away | the worker, by starting it; whoever recalls it: to cancel it, to have it run elsewhere, because its patience is over or the worker is |
//! | at a worker, started | running | its reply; the worker's end |
//! | doomed: at a worker that is ending | running | its reply, if that was on its way; that worker's exit, which says how it ended |
//!
//! So a call is in one of these places or resolved, and is moved under one lock: it resolves exactly once.
#![forbid(unsafe_code)]

mod call;
mod dispatch;
mod ending;
mod frames;
mod info;
mod losses;
mod outbox;
mod settings;
mod timers;
mod worker;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

pub use call::NewCall;
pub use info::{WorkerInfo, WorkerState};
pub use settings::{ErrorText, SupervisorSettings};
pub use worker::{PLACES, Places, WorkerId};

use crate::backend::RefusedReason;
use crate::calls::{CallPromise, Hello, Landing, LargeSource};
use crate::error::TaskError;
use crate::{Counters, FutureId, Remaining};
use worker::{Why, Worker};

/// What whoever drives a [`Supervisor`] is to do.
#[derive(Debug)]
#[must_use = "a call might wait for this"]
pub enum Action {
    /// Start a process, and say [`spawned`](Supervisor::spawned) or
    /// [`spawn_failed`](Supervisor::spawn_failed).
    Spawn(WorkerId),
    /// There is something to [write](Supervisor::unsent).
    Write(WorkerId),
    /// End a worker and all that it started.
    Kill(WorkerId, Kill),
    /// Resolve a future. Outside the lock: it wakes whoever waits.
    Resolve(CallPromise, Landing),
}

/// How a worker is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kill {
    /// It may clean up (`SIGTERM`).
    Politely,
    /// It may not (`SIGKILL`).
    AtOnce,
}

/// Compares what a worker says it is with what its parent expects: the numbers that the worker has given
/// to the parent's functions, in the parent's order, or why it will not do.
pub type Fit = dyn Fn(&Hello) -> Result<Vec<Option<u32>>, String> + Send;

/// Supervises workers that are processes, or boards at the other end of a line. `L` is what carries
/// payloads that are too large for a frame.
pub struct Supervisor<L> {
    settings: SupervisorSettings,
    fit: Box<Fit>,
    /// By number, which is the order in which they were submitted.
    queue: BTreeMap<u64, NewCall<L>>,
    /// Of those in the queue or away whose patience ends.
    patience: BTreeSet<(Duration, u64)>,
    workers: Vec<Worker<L>>,
    spawned: u64,
    /// How long a call of each function ran of late.
    estimates: Vec<Option<Duration>>,
    actions: Vec<Action>,
    losses: VecDeque<Duration>,
    /// Workers lost one after another before they were ready.
    bad_starts: u32,
    /// Processes that could not be started, one after another.
    failed_spawns: u32,
    spawn_at: Duration,
    closed: bool,
    /// Closed, and no worker is started for what may be left.
    killed: bool,
    broken: Option<Arc<str>>,
    counters: Counters,
}

impl<L: LargeSource + Clone> Supervisor<L> {
    /// Supervises workers that `fit`, for so many functions. Starts none.
    pub fn new(settings: SupervisorSettings, functions: usize, fit: Box<Fit>) -> Self {
        let estimates = alloc::vec![None; functions];
        Self {
            settings,
            fit,
            queue: BTreeMap::new(),
            patience: BTreeSet::new(),
            workers: Vec::new(),
            spawned: 0,
            estimates,
            actions: Vec::new(),
            losses: VecDeque::new(),
            bad_starts: 0,
            failed_spawns: 0,
            spawn_at: Duration::ZERO,
            closed: false,
            killed: false,
            broken: None,
            counters: Counters::default(),
        }
    }

    /// What is to be done, in this order.
    pub fn take_actions(&mut self) -> Vec<Action> {
        core::mem::take(&mut self.actions)
    }

    /// Accepts a call.
    ///
    /// # Errors
    /// The call, and why not.
    pub fn submit(
        &mut self,
        now: Duration,
        call: NewCall<L>,
    ) -> Result<(), (Box<NewCall<L>>, RefusedReason)> {
        if let Some(reason) = self.refuses() {
            return Err((Box::new(call), reason));
        }
        self.enqueue(call);
        self.dispatch(now);
        Ok(())
    }

    fn enqueue(&mut self, call: NewCall<L>) {
        self.counters.submitted += 1;
        if let Some(time) = call.start_by {
            self.patience.insert((time, call.number));
        }
        self.queue.insert(call.number, call);
    }

    /// Accepts calls that were taken in somewhere else while [`is_busy`](Self::is_busy) was true, and
    /// nothing was closed since. Should the supervisor have given up meanwhile, they fail with that.
    pub fn submit_all(&mut self, now: Duration, calls: impl IntoIterator<Item = NewCall<L>>) {
        calls.into_iter().for_each(|call| self.enqueue(call));
        if let Some(cause) = self.broken.clone() {
            self.resolve_queue(|| Landing::Failed(TaskError::pool_broken(&cause)));
        } else if self.killed {
            self.resolve_queue(|| Landing::Cancelled);
        }
        self.dispatch(now);
    }

    /// Whether another call would only wait here: all workers there may be are at work, none of them will
    /// soon have nothing to do, and their next reply is an occasion to look for what has come meanwhile.
    pub fn is_busy(&self) -> bool {
        let bounded = self.settings.capacity.is_some();
        !bounded
            && !self.closed
            && self.workers.len() >= self.settings.workers
            && self.workers.iter().all(Worker::is_busy)
    }

    /// Why a call would not be accepted now.
    pub fn refuses(&self) -> Option<RefusedReason> {
        if let Some(cause) = &self.broken {
            return Some(RefusedReason::Broken(cause.clone()));
        }
        if self.closed {
            return Some(RefusedReason::ShutDown);
        }
        let full = self.settings.capacity.is_some_and(|capacity| self.not_started() >= capacity);
        full.then_some(RefusedReason::Full)
    }

    /// Calls that wait to be started, as far as one can tell without asking the workers.
    pub fn not_started(&self) -> usize {
        let ahead = |worker: &Worker<L>| worker.in_flight.len().saturating_sub(1);
        self.queue.len() + self.workers.iter().map(ahead).sum::<usize>()
    }

    /// Has a first worker started before there is a call.
    pub fn warm_up(&mut self, now: Duration) {
        if self.workers.is_empty() && !self.closed {
            self.start_worker(now);
        }
    }

    // --- what whoever drives it asks ---

    /// What is to be written to a worker next, and what goes along with its first byte.
    pub fn unsent(&self, id: WorkerId) -> Option<(&[u8], Option<&L>)> {
        self.worker(id)?.outbox.unsent()
    }

    /// So many bytes of it were written.
    pub fn sent(&mut self, id: WorkerId, count: usize) {
        if let Some(worker) = self.worker_mut(id) {
            worker.outbox.sent(count);
        }
    }

    /// Whether there is something to write to a worker.
    pub fn has_unsent(&self, id: WorkerId) -> bool {
        self.worker(id).is_some_and(|worker| !worker.outbox.is_empty())
    }

    /// Where bytes from a worker are to be read to; say [`received`](Self::received) then. `None` if
    /// nobody wants to hear it any more.
    pub fn space(&mut self, id: WorkerId, at_least: usize) -> Option<&mut [u8]> {
        let worker = self.worker_mut(id)?;
        Some(worker.reader.space(at_least))
    }

    /// What has been done, and what is there.
    pub fn counters(&self) -> Counters {
        let running: usize = self.workers.iter().map(Worker::count_started).sum();
        let doomed: usize = self.workers.iter().map(|worker| worker.doomed.len()).sum();
        let sent: usize = self.workers.iter().map(|worker| worker.in_flight.len()).sum();
        let live = self.workers.iter().filter(|worker| !worker.is_ending());
        Counters {
            started: self.counters.started + running + doomed,
            queued: (self.queue.len() + sent).saturating_sub(running),
            idle_workers: self.workers.iter().filter(|worker| worker.is_idle()).count(),
            live_workers: live.count(),
            ..self.counters
        }
    }

    /// What is still to be done.
    pub fn remaining(&self) -> Remaining {
        let counters = self.counters();
        Remaining { tasks: counters.queued, workers: self.workers.len() }
    }

    /// Whether nothing will ever happen again.
    pub fn is_ended(&self) -> bool {
        self.closed && self.workers.is_empty() && self.queue.is_empty()
    }

    /// Why the pool gave up, if it did.
    pub fn broken(&self) -> Option<&Arc<str>> {
        self.broken.as_ref()
    }

    /// The processes that are its workers now.
    pub fn pids(&self) -> Vec<u32> {
        self.workers.iter().map(|worker| worker.pid).filter(|pid| *pid != 0).collect()
    }

    /// What can be seen of its workers, oldest first.
    pub fn workers(&self) -> Vec<WorkerInfo> {
        let mut workers: Vec<_> = self.workers.iter().collect();
        workers.sort_by_key(|worker| worker.id);
        workers.into_iter().filter_map(Worker::info).collect()
    }

    // --- calls that are elsewhere cancelled, asked about, killed ---

    /// As [`Desk::recall`](crate::calls::Desk::recall).
    pub fn recall(&mut self, now: Duration, number: u64) -> bool {
        let Some((at, position)) = self.find(number) else { return false };
        match self.workers[at].recall(position) {
            Some(call) => {
                self.forget_patience(&call);
                self.counters.cancelled += 1;
                call.promise.relinquish();
                self.dispatch(now);
                true
            }
            None => false,
        }
    }

    /// As [`Desk::has_started`](crate::calls::Desk::has_started).
    pub fn has_started(&self, number: u64) -> bool {
        match self.find(number) {
            Some((at, position)) => self.workers[at].has_started(position),
            // Lost with its worker, or its outcome is on its way to the future.
            None => !self.queue.contains_key(&number),
        }
    }

    /// As [`Desk::cancelled`](crate::calls::Desk::cancelled).
    pub fn cancelled(&mut self, now: Duration, number: u64) {
        // If it is not there, whoever took it out of the queue has counted it.
        if let Some(call) = self.queue.remove(&number) {
            self.counters.cancelled += 1;
            self.forget_patience(&call);
            self.retire_where_possible(now);
        }
    }

    /// Ends the worker that runs the call of this future. Says whether there is one.
    pub fn kill(&mut self, now: Duration, future: FutureId) -> bool {
        let Some(at) = self.workers.iter().position(|worker| worker.runs(future)) else {
            return false;
        };
        self.end_worker(now, at, Why::Killed, Kill::AtOnce);
        self.dispatch(now);
        true
    }

    // --- small things that many need ---

    fn find(&self, number: u64) -> Option<(usize, usize)> {
        self.workers.iter().enumerate().find_map(|(at, worker)| {
            let is_it = |flight: &worker::InFlight<L>| flight.call.number == number;
            worker.in_flight.iter().position(is_it).map(|position| (at, position))
        })
    }

    fn worker(&self, id: WorkerId) -> Option<&Worker<L>> {
        self.workers.iter().find(|worker| worker.id == id)
    }

    fn worker_mut(&mut self, id: WorkerId) -> Option<&mut Worker<L>> {
        self.workers.iter_mut().find(|worker| worker.id == id)
    }

    fn position(&self, id: WorkerId) -> Option<usize> {
        self.workers.iter().position(|worker| worker.id == id)
    }

    /// The call has ended: whoever resolves it is told how.
    fn resolve(&mut self, call: NewCall<L>, landing: Landing) {
        self.forget_patience(&call);
        match &landing {
            Landing::Value(_) => self.counters.finished += 1,
            Landing::Raised(_) | Landing::Failed(_) => {
                self.counters.finished += 1;
                self.counters.failed += 1;
            }
            Landing::Cancelled => self.counters.cancelled += 1,
        }
        self.actions.push(Action::Resolve(call.promise, landing));
    }

    fn forget_patience(&mut self, call: &NewCall<L>) {
        if let Some(time) = call.start_by {
            self.patience.remove(&(time, call.number));
        }
    }

    /// The call was called back: it waits again, where it was in the order.
    fn come_home(&mut self, call: NewCall<L>) {
        call.promise.come_home();
        self.queue.insert(call.number, call);
    }

    fn write(&mut self, at: usize) {
        let id = self.workers[at].id;
        let asked = |action: &Action| matches!(action, Action::Write(other) if *other == id);
        if !self.actions.iter().any(asked) {
            self.actions.push(Action::Write(id));
        }
    }
}

impl<L> fmt::Debug for Supervisor<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Supervisor");
        debug.field("queued", &self.queue.len()).field("closed", &self.closed);
        for worker in &self.workers {
            debug.field("worker", &(worker.pid, &worker.stage, worker.in_flight.len()));
        }
        debug.finish_non_exhaustive()
    }
}
