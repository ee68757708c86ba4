//! What the models of calls share: a supervisor behind the lock of a pool, and workers whose frames a model takes by
//! hand, on the thread it likes.
//!
//! What the supervisor wants done is done outside of its lock, as in a pool. Processes, sockets and clocks are inputs:
//! when a worker comes to a frame, dies or answers, and what time it is, is what a model varies.

use core::time::Duration;
use std::sync::{Arc, Mutex as Unmodeled, MutexGuard as UnmodeledGuard};

use concurrent_futures_core::calls::supervisor::{
    Action, NewCall, Places, Supervisor, SupervisorSettings, WorkerId,
};
use concurrent_futures_core::calls::{
    CallDesk, CallPromise, Decode, Desk, Detach, Encoded, Exit, Frame, FrameHeader, FrameKind,
    FrameReader, Hello, Landing, LargeSource, Limits, Place, Start, encode,
};
use concurrent_futures_core::{Future, RefusedReason, TaskError, TaskErrorKind};
use loom::sync::Mutex;

use crate::support::{Count, Tracked};

/// The time at which a model begins, and a later one.
pub(crate) const NOW: Duration = Duration::ZERO;
pub(crate) const LATER: Duration = Duration::from_secs(1);

/// More than any worker of a model is sent at a time.
const PLACES: usize = 3;

/// What the lines of a model carry beside frames.
#[derive(Clone, Debug)]
pub(crate) enum NoFile {}

impl LargeSource for NoFile {
    fn open(&self) -> Box<dyn Detach + '_> {
        match *self {}
    }
}

/// Decodes a number: that of the call, which is what a worker answers.
pub(crate) struct Number;

impl Decode for Number {
    type Output = u64;

    fn decode(encoded: &Encoded) -> Result<u64, TaskError> {
        encoded.decode()
    }
}

/// A number as it comes from a worker.
pub(crate) fn encoded(number: u64) -> Encoded {
    let limits = Limits::default();
    Encoded::new(encode(&number, &limits, None).unwrap(), None, limits)
}

/// A number as it comes from a worker, watched: the model fails if it is decoded before it was published, or dropped
/// while somebody decodes it.
#[derive(Debug)]
pub(crate) struct Watched(Tracked);

impl Watched {
    /// `drops` counts its end.
    pub(crate) fn encoded(number: u64, drops: &Count) -> Encoded {
        let limits = Limits::default();
        let bytes = encode(&number, &limits, None).unwrap();
        Encoded::new(bytes, Some(Arc::new(Self(Tracked::counted(0, drops)))), limits)
    }
}

impl LargeSource for Watched {
    fn open(&self) -> Box<dyn Detach + '_> {
        self.0.shared_number();
        Box::new(&[][..])
    }
}

/// A desk that no call is ever recalled to, and that notices who asks it when it is gone.
#[derive(Debug)]
pub(crate) struct Witness(Tracked);

impl Witness {
    pub(crate) fn new() -> Self {
        Self(Tracked::new(0))
    }
}

impl Desk for Witness {
    fn recall(&self, _: u64) -> bool {
        self.0.shared_number() > 0
    }

    fn has_started(&self, _: u64) -> bool {
        self.0.shared_number() == 0
    }

    fn cancelled(&self, _: u64) {
        self.0.shared_number();
    }
}

/// Lands the outcome and does all that follows.
pub(crate) fn land(promise: CallPromise, landing: Landing) {
    if let Some(aftermath) = promise.land(landing) {
        aftermath.run();
    }
}

/// A pool's desk; its calls keep it alive.
pub(crate) type Calls = CallDesk<Office>;

/// What a pool has: the supervisor behind its lock, and a line to each worker.
pub(crate) struct Office {
    supervisor: Mutex<Supervisor<NoFile>>,
    wanted: Unmodeled<Vec<WorkerId>>,
    lines: Unmodeled<Vec<(WorkerId, Arc<Line>)>>,
}

/// What a worker shares with its parent. Bytes to the parent are not kept: they are received at once, or not yet said.
pub(crate) struct Line {
    places: Vec<Place>,
    inbox: Mutex<Vec<u8>>,
    kills: Count,
}

/// A worker, run by hand.
pub(crate) struct Worker {
    pub(crate) id: WorkerId,
    line: Arc<Line>,
    reader: FrameReader,
    /// It was told to go home.
    retired: bool,
}

/// A desk whose pool has so many workers at most, none of them started.
pub(crate) fn desk(workers: usize) -> Calls {
    desk_with(SupervisorSettings::new(workers))
}

