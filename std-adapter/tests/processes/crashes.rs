//! What a function does to its worker, and what values do while they are read and written.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use concurrent_futures::calls::WorkerPhase;
use concurrent_futures::{CallErrorReason, Future, ProcessPoolExecutor, TaskError, TaskErrorKind};

use crate::deeds::{Deed, LETHAL};
use crate::kit::{Case, alone, builder, result, until, usable};
use crate::machine;
use crate::tasks::{
    Bomb, Traitor, act, act_then, add, betray, bomb, explode, fail, leave_behind, take_bomb,
    take_traitor,
};

/// A pool of one, which survives what is done with it.
fn with_pool(case: &mut Case, body: impl FnOnce(&mut Case, &ProcessPoolExecutor)) {
    let pool = builder(1).restart_limit(1000, A_SECOND).build().unwrap();
    body(case, &pool);
    usable(&pool);
    drop(pool);
}

fn lost<T: std::fmt::Debug>(outcome: Result<T, TaskError>, deed: Deed, function: &str) {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), TaskErrorKind::WorkerLost, "{deed:?}: {error}");
    let worker = error.worker().unwrap();
    assert_eq!((worker.exit, worker.phase), (deed.exit(), WorkerPhase::Running), "{deed:?}");
    assert!(worker.task.ends_with(function), "{worker:?}");
}

#[test]
fn a_function_that_ends_its_process_costs_its_own_call() {
    alone(|case| {
        with_pool(case, |case, pool| {
            for (id, deed) in (0..).zip(LETHAL) {
                let before = case.watch("before", pool.submit(act, 100 + id).unwrap());
                let call = case.watch("the call", pool.submit(act_then, (id, deed)).unwrap());
                let after = case.watch("after", pool.submit(act, 200 + id).unwrap());
                assert_eq!(result(before).unwrap(), 100 + id);
                lost(result(call), deed, "act_then");
                assert_eq!(result(after).unwrap(), 200 + id);
            }
            assert_eq!(case.begun().len(), 3 * LETHAL.len());
        });
    });
}

#[test]
fn a_kill_that_nobody_asked_for_may_be_for_lack_of_memory() {
    alone(|case| {
        with_pool(case, |_, pool| {
            let error = result(pool.submit(act_then, (1, Deed::Kill)).unwrap()).unwrap_err();
            assert!(error.to_string().contains("perhaps out of memory"), "{error}");
        });
    });
}

#[test]
fn what_a_function_leaves_behind_ends_with_its_worker() {
    alone(|case| {
        for deed in LETHAL {
            let file = case.path("grandchild");
            let pool = builder(1).build().unwrap();
            let arguments = (file.to_str().unwrap().to_owned(), deed);
            let call = case.watch("the call", pool.submit(leave_behind, arguments).unwrap());
            lost(result(call), deed, "leave_behind");
            let grandchild = std::fs::read_to_string(file).unwrap().trim().parse().unwrap();
            until("it is gone", || machine::is_gone(grandchild).then_some(()));
            usable(&pool);
        }
    });
}

#[test]
fn a_stack_overflow_costs_its_own_call() {
    alone(|case| {
        with_pool(case, |_, pool| {
            let call = pool.submit(act_then, (1, Deed::Overflow)).unwrap();
            lost(result(call), Deed::Overflow, "act_then");
        });
    });
}

#[test]
fn a_panic_costs_its_own_call_and_tells_where() {
    alone(|case| {
        with_pool(case, |_, pool| {
            let pid = result(pool.submit(crate::tasks::pid, ()).unwrap()).unwrap();
            let error = result(pool.submit(act_then, (1, Deed::Panic)).unwrap()).unwrap_err();
            assert_eq!(error.kind(), TaskErrorKind::Panicked);
            assert_eq!(error.message(), "as I was told");
            assert!(error.location().unwrap().contains("deeds.rs:"), "{error:?}");
            let same = result(pool.submit(crate::tasks::pid, ()).unwrap()).unwrap();
            assert_eq!(same, pid, "the worker lives on");
        });
    });
}

#[test]
fn values_and_payloads_that_panic_when_dropped_cost_their_own_call() {
    alone(|case| {
        with_pool(case, |_, pool| {
            let pid = result(pool.submit(crate::tasks::pid, ()).unwrap()).unwrap();
            // An argument, in the worker; in the caller, where it is contained.
            let error = result(pool.submit(take_bomb, Bomb { armed: true }).unwrap()).unwrap_err();
            assert_eq!(error.kind(), TaskErrorKind::Panicked, "{error}");
            // A result, in the worker, which has written it before; the caller's is not armed.
            assert!(!result(pool.submit(bomb, ()).unwrap()).unwrap().armed);
            // The payload of a panic.
            let error = result(pool.submit(explode, ()).unwrap()).unwrap_err();
            assert_eq!(error.kind(), TaskErrorKind::Panicked, "{error}");
            let same = result(pool.submit(crate::tasks::pid, ()).unwrap()).unwrap();
            assert_eq!(same, pid, "the worker lives on");
        });
    });
}

