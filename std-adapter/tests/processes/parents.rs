//! What becomes of workers when their parent ends, is forked, is interrupted or replaced.

use std::env;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

use concurrent_futures::calls::Exit;
use concurrent_futures::{Future, ProcessPoolExecutor, TaskErrorKind};
use rustix::process::{Signal, WaitOptions};

use crate::deeds::Deed;
use crate::kit::{CASE, Case, alone, builder, result, until, usable};
use crate::machine;
use crate::tasks::{Traitor, act, act_then, add, betray, pid, take_traitor, with_grandchild};

// --- a program that is the parent ---

const ROLE: &str = "CONCURRENT_FUTURES_TEST_ROLE";

/// This program, in a process of its own, as a parent that plays a role.
fn program(case: &Case, role: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "parents::a_program", "--nocapture", "--test-threads=1"]);
    let printed = File::options().append(true).open(case.path("printed")).unwrap();
    command.env(ROLE, role).stdout(printed.try_clone().unwrap()).stderr(printed);
    command
}

/// Two workers with a grandchild each, in calls that never end.
fn family(case: &Path) -> (ProcessPoolExecutor, Vec<Future<bool>>) {
    let pool = builder(2).build().unwrap();
    let file = |number| case.join(format!("grandchild-{number}")).to_str().unwrap().to_owned();
    let calls = [1, 2].map(|number| pool.submit(with_grandchild, file(number)).unwrap());
    for number in [1, 2] {
        until("it has a child", || fs::read(file(number)).ok());
    }
    (pool, calls.into())
}

#[test]
fn a_program() {
    let (Some(role), Some(case)) = (env::var_os(ROLE), env::var_os(CASE)) else { return };
    let case = Path::new(&case);
    let ready = || fs::write(case.join("ready"), "").unwrap();
    match role.to_str().unwrap() {
        "wait" => {
            dies_of_an_interrupt();
            let family = family(case);
            ready();
            thread::sleep(Duration::from_secs(1000));
            drop(family);
        }
        "end without a word" => {
            let family = family(case);
            ready();
            std::mem::forget(family);
        }
        "exit" => {
            let _family = family(case);
            ready();
            std::process::exit(0);
        }
        "abort" => {
            let _family = family(case);
            ready();
            std::process::abort();
        }
        "encode" => {
            let (pool, _calls) = family(case);
            ready();
            let traitor = Traitor { encode: Deed::Exit(5), decode: Deed::Nothing };
            drop(pool.submit(take_traitor, traitor));
            unreachable!("it has ended");
        }
        "decode" => {
            let pool = builder(1).build().unwrap();
            let call = pool.submit(betray, (Deed::Nothing, Deed::Segfault)).unwrap();
            ready();
            drop(result(call));
            unreachable!("it has ended");
        }
        "interrupted" => interrupted(case),
        "static" => {
            let _guard = POOL.exit_guard();
            drop(POOL.submit(act, 77).unwrap());
        }
        "replaced" => replaced(case),
        other => panic!("nobody plays {other}"),
    }
}

static POOL: LazyLock<ProcessPoolExecutor> = LazyLock::new(|| builder(1).build().unwrap());

/// Also where whoever has started the tests ignores them, as shells do for what they start in the background.
fn dies_of_an_interrupt() {
    // SAFETY: the system's own handling, and none of ours.
    unsafe { libc::signal(libc::SIGINT, libc::SIG_DFL) };
}

/// Nothing is left that comes from the case: workers and what they have started.
fn nobody_is_left() {
    until("all are gone", || machine::of_case().is_empty().then_some(()));
}

