//! Each way to end a pool, in each state of it.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use concurrent_futures::{
    CallErrorReason, Future, ProcessPoolExecutor, RefusedReason, Shutdown, ShutdownError,
    TaskError, TaskErrorKind,
};

use crate::kit::{Case, Gate, alone, builder, result, until, usable, within};
use crate::puppet::{Act, Moment, puppets};
use crate::tasks::{act, act_at};

/// What a pool is doing when it is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Starting,
    Idle,
    Busy,
    /// Its only worker was killed just now.
    Bereaved,
}

const STATES: [State; 4] = [State::Starting, State::Idle, State::Busy, State::Bereaved];

/// A pool of one, and its calls: one that runs until its gate is opened (if it is busy), and three.
struct Scene {
    pool: ProcessPoolExecutor,
    running: Option<(Future<u64>, Gate)>,
    queued: Vec<Future<u64>>,
}

fn scene(case: &mut Case, state: State) -> Scene {
    let pool = builder(1).grace(Duration::from_millis(200)).build().unwrap();
    let first = 10 * case.begun().len() as u64 + 1;
    let mut running = None;
    match state {
        State::Starting => {}
        State::Idle => usable(&pool),
        State::Busy => {
            let gate = case.gate();
            let call = pool.submit(act_at, (first + 9, gate.name())).unwrap();
            let call = case.watch(format!("the one that runs ({state:?})"), call);
            until("it runs", || call.running().then_some(()));
            running = Some((call, gate));
        }
        State::Bereaved => {
            usable(&pool);
            let pids = pool.worker_pids();
            crate::machine::signal(pids[0], rustix::process::Signal::KILL);
        }
    }
    let queued = (first..first + 3)
        .map(|id| case.watch(format!("queued {id} ({state:?})"), pool.submit(act, id).unwrap()))
        .collect();
    Scene { pool, running, queued }
}

/// Opens the gate a little later, in another thread.
fn open_later(running: &Option<(Future<u64>, Gate)>) -> Option<thread::JoinHandle<()>> {
    let gate = running.as_ref()?.1.name();
    Some(thread::spawn(move || {
        thread::sleep(Duration::from_millis(20)); // whoever waits does so by then, or does not wait
        drop(std::fs::File::options().write(true).open(gate).unwrap());
    }))
}

fn values(queued: Vec<Future<u64>>) {
    for call in queued {
        result(call).unwrap();
    }
}

/// Each of them has run, or was cancelled.
fn values_or_cancelled(queued: Vec<Future<u64>>) {
    for call in queued {
        if let Err(error) = result(call) {
            assert!(error.is_cancelled(), "{error}");
        }
    }
}

fn refuses(pool: &ProcessPoolExecutor) {
    let refused = pool.submit(act, 0).unwrap_err();
    assert_eq!(*refused.reason(), CallErrorReason::Refused(RefusedReason::ShutDown));
}

#[test]
fn a_shutdown_that_waits_runs_all_that_was_accepted() {
    alone(|case| {
        for state in STATES {
            let Scene { pool, running, queued } = scene(case, state);
            let opener = open_later(&running);
            pool.shutdown(Shutdown::wait()).unwrap();
            assert!(queued.iter().all(Future::done), "{state:?}");
            refuses(&pool);
            pool.shutdown(Shutdown::wait()).unwrap(); // again
            if let Some((call, _)) = running {
                result(call).unwrap();
            }
            values(queued);
            if let Some(opener) = opener {
                opener.join().unwrap();
            }
            drop(pool);
            case.check_machine();
        }
    });
}

#[test]
fn a_shutdown_that_cancels_runs_what_was_started() {
    alone(|case| {
        for state in STATES {
            let Scene { pool, running, queued } = scene(case, state);
            let opener = open_later(&running);
            pool.shutdown(Shutdown::wait().cancel_futures()).unwrap();
            assert!(queued.iter().all(Future::done), "{state:?}");
            if let Some((call, _)) = running {
                result(call).unwrap();
            }
            values_or_cancelled(queued);
            if let Some(opener) = opener {
                opener.join().unwrap();
            }
            drop(pool);
            case.check_machine();
        }
    });
}

#[test]
fn a_shutdown_that_does_not_wait_runs_all_that_was_accepted() {
    alone(|case| {
        for state in STATES {
            let Scene { pool, running, queued } = scene(case, state);
            pool.shutdown(Shutdown::detach()).unwrap();
            refuses(&pool);
            drop(pool); // does not wait either
            if let Some((call, gate)) = running {
                assert!(!call.done());
                gate.open();
                result(call).unwrap();
            }
            values(queued);
            case.check_machine();
        }
    });
}

#[test]
fn a_shutdown_that_cancels_and_does_not_wait_ends_by_itself() {
    alone(|case| {
        for state in STATES {
            let Scene { pool, running, queued } = scene(case, state);
            pool.shutdown(Shutdown::detach().cancel_futures()).unwrap();
            drop(pool);
            if let Some((call, gate)) = running {
                gate.open();
                result(call).unwrap();
            }
            values_or_cancelled(queued);
            case.check_machine();
        }
    });
}

