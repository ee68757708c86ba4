//! A pool without processes: the supervisor under a lock, as a pool has it, workers that are played, and
//! a clock that goes when it is told to.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use concurrent_futures_core::calls::supervisor::{
    Action, Kill, NewCall, Supervisor, SupervisorSettings, WorkerId,
};
use concurrent_futures_core::calls::{
    Aftermath, CallDesk, Decode, Desk, Detach, Encoded, Exit, Hello, LargeSource, Limits, encode,
};
use concurrent_futures_core::{Future, RefusedReason, TaskError, TaskErrorKind};

use super::puppet::{ECHO, KILL, Puppet, Script, TERM, Temper};

/// A file whose content nobody reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TestFile(Arc<str>);

impl TestFile {
    pub(super) fn new(name: &str) -> Self {
        Self(name.into())
    }
}

impl LargeSource for TestFile {
    fn open(&self) -> Box<dyn Detach + '_> {
        Box::new(&[][..])
    }
}

/// The number of the call, as the worker has sent it back, and what came beside it.
pub(super) struct Number;

impl Decode for Number {
    type Output = u64;

    fn decode(encoded: &Encoded) -> Result<u64, TaskError> {
        match encoded.decode::<u64>() {
            Ok(number) => Ok(number),
            Err(_) => encoded.decode::<Result<u64, String>>()?.map_err(TaskError::failed),
        }
    }
}

/// What a pool has in its middle.
pub(super) struct Pool {
    pub(super) supervisor: Mutex<Supervisor<TestFile>>,
    now: Mutex<Duration>,
    /// Taken out under the lock, done outside of it.
    actions: Mutex<VecDeque<Action>>,
}

impl Pool {
    /// Does something under the lock.
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut Supervisor<TestFile>, Duration) -> R) -> R {
        // One thread: whoever finds it locked would have waited for itself.
        let mut supervisor = self.supervisor.try_lock().expect("nothing of a user's runs under it");
        let result = f(&mut supervisor, self.now());
        self.actions.lock().expect("as above").extend(supervisor.take_actions());
        result
    }

    pub(super) fn now(&self) -> Duration {
        *self.now.lock().expect("a clock does not panic")
    }
}

impl Desk for Pool {
    fn recall(&self, call: u64) -> bool {
        // Futures are dropped too when a test fails: it is to say why.
        !std::thread::panicking() && self.with(|supervisor, now| supervisor.recall(now, call))
    }

    fn has_started(&self, call: u64) -> bool {
        !std::thread::panicking() && self.with(|supervisor, _| supervisor.has_started(call))
    }

    fn cancelled(&self, call: u64) {
        if !std::thread::panicking() {
            self.with(|supervisor, now| supervisor.cancelled(now, call));
        }
    }
}

/// A future, as its user has it, and what is known of it.
pub(super) struct Watched {
    pub(super) number: u64,
    pub(super) future: Option<Future<u64>>,
    pub(super) called: Arc<AtomicUsize>,
}

impl Watched {
    pub(super) fn done(&self) -> bool {
        match &self.future {
            Some(future) => future.done(),
            None => self.called.load(SeqCst) > 0,
        }
    }
}

/// What becomes of an attempt to start a process.
#[derive(Debug, Clone)]
pub(super) enum Birth {
    Alive(Temper),
    Fails,
    FailsForEver,
}

/// All there is.
pub(super) struct World {
    pub(super) desk: CallDesk<Pool>,
    pub(super) workers: BTreeMap<WorkerId, Puppet>,
    pub(super) calls: Vec<Watched>,
    /// How the next processes are; those after them are healthy.
    pub(super) births: VecDeque<Birth>,
    /// How all of those after them are.
    pub(super) temper: Temper,
    pub(super) window: usize,
    pub(super) ran: u32,
    pub(super) aftermaths: VecDeque<Aftermath>,
    pub(super) kills: Vec<(u32, Kill, Duration)>,
    pub(super) spawns: usize,
    /// Those to whom there is something to write, as far as anybody was told.
    to_write: BTreeSet<WorkerId>,
    /// The side effects: how often calls were started.
    started: BTreeMap<u64, usize>,
    workers_at_once: usize,
}

/// What the pool's program says of its functions: its own numbers are not those of the workers.
fn fit(hello: &Hello) -> Result<Vec<Option<u32>>, String> {
    if hello.build != 0 {
        return Err(format!("build {} instead of 0", hello.build));
    }
    let number = |name: &str| hello.tasks.iter().position(|task| task.name == name);
    Ok([number("scripted"), number("prepare"), number("forgotten")]
        .map(|number| number.and_then(|number| u32::try_from(number).ok()))
        .to_vec())
}