#[test]
fn an_error_of_the_function_is_a_failure_where_that_was_asked_for() {
    alone(|case| {
        with_pool(case, |_, pool| {
            let error = result(pool.submit_fallible(fail, ()).unwrap()).unwrap_err();
            assert_eq!((error.kind(), error.message()), (TaskErrorKind::Failed, "it has failed"));
            assert_eq!(
                result(pool.submit(fail, ()).unwrap()).unwrap(),
                Err("it has failed".into())
            );
        });
    });
}

// --- {error, panic, exit, crash} × {encode argument, decode argument, run, encode result, decode result} ---

const A_SECOND: Duration = Duration::from_secs(1);

/// A way of calling: from here, or from a callback.
type Call = fn(&Arc<ProcessPoolExecutor>, Traitor) -> Result<Future<u64>, CallErrorReason>;
type Ask = fn(&Arc<ProcessPoolExecutor>, (Deed, Deed)) -> Result<Future<Traitor>, CallErrorReason>;

fn call(pool: &Arc<ProcessPoolExecutor>, traitor: Traitor) -> Result<Future<u64>, CallErrorReason> {
    pool.submit(take_traitor, traitor).map_err(|refused| refused.reason().clone())
}

fn ask(
    pool: &Arc<ProcessPoolExecutor>,
    deeds: (Deed, Deed),
) -> Result<Future<Traitor>, CallErrorReason> {
    pool.submit(betray, deeds).map_err(|refused| refused.reason().clone())
}

/// Has `f` called by a callback of the pool.
fn in_callback<R: Send + 'static>(
    pool: &Arc<ProcessPoolExecutor>,
    f: impl FnOnce(&Arc<ProcessPoolExecutor>) -> R + Send + 'static,
) -> R {
    let (done, outcome) = mpsc::channel();
    let theirs = pool.clone();
    pool.submit(add, (1, 1)).unwrap().add_done_callback(move |_| {
        done.send(f(&theirs)).unwrap();
    });
    outcome.recv().unwrap()
}

fn matrix(case: &mut Case, call: Call, ask: Ask) {
    let pool = Arc::new(builder(1).restart_limit(1000, A_SECOND).build().unwrap());
    let pool = &pool;
    let on = |encode, decode| Traitor { encode, decode };
    // Encoding the argument is this process's affair: it fails the call, or the program.
    let refused = call(pool, on(Deed::Refuse, Deed::Nothing)).unwrap_err();
    assert!(matches!(refused, CallErrorReason::Arguments(_)), "{refused:?}");
    let refused = call(pool, on(Deed::Panic, Deed::Nothing)).unwrap_err();
    assert!(matches!(refused, CallErrorReason::ArgumentsPanicked), "{refused:?}");

    // Decoding the argument.
    let failed = case.watch("refused", call(pool, on(Deed::Nothing, Deed::Refuse)).unwrap());
    assert_eq!(result(failed).unwrap_err().kind(), TaskErrorKind::Undecodable);
    let failed = case.watch("panicked", call(pool, on(Deed::Nothing, Deed::Panic)).unwrap());
    let error = result(failed).unwrap_err();
    assert_eq!(error.kind(), TaskErrorKind::Panicked);
    assert!(error.message().contains("while its arguments were read"), "{error}");
    for deed in LETHAL {
        let failed = case.watch("lost", call(pool, on(Deed::Nothing, deed)).unwrap());
        lost(result(failed), deed, "take_traitor");
    }

    // Encoding the result.
    let failed = case.watch("refused", ask(pool, (Deed::Refuse, Deed::Nothing)).unwrap());
    assert_eq!(result(failed).unwrap_err().kind(), TaskErrorKind::Undecodable);
    let failed = case.watch("panicked", ask(pool, (Deed::Panic, Deed::Nothing)).unwrap());
    let error = result(failed).unwrap_err();
    assert_eq!(error.kind(), TaskErrorKind::Panicked);
    assert!(error.message().contains("while its result was written"), "{error}");
    for deed in LETHAL {
        let failed = case.watch("lost", ask(pool, (deed, Deed::Nothing)).unwrap());
        lost(result(failed), deed, "betray");
    }

    // Decoding the result, in whoever takes it: it fails this future, or ends the program.
    for deed in [Deed::Refuse, Deed::Panic] {
        let failed = case.watch("undecodable", ask(pool, (Deed::Nothing, deed)).unwrap());
        let error = result(failed).unwrap_err();
        assert_eq!(error.kind(), TaskErrorKind::Undecodable, "{error}");
    }
    usable(pool);
}

#[test]
fn values_that_misbehave_cost_their_own_call() {
    alone(|case| matrix(case, call, ask));
}

#[test]
fn values_that_misbehave_in_calls_from_callbacks_cost_their_own_call() {
    alone(|case| {
        matrix(
            case,
            |pool, traitor| in_callback(pool, move |pool| call(pool, traitor)),
            |pool, deeds| in_callback(pool, move |pool| ask(pool, deeds)),
        );
    });
}

/// Seen red with what the system says alone.
#[test]
fn what_cannot_be_started_is_named() {
    alone(|_| {
        for (pool, named) in [
            (builder(1).worker_program("/no/such/program"), "/no/such/program"),
            (builder(1).current_dir("/no/such/directory"), "/no/such/directory"),
        ] {
            let error = result(pool.build().unwrap().submit(add, (1, 1)).unwrap()).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
        }
    });
}