#[test]
fn a_shutdown_with_a_bound_says_what_is_left() {
    alone(|case| {
        let Scene { pool, running, queued } = scene(case, State::Busy);
        let began = Instant::now();
        let timed_out = pool.shutdown(Shutdown::wait_timeout(Duration::from_millis(50)));
        let Err(ShutdownError::TimedOut(left)) = timed_out else { panic!("{timed_out:?}") };
        assert!(began.elapsed() >= Duration::from_millis(50));
        assert_eq!((left.tasks, left.workers), (3, 1));
        let (call, gate) = running.unwrap();
        gate.open();
        pool.shutdown(Shutdown::wait()).unwrap();
        result(call).unwrap();
        values(queued);
        drop(pool);
    });
}

/// What runs is killed, what waits is cancelled, and it is over soon, whatever the worker is doing.
fn ends_at_once(case: &mut Case, end: fn(&ProcessPoolExecutor)) {
    for state in STATES {
        let Scene { pool, running, queued } = scene(case, state);
        end(&pool);
        refuses(&pool);
        end(&pool); // again
        let killed = |outcome: Result<u64, TaskError>| match outcome {
            Ok(_) => {}
            Err(error) => assert!(
                error.is_cancelled()
                    || matches!(error.kind(), TaskErrorKind::Killed | TaskErrorKind::WorkerLost),
                "{state:?}: {error}"
            ),
        };
        if let Some((call, _)) = running {
            let error = result(call).unwrap_err();
            assert_eq!(error.kind(), TaskErrorKind::Killed, "{state:?}: {error}");
        }
        queued.into_iter().map(result).for_each(killed);
        pool.shutdown(Shutdown::wait()).unwrap();
        drop(pool);
        case.check_machine();
    }
}

#[test]
fn to_kill_the_workers_ends_the_pool() {
    alone(|case| ends_at_once(case, ProcessPoolExecutor::kill_workers));
}

#[test]
fn to_terminate_the_workers_ends_the_pool() {
    alone(|case| ends_at_once(case, ProcessPoolExecutor::terminate_workers));
}

#[test]
fn workers_that_do_not_listen_are_killed_after_the_grace() {
    alone(|case| {
        let pool = builder(1).grace(Duration::from_millis(100)).build().unwrap();
        let call = case.watch("stubborn", pool.submit(crate::tasks::stubborn, 1).unwrap());
        until("it does not listen", || (!case.begun().is_empty()).then_some(()));
        until("it runs", || call.running().then_some(()));
        pool.terminate_workers();
        assert_eq!(result(call).unwrap_err().kind(), TaskErrorKind::Killed);
        drop(pool);
    });
}

#[test]
fn dropping_a_pool_waits_for_what_was_accepted() {
    alone(|case| {
        for state in STATES {
            let Scene { pool, running, queued } = scene(case, state);
            let opener = open_later(&running);
            drop(pool);
            assert!(queued.iter().all(Future::done), "{state:?}");
            if let Some((call, _)) = running {
                result(call).unwrap();
            }
            values(queued);
            if let Some(opener) = opener {
                opener.join().unwrap();
            }
            case.check_machine();
        }
    });
}

#[test]
fn two_threads_may_shut_a_pool_down() {
    alone(|case| {
        for state in STATES {
            let Scene { pool, running, queued } = scene(case, state);
            let opener = open_later(&running);
            let pool = Arc::new(pool);
            let others = [(); 3].map(|()| {
                let pool = pool.clone();
                thread::spawn(move || pool.shutdown(Shutdown::wait()).unwrap())
            });
            others.into_iter().for_each(|thread| thread.join().unwrap());
            if let Some((call, _)) = running {
                result(call).unwrap();
            }
            values(queued);
            if let Some(opener) = opener {
                opener.join().unwrap();
            }
            drop(pool);
            case.check_machine();
        }
    });
}

#[test]
fn a_pool_ends_whatever_its_worker_is_doing_at_that_moment() {
    alone(|case| {
        let moments = [
            Moment::BeforeHello,
            Moment::AfterHello,
            Moment::Initializing,
            Moment::Idle,
            Moment::Reading,
            Moment::HasRead,
            Moment::Running,
            Moment::Computed,
            Moment::Replying,
            Moment::Replied,
            Moment::Retiring,
            Moment::Left,
        ];
        for moment in moments {
            let pool = puppets(case, 1, moment, &Act::Hang);
            let pool = pool.start_timeout(Duration::from_millis(300)).max_tasks_per_child(1);
            let pool = pool.build().unwrap();
            let call = case.watch(format!("{moment:?}"), pool.submit(act, 0).unwrap());
            until("it hangs", || (!case.path("token-0").exists()).then_some(()));
            pool.kill_workers();
            drop(result(call));
            within(&format!("the end ({moment:?})"), move || drop(pool));
            std::fs::remove_file(case.path("log")).unwrap_or_default();
            case.check_machine();
        }
    });
}

#[test]
fn a_pool_ends_while_a_thousand_calls_come_in() {
    alone(|case| {
        for how in [Shutdown::wait(), Shutdown::wait().cancel_futures()] {
            let pool = builder(2).build().unwrap();
            let first = case.begun().iter().max().map_or(0, |last| last + 1);
            let calls = thread::scope(|scope| {
                let submitting = scope.spawn(|| {
                    let calls = (first..).map(|id| pool.submit(act, id)).take(20_000);
                    calls.map_while(Result::ok).collect::<Vec<_>>()
                });
                until("some have run", || (case.begun().len() > 20).then_some(()));
                pool.shutdown(how).unwrap();
                submitting.join().unwrap()
            });
            drop(pool);
            assert!(calls.iter().all(Future::done));
            let calls = calls.into_iter().map(|call| case.watch("a call", call));
            values_or_cancelled(calls.collect());
        }
    });
}