/// As `desk`, for a pool like that.
pub(crate) fn desk_with(settings: SupervisorSettings) -> Calls {
    let fit = |_: &Hello| Ok(vec![Some(0)]);
    CallDesk::new(Office {
        supervisor: Mutex::new(Supervisor::new(settings, 1, Box::new(fit))),
        wanted: Unmodeled::new(Vec::new()),
        lines: Unmodeled::new(Vec::new()),
    })
}

/// A desk with one worker, which is ready and has nothing to do.
pub(crate) fn staffed() -> (Calls, Worker) {
    staffed_with(SupervisorSettings::new(1))
}

/// As `staffed`, for a pool like that.
pub(crate) fn staffed_with(settings: SupervisorSettings) -> (Calls, Worker) {
    let calls = desk_with(settings);
    calls.with(|supervisor| supervisor.warm_up(NOW));
    let worker = calls.staff().expect("one is wanted");
    (calls, worker)
}

/// As `staffed`, with a call of that number, which was sent and has not started.
pub(crate) fn sent(number: u64) -> (Calls, Worker, FrameHeader, Future<u64>) {
    let (calls, mut worker) = staffed();
    let future = submit(&calls, number);
    let call = worker.next_call().expect("it was sent");
    (calls, worker, call, future)
}

/// As `sent`, and the call has started.
pub(crate) fn running(number: u64) -> (Calls, Worker, FrameHeader, Future<u64>) {
    let (calls, worker, call, future) = sent(number);
    assert!(worker.starts(&call));
    (calls, worker, call, future)
}

/// What a future has been resolved with.
///
/// # Errors
/// The kind of its error.
pub(crate) fn outcome(future: &mut Future<u64>) -> Result<u64, TaskErrorKind> {
    future.try_result().expect("it is resolved").map_err(|error| error.kind())
}

/// A call of that number, not submitted yet.
pub(crate) fn call(calls: &Calls, number: u64) -> (NewCall<NoFile>, Future<u64>) {
    let (promise, future) = calls.call::<Number>(number);
    (NewCall::new(number, promise, 0, "function", Vec::new()), future)
}

/// Submits a call of that number to a pool that accepts it.
pub(crate) fn submit(calls: &Calls, number: u64) -> Future<u64> {
    let (call, future) = call(calls, number);
    calls.submit(call).expect("accepted");
    future
}

impl Desk for Office {
    fn recall(&self, call: u64) -> bool {
        self.with(|supervisor| supervisor.recall(NOW, call))
    }

    fn has_started(&self, call: u64) -> bool {
        self.with(|supervisor| supervisor.has_started(call))
    }

    fn cancelled(&self, call: u64) {
        self.with(|supervisor| supervisor.cancelled(NOW, call));
    }
}

impl Office {
    /// Asks or tells the supervisor something, under the lock; then does what it says.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut Supervisor<NoFile>) -> R) -> R {
        let (result, actions) = {
            let mut supervisor = self.supervisor.lock().unwrap();
            (f(&mut supervisor), supervisor.take_actions())
        };
        actions.into_iter().for_each(|action| self.perform(action));
        result
    }

    fn perform(&self, action: Action) {
        match action {
            Action::Spawn(id) => unmodeled(&self.wanted).push(id),
            Action::Write(id) => self.write(id),
            Action::Kill(id, _) => self.line(id).kills.up(),
            Action::Resolve(promise, landing) => land(promise, landing),
        }
    }

    fn write(&self, id: WorkerId) {
        let line = self.line(id);
        let mut supervisor = self.supervisor.lock().unwrap();
        let mut inbox = line.inbox.lock().unwrap();
        while let Some((bytes, _)) = supervisor.unsent(id) {
            inbox.extend_from_slice(bytes);
            let count = bytes.len();
            supervisor.sent(id, count);
        }
    }

    fn line(&self, id: WorkerId) -> Arc<Line> {
        let lines = unmodeled(&self.lines);
        let line = lines.iter().find(|(of, _)| *of == id).map(|(_, line)| line.clone());
        line.expect("it was started")
    }

    /// # Errors
    /// Why it is not accepted; its future is abandoned then.
    pub(crate) fn submit(&self, call: NewCall<NoFile>) -> Result<(), RefusedReason> {
        self.with(|supervisor| supervisor.submit(NOW, call)).map_err(|(_, reason)| reason)
    }

    /// Starts the worker that has been wanted for longest, if one is, up to its being ready.
    pub(crate) fn staff(&self) -> Option<Worker> {
        let worker = self.greet()?;
        if !worker.is_killed() {
            worker.ready(self);
        }
        Some(worker)
    }

    /// As `staff`, up to its being welcomed.
    pub(crate) fn greet(&self) -> Option<Worker> {
        let id = {
            let mut wanted = unmodeled(&self.wanted);
            if wanted.is_empty() {
                return None;
            }
            wanted.remove(0)
        };
        let places = (0..PLACES).map(|_| Place::default()).collect();
        let line = Line { places, inbox: Mutex::new(Vec::new()), kills: Count::default() };
        let worker =
            Worker { id, line: Arc::new(line), reader: FrameReader::new(1 << 20), retired: false };
        unmodeled(&self.lines).push((id, worker.line.clone()));
        let places = Box::new(worker.line.clone());
        assert!(self.with(|supervisor| supervisor.spawned(NOW, id, 1, places, None)), "known");
        if !worker.is_killed() {
            let hello = Hello { build: 0, pid: 1, tasks: Vec::new() };
            let payload = hello.to_bytes(&Limits::default()).unwrap();
            worker.say(self, FrameHeader::new(FrameKind::Hello), &payload);
        }
        Some(worker)
    }

    /// Closes the pool, lets its workers do what they still have and go, and asks whether all is accounted for.
    pub(crate) fn end(&self, workers: impl IntoIterator<Item = Worker>) {
        self.with(|supervisor| supervisor.close(NOW));
        let mut workers: Vec<Worker> = workers.into_iter().collect();
        for _ in 0..10 {
            workers.extend(core::iter::from_fn(|| self.staff()));
            workers.retain_mut(|worker| worker.work(self));
        }
        let (ended, counters) =
            self.with(|supervisor| (supervisor.is_ended(), supervisor.counters()));
        assert!(ended, "the pool does not end: {counters:?}");
        assert_eq!(counters.queued, 0);
        assert_eq!(counters.submitted, counters.finished + counters.cancelled, "{counters:?}");
    }
}

