//! A watchdog, and gates that processes can pass.

use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs};

use concurrent_futures::{ProcessPoolBuilder, ProcessPoolExecutor};

/// Long enough for any machine; a test that takes so long hangs.
const WATCHDOG: Duration = Duration::from_secs(120);
/// As long as one step may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `f` in a thread of its own; a hang is a failure.
pub(crate) fn within<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, outcome) = mpsc::channel();
    let thread = thread::spawn(move || done.send(f()));
    match outcome.recv_timeout(WATCHDOG) {
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
        assert!(began.elapsed() < PATIENCE, "never happened: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A pool to be described further, which is quiet.
pub(crate) fn pool() -> ProcessPoolBuilder {
    ProcessPoolExecutor::builder().quiet()
}

/// So many workers.
pub(crate) fn workers(count: usize) -> ProcessPoolExecutor {
    pool().max_workers(count).build().expect("a pool")
}

/// A directory of a test's own, in which processes leave each other signs.
pub(crate) struct Signs(PathBuf);

impl Signs {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("calls-{}-{number}", process::id()));
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    /// The path of a sign, to be given to a function.
    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }

    pub(crate) fn give(&self, name: &str) {
        give(&self.path(name));
    }

    /// How many signs there are whose names begin so.
    pub(crate) fn count(&self, name: &str) -> usize {
        let entries = fs::read_dir(&self.0).expect("the directory");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        names.filter(|given| given.to_string_lossy().starts_with(name)).count()
    }

    #[track_caller]
    pub(crate) fn wait_for(&self, name: &str) {
        wait_for(&self.path(name));
    }
}

/// How many attempts have left a sign.
pub(crate) fn attempts(signs: &str) -> usize {
    (1..).take_while(|number| fs::exists(format!("{signs}{number}")).unwrap_or(false)).count()
}

impl Drop for Signs {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // or it stays in the directory for such things
    }
}

pub(crate) fn give(path: &str) {
    fs::write(path, []).expect("a sign");
}

#[track_caller]
pub(crate) fn wait_for(path: &str) {
    until(path, || fs::exists(path).unwrap_or(false));
}
