//! A worker that ends at each moment of its life, in each way.

use concurrent_futures::calls::WorkerPhase;
use concurrent_futures::{
    CallErrorReason, ProcessPoolExecutor, RefusedReason, TaskError, TaskErrorKind,
};

use crate::deeds::LETHAL;
use crate::kit::{Case, alone, result, usable};
use crate::puppet::{ALL, Act, Moment, give_tokens, puppets};
use crate::tasks::{act, add};

/// Calls `act` with these numbers; the errors of those that failed.
fn errors(
    case: &mut Case,
    pool: &ProcessPoolExecutor,
    ids: std::ops::Range<u64>,
) -> Vec<TaskError> {
    let futures: Vec<_> =
        ids.map(|id| case.watch(format!("call {id}"), pool.submit(act, id).unwrap())).collect();
    futures.into_iter().map(result).filter_map(Result::err).collect()
}

/// One worker ends at that moment, in each way: calls are run by another.
fn nobody_is_lost(case: &mut Case, moment: Moment) {
    for (row, deed) in (0..).zip(LETHAL) {
        let pool = puppets(case, 1, moment, &Act::Do(deed)).max_tasks_per_child(2).build().unwrap();
        let errors = errors(case, &pool, 10 * row..10 * row + 3);
        assert!(errors.is_empty(), "{deed:?}: {errors:?}");
        usable(&pool);
        drop(pool);
        assert!(!case.path("token-0").exists(), "nobody did it");
        case.check_machine();
    }
    assert_eq!(case.begun().len(), 3 * LETHAL.len(), "all calls ran, in this worker or another");
}

/// One worker ends at that moment, in each way: the call that was running is lost with it.
fn one_is_lost(case: &mut Case, moment: Moment, phase: WorkerPhase) {
    for (row, deed) in (0..).zip(LETHAL) {
        let pool = puppets(case, 1, moment, &Act::Do(deed)).build().unwrap();
        let errors = errors(case, &pool, 10 * row..10 * row + 3);
        let [error] = &*errors else { panic!("{deed:?}: {errors:?}") };
        assert_eq!(error.kind(), TaskErrorKind::WorkerLost, "{deed:?}");
        let worker = error.worker().unwrap();
        assert_eq!((worker.exit, worker.phase), (deed.exit(), phase), "{deed:?}");
        assert!(worker.pid != 0 && worker.task.contains("act"), "{worker:?}");
        for part in [&*worker.task, &worker.pid.to_string(), &worker.exit.to_string()] {
            assert!(error.to_string().contains(part), "{error} does not say {part}");
        }
        usable(&pool);
        drop(pool);
        case.check_machine();
    }
}

/// All workers end at that moment, in each way: the pool gives up, and says why.
fn the_pool_gives_up(case: &mut Case, moment: Moment) {
    for deed in LETHAL {
        let pool = puppets(case, ALL, moment, &Act::Do(deed)).build().unwrap();
        let errors = errors(case, &pool, 0..2);
        assert_eq!(errors.len(), 2, "{deed:?}");
        for error in errors {
            assert_eq!(error.kind(), TaskErrorKind::PoolBroken, "{deed:?}");
            let said = error.to_string();
            assert!(said.contains(&deed.exit().to_string()), "{deed:?}: {said}");
            assert!(said.contains("init()"), "without a hint: {said}");
        }
        let refused = pool.submit(add, (1, 1)).unwrap_err();
        let CallErrorReason::Refused(RefusedReason::Broken(cause)) = refused.reason() else {
            panic!("{refused}");
        };
        assert!(cause.contains("3 workers"), "{cause}");
        drop(pool);
        assert!(case.begun().is_empty());
        case.check_machine();
    }
}

#[test]
fn a_worker_that_ends_when_it_is_executed_costs_no_call() {
    alone(|case| nobody_is_lost(case, Moment::Exec));
}

#[test]
fn a_worker_that_ends_before_its_first_word_costs_no_call() {
    alone(|case| nobody_is_lost(case, Moment::BeforeHello));
}

#[test]
fn a_worker_that_ends_after_its_first_word_costs_no_call() {
    alone(|case| nobody_is_lost(case, Moment::AfterHello));
}

#[test]
fn a_worker_that_ends_when_it_is_welcomed_costs_no_call() {
    alone(|case| nobody_is_lost(case, Moment::Initializing));
}

#[test]
fn a_worker_that_ends_when_it_is_ready_costs_no_call() {
    alone(|case| nobody_is_lost(case, Moment::Idle));
}

#[test]
fn a_worker_that_ends_inside_reading_a_call_costs_no_call() {
    alone(|case| nobody_is_lost(case, Moment::Reading));
}

#[test]
fn a_worker_that_ends_before_starting_a_call_costs_no_call() {
    alone(|case| nobody_is_lost(case, Moment::HasRead));
}

#[test]
fn a_worker_that_ends_while_running_costs_the_call_that_runs() {
    alone(|case| one_is_lost(case, Moment::Running, WorkerPhase::Running));
}

#[test]
fn a_worker_that_ends_with_its_result_costs_the_call_that_runs() {
    alone(|case| one_is_lost(case, Moment::Computed, WorkerPhase::Running));
}

#[test]
fn a_worker_that_ends_inside_writing_costs_the_call_that_runs() {
    alone(|case| one_is_lost(case, Moment::Replying, WorkerPhase::Replying));
}

#[test]
fn a_worker_that_ends_after_its_reply_costs_no_call() {
    alone(|case| nobody_is_lost(case, Moment::Replied));
}

#[test]
fn a_worker_that_ends_when_it_is_sent_home_costs_no_call() {
    alone(|case| nobody_is_lost(case, Moment::Retiring));
}

#[test]
fn a_worker_that_ends_after_it_has_gone_home_costs_no_call() {
    alone(|case| nobody_is_lost(case, Moment::Left));
}

#[test]
fn workers_that_cannot_be_executed_break_the_pool() {
    alone(|case| the_pool_gives_up(case, Moment::Exec));
}

#[test]
fn workers_that_end_before_their_first_word_break_the_pool() {
    alone(|case| the_pool_gives_up(case, Moment::BeforeHello));
}

#[test]
fn workers_that_end_after_their_first_word_break_the_pool() {
    alone(|case| the_pool_gives_up(case, Moment::AfterHello));
}

#[test]
fn workers_that_end_when_they_are_welcomed_break_the_pool() {
    alone(|case| the_pool_gives_up(case, Moment::Initializing));
}

#[test]
fn calls_sent_ahead_to_a_worker_that_ends_are_run_elsewhere() {
    alone(|case| {
        for (row, deed) in (1..).zip(LETHAL) {
            let act = Act::WithCallsAhead(deed);
            let pool = puppets(case, 0, Moment::Running, &act).build().unwrap();
            (0..20).for_each(|_| usable(&pool)); // so that it is known how short they are
            let warm = errors(case, &pool, 100 * row..100 * row + 20);
            assert!(warm.is_empty());
            give_tokens(case, 1);
            let errors = errors(case, &pool, 100 * row + 20..100 * row + 60);
            let [error] = &*errors else { panic!("{deed:?}: {errors:?}") };
            assert_eq!(error.worker().unwrap().exit, deed.exit());
            // It has left calls unread, which the system tells by a reset in place of an end.
            assert!(error.to_string().contains("ended while running the call"), "{error}");
            usable(&pool);
            drop(pool);
            case.check_machine();
        }
        assert_eq!(case.begun().len(), 59 * LETHAL.len(), "all but the lost ones ran");
    });
}
