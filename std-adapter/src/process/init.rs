//! [`init()`]: what makes a program one that can be its own worker.
#![forbid(unsafe_code)]

use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use concurrent_futures_core::calls::TaskEntry;

use super::os::inside;
use super::{registration, worker_main};

/// The one argument that a worker is started with.
const MARKER: &str = "--concurrent-futures-worker";

/// With this status a worker ends that could not begin.
const CANNOT_BEGIN: i32 = 4;

/// Whether this program has said that it can be a worker.
static INITIALIZED: AtomicBool = AtomicBool::new(false);

/// Makes this program one whose pools of processes can start it again as a worker. To be called first of
/// all in `main`: in a worker it never returns.
///
/// In test binaries, which have no `main` of their own, see [`worker_test!`](crate::worker_test).
///
/// # Examples
/// ```no_run
/// fn main() {
///     concurrent_futures::init();
///     // arguments are looked at, threads are started and pools made after this
/// }
/// ```
#[expect(clippy::needless_doctest_main, reason = "where it is called is the point")]
pub fn init() {
    init_with([]);
}

/// As [`init()`], with functions that the linker has not listed: see [`tasks!`](crate::tasks).
pub fn init_with(tasks: impl IntoIterator<Item = TaskEntry>) {
    let tasks: Vec<_> = tasks.into_iter().collect();
    let registered = registration::register(&tasks);
    // Of a worker too, whose functions may make pools.
    // ORDERING: Relaxed; said before pools are made, by whoever makes them or starts who does.
    INITIALIZED.store(true, Ordering::Relaxed);
    if is_worker(&[OsString::from(MARKER)]) {
        if let Err(error) = registered {
            give_up(&error.to_string());
        }
        work();
    }
    // In the program itself the error comes from whoever makes a pool, or calls the function.
}

/// Whether this process was started with these arguments, by a pool.
fn is_worker(arguments: &[OsString]) -> bool {
    std::env::args_os().skip(1).eq(arguments.iter().cloned())
}

/// What a test of [`worker_test!`](crate::worker_test) does: in a worker it never returns, otherwise it
/// does nothing.
pub fn work_in_test(path: &str) {
    if is_worker(&test_arguments(path)) && inside::is_channel() {
        work();
    }
}

/// Answers calls, and ends this process.
fn work() -> ! {
    let registry = match registration::registry() {
        Ok(registry) => registry,
        Err(error) => give_up(&error.to_string()),
    };
    match inside::take_channel() {
        Ok(Some(channel)) => match worker_main::serve(channel, registry) {
            Ok(code) => process::exit(code),
            Err(error) => give_up(&error.to_string()),
        },
        Ok(None) => give_up(&format!("{MARKER} is for pools of processes, not for people")),
        Err(error) => give_up(&error.to_string()),
    }
}

fn give_up(why: &str) -> ! {
    eprintln!("this worker process ends: {why}");
    process::exit(CANNOT_BEGIN)
}

/// What a worker is started with.
///
/// # Errors
/// The program is to be started again, and has not said that it can be.
pub(super) fn worker_arguments(own_program: bool) -> Result<Vec<OsString>, NotInitialized> {
    // ORDERING: Relaxed; as in `init_with`.
    if !own_program || INITIALIZED.load(Ordering::Relaxed) {
        return Ok(vec![MARKER.into()]);
    }
    test_entry().map(test_arguments).ok_or(NotInitialized { _private: () })
}

/// The test that is a worker, if this is a test binary that has one.
fn test_entry() -> Option<&'static str> {
    #[cfg(feature = "linkme")]
    let entry = crate::listed::WORKER_TESTS.first().copied();
    #[cfg(not(feature = "linkme"))]
    let entry = None;
    entry
}

/// What has libtest run this test and no other. Paths of tests are without the name of their crate.
fn test_arguments(path: &str) -> Vec<OsString> {
    let name = path.split_once("::").map_or(path, |(_, name)| name);
    vec![name.into(), "--exact".into(), "--nocapture".into()]
}

/// [`init()`] was not called in this program's `main`, so that it cannot be its own worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotInitialized {
    _private: (),
}

impl fmt::Display for NotInitialized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "this program cannot be its own worker: call concurrent_futures::init() first in main, or in a test \
             binary put concurrent_futures::worker_test!(); at the top of it",
        )
    }
}

impl Error for NotInitialized {}
