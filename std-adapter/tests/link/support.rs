//! A worker in a thread of the test, gates for its functions, and a watchdog.

use std::collections::BTreeSet;
use std::io::{PipeReader, PipeWriter, pipe};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use concurrent_futures::calls::{Registry, ServeError, ServeSettings, TaskEntry, serve};
use concurrent_futures::{Future, LinkBuilder, LinkExecutor, TaskError};

/// Long enough for any machine; a test that takes so long hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `f` in a thread of its own; a hang is a failure.
pub(crate) fn within<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, outcome) = mpsc::channel();
    let thread = thread::spawn(move || done.send(f()));
    match outcome.recv_timeout(PATIENCE) {
        Ok(outcome) => outcome,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("hangs"),
        Err(mpsc::RecvTimeoutError::Disconnected) => match thread.join() {
            Err(payload) => std::panic::resume_unwind(payload),
            Ok(_) => panic!("ended without an outcome"),
        },
    }
}

/// Waits until it is so, and fails rather than waits for ever.
#[track_caller]
pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < PATIENCE / 2, "never happened: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

#[track_caller]
pub(crate) fn until_running<T>(future: &Future<T>) {
    until("it runs", || future.running());
}

/// The error of a call over a link that is of no use, or is about to be.
pub(crate) fn error_of(link: &LinkExecutor) -> TaskError {
    match link.submit(area, (6, 7)) {
        Ok(future) => future.result().expect_err("the link is of no use"),
        Err(refused) => TaskError::from(refused.without_arguments()),
    }
}

// --- the functions ---

pub(crate) fn area(width: u32, height: u32) -> u32 {
    width * height
}

pub(crate) fn half(n: u32) -> Result<u32, String> {
    if n.is_multiple_of(2) { Ok(n / 2) } else { Err(format!("{n} is odd")) }
}

pub(crate) fn fails() -> u32 {
    panic!("on purpose")
}

pub(crate) fn zeros(count: usize) -> Vec<u8> {
    vec![0; count]
}

pub(crate) fn length(bytes: Vec<u8>) -> usize {
    bytes.len()
}

/// Returns when its gate is open.
pub(crate) fn hold(gate: u32) -> u32 {
    let is_closed = |gates: &mut BTreeSet<u32>| gates.contains(&gate);
    drop(OPENED.wait_while(lock(&CLOSED), is_closed));
    gate
}

/// Only the parent has this one.
pub(crate) fn unknown() {}

/// Registered by nobody.
pub(crate) fn unregistered() {}

static CLOSED: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());
static OPENED: Condvar = Condvar::new();

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps calls of `hold` from returning, until it is dropped.
pub(crate) struct Gate(u32);

impl Gate {
    pub(crate) fn closed() -> Self {
        static NUMBERS: AtomicU32 = AtomicU32::new(0);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        lock(&CLOSED).insert(number);
        Self(number)
    }

    pub(crate) fn number(&self) -> u32 {
        self.0
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        lock(&CLOSED).remove(&self.0);
        OPENED.notify_all();
    }
}

/// The functions that a worker has.
pub(crate) fn tasks() -> [TaskEntry; 6] {
    [
        TaskEntry::new("area", &area),
        TaskEntry::new("half", &half),
        TaskEntry::new("fails", &fails),
        TaskEntry::new("zeros", &zeros),
        TaskEntry::new("length", &length),
        TaskEntry::new("hold", &hold),
    ]
}

// --- the worker ---

/// A worker in a thread.
pub(crate) struct Worker(JoinHandle<Result<(), ServeError>>);

impl Worker {
    /// How its loop ended.
    pub(crate) fn join(self) -> Result<(), ServeError> {
        self.0.join().expect("it does not panic")
    }
}

/// The ends of two pipes: those of the parent, and those of the worker.
pub(crate) fn pipes() -> [(PipeReader, PipeWriter); 2] {
    let (parent_reader, worker_writer) = pipe().expect("a pipe");
    let (worker_reader, parent_writer) = pipe().expect("a pipe");
    [(parent_reader, parent_writer), (worker_reader, worker_writer)]
}

/// With an hour to start, so that the clock does not look by itself while a test runs.
pub(crate) fn builder() -> LinkBuilder {
    LinkExecutor::builder()
        .tasks(tasks().into_iter().chain([TaskEntry::new("unknown", &unknown)]))
        .start_timeout(Duration::from_secs(3600))
}

/// A worker that serves the functions, and a link to it.
pub(crate) fn link() -> (LinkExecutor, Worker) {
    link_with(builder(), ServeSettings::new())
}

pub(crate) fn link_with(builder: LinkBuilder, settings: ServeSettings) -> (LinkExecutor, Worker) {
    let [(reader, writer), (worker_reader, worker_writer)] = pipes();
    let worker = thread::spawn(move || {
        let registry = Registry::new(tasks()).expect("different names");
        serve(&registry, worker_reader, worker_writer, &settings)
    });
    (builder.build(reader, writer).expect("threads"), Worker(worker))
}
