//! A process for one test, in which nothing may be left and nothing may hang.
#![forbid(unsafe_code)]

use std::env;
use std::fs;
use std::process::{self, Command};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{WaitOptions, wait};

/// Longer than any step takes; shorter than the times after which a pool helps itself, but for those of the test.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

const CHILD: &str = "CONCURRENT_FUTURES_INJECTED";

/// Runs the body of a test in a process of its own.
pub(super) fn alone(name: &str, body: impl FnOnce(&Watch)) {
    if env::var_os(CHILD).is_some() {
        return body(&Watch::new());
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([name, "--exact", "--nocapture", "--test-threads=1"]).env(CHILD, "1");
    let output = command.output().unwrap();
    let (said, complained) = (output.stdout.as_slice(), output.stderr.as_slice());
    let [said, complained] = [said, complained].map(String::from_utf8_lossy);
    assert!(output.status.success(), "{}\n{said}\n{complained}", output.status);
    assert!(said.contains("1 passed"), "no test is called {name}: {said}");
}

/// Ends the process when one of its trials takes too long.
pub(super) struct Watch {
    trial: Arc<Mutex<(Instant, String)>>,
    descriptors: usize,
    threads: usize,
}

impl Watch {
    fn new() -> Self {
        let trial = Arc::new(Mutex::new((Instant::now(), String::new())));
        let watched = trial.clone();
        thread::spawn(move || {
            loop {
                thread::sleep(Duration::from_millis(100));
                let (began, what) = &*watched.lock().unwrap();
                if began.elapsed() > 2 * PATIENCE {
                    eprintln!("hangs: {what}");
                    process::abort();
                }
            }
        });
        Self { trial, descriptors: count("fd"), threads: count("task") }
    }

    pub(super) fn begin(&self, what: String) {
        *self.trial.lock().unwrap() = (Instant::now(), what);
    }

    /// No child, descriptor or thread.
    pub(super) fn nothing_is_left(&self) {
        let what = &self.trial.lock().unwrap().1.clone();
        let child = wait(WaitOptions::NOHANG);
        assert_eq!(child.map(|child| child.map(|_| ())), Err(Errno::CHILD), "{what}: a child");
        assert_eq!(count("fd"), self.descriptors, "{what}: descriptors");
        // A thread that was joined may still be listed for a moment.
        until("its threads are gone", || count("task") == self.threads);
    }
}

fn count(what: &str) -> usize {
    fs::read_dir(format!("/proc/self/{what}")).unwrap().count()
}

/// Waits until it is so.
#[track_caller]
pub(super) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        thread::sleep(Duration::from_micros(200));
    }
}