#[test]
fn workers_and_grandchildren_end_with_their_parent_however_it_ends() {
    alone(|case| {
        for (role, signal) in [
            ("wait", Some(Signal::KILL)),
            ("wait", Some(Signal::TERM)),
            ("wait", Some(Signal::INT)),
            ("end without a word", None),
            ("exit", None),
            ("abort", None),
            ("encode", None),
            ("decode", None),
        ] {
            for file in ["ready", "grandchild-1", "grandchild-2"] {
                let _ = fs::remove_file(case.path(file));
            }
            let mut parent = program(case, role).spawn().unwrap();
            until("it is ready", || case.path("ready").exists().then_some(()));
            if let Some(signal) = signal {
                assert!(machine::of_case().len() >= 5, "a parent, two workers, two grandchildren");
                machine::signal(parent.id(), signal);
            }
            parent.wait().unwrap();
            nobody_is_left();
        }
    });
}

#[test]
fn a_pool_in_a_static_runs_all_that_was_accepted_where_it_has_a_guard() {
    alone(|case| {
        let mut parent = program(case, "static").spawn().unwrap();
        assert!(parent.wait().unwrap().success());
        assert_eq!(case.begun(), [77]);
        nobody_is_left();
    });
}

// --- a terminal ---

static INTERRUPTIONS: AtomicU32 = AtomicU32::new(0);

extern "C" fn interrupt(_: libc::c_int) {
    // ORDERING: Relaxed; nothing else is told.
    INTERRUPTIONS.fetch_add(1, Ordering::Relaxed);
}

fn interrupted(case: &Path) {
    // SAFETY: it does nothing but to change an atomic.
    unsafe { libc::signal(libc::SIGINT, interrupt as *const () as libc::sighandler_t) };
    let pool = builder(2).build().unwrap();
    usable(&pool);
    let pids = pool.worker_pids();
    fs::write(case.join("ready"), "").unwrap();
    until("it is interrupted", || {
        // ORDERING: Relaxed; as where it is changed.
        (INTERRUPTIONS.load(Ordering::Relaxed) > 0).then_some(())
    });
    usable(&pool);
    assert_eq!(pool.worker_pids(), pids, "nobody else was");
    drop(pool);
    fs::write(case.join("unharmed"), "").unwrap();
}

/// A terminal: who types, and who is typed to.
fn terminal() -> (File, OwnedFd) {
    let (mut ours, mut theirs) = (-1, -1);
    let null = std::ptr::null_mut();
    // SAFETY: room for two descriptors; no name, settings or size is asked for or given.
    let opened = unsafe { libc::openpty(&mut ours, &mut theirs, null, null.cast(), null.cast()) };
    assert_eq!(opened, 0);
    // SAFETY: just opened, and nobody else's.
    let ours = unsafe { File::from_raw_fd(ours) };
    // SAFETY: as above.
    (ours, unsafe { OwnedFd::from_raw_fd(theirs) })
}

#[test]
fn an_interruption_at_the_terminal_does_not_reach_workers() {
    alone(|case| {
        let (mut keyboard, screen) = terminal();
        let mut parent = program(case, "interrupted");
        parent.stdin(Stdio::from(screen));
        let take_terminal = || {
            // SAFETY: no other thread is there, in what was just forked.
            unsafe { libc::setsid() };
            // SAFETY: the standard input is a terminal, and we lead a session.
            unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) };
            Ok(())
        };
        // SAFETY: two calls of the system, which allocate nothing and take no locks.
        unsafe { parent.pre_exec(take_terminal) };
        let mut child: Child = parent.spawn().unwrap();
        drop(parent);
        until("it is ready", || case.path("ready").exists().then_some(()));
        keyboard.write_all(b"\x03").unwrap();
        assert!(child.wait().unwrap().success());
        assert!(case.path("unharmed").exists());
        drop(keyboard);
        nobody_is_left();
    });
}

// --- a program that is replaced ---

