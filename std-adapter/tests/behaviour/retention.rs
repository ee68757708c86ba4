//! What futures, workers and sets hold on to, and what not.

use std::sync::Arc;
use std::thread;

use concurrent_futures::{ReturnWhen, ThreadPoolExecutor, as_completed, wait};

use crate::support::{Blocker, Counter, Gate, OnDrop, end, kind_of, pool, within};

#[test]
fn captures_are_dropped_before_the_result_is_there() {
    within(|| {
        let pool = pool(1);
        for _ in 0..500 {
            let captured = Counter::new();
            let inside = captured.clone();
            pool.submit(move || inside.count()).unwrap().result().unwrap();
            assert_eq!((captured.get(), captured.handles()), (1, 1));
        }
    });
}

#[test]
fn captures_of_failed_and_panicked_tasks_are_dropped_too() {
    within(|| {
        let pool = pool(1);
        for _ in 0..50 {
            let captured = Counter::new();
            let (one, other) = (captured.clone(), captured.clone());
            let failed = pool.submit_fallible(move || {
                one.count();
                Err::<(), _>("no")
            });
            let panicked = pool.submit(move || {
                other.count();
                panic!("on purpose")
            });
            kind_of(failed.unwrap().result());
            drop(panicked.unwrap().result());
            assert_eq!((captured.get(), captured.handles()), (2, 1));
        }
    });
}

#[test]
fn the_value_is_the_waiters_alone() {
    within(|| {
        let pool = pool(1);
        for _ in 0..500 {
            let counter = Counter::new();
            let value = counter.clone();
            drop(pool.submit(move || value).unwrap().result().unwrap());
            assert_eq!(counter.handles(), 1);
        }
    });
}

#[test]
fn a_value_that_nobody_takes_is_dropped_with_the_future_or_by_the_worker() {
    within(|| {
        let pool = pool(1);
        let dropped = Counter::new();
        let submit = || {
            let value = OnDrop(dropped.clone());
            pool.submit(move || value).unwrap()
        };
        // After it is there: by whoever drops the future.
        let mut future = submit();
        assert!(future.exception().is_none());
        assert_eq!(dropped.get(), 0);
        drop(future);
        assert_eq!(dropped.get(), 1);
        // Before: by the worker, and before it takes the next task.
        let blocker = Blocker::occupy(&pool);
        drop(submit());
        let next = pool.submit(|| ()).unwrap();
        blocker.release();
        next.result().unwrap();
        assert_eq!(dropped.get(), 2);
    });
}

#[test]
fn a_shared_value_is_dropped_with_the_last_handle() {
    within(|| {
        let pool = pool(1);
        let dropped = Counter::new();
        let value = OnDrop(dropped.clone());
        let shared = pool.submit(move || value).unwrap().shared();
        let other = shared.clone();
        assert!(shared.result().is_ok());
        drop(shared);
        assert_eq!(dropped.get(), 0);
        drop(other);
        assert_eq!(dropped.get(), 1);
    });
}

#[test]
fn an_idle_worker_holds_nothing_of_an_error() {
    #[derive(Debug)]
    struct Held(#[expect(dead_code, reason = "for its drop")] Counter);
    impl core::fmt::Display for Held {
        fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            f.write_str("held")
        }
    }
    impl core::error::Error for Held {}
    within(|| {
        let pool = pool(1);
        let counter = Counter::new();
        let (failed, panicked) = (Held(counter.clone()), Held(counter.clone()));
        let future = pool.submit_fallible(move || Err::<(), _>(failed)).unwrap();
        drop(future.result());
        let future = pool.submit(move || std::panic::panic_any(panicked)).unwrap();
        drop(future.result());
        // The worker is done with a task before it takes the next.
        pool.submit(|| ()).unwrap().result().unwrap();
        assert_eq!(counter.handles(), 1);
    });
}

#[test]
fn callbacks_are_dropped_once_called() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let counter = Counter::new();
        let future = pool.submit(|| ()).unwrap();
        for _ in 0..3 {
            let counted = counter.clone();
            future.add_done_callback(move |_| counted.count());
        }
        blocker.release();
        end(&pool);
        assert_eq!((counter.get(), counter.handles()), (3, 1));
        drop(future);
    });
}

/// A pool that holds a handle of the counter as long as there is anything of it.
fn held_by_a_pool(counter: &Counter) -> ThreadPoolExecutor {
    let held = counter.clone();
    ThreadPoolExecutor::builder()
        .max_workers(2)
        .initializer(move || {
            held.count();
            Ok::<_, &str>(())
        })
        .build()
        .unwrap()
}

#[test]
fn a_finished_future_keeps_nothing_of_its_pool() {
    within(|| {
        let counter = Counter::new();
        let pool = held_by_a_pool(&counter);
        let finished = pool.submit(|| 1).unwrap();
        let shared = pool.submit(|| 2).unwrap().shared();
        let blockers = [Blocker::occupy(&pool), Blocker::occupy(&pool)];
        let cancelled = pool.submit(|| 3).unwrap();
        let canceller = cancelled.canceller();
        assert!(cancelled.cancel());
        blockers.into_iter().for_each(Blocker::release);
        assert_eq!(counter.handles(), 2);
        drop(pool);
        assert_eq!(counter.handles(), 1);
        assert_eq!(finished.result().unwrap(), 1);
        assert_eq!(*shared.result().unwrap(), 2);
        assert!(canceller.done());
    });
}

#[test]
fn a_pool_that_ends_by_itself_leaves_nothing() {
    within(|| {
        let counter = Counter::new();
        let pool = Arc::new(held_by_a_pool(&counter));
        let blocker = Blocker::occupy(&pool);
        let (gate, inner) = (Gate::new(), pool.clone());
        let closed = gate.clone();
        drop(pool.submit(move || {
            closed.pass();
            drop(inner); // the last handle
        }));
        drop(pool);
        gate.open();
        blocker.release();
        // Nobody is told when detached threads have ended.
        while counter.handles() > 1 {
            thread::yield_now();
        }
    });
}

#[test]
fn what_was_yielded_is_not_held_by_the_set() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let counter = Counter::new();
        let futures: Vec<_> = (0..3)
            .map(|_| {
                let value = counter.clone();
                pool.submit(move || value).unwrap().shared()
            })
            .collect();
        let last = pool.submit(Counter::new).unwrap().shared();
        let gate = blocker.release_later();
        let mut completed = as_completed(futures.into_iter().chain([last]));
        gate.open();
        for left in (1..=3).rev() {
            drop(completed.next().unwrap());
            assert_eq!(counter.handles(), left);
        }
        assert!(completed.next().is_some());
        blocker.release();
    });
}

#[test]
fn what_a_wait_gives_back_is_not_held_by_it() {
    within(|| {
        let pool = pool(1);
        let counter = Counter::new();
        let value = counter.clone();
        let waited = wait([pool.submit(move || value).unwrap()], None, ReturnWhen::AllCompleted);
        drop(waited);
        assert_eq!(counter.handles(), 1);
    });
}

#[test]
fn the_memory_of_cancelled_tasks_is_given_back_at_once() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let counter = Counter::new();
        for _ in 0..1000 {
            let captured = counter.clone();
            let future = pool.submit(move || captured.count()).unwrap();
            assert!(future.cancel());
            assert_eq!((counter.handles(), pool.remaining().tasks), (1, 0));
        }
        blocker.release();
    });
}
