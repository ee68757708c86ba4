//! A system that has no thread for us: child processes under a real limit. Root is not bound by it,
//! so they run as another user, whom nobody else uses.

use core::sync::atomic::{AtomicU32, Ordering};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;

use concurrent_futures::{RefusedReason, Shutdown, TaskErrorKind, ThreadPoolExecutor};

use crate::support::{Blocker, Counter, Gate, in_child, is_child, pool, skipped, within};

/// A command that runs another as a user of its own, or why there is none.
fn as_another_user() -> Result<Vec<String>, String> {
    // The limit counts all that a user runs: each child has one of its own, a number without a name.
    static CHILDREN: AtomicU32 = AtomicU32::new(0);
    let child = CHILDREN.fetch_add(1, Ordering::Relaxed) % 4;
    let user = 20_000 + std::process::id() % 10_000 * 4 + child;
    let mut wrapper = ["setpriv", "--clear-groups", "--regid=65534"].map(String::from).to_vec();
    wrapper.push(format!("--reuid={user}"));
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    // Whether that user can run this program, and set a limit.
    let probe = Command::new(&wrapper[0])
        .args(&wrapper[1..])
        .args(["prlimit", "--nproc=100:100", "test", "-x"])
        .arg(this)
        .output();
    match probe {
        Ok(output) if output.status.success() => Ok(wrapper),
        Ok(output) => Err(format!(
            "this program cannot be run as another user (only root may): {} {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        Err(error) => Err(format!("setpriv cannot be started: {error}")),
    }
}

/// Allows this process `more` threads than it has; says whether that binds.
fn allow(more: usize) -> bool {
    let now = Path::new("/proc/self/task").read_dir().unwrap().count();
    let pid = std::process::id().to_string();
    let limit = now + more;
    let set = Command::new("prlimit")
        .args(["--pid", &pid, &format!("--nproc={limit}:{limit}")])
        .status()
        .unwrap();
    assert!(set.success());
    // The system takes a moment to notice that prlimit has gone.
    let gate = Gate::new();
    let started: Vec<_> = (0..more).map(|_| spawn_at_last(&gate)).collect();
    let closed = gate.clone();
    let binds = thread::Builder::new().spawn(move || closed.pass()).is_err();
    gate.open();
    started.into_iter().for_each(|thread| thread.join().unwrap());
    binds
}

/// Starts a thread as soon as one can be had.
fn spawn_at_last(gate: &Gate) -> thread::JoinHandle<()> {
    loop {
        let closed = gate.clone();
        if let Ok(thread) = thread::Builder::new().spawn(move || closed.pass()) {
            return thread;
        }
        thread::yield_now();
    }
}

/// Runs `body` in a child that may start so many threads.
fn with_threads(more: usize, test: &'static str, body: impl FnOnce()) {
    if is_child() {
        if allow(more) {
            body();
            println!("\ndone");
        } else {
            println!("\nunlimited");
        }
        return;
    }
    within(move || match as_another_user() {
        Err(reason) => skipped(test, &reason),
        Ok(wrapper) => {
            let ended = in_child(&wrapper, test);
            assert!(ended.status.success(), "{}", ended.printed);
            if ended.lines("unlimited") == 1 {
                return skipped(test, "this system does not hold another user to its limit");
            }
            assert_eq!(ended.lines("done"), 1, "{}", ended.printed);
        }
    });
}

#[test]
fn with_no_thread_to_be_had_the_closure_comes_back() {
    with_threads(0, "thread_limit::with_no_thread_to_be_had_the_closure_comes_back", || {
        let pool = pool(4);
        for _ in 0..3 {
            let text = String::from("mine");
            let refused = pool.submit(move || text).unwrap_err();
            assert!(matches!(refused.reason(), RefusedReason::NoWorker(_)), "{refused}");
            assert_eq!(refused.into_inner()(), "mine");
        }
        let error = pool.map(|n: u8| n, [1]).next().unwrap().unwrap_err();
        assert_eq!(error.kind(), TaskErrorKind::Refused);
        assert_eq!((pool.remaining().tasks, pool.remaining().workers), (0, 0));
        pool.shutdown(Shutdown::wait()).unwrap();
        drop(pool);
    });
}

#[test]
fn with_some_threads_work_goes_on_with_those() {
    // Of eight that the pool might have.
    with_threads(2, "thread_limit::with_some_threads_work_goes_on_with_those", || {
        let started = Counter::new();
        let counted = started.clone();
        let pool = ThreadPoolExecutor::builder()
            .max_workers(8)
            .initializer(move || {
                counted.count();
                Ok::<_, &str>(())
            })
            .build()
            .unwrap();
        let pool = Arc::new(pool);
        // While one is busy another is started, once the system has noticed that the threads of
        // `allow` have gone.
        let blocker = Blocker::occupy_at_last(&pool);
        while started.get() < 2 {
            drop(pool.submit(|| ()).unwrap());
            thread::yield_now();
        }
        blocker.release();
        let futures: Vec<_> = (0..200)
            .map(|n| {
                let inner = pool.clone();
                let task = move || inner.submit(move || n).unwrap().result().unwrap();
                pool.submit(task).unwrap()
            })
            .collect();
        let sum: u32 = futures.into_iter().map(|future| future.result().unwrap()).sum();
        assert_eq!(sum, 19_900);
        pool.shutdown(Shutdown::wait()).unwrap();
        // The system is not exact to the last thread; what matters is that the pool wanted more.
        assert!((2..8).contains(&started.get()), "{} workers", started.get());
    });
}

#[test]
fn with_threads_to_be_had_again_work_is_accepted_again() {
    with_threads(1, "thread_limit::with_threads_to_be_had_again_work_is_accepted_again", || {
        let gate = Gate::new();
        let taken = spawn_at_last(&gate);
        let pool = pool(4);
        let refused = pool.submit(|| 7).unwrap_err();
        assert!(matches!(refused.reason(), RefusedReason::NoWorker(_)), "{refused}");
        gate.open();
        taken.join().unwrap();
        // The system takes a moment to notice that a thread has gone.
        let mut task = refused.into_inner();
        let future = loop {
            match pool.submit(task) {
                Ok(future) => break future,
                Err(refused) => task = refused.into_inner(),
            }
            thread::yield_now();
        };
        assert_eq!(future.result().unwrap(), 7);
    });
}
