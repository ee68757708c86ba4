//! A process for each case, and what has to be true after it.

use std::any::type_name;
use std::env;
use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, exit, id};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use concurrent_futures::{
    FutureState, ProcessPoolBuilder, ProcessPoolExecutor, TaskError, TaskErrorKind,
};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;

use crate::machine;
use crate::tasks::add;

/// Long enough for any machine; a case that takes so long hangs.
const WATCHDOG: Duration = Duration::from_secs(50);

/// As long as one step may take: shorter, so that the step is named by its own message.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Tells a case's process, and all that come from it, from others; and the directory of the case.
pub(crate) const CASE: &str = "CONCURRENT_FUTURES_TEST_CASE";

/// Runs the body of a test in a process of its own, and asks the questions afterwards.
#[track_caller]
pub(crate) fn alone<F: FnOnce(&mut Case)>(body: F) {
    let name = name_of::<F>();
    if let Some(directory) = env::var_os(CASE) {
        watch(name);
        let mut case = Case::new(directory.into());
        body(&mut case);
        case.check();
        return;
    }
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!(
        "case-{}-{}",
        id(),
        name.replace("::", "-")
    ));
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    let mut printed = File::create_new(directory.join("printed")).unwrap();
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(CASE, &directory)
        .env("RUST_BACKTRACE", "0") // of those that are meant
        .stdout(printed.try_clone().unwrap())
        .stderr(printed.try_clone().unwrap())
        .spawn()
        .unwrap();
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > WATCHDOG * 2 {
            child.kill().unwrap();
        } else if began.elapsed() > WATCHDOG {
            machine::signal(child.id(), Signal::CONT); // one that was stopped says what it was doing then
        }
        thread::sleep(Duration::from_millis(2));
    };
    if !status.success() {
        let mut said = Vec::new();
        printed = File::open(directory.join("printed")).unwrap();
        printed.rewind().unwrap();
        printed.read_to_end(&mut said).unwrap();
        panic!("{name}: {status}\n{}", String::from_utf8_lossy(&said));
    }
    fs::remove_dir_all(&directory).unwrap();
}

/// The name that libtest has for the test whose body this is.
fn name_of<F>() -> &'static str {
    let name = type_name::<F>().trim_end_matches("::{{closure}}");
    name.split_once("::").map_or(name, |(_, name)| name)
}

/// Ends this process when it takes too long, and says what everybody was doing.
fn watch(name: &'static str) {
    thread::spawn(move || {
        thread::sleep(WATCHDOG);
        eprintln!("{name} hangs");
        machine::describe(id());
        machine::of_case().into_iter().for_each(machine::describe);
        exit(101);
    });
}

/// A case, in its own process.
pub(crate) struct Case {
    directory: PathBuf,
    descriptors: Vec<String>,
    threads: usize,
    watched: Vec<Arc<Watched>>,
    gates: u32,
}

/// What became of a future.
struct Watched {
    what: String,
    called: AtomicU32,
    cancelled: AtomicU32,
}

impl Case {
    fn new(directory: PathBuf) -> Self {
        let descriptors = machine::descriptors();
        let threads = machine::threads();
        Self { directory, descriptors, threads, watched: Vec::new(), gates: 0 }
    }

    /// A path of the case's own.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// A gate, at which tasks wait until it is [opened](Gate::open).
    pub(crate) fn gate(&mut self) -> Gate {
        self.gates += 1;
        let path = self.path(&format!("gate-{}", self.gates));
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        Gate(path)
    }

    /// This future has to come to one end.
    pub(crate) fn watch<T>(
        &mut self,
        what: impl Into<String>,
        future: concurrent_futures::Future<T>,
    ) -> concurrent_futures::Future<T> {
        let watched = Arc::new(Watched {
            what: what.into(),
            called: AtomicU32::new(0),
            cancelled: AtomicU32::new(0),
        });
        let told = watched.clone();
        future.add_done_callback(move |completion| {
            if completion.state() == FutureState::Cancelled {
                told.cancelled.fetch_add(1, Ordering::Relaxed);
            }
            told.called.fetch_add(1, Ordering::Relaxed);
        });
        self.watched.push(watched);
        future
    }

    /// So many tasks have begun, by the log of the case.
    pub(crate) fn begun(&self) -> Vec<u64> {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        log.lines().map(|line| line.parse().unwrap()).collect()
    }

    /// What has to be true at the end, when all pools are gone.
    pub(crate) fn check(&mut self) {
        for watched in std::mem::take(&mut self.watched) {
            until(&format!("the callback of {} is called", watched.what), || {
                (watched.called.load(Ordering::Relaxed) > 0).then_some(())
            });
            assert_eq!(watched.called.load(Ordering::Relaxed), 1, "callbacks of {}", watched.what);
        }
        let mut begun = self.begun();
        begun.sort_unstable();
        let count = begun.len();
        begun.dedup();
        assert_eq!(count, begun.len(), "a task was started twice");
        self.check_machine();
    }

    /// No process, descriptor or thread is left that was not there before.
    pub(crate) fn check_machine(&self) {
        nothing_but("children", Vec::new(), machine::children);
        nothing_but("processes", Vec::new(), machine::of_case);
        nothing_but("descriptors", self.descriptors.clone(), machine::descriptors);
        nothing_but("threads", self.threads, machine::threads);
    }
}

#[track_caller]
fn nothing_but<T: PartialEq + std::fmt::Debug>(what: &str, before: T, now: impl Fn() -> T) {
    let began = Instant::now();
    while now() != before {
        if began.elapsed() > PATIENCE {
            machine::of_case().into_iter().for_each(machine::describe);
            panic!("{what}: {:?} where there were {before:?}", now());
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Something that tasks wait for.
pub(crate) struct Gate(PathBuf);

impl Gate {
    /// For a task.
    pub(crate) fn name(&self) -> String {
        self.0.to_str().unwrap().into()
    }

    /// Lets a task pass; waits until one is there.
    pub(crate) fn open(&self) {
        drop(File::options().write(true).open(&self.0).unwrap());
    }
}

/// Calls `look` until it has an answer.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A pool whose workers print nowhere.
pub(crate) fn builder(workers: usize) -> ProcessPoolBuilder {
    ProcessPoolExecutor::builder().max_workers(workers).quiet()
}

/// The pool takes calls.
#[track_caller]
pub(crate) fn usable(pool: &ProcessPoolExecutor) {
    assert_eq!(result(pool.submit(add, (1, 1)).unwrap()).unwrap(), 2);
}

/// As `result`, not for ever.
#[track_caller]
pub(crate) fn result<T>(mut future: concurrent_futures::Future<T>) -> Result<T, TaskError> {
    let outcome = future.result_timeout(PATIENCE);
    if let Err(error) = &outcome {
        assert_ne!(error.kind(), TaskErrorKind::TimedOut, "a future has no end");
    }
    outcome
}

/// Runs `f` in a thread of its own; a hang is a failure.
#[track_caller]
pub(crate) fn within<R: Send + 'static>(what: &str, f: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, outcome) = mpsc::channel();
    let thread = thread::spawn(move || done.send(f()));
    match outcome.recv_timeout(PATIENCE) {
        Ok(outcome) => {
            thread.join().unwrap().unwrap();
            outcome
        }
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("never: {what}"),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            std::panic::resume_unwind(thread.join().unwrap_err())
        }
    }
}
