//! Workers held by hand, wakers that count, values that count, traces, and a watchdog.

use core::cell::Cell;
use core::error::Error;
use core::fmt;
use core::future::Future as StdFuture;
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::task::Wake;
use std::thread;

use concurrent_futures_core::{Backend, Executor, Refused, Task};

/// Long enough for any machine; a test that takes so long hangs.
const WATCHDOG: Duration = Duration::from_secs(30);

/// Runs `f` in a thread of its own; a hang is a failure.
pub(crate) fn within<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, outcome) = mpsc::channel();
    let thread = thread::spawn(move || done.send(f()));
    match outcome.recv_timeout(WATCHDOG) {
        Ok(outcome) => {
            thread.join().expect("it has ended").expect("it was received");
            outcome
        }
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("hangs"),
        Err(mpsc::RecvTimeoutError::Disconnected) => match thread.join() {
            Err(payload) => std::panic::resume_unwind(payload),
            Ok(_) => panic!("ended without an outcome"),
        },
    }
}

// --- backends ---

/// A backend whose tasks run when the test says so.
#[derive(Clone, Default)]
pub(crate) struct Held {
    tasks: Arc<Mutex<VecDeque<Task>>>,
    claims: bool,
}

std::thread_local! {
    /// Whether this thread is inside of `run_next` of a backend that claims.
    static WORKING: Cell<bool> = const { Cell::new(false) };
}

impl Held {
    /// One whose worker, the thread inside of [`run_next`](Self::run_next), may claim.
    pub(crate) fn that_claims() -> Self {
        Self { claims: true, ..Self::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.tasks.lock().expect("no test panics under the lock").len()
    }

    pub(crate) fn pop(&self) -> Option<Task> {
        self.tasks.lock().expect("no test panics under the lock").pop_front()
    }

    /// Runs the oldest task; says whether there was one.
    pub(crate) fn run_next(&self) -> bool {
        let Some(task) = self.pop() else { return false };
        let before = WORKING.replace(true);
        task.run();
        WORKING.set(before);
        true
    }

    pub(crate) fn run_all(&self) {
        while self.run_next() {}
    }
}

impl Backend for Held {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        self.tasks.lock().expect("no test panics under the lock").push_back(task);
        Ok(())
    }

    fn may_claim(&self) -> bool {
        self.claims && WORKING.get()
    }

    fn run_one(&self) -> bool {
        self.run_next()
    }
}

/// An executor whose tasks run when the test says so.
pub(crate) fn held() -> (Held, Executor<Held>) {
    let held = Held::default();
    (held.clone(), Executor::new(held))
}

/// As [`held`], with a worker that may claim.
pub(crate) fn held_that_claims() -> (Held, Executor<Held>) {
    let held = Held::that_claims();
    (held.clone(), Executor::new(held))
}

/// A backend of one thread, which ends when the backend is dropped.
pub(crate) struct OneThread(mpsc::Sender<Task>);

impl OneThread {
    /// The backend, and the thread to be joined after the executor.
    pub(crate) fn start() -> (Self, thread::JoinHandle<()>) {
        let (sender, tasks) = mpsc::channel::<Task>();
        (Self(sender), thread::spawn(move || tasks.into_iter().for_each(Task::run)))
    }
}

impl Backend for OneThread {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        self.0.send(task).expect("the thread lives as long as its sender");
        Ok(())
    }
}

// --- wakers ---

/// A waker that counts.
#[derive(Default)]
pub(crate) struct Wakes(AtomicUsize);

impl Wakes {
    pub(crate) fn new() -> (Arc<Self>, Waker) {
        let wakes = Arc::new(Self::default());
        (wakes.clone(), Waker::from(wakes))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A waker that runs a function each time.
pub(crate) struct Calls<F>(F);

impl<F: Fn() + Send + Sync + 'static> Calls<F> {
    pub(crate) fn waker(f: F) -> Waker {
        Waker::from(Arc::new(Self(f)))
    }
}

impl<F: Fn() + Send + Sync + 'static> Wake for Calls<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

pub(crate) fn poll<F: StdFuture + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

/// The shortest block_on there is, so that nothing of the crate's own parker is in it.
pub(crate) fn block_on<F: StdFuture>(future: F) -> F::Output {
    #[derive(Default)]
    struct Bell(Mutex<bool>, Condvar);
    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            *self.0.lock().expect("nobody panics here") = true;
            self.1.notify_one();
        }
    }
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(bell.clone());
    let mut future = core::pin::pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        let mut rung = bell.0.lock().expect("nobody panics here");
        while !*rung {
            rung = bell.1.wait(rung).expect("nobody panics here");
        }
        *rung = false;
    }
}

// --- values ---

/// How many values were made, and how many dropped.
#[derive(Clone, Default)]
pub(crate) struct Counts(Arc<(AtomicUsize, AtomicUsize)>);

impl Counts {
    pub(crate) fn make(&self) -> Counted {
        self.0.0.fetch_add(1, Ordering::Relaxed);
        Counted(self.clone())
    }

    pub(crate) fn made(&self) -> usize {
        self.0.0.load(Ordering::Relaxed)
    }

    pub(crate) fn dropped(&self) -> usize {
        self.0.1.load(Ordering::Relaxed)
    }

    pub(crate) fn alive(&self) -> usize {
        self.made() - self.dropped()
    }

    pub(crate) fn assert_each_dropped_once(&self) {
        assert_eq!(self.made(), self.dropped(), "made, and dropped");
    }
}

/// A value that counts; an error too.
pub(crate) struct Counted(Counts);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.1.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Counted")
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("counted error")
    }
}

impl Error for Counted {}

// --- traces ---

/// Events in the order in which they happened.
#[derive(Clone, Default)]
pub(crate) struct Trace(Arc<Mutex<Vec<&'static str>>>);

impl Trace {
    pub(crate) fn note(&self, event: &'static str) {
        self.0.lock().expect("nobody panics here").push(event);
    }

    /// Something that notes its end.
    pub(crate) fn on_drop(&self, event: &'static str) -> NoteOnDrop {
        NoteOnDrop(self.clone(), event)
    }

    /// A waker that notes each wake.
    pub(crate) fn waker(&self, event: &'static str) -> Waker {
        let trace = self.clone();
        Calls::waker(move || trace.note(event))
    }

    /// What has happened since the last call.
    pub(crate) fn take(&self) -> Vec<&'static str> {
        core::mem::take(&mut *self.0.lock().expect("nobody panics here"))
    }
}

/// Notes its end.
#[derive(Debug)]
pub(crate) struct NoteOnDrop(Trace, &'static str);

impl Drop for NoteOnDrop {
    fn drop(&mut self) {
        self.0.note(self.1);
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trace")
    }
}

// --- panics of callbacks ---

/// What callbacks panicked with, among the texts that contain `needle`. Tests share one hook.
pub(crate) fn reported_callback_panics(needle: &str) -> usize {
    REPORTED.lock().expect("nobody panics here").iter().filter(|text| text.contains(needle)).count()
}

static REPORTED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Sets the one hook of all tests.
pub(crate) fn report_callback_panics() {
    concurrent_futures_core::set_callback_panic_hook(|payload| {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        REPORTED.lock().expect("nobody panics here").extend(text);
    });
}
