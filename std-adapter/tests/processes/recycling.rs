//! Workers that go home while calls come in.

use std::collections::HashSet;
use std::thread;
use std::time::Duration;

use concurrent_futures::ProcessPoolExecutor;

use crate::kit::{Case, alone, builder, result, until};
use crate::machine;
use crate::tasks::{act, pid};

/// Calls from four threads; all of them succeed.
fn load(case: &mut Case, pool: &ProcessPoolExecutor, calls: u64) {
    let futures = thread::scope(|scope| {
        let threads = [0, 1, 2, 3].map(|thread| {
            scope.spawn(move || {
                let id = |call| thread * calls + call;
                (0..calls).map(|call| pool.submit(act, id(call)).unwrap()).collect::<Vec<_>>()
            })
        });
        threads.map(|thread| thread.join().unwrap())
    });
    for (id, future) in (0..).zip(futures.into_iter().flatten()) {
        assert_eq!(result(case.watch(format!("call {id}"), future)).unwrap(), id);
    }
    assert_eq!(case.begun().len() as u64, 4 * calls);
}

#[test]
fn a_worker_takes_so_many_calls_and_no_more() {
    alone(|_| {
        let pool = builder(1).max_tasks_per_child(3).build().unwrap();
        let calls: Vec<_> = (0..12).map(|_| pool.submit(pid, ()).unwrap()).collect();
        let pids: Vec<_> = calls.into_iter().map(|call| result(call).unwrap()).collect();
        for three in pids.chunks(3) {
            assert!(three.iter().all(|pid| *pid == three[0]), "{pids:?}");
        }
        assert_eq!(pids.into_iter().collect::<HashSet<_>>().len(), 4);
        drop(pool);
    });
}

#[test]
fn workers_that_go_home_after_some_calls_take_none_along() {
    alone(|case| {
        let pool = builder(2).max_tasks_per_child(7).build().unwrap();
        load(case, &pool, 60);
        drop(pool);
    });
}

#[test]
fn workers_that_go_home_when_idle_take_no_call_along() {
    alone(|case| {
        let pool = builder(2).idle_timeout(Duration::from_micros(1)).build().unwrap();
        for id in 0..60 {
            assert_eq!(result(case.watch("a call", pool.submit(act, id).unwrap())).unwrap(), id);
        }
        until("all go home", || machine::children().is_empty().then_some(()));
        drop(pool);
    });
}

#[test]
fn an_idle_pool_has_no_workers_and_gets_some_again() {
    alone(|_| {
        let pool = builder(2).idle_timeout(Duration::from_millis(1)).build().unwrap();
        for _ in 0..3 {
            crate::kit::usable(&pool);
            until("all go home", || machine::children().is_empty().then_some(()));
        }
        drop(pool);
    });
}
