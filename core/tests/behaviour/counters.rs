//! What an executor counts, for each way in which a task can end: over workers run by hand, where
//! nothing moves while it is looked at, and over a backend of one's own.

use std::sync::Arc;

use concurrent_futures_core::{
    Backend, Counters, Executor, InlineBackend, Refused, RefusedReason, Shutdown, Task, WhenFull,
};

use crate::by_hand::{by_hand, settings};
use crate::support::{held, held_that_claims, within};

/// Submitted, started, finished, failed, cancelled, queued.
fn of_tasks(counters: Counters) -> [usize; 6] {
    let Counters { submitted, started, finished, failed, cancelled, queued, .. } = counters;
    [submitted, started, finished, failed, cancelled, queued]
}

/// Submits one task that ends in each way, and one that is cancelled.
fn submit_each<B: Backend>(executor: &Executor<B>) {
    drop(executor.submit(|| 1).expect("accepted"));
    drop(executor.submit(|| Err::<u8, _>("a value")).expect("accepted"));
    drop(executor.submit_fallible(|| Ok::<_, &str>(1)).expect("accepted"));
    drop(executor.submit_fallible(|| Err::<u8, _>("a failure")).expect("accepted"));
    let panics = executor.submit(|| panic!("as it should")).expect("accepted");
    drop::<concurrent_futures_core::Future<()>>(panics);
    let cancelled = executor.submit(|| 1).expect("accepted");
    assert!(cancelled.cancel() && cancelled.cancel(), "twice, and counted once");
}

#[test]
fn of_a_pool_each_way_to_end_is_counted() {
    within(|| {
        let (hand, pool) = by_hand(settings(1));
        assert_eq!(pool.counters(), Counters::default());
        submit_each(&pool);
        assert_eq!(of_tasks(pool.counters()), [6, 0, 0, 0, 1, 5]);
        hand.run();
        assert_eq!(of_tasks(pool.counters()), [6, 5, 5, 2, 1, 0]);
    });
}

#[test]
fn of_a_backend_of_ones_own_each_way_to_end_is_counted() {
    within(|| {
        let (held, executor) = held();
        assert_eq!(executor.counters(), Counters::default());
        submit_each(&executor);
        assert_eq!(of_tasks(executor.counters()), [6, 0, 0, 0, 1, 5]);
        held.run_next();
        assert_eq!(of_tasks(executor.counters()), [6, 1, 1, 0, 1, 4]);
        held.run_all();
        assert_eq!(of_tasks(executor.counters()), [6, 5, 5, 2, 1, 0]);
        let inline = Executor::new(InlineBackend);
        drop(inline.submit(|| 1).expect("accepted"));
        assert_eq!(of_tasks(inline.counters()), [1, 1, 1, 0, 0, 0]);
    });
}

#[test]
fn what_a_task_sees_of_itself_is_that_it_has_started() {
    within(|| {
        let (hand, pool) = by_hand(settings(1));
        let inner = pool.clone();
        let seen = pool.submit(move || of_tasks(inner.counters())).expect("accepted");
        hand.run();
        assert_eq!(seen.result().expect("it ran"), [1, 1, 0, 0, 0, 0]);
    });
}

#[test]
fn a_task_that_is_run_by_who_waits_for_it_is_counted_once() {
    within(|| {
        let (hand, pool) = by_hand(settings(1));
        let inner = pool.clone();
        let outer = pool.submit(move || {
            let claimed = inner.submit_fallible(|| Err::<(), _>("no")).expect("accepted");
            claimed.result().expect_err("run here");
            of_tasks(inner.counters())
        });
        hand.run();
        let seen = outer.expect("accepted").result().expect("it ran");
        assert_eq!(seen, [2, 2, 1, 1, 0, 0], "as soon as its result is there");
        assert_eq!(of_tasks(pool.counters()), [2, 2, 2, 1, 0, 0]);

        let (held, executor) = held_that_claims();
        let executor = Arc::new(executor);
        let inner = executor.clone();
        let outer = executor.submit(move || {
            inner.submit(|| 1).expect("accepted").result().expect("run here");
            of_tasks(inner.counters())
        });
        held.run_all();
        assert_eq!(outer.expect("accepted").result().expect("it ran"), [2, 2, 1, 0, 0, 0]);
    });
}

#[test]
fn a_task_that_runs_in_the_caller_is_counted_as_any_other() {
    within(|| {
        let (hand, pool) = by_hand(settings(1).queue_capacity(1).when_full(WhenFull::RunInCaller));
        drop(pool.submit(|| ()).expect("there is room"));
        drop(pool.submit(|| ()).expect("run here"));
        drop(pool.submit_fallible(|| Err::<(), _>("no")).expect("run here"));
        assert_eq!(of_tasks(pool.counters()), [3, 2, 2, 1, 0, 1]);
        hand.run();
        assert_eq!(of_tasks(pool.counters()), [3, 3, 3, 1, 0, 0]);
    });
}

#[test]
fn of_a_pool_what_is_refused_is_not_counted() {
    within(|| {
        let (hand, pool) = by_hand(settings(1).queue_capacity(1).when_full(WhenFull::Reject));
        drop(pool.submit(|| ()).expect("there is room"));
        assert!(pool.submit(|| ()).is_err(), "full");
        assert_eq!(of_tasks(pool.counters()), [1, 0, 0, 0, 0, 1]);
        hand.run();
        hand.refuse_workers(true);
        assert!(pool.submit(|| ()).is_err(), "no worker");
        assert_eq!(of_tasks(pool.counters()), [1, 1, 1, 0, 0, 0]);
        pool.close();
        assert!(pool.submit(|| ()).is_err(), "closed");
        let in_caller = pool.when_full(WhenFull::RunInCaller);
        assert!(in_caller.submit(|| ()).is_err(), "closed");
        assert_eq!(of_tasks(pool.counters()), [1, 1, 1, 0, 0, 0]);
    });
}

