//! A watchdog, gates, workers held by a task, values that count, child processes.

use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::env;
use std::io::{Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread::{self, ThreadId};
use std::time::Instant;

use concurrent_futures::{Future, Shutdown, TaskError, TaskErrorKind, ThreadPoolExecutor};

/// Long enough for any machine; a test that takes so long hangs.
const WATCHDOG: Duration = Duration::from_secs(60);
/// As long as one step may take: shorter, so that the step is named by its own message.
const PATIENCE: Duration = Duration::from_secs(30);

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

/// Receives, and fails rather than waits for ever.
#[track_caller]
pub(crate) fn receive<T>(channel: &mpsc::Receiver<T>) -> T {
    channel.recv_timeout(PATIENCE).expect("a message")
}

/// Closed until it is opened.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    /// Waits until it is open.
    #[track_caller]
    pub(crate) fn pass(&self) {
        assert!(self.opens_within(PATIENCE), "a gate was never opened");
    }

    /// Waits until it is open, for so long at most; says whether it is.
    pub(crate) fn opens_within(&self, patience: Duration) -> bool {
        let closed = self.0.0.lock().unwrap();
        let (open, _) = self.0.1.wait_timeout_while(closed, patience, |open| !*open).unwrap();
        *open
    }
}

pub(crate) fn pool(workers: usize) -> ThreadPoolExecutor {
    ThreadPoolExecutor::new(workers).unwrap()
}

/// A task that holds a worker until it is released, or dropped.
pub(crate) struct Blocker {
    gate: Gate,
    future: Option<Future<()>>,
    pub(crate) worker: ThreadId,
}

impl Blocker {
    /// Returns when the task has started.
    #[track_caller]
    pub(crate) fn occupy(pool: &ThreadPoolExecutor) -> Self {
        Self::try_occupy(pool).expect("accepted")
    }

    /// As [`occupy`](Self::occupy), as soon as a worker can be had.
    pub(crate) fn occupy_at_last(pool: &ThreadPoolExecutor) -> Self {
        loop {
            if let Some(blocker) = Self::try_occupy(pool) {
                return blocker;
            }
            thread::yield_now();
        }
    }

    fn try_occupy(pool: &ThreadPoolExecutor) -> Option<Self> {
        let gate = Gate::new();
        let (started, has_started) = mpsc::channel();
        let closed = gate.clone();
        let task = move || {
            started.send(thread::current().id()).unwrap();
            closed.pass();
        };
        let future = pool.submit(task).ok()?;
        Some(Self { gate, worker: receive(&has_started), future: Some(future) })
    }

    /// Lets the task end, and waits for it.
    pub(crate) fn release(mut self) {
        self.gate.open();
        self.future.take().unwrap().result().unwrap();
    }

    /// Lets the task end.
    pub(crate) fn release_later(&self) -> Gate {
        self.gate.clone()
    }
}

impl Drop for Blocker {
    fn drop(&mut self) {
        self.gate.open();
    }
}

/// What a task is that one can count: how often it ran, how often it was dropped.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counter(Arc<AtomicUsize>);

impl Counter {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// How many handles there are of this counter.
    pub(crate) fn handles(&self) -> usize {
        Arc::strong_count(&self.0)
    }
}

/// Counts when it is dropped.
pub(crate) struct OnDrop(pub(crate) Counter);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.count();
    }
}

#[track_caller]
pub(crate) fn kind_of<T: fmt::Debug>(outcome: Result<T, TaskError>) -> TaskErrorKind {
    outcome.expect_err("an error").kind()
}

/// Waits for the end without saying so by dropping.
#[track_caller]
pub(crate) fn end(pool: &ThreadPoolExecutor) {
    pool.shutdown(Shutdown::wait()).unwrap();
}

/// A thread as Linux sees it.
#[derive(Clone)]
pub(crate) struct Thread(Option<std::path::PathBuf>);

impl Thread {
    pub(crate) fn current() -> Self {
        Self(std::fs::read_link("/proc/thread-self").ok())
    }

    /// Waits until the thread is parked. Where one cannot look, gives it time: the tests that use
    /// this are right without it, and only less sharp.
    pub(crate) fn until_parked(&self) {
        let Some(task) = &self.0 else { return thread::sleep(Duration::from_millis(20)) };
        let stat = std::path::Path::new("/proc").join(task).join("stat");
        let began = Instant::now();
        let mut seen = 0;
        while seen < 3 {
            let Ok(text) = std::fs::read_to_string(&stat) else { return };
            let state = text.rsplit(')').next().and_then(|rest| rest.trim().chars().next());
            seen = if state == Some('S') { seen + 1 } else { 0 };
            assert!(began.elapsed() < PATIENCE, "the thread never parks");
            thread::yield_now();
        }
    }
}

// --- child processes ---

const CHILD: &str = "CONCURRENT_FUTURES_TEST_CHILD";

/// Whether this process was started by [`in_child`].
pub(crate) fn is_child() -> bool {
    env::var_os(CHILD).is_some()
}

/// What became of a child.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) printed: String,
}

impl Ended {
    /// How many lines are that one.
    pub(crate) fn lines(&self, wanted: &str) -> usize {
        self.printed.lines().filter(|line| *line == wanted).count()
    }
}

/// Runs the named test of this binary in a process of its own, started by `wrapper` if that is not
/// empty.
pub(crate) fn in_child(wrapper: &[String], test: &str) -> Ended {
    let this = env::current_exe().unwrap();
    let mut command = match wrapper {
        [] => Command::new(this),
        [program, arguments @ ..] => {
            let mut command = Command::new(program);
            command.args(arguments).arg(this);
            command
        }
    };
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(CHILD, "1");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let read = |mut from: Box<dyn Read + Send>| {
        thread::spawn(move || {
            let mut text = String::new();
            let _ = from.read_to_string(&mut text);
            text
        })
    };
    let out = read(Box::new(child.stdout.take().unwrap()));
    let err = read(Box::new(child.stderr.take().unwrap()));
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("the child hangs; it printed {} {}", out.join().unwrap(), err.join().unwrap());
        }
        thread::sleep(Duration::from_millis(5));
    };
    let printed = out.join().unwrap() + &err.join().unwrap();
    Ended { status, printed }
}

/// Says that a test did not do what it is there for, past libtest's capture.
pub(crate) fn skipped(test: &str, reason: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {reason}");
}