fn replaced(case: &Path) {
    let this = env::current_exe().unwrap();
    let pool = builder(2).build().unwrap();
    let before = result(pool.submit(pid, ()).unwrap()).unwrap();
    // As a package manager does it: a new file, which takes over the name.
    let other = case.join("other");
    fs::copy("/bin/true", &other).unwrap();
    fs::rename(&other, &this).unwrap();
    machine::signal(before, Signal::KILL);
    until("another worker is there", || {
        let call = pool.submit(pid, ()).ok()?;
        (result(call).ok()? != before).then_some(())
    });
    fs::remove_file(&this).unwrap();
    let lost = pool.submit(act_then, (1, Deed::Kill)).unwrap();
    assert_eq!(result(lost).unwrap_err().kind(), TaskErrorKind::WorkerLost);
    usable(&pool);
    drop(pool);
    fs::write(case.join("unharmed"), "").unwrap();
}

#[test]
fn workers_are_of_the_build_of_their_parent_though_its_file_was_replaced() {
    alone(|case| {
        let copy = case.path("program");
        fs::copy(env::current_exe().unwrap(), &copy).unwrap();
        let printed = File::options().append(true).open(case.path("printed")).unwrap();
        let status = Command::new(&copy)
            .args(["--exact", "parents::a_program", "--nocapture", "--test-threads=1"])
            .env(ROLE, "replaced")
            .stdout(printed.try_clone().unwrap())
            .stderr(printed)
            .status()
            .unwrap();
        assert!(status.success());
        assert!(case.path("unharmed").exists());
        nobody_is_left();
    });
}

// --- a program that ignores the end of its children, or waits for any of them ---

#[test]
fn where_the_end_of_children_is_ignored_the_pool_works() {
    alone(|case| {
        // SAFETY: to ignore a signal is no handler that could do anything.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
        let pool = builder(2).build().unwrap();
        for id in 0..3 {
            let call = case.watch("lost", pool.submit(act_then, (id, Deed::Exit(3))).unwrap());
            let error = result(call).unwrap_err();
            assert_eq!(error.kind(), TaskErrorKind::WorkerLost);
            assert_eq!(error.worker().unwrap().exit, Exit::Unknown);
            assert!(error.to_string().contains("unknown status"), "{error}");
        }
        usable(&pool);
        drop(pool);
        // SAFETY: the default action is no handler that could do anything.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
    });
}

#[test]
fn where_somebody_else_waits_for_all_children_the_pool_works() {
    alone(|case| {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thief = thread::spawn(move || {
            // ORDERING: Relaxed; nothing else is told.
            while !stopped.load(Ordering::Relaxed) {
                let _ = rustix::process::wait(WaitOptions::NOHANG);
                thread::yield_now();
            }
        });
        let pool = builder(2).build().unwrap();
        for id in 0..5 {
            let call = case.watch("lost", pool.submit(act_then, (id, Deed::Exit(3))).unwrap());
            let error = result(call).unwrap_err();
            assert_eq!(error.kind(), TaskErrorKind::WorkerLost, "{error}");
            let exit = error.worker().unwrap().exit;
            assert!(matches!(exit, Exit::Unknown | Exit::Code(3)), "{exit:?}");
        }
        usable(&pool);
        drop(pool);
        // ORDERING: Relaxed; as where it is read.
        stop.store(true, Ordering::Relaxed);
        thief.join().unwrap();
    });
}

// --- a program that forks ---

/// Runs `f` in a copy of this process, and says with what status that ended. A copy that hangs is ended
/// by an alarm.
fn forked(f: impl FnOnce()) -> rustix::process::WaitStatus {
    // SAFETY: the copy has one thread, and leaves by _exit. What it calls may need locks that other
    // threads held: that it does not wait for those is what this is about.
    match unsafe { libc::fork() } {
        0 => {
            // SAFETY: no handler is there.
            unsafe { libc::alarm(5) };
            f();
            // SAFETY: nothing of the parent's is flushed or dropped.
            unsafe { libc::_exit(42) }
        }
        copy => {
            let copy = rustix::process::Pid::from_raw(copy).unwrap();
            rustix::process::waitpid(Some(copy), WaitOptions::empty()).unwrap().unwrap().1
        }
    }
}