/// Has no room, ever.
struct Full;

impl Backend for Full {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        Err(Refused::new(task, RefusedReason::Full))
    }
}

#[test]
fn of_a_backend_of_ones_own_what_is_refused_is_not_counted() {
    within(|| {
        let executor = Executor::new(Full);
        assert!(executor.submit(|| ()).is_err(), "full");
        assert_eq!(executor.counters(), Counters::default());
        executor.close();
        assert!(executor.submit(|| ()).is_err(), "closed");
        assert_eq!(executor.counters(), Counters::default());
    });
}

#[test]
fn what_a_full_backend_has_run_in_the_caller_is_counted() {
    within(|| {
        let executor = Executor::new(Full);
        let in_caller = executor.when_full(WhenFull::RunInCaller);
        assert_eq!(in_caller.submit(|| 5).expect("run here").result().expect("it returned"), 5);
        assert!(in_caller.submit_fallible(|| Err::<(), _>("no")).is_ok());
        assert_eq!(of_tasks(executor.counters()), [2, 2, 2, 1, 0, 0]);
        for policy in [WhenFull::Block, WhenFull::Reject] {
            let refused =
                executor.when_full(policy).submit(|| ()).expect_err("nothing to wait for");
            assert_eq!(*refused.reason(), RefusedReason::Full);
        }
        assert_eq!(of_tasks(executor.counters()), [2, 2, 2, 1, 0, 0]);
    });
}

#[test]
fn what_a_full_backend_has_run_in_the_caller_is_nested_so_deep_and_no_deeper() {
    fn nest(executor: &Arc<Executor<Full>>) -> usize {
        let inner = executor.clone();
        match executor.when_full(WhenFull::RunInCaller).submit(move || nest(&inner)) {
            Ok(future) => 1 + future.result().expect("it has run here"),
            Err(refused) => {
                assert_eq!(*refused.reason(), RefusedReason::Full);
                0
            }
        }
    }
    within(|| assert_eq!(nest(&Arc::new(Executor::new(Full))), 128));
}

#[test]
fn tasks_that_a_backend_drops_have_failed_and_nothing_else_is_missing() {
    within(|| {
        let (held, executor) = held();
        for _ in 0..10 {
            drop(executor.submit(|| ()).expect("accepted"));
        }
        for _ in 0..3 {
            drop(held.pop().expect("queued"));
        }
        assert_eq!(of_tasks(executor.counters()), [10, 0, 3, 3, 0, 7]);
        held.run_all();
        assert_eq!(of_tasks(executor.counters()), [10, 7, 10, 3, 0, 0]);
    });
}

#[test]
fn a_shutdown_that_cancels_is_counted() {
    within(|| {
        let (hand, pool) = by_hand(settings(1));
        for _ in 0..5 {
            drop(pool.submit(|| ()).expect("accepted"));
        }
        assert_eq!(pool.close_and_cancel(), 5);
        assert_eq!(of_tasks(pool.counters()), [5, 0, 0, 0, 5, 0]);
        hand.run();
        assert_eq!(of_tasks(pool.counters()), [5, 0, 0, 0, 5, 0]);

        let (held, executor) = held();
        for _ in 0..5 {
            drop(executor.submit(|| ()).expect("accepted"));
        }
        assert_eq!(executor.close_and_cancel(), 5);
        held.run_all();
        assert_eq!(of_tasks(executor.counters()), [5, 0, 0, 0, 5, 0]);
        executor.shutdown(Shutdown::wait()).expect("ended");
    });
}

#[test]
fn what_a_broken_pool_gave_up_has_failed() {
    within(|| {
        let (hand, pool) = by_hand(settings(1));
        hand.fail_to_initialize();
        for _ in 0..4 {
            drop(pool.submit(|| ()).expect("accepted"));
        }
        hand.run();
        assert_eq!(of_tasks(pool.counters()), [4, 0, 4, 4, 0, 0]);
        assert!(pool.submit(|| ()).is_err());
        assert_eq!(of_tasks(pool.counters()), [4, 0, 4, 4, 0, 0]);
    });
}

#[test]
fn what_workers_submit_to_themselves_is_counted() {
    within(|| {
        for settings in [settings(1), settings(2), settings(2).queue_capacity(100)] {
            let (hand, pool) = by_hand(settings);
            let inner = pool.clone();
            let outer = pool.submit(move || {
                for _ in 0..10 {
                    drop(inner.submit(|| ()).expect("accepted"));
                }
                assert!(inner.submit(|| ()).expect("accepted").cancel());
                of_tasks(inner.counters())
            });
            hand.run();
            let seen = outer.expect("accepted").result().expect("it ran");
            assert_eq!(seen, [12, 1, 0, 0, 1, 10]);
            assert_eq!(of_tasks(pool.counters()), [12, 11, 11, 0, 1, 0]);
        }
    });
}

#[test]
fn what_ended_workers_have_done_stays_counted() {
    within(|| {
        let (hand, pool) = by_hand(settings(3));
        for round in 1..=20 {
            drop(pool.submit(|| ()).expect("accepted"));
            hand.run();
            assert_eq!(of_tasks(pool.counters()), [round, round, round, 0, 0, 0]);
        }
    });
}