pub(super) fn settings(workers: usize) -> SupervisorSettings {
    SupervisorSettings::new(workers)
}

impl World {
    pub(super) fn new(settings: SupervisorSettings) -> Self {
        let workers_at_once = settings.workers;
        let supervisor = Supervisor::new(settings, 3, Box::new(fit));
        let pool = Pool {
            supervisor: Mutex::new(supervisor),
            now: Mutex::default(),
            actions: Mutex::default(),
        };
        Self {
            desk: CallDesk::new(pool),
            workers: BTreeMap::new(),
            calls: Vec::new(),
            births: VecDeque::new(),
            temper: Temper::default(),
            window: 64,
            ran: 0,
            aftermaths: VecDeque::new(),
            kills: Vec::new(),
            spawns: 0,
            to_write: BTreeSet::new(),
            started: BTreeMap::new(),
            workers_at_once,
        }
    }

    pub(super) fn of(workers: usize) -> Self {
        Self::new(settings(workers))
    }

    /// The next process is like that.
    pub(super) fn born(mut self, temper: Temper) -> Self {
        self.births.push_back(Birth::Alive(temper));
        self
    }

    pub(super) fn now(&self) -> Duration {
        self.desk.now()
    }

    // --- what users do ---

    /// # Errors
    /// Why not.
    pub(super) fn try_submit(
        &mut self,
        script: Script,
        with: impl FnOnce(NewCall<TestFile>) -> NewCall<TestFile>,
    ) -> Result<usize, RefusedReason> {
        self.try_submit_to(0, script, with)
    }

    /// # Errors
    /// Why not.
    pub(super) fn try_submit_to(
        &mut self,
        task: u32,
        script: Script,
        with: impl FnOnce(NewCall<TestFile>) -> NewCall<TestFile>,
    ) -> Result<usize, RefusedReason> {
        let number = self.calls.len() as u64 + 1_000;
        let (promise, future) = self.desk.call::<Number>(number);
        let called = Arc::new(AtomicUsize::new(0));
        future.add_done_callback({
            let called = called.clone();
            move |_| {
                let _ = called.fetch_add(1, SeqCst);
            }
        });
        let payload = encode(&script, &Limits::default(), None).expect("small");
        let call = with(NewCall::new(number, promise, task, "scripted", payload));
        let submitted = self.desk.with(|supervisor, now| supervisor.submit(now, call));
        let watched = Watched { number, future: Some(future), called };
        match submitted {
            Ok(()) => {
                self.calls.push(watched);
                Ok(self.calls.len() - 1)
            }
            Err((call, reason)) => {
                drop(call.into_promise());
                assert!(watched.done(), "the future of a call that was refused is abandoned");
                Err(reason)
            }
        }
    }

    pub(super) fn submit(&mut self, script: Script) -> usize {
        self.try_submit(script, |call| call).expect("accepted")
    }

    /// Submits, and lets the world come to rest.
    pub(super) fn call(&mut self, script: Script) -> usize {
        let call = self.submit(script);
        self.settle();
        call
    }

    pub(super) fn future(&mut self, call: usize) -> &mut Future<u64> {
        self.calls[call].future.as_mut().expect("it is looked at once")
    }

    /// What became of a call.
    ///
    /// # Errors
    /// That.
    pub(super) fn outcome(&mut self, call: usize) -> Result<u64, TaskError> {
        let number = self.calls[call].number;
        let taken = self.calls[call].future.take().expect("it is looked at once").try_result();
        let outcome = taken.unwrap_or_else(|| panic!("call {number} is not done: {self:?}"));
        assert!(outcome.as_ref().map_or(true, |value| *value == number), "another's: {outcome:?}");
        outcome
    }

    pub(super) fn succeeds(&mut self, call: usize) {
        if let Err(error) = self.outcome(call) {
            panic!("call {call}: {error}");
        }
    }

    /// The error of a call, of that kind.
    pub(super) fn fails(&mut self, call: usize, kind: TaskErrorKind) -> TaskError {
        let error = self.outcome(call).expect_err("it should have failed");
        assert_eq!(error.kind(), kind, "{error}");
        error
    }

    // --- the worlds's course ---

    /// Everything happens that can, without the clock.
    pub(super) fn settle(&mut self) {
        for _ in 0..100_000 {
            let mut moved = self.perform_all() | self.run_callbacks();
            for id in self.workers.keys().copied().collect::<Vec<_>>() {
                moved |= self.pump(id);
            }
            if !moved {
                return self.check();
            }
        }
        panic!("does not come to rest: {self:?}");
    }