#[test]
fn a_forked_copy_of_the_program_harms_nothing() {
    alone(|case| {
        let pool = builder(1).build().unwrap();
        let gate = case.gate();
        usable(&pool);
        let pids = pool.worker_pids();
        let call = pool.submit(crate::tasks::act_at, (1, gate.name())).unwrap();
        let call = case.watch("running", call);
        until("it runs", || call.running().then_some(()));
        let queued = case.watch("queued", pool.submit(act, 2).unwrap());
        let mut held = Some((pool, call, queued));
        let status = forked(|| {
            let (pool, call, queued) = held.take().unwrap();
            assert!(pool.submit(add, (1, 1)).is_err(), "it cannot run anything");
            pool.kill(call.id());
            pool.kill_workers();
            pool.terminate_workers();
            let _ = pool.shutdown(concurrent_futures::Shutdown::wait());
            drop((call, queued, pool));
        });
        assert_eq!(status.exit_status(), Some(42), "{status:?}");
        let (pool, call, queued) = held.take().unwrap();
        gate.open();
        assert_eq!((result(call).unwrap(), result(queued).unwrap()), (1, 2));
        usable(&pool);
        assert_eq!(pool.worker_pids(), pids, "the worker has not noticed");
        drop(pool);
    });
}

#[test]
fn a_forked_copy_waits_for_no_lock_that_nobody_will_unlock() {
    alone(|case| {
        let pool = Arc::new(builder(1).build().unwrap());
        let stop = Arc::new(AtomicBool::new(false));
        let (theirs, stopped) = (pool.clone(), stop.clone());
        let busy = thread::spawn(move || {
            // ORDERING: Relaxed; nothing else is told.
            while !stopped.load(Ordering::Relaxed) {
                let _ = theirs.counters();
                drop(theirs.submit(add, (1, 1)));
            }
        });
        let gate = case.gate();
        let running = pool.submit(crate::tasks::act_at, (1, gate.name())).unwrap();
        let running = case.watch("running", running);
        until("it runs", || running.running().then_some(()));
        let queued = case.watch("queued", pool.submit(act, 2).unwrap());
        for _ in 0..50 {
            let status = forked(|| {
                let _ = (queued.cancel(), running.running(), queued.running());
                let _ = (pool.counters(), pool.remaining(), pool.worker_pids());
                let _ = format!("{pool:?}");
            });
            assert_eq!(status.exit_status(), Some(42), "{status:?}");
        }
        // ORDERING: Relaxed; as where it is read.
        stop.store(true, Ordering::Relaxed);
        busy.join().unwrap();
        gate.open();
        assert_eq!((result(running).unwrap(), result(queued).unwrap()), (1, 2));
        drop(pool);
    });
}

#[test]
fn a_call_sent_ahead_is_not_taken_back_by_a_forked_copy() {
    alone(|case| {
        let pool = builder(1).build().unwrap();
        (0..50).for_each(|_| usable(&pool)); // so that it is known how short they are
        let gate = case.gate();
        let running = pool.submit(crate::tasks::act_at, (1, gate.name())).unwrap();
        let calls: Vec<_> = (2..10)
            .map(|id| case.watch(format!("call {id}"), pool.submit(act, id).unwrap()))
            .collect();
        let status = forked(|| calls.iter().for_each(|call| _ = call.cancel()));
        assert_eq!(status.exit_status(), Some(42), "{status:?}");
        until("it has begun", || (!case.begun().is_empty()).then_some(()));
        gate.open();
        assert_eq!(result(running).unwrap(), 1);
        for (id, call) in (2..).zip(calls) {
            assert_eq!(result(call).unwrap(), id);
        }
        drop(pool);
    });
}

/// Reads what a program has printed so far.
#[expect(dead_code, reason = "for whoever looks for a fault")]
fn printed(case: &Case) -> String {
    let mut text = String::new();
    File::open(case.path("printed")).unwrap().read_to_string(&mut text).unwrap();
    text
}