impl Places for Line {
    fn place(&self, number: usize) -> Option<&Place> {
        self.places.get(number)
    }
}

impl Worker {
    /// The next frame that has come.
    fn next(&mut self) -> Option<Frame> {
        let bytes = core::mem::take(&mut *self.line.inbox.lock().unwrap());
        self.reader.push(&bytes);
        self.reader.next_frame().unwrap()
    }

    /// The next call that has come, to which the worker thus comes.
    pub(crate) fn next_call(&mut self) -> Option<FrameHeader> {
        loop {
            let header = self.next()?.header;
            match header.kind {
                FrameKind::Call => return Some(header),
                FrameKind::Retire => self.retired = true,
                _ => {}
            }
        }
    }

    /// It takes calls from now on.
    pub(crate) fn ready(&self, office: &Office) {
        self.say(office, FrameHeader::new(FrameKind::Ready), &[]);
    }

    /// Whether it starts the call.
    pub(crate) fn starts(&self, call: &FrameHeader) -> bool {
        self.line.places[usize::from(call.place)].start(call.id) == Start::Run
    }

    /// Answers a call that it has started; it took no time.
    pub(crate) fn reply(&self, office: &Office, call: &FrameHeader) {
        let value = encode(&call.id, &Limits::default(), None).unwrap();
        let header =
            FrameHeader { id: call.id, place: call.place, ..FrameHeader::new(FrameKind::Value) };
        self.say(office, header, &value);
    }

    /// The parent hears this.
    pub(crate) fn say(&self, office: &Office, header: FrameHeader, payload: &[u8]) {
        let header = FrameHeader { length: payload.len() as u32, ..header };
        let bytes = [&header.to_bytes(), payload].concat();
        office.with(|supervisor| {
            if let Some(space) = supervisor.space(self.id, bytes.len()) {
                space[..bytes.len()].copy_from_slice(&bytes);
                supervisor.received(NOW, self.id, bytes.len(), []);
            }
        });
    }

    /// It comes to the call and, if that was not called back, answers it; says whether it has started it.
    pub(crate) fn run(&self, office: &Office, call: &FrameHeader) -> bool {
        let started = self.starts(call);
        if started {
            self.reply(office, call);
        }
        started
    }

    /// It is gone, and the parent notices.
    pub(crate) fn die(&self, office: &Office, exit: Exit) {
        office.with(|supervisor| supervisor.hung_up(NOW, self.id));
        office.with(|supervisor| supervisor.exited(NOW, self.id, exit));
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.line.kills.get() > 0
    }

    /// Does all that has come; says whether it is still there then.
    fn work(&mut self, office: &Office) -> bool {
        while !self.is_killed() {
            let Some(call) = self.next_call() else { break };
            self.run(office, &call);
        }
        if self.is_killed() {
            self.die(office, Exit::Signal(9));
        } else if self.retired {
            self.die(office, Exit::Code(0));
        } else {
            return true;
        }
        false
    }
}

/// The content of a mutex that loom does not know: nobody else runs while it is held.
fn unmodeled<T>(mutex: &Unmodeled<T>) -> UnmodeledGuard<'_, T> {
    mutex.lock().unwrap()
}