    /// Lets the clock go on, deadline by deadline.
    pub(super) fn advance(&mut self, time: Duration) {
        let until = self.now() + time;
        self.settle();
        for _ in 0..10_000 {
            match self.next_deadline() {
                Some(deadline) if deadline <= until => self.jump_to(deadline.max(self.now())),
                _ => return self.jump_to(until),
            }
            self.settle();
        }
        panic!("deadlines without end: {self:?}");
    }

    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.desk.with(|supervisor, _| supervisor.next_deadline())
    }

    /// The clock is there at once.
    pub(super) fn jump_to(&mut self, time: Duration) {
        self.set_clock(time);
        self.tick();
        self.settle();
    }

    /// The clock is there, and nobody has looked.
    pub(super) fn set_clock(&self, time: Duration) {
        *self.desk.now.lock().expect("a clock does not panic") = time;
    }

    pub(super) fn tick(&self) {
        self.desk.with(|supervisor, now| supervisor.tick(now));
        if let Some(deadline) = self.next_deadline() {
            let is_ahead = deadline > self.now() || self.has_actions();
            assert!(is_ahead, "a deadline stays behind: {self:?}");
        }
    }

    fn has_actions(&self) -> bool {
        !self.desk.actions.lock().expect("as above").is_empty()
    }

    fn perform_all(&mut self) -> bool {
        let mut moved = false;
        while self.perform_next() {
            moved = true;
        }
        moved
    }

    /// Does what the supervisor has asked for first.
    pub(super) fn perform_next(&mut self) -> bool {
        let action = self.desk.actions.lock().expect("as above").pop_front();
        let Some(action) = action else { return false };
        match action {
            Action::Spawn(id) => self.spawn(id),
            Action::Write(id) => {
                let _ = self.to_write.insert(id);
            }
            Action::Kill(id, how) => self.kill(id, how),
            Action::Resolve(promise, landing) => self.aftermaths.extend(promise.land(landing)),
        }
        true
    }

    fn spawn(&mut self, id: WorkerId) {
        self.spawns += 1;
        assert!(!self.workers.contains_key(&id), "a number is given once");
        let (temper, window) = (self.temper.clone(), self.window);
        let birth = self.births.pop_front().unwrap_or(Birth::Alive(temper));
        let failed = |for_ever| {
            self.desk.with(|supervisor, now| supervisor.spawn_failed(now, id, "EAGAIN", for_ever));
        };
        match birth {
            Birth::Fails => failed(false),
            Birth::FailsForEver => failed(true),
            Birth::Alive(temper) => {
                let pid = 100 + self.spawns as u32;
                let mut puppet = Puppet::new(pid, temper, window);
                puppet.ran = self.ran;
                let places = Box::new(puppet.places.clone());
                let words = Some(TestFile::new("places"));
                let known = self
                    .desk
                    .with(|supervisor, now| supervisor.spawned(now, id, pid, places, words));
                assert!(known, "it was asked for");
                drop(self.workers.insert(id, puppet));
            }
        }
    }

    fn kill(&mut self, id: WorkerId, how: Kill) {
        let now = self.now();
        let Some(puppet) = self.workers.get_mut(&id) else { return };
        self.kills.push((puppet.pid, how, now));
        match how {
            Kill::AtOnce => puppet.die(KILL),
            Kill::Politely if puppet.temper.stubborn => {}
            Kill::Politely => puppet.die(TERM),
        }
    }

    /// Writes to a worker what waits for that, up to so many bytes at a time.
    pub(super) fn write(&mut self, id: WorkerId, most: usize) -> bool {
        let Some(puppet) = self.workers.get_mut(&id).filter(|puppet| puppet.is_alive()) else {
            return false;
        };
        if !self.to_write.contains(&id) {
            return false; // nobody was told to
        }
        self.desk.with(|supervisor, _| {
            let Some((bytes, file)) = supervisor.unsent(id) else {
                let _ = self.to_write.remove(&id);
                return false;
            };
            let count = bytes.len().min(most).min(puppet.appetite());
            puppet.read(&bytes[..count], file.cloned());
            supervisor.sent(id, count);
            count > 0
        })
    }

    /// Reads what a worker has written, up to so many bytes.
    pub(super) fn read(&mut self, id: WorkerId, most: usize) -> bool {
        let Some(puppet) = self.workers.get_mut(&id) else { return false };
        let (bytes, files) = puppet.deliver(most);
        let mut files = Some(files);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            self.desk.with(|supervisor, now| {
                let Some(space) = supervisor.space(id, 64) else { return rest = &[] };
                let count = space.len().min(rest.len());
                space[..count].copy_from_slice(&rest[..count]);
                rest = &rest[count..];
                supervisor.received(now, id, count, files.take().unwrap_or_default());
            });
        }
        !bytes.is_empty()
    }

    /// One step of everything that a worker and its link can do.
    fn pump(&mut self, id: WorkerId) -> bool {
        let wrote = self.write(id, usize::MAX);
        let stepped = self.step(id);
        wrote | stepped | self.read(id, usize::MAX) | self.bury(id)
    }

    /// A worker does the next thing.
    pub(super) fn step(&mut self, id: WorkerId) -> bool {
        let Some(puppet) = self.workers.get_mut(&id) else { return false };
        let stepped = puppet.step();
        for number in puppet.started.drain(..) {
            *self.started.entry(number).or_default() += 1;
        }
        stepped
    }

    /// A worker that has ended, and whose words were all read, is known to have hung up; then, to have
    /// ended.
    pub(super) fn bury(&mut self, id: WorkerId) -> bool {
        let Some(puppet) = self.workers.get_mut(&id) else { return false };
        let Some(exit) = puppet.exit.filter(|_| puppet.out.is_empty()) else { return false };
        if !puppet.hung_up {
            puppet.hung_up = true;
            self.desk.with(|supervisor, now| supervisor.hung_up(now, id));
            return true;
        }
        drop(self.workers.remove(&id));
        self.desk.with(|supervisor, now| supervisor.exited(now, id, exit));
        true
    }

    pub(super) fn run_callbacks(&mut self) -> bool {
        let mut moved = false;
        while let Some(aftermath) = self.aftermaths.pop_front() {
            aftermath.run();
            moved = true;
        }
        moved
    }

    // --- workers ---

    pub(super) fn ids(&self) -> Vec<WorkerId> {
        self.workers.keys().copied().collect()
    }

    /// The worker that runs a call.
    pub(super) fn runner(&self, call: usize) -> Option<WorkerId> {
        let number = self.calls[call].number;
        let runs = |puppet: &Puppet| {
            puppet.is_alive()
                && puppet.running.as_ref().is_some_and(|(header, ..)| header.id == number)
        };
        self.workers.iter().find(|(_, puppet)| runs(puppet)).map(|(id, _)| *id)
    }

    pub(super) fn puppet(&mut self, id: WorkerId) -> &mut Puppet {
        self.workers.get_mut(&id).expect("alive")
    }

    pub(super) fn only(&mut self) -> &mut Puppet {
        assert_eq!(self.workers.len(), 1);
        self.workers.values_mut().next().expect("one")
    }

    /// Lets a call that holds its worker end.
    pub(super) fn release(&mut self, call: usize) {
        let id = self.runner(call).unwrap_or_else(|| panic!("call {call} runs nowhere: {self:?}"));
        self.puppet(id).released = true;
        self.settle();
    }

    pub(super) fn release_all(&mut self) {
        self.workers.values_mut().for_each(|puppet| puppet.released = true);
    }

    pub(super) fn die(&mut self, id: WorkerId, exit: Exit) {
        self.puppet(id).die(exit);
        self.settle();
    }

    /// How often a call was started.
    pub(super) fn starts(&self, call: usize) -> usize {
        self.started.get(&self.calls[call].number).copied().unwrap_or(0)
    }

    // --- what is always so ---

    /// What holds at any time.
    pub(super) fn check(&self) {
        let (counters, remaining) =
            self.desk.with(|supervisor, _| (supervisor.counters(), supervisor.remaining()));
        let alive = self.workers.values().filter(|puppet| puppet.is_alive()).count();
        assert!(alive <= self.workers_at_once.saturating_mul(2), "{alive} processes: {self:?}");
        assert!(counters.live_workers <= self.workers_at_once, "{counters:?}");
        assert_eq!(remaining.tasks, counters.queued);
        let over = counters.finished + counters.cancelled;
        assert!(over + counters.queued <= counters.submitted, "{counters:?}");
        assert!(counters.started <= counters.submitted, "{counters:?}");
        assert_eq!(counters.submitted, self.calls.len());
        for call in 0..self.calls.len() {
            self.check_call(call);
        }
    }

    pub(super) fn check_call(&self, call: usize) {
        let (watched, starts) = (&self.calls[call], self.starts(call));
        assert!(starts <= 1, "call {call} was started {starts} times: {self:?}");
        assert!(watched.called.load(SeqCst) <= 1, "call {call}: callbacks twice");
        if watched.future.as_ref().is_some_and(Future::cancelled) {
            assert_eq!(starts, 0, "call {call} was cancelled and started: {self:?}");
        }
        if watched.future.as_ref().is_some_and(Future::running) {
            assert!(starts == 1, "call {call} is said to run: {self:?}");
        }
    }

    /// Every future is resolved, within a bounded time.
    pub(super) fn everything_ends(&mut self) {
        for puppet in self.workers.values_mut() {
            puppet.temper = Temper::default();
            if puppet.hostile {
                puppet.die(KILL);
            }
        }
        for _ in 0..1_000 {
            self.release_all();
            self.settle();
            if self.calls.iter().all(Watched::done) {
                return self.each_resolved_once();
            }
            match self.next_deadline() {
                Some(deadline) => self.jump_to(deadline.max(self.now())),
                None => self.settle_or_hang(),
            }
        }
        panic!("futures that do not resolve: {self:?}");
    }

    fn settle_or_hang(&mut self) {
        let runs = self.workers.values().any(|puppet| puppet.running.is_some());
        assert!(runs, "nothing will ever happen: {self:?}");
    }

    fn each_resolved_once(&mut self) {
        for (call, watched) in self.calls.iter().enumerate() {
            assert_eq!(watched.called.load(SeqCst), 1, "the callback of call {call}");
        }
    }

    /// Every future is resolved; the pool still works, unless it says why not; it ends, and leaves nothing.
    pub(super) fn ends_well(mut self) {
        self.everything_ends();
        self.births.clear();
        self.temper = Temper::default();
        match self.try_submit(ECHO, |call| call) {
            Ok(call) => {
                self.everything_ends();
                self.succeeds(call);
            }
            Err(reason) => self.refusal_is_founded(&reason),
        }
        self.desk.with(|supervisor, now| supervisor.close(now));
        self.leaves_nothing();
    }

    fn refusal_is_founded(&self, reason: &RefusedReason) {
        let (closed, broken) = self
            .desk
            .with(|supervisor, _| (supervisor.refuses().is_some(), supervisor.broken().cloned()));
        assert!(closed, "{reason:?}");
        match reason {
            RefusedReason::Broken(cause) => assert_eq!(broken.as_ref(), Some(cause)),
            RefusedReason::ShutDown => assert!(broken.is_none()),
            reason => panic!("refuses when there is nothing to do: {reason:?}"),
        }
    }

    /// After the end: no worker, nothing queued, and the counters add up.
    pub(super) fn leaves_nothing(&mut self) {
        self.everything_ends();
        for _ in 0..100 {
            self.settle();
            if self.desk.with(|supervisor, _| supervisor.is_ended()) {
                break;
            }
            let deadline = self.next_deadline().unwrap_or_else(|| panic!("never ends: {self:?}"));
            self.jump_to(deadline.max(self.now()));
        }
        assert!(self.desk.with(|supervisor, _| supervisor.is_ended()), "{self:?}");
        assert!(self.workers.is_empty(), "workers are left: {self:?}");
        let counters = self.desk.with(|supervisor, _| supervisor.counters());
        assert_eq!(counters.submitted, counters.finished + counters.cancelled, "{counters:?}");
        assert_eq!((counters.queued, counters.live_workers), (0, 0), "{counters:?}");
        assert_eq!(self.next_deadline(), None, "nothing is to happen any more");
        let started = (0..self.calls.len()).map(|call| self.starts(call)).sum::<usize>();
        assert_eq!(counters.started, started, "{counters:?}");
    }
}

impl core::fmt::Debug for World {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        writeln!(f, "at {:?}:", self.now())?;
        match self.desk.supervisor.try_lock() {
            Ok(supervisor) => writeln!(f, "  {supervisor:?}")?,
            Err(_) => writeln!(f, "  in use")?,
        }
        for puppet in self.workers.values() {
            let running = puppet.running.as_ref().map(|(header, ..)| header.id);
            let (pid, point, exit) = (puppet.pid, puppet.point, puppet.exit);
            writeln!(f, "  {pid}: {point:?}, runs {running:?}, {exit:?}")?;
        }
        for call in self.calls.iter().filter(|call| !call.done()) {
            writeln!(f, "  call {} is not done", call.number)?;
        }
        Ok(())
    }
}
