//! What each worker does before its first task, and what follows if it fails.

use core::cell::Cell;
use std::collections::BTreeSet;
use std::sync::{Arc, Barrier};
use std::thread;

use concurrent_futures::{
    RefusedReason, Shutdown, TaskErrorKind, ThreadPoolExecutor, as_completed,
};

use crate::support::{Blocker, Counter, Gate, within};

std::thread_local! {
    static INITIALIZED: Cell<usize> = const { Cell::new(0) };
}

#[test]
fn runs_once_in_each_worker_before_its_first_task() {
    const WORKERS: usize = 4;
    within(|| {
        let runs = Counter::new();
        let counted = runs.clone();
        let pool = ThreadPoolExecutor::builder()
            .max_workers(WORKERS)
            .initializer(move || {
                INITIALIZED.set(INITIALIZED.get() + 1);
                counted.count();
                Ok::<_, &str>(())
            })
            .build()
            .unwrap();
        assert_eq!(runs.get(), 0, "no worker before there is work");
        let together = Arc::new(Barrier::new(WORKERS));
        for _ in 0..10 {
            let futures: Vec<_> = (0..WORKERS)
                .map(|_| {
                    let together = together.clone();
                    let task = move || {
                        together.wait();
                        (INITIALIZED.get(), format!("{:?}", thread::current().id()))
                    };
                    pool.submit(task).unwrap()
                })
                .collect();
            let seen: Vec<_> = futures.into_iter().map(|future| future.result().unwrap()).collect();
            assert!(seen.iter().all(|(times, _)| *times == 1), "{seen:?}");
            let threads: BTreeSet<_> = seen.into_iter().map(|(_, thread)| thread).collect();
            assert_eq!(threads.len(), WORKERS);
        }
        assert_eq!(runs.get(), WORKERS);
    });
}

/// A pool of one whose initializer waits for the gate, then does as `fail` says.
fn pool_that_fails(
    gate: &Gate,
    fail: impl Fn() -> Result<(), String> + Send + Sync + 'static,
) -> ThreadPoolExecutor {
    let gate = gate.clone();
    ThreadPoolExecutor::builder()
        .max_workers(1)
        .initializer(move || {
            gate.pass();
            fail()
        })
        .build()
        .unwrap()
}

fn breaks_with(fail: impl Fn() -> Result<(), String> + Send + Sync + 'static, cause: &'static str) {
    let gate = Gate::new();
    let pool = pool_that_fails(&gate, fail);
    let ran = Counter::new();
    let queued: Vec<_> = (0..50)
        .map(|_| {
            let ran = ran.clone();
            pool.submit(move || ran.count()).unwrap()
        })
        .collect();
    gate.open();
    // What was queued gets the cause.
    for future in as_completed(queued) {
        let error = future.result().unwrap_err();
        assert_eq!(error.kind(), TaskErrorKind::PoolBroken);
        assert!(error.message().contains(cause), "{error}");
    }
    // So does what comes, with the closure given back.
    let refused = pool.submit(|| 7).unwrap_err();
    assert!(refused.to_string().contains(cause), "{refused}");
    match refused.reason() {
        RefusedReason::Broken(text) => assert!(text.contains(cause), "{text}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(refused.into_inner()(), 7);
    let error = pool.map(|item: u8| item, [1]).next().unwrap().unwrap_err();
    assert!(error.message().contains(cause), "{error}");
    pool.shutdown(Shutdown::wait()).unwrap();
    assert_eq!(ran.get(), 0);
}

#[test]
fn an_error_breaks_the_pool_with_its_cause() {
    within(|| breaks_with(|| Err("no such database".into()), "no such database"));
}

#[test]
fn a_panic_breaks_the_pool_with_its_cause() {
    within(|| breaks_with(|| panic!("no such {}", "library"), "no such library"));
}

#[test]
fn a_panic_with_a_static_text_breaks_the_pool_with_its_cause() {
    within(|| breaks_with(|| panic!("no luck"), "no luck"));
}

#[test]
fn a_failure_in_the_second_worker_spares_what_runs_in_the_first() {
    within(|| {
        let runs = Counter::new();
        let counted = runs.clone();
        let pool = ThreadPoolExecutor::builder()
            .max_workers(2)
            .initializer(move || {
                counted.count();
                if counted.get() == 1 { Ok(()) } else { Err("one is enough") }
            })
            .build()
            .unwrap();
        let first = Blocker::occupy(&pool);
        // No worker is idle: a second is started, and breaks the pool.
        let queued = pool.submit(|| ());
        let error = queued.unwrap().result().unwrap_err();
        assert_eq!(error.kind(), TaskErrorKind::PoolBroken);
        first.release();
        pool.shutdown(Shutdown::wait()).unwrap();
        assert_eq!(runs.get(), 2);
    });
}

#[test]
fn waiters_in_every_form_learn_that_the_pool_broke() {
    within(|| {
        let gate = Gate::new();
        let pool = pool_that_fails(&gate, || Err("never".into()));
        let shared = pool.submit(|| 1).unwrap().shared();
        let mut other = pool.submit(|| 1).unwrap();
        let called = Counter::new();
        let counted = called.clone();
        shared.add_done_callback(move |done| {
            assert_eq!(done.error().map(|error| error.kind()), Some(TaskErrorKind::PoolBroken));
            counted.count();
        });
        let waiter = {
            let shared = shared.clone();
            thread::spawn(move || shared.result().map_err(|error| error.kind()).copied())
        };
        gate.open();
        assert_eq!(waiter.join().unwrap(), Err(TaskErrorKind::PoolBroken));
        assert_eq!(other.exception().unwrap().kind(), TaskErrorKind::PoolBroken);
        drop(pool);
        assert_eq!(called.get(), 1);
    });
}
