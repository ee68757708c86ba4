//! Tasks that borrow, on a pool of threads. Case by case they are in core's tests.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use concurrent_futures::{
    RefusedReason, ReturnWhen, Scope, Shutdown, TaskError, ThreadPoolExecutor, as_completed, wait,
};

use crate::support::{Blocker, Counter, OnDrop, end, pool, within};

#[test]
fn disjoint_chunks_are_written_in_place() {
    within(|| {
        let pool = pool(4);
        let mut numbers: Vec<u64> = (0..10_000).collect();
        pool.scope(|scope| {
            for chunk in numbers.chunks_mut(100) {
                let square = move || chunk.iter_mut().for_each(|number| *number *= *number);
                drop(scope.submit(square).unwrap());
            }
        });
        assert!((0..10_000).map(|n| n * n).eq(numbers));
    });
}

#[test]
fn borrowed_chunks_are_summed_and_the_results_have_any_order() {
    within(|| {
        let pool = pool(3);
        let numbers: Vec<u64> = (0..1000).collect();
        let sum = pool.scope(|scope| -> Result<u64, TaskError> {
            let sums = numbers.chunks(64).map(|chunk| scope.submit(|| chunk.iter().sum::<u64>()));
            let sums = sums.collect::<Result<Vec<_>, _>>()?;
            as_completed(sums).map(|future| future.result()).sum()
        });
        assert_eq!(sum.unwrap(), 499_500);
    });
}

/// Sorts by splitting, each half in a scope of its own, nested as deep as it goes.
fn quick_sort(pool: &ThreadPoolExecutor, numbers: &mut [u32]) {
    if numbers.len() < 2 {
        return;
    }
    let pivot = numbers.len() - 1;
    let mut less = 0;
    for at in 0..pivot {
        if numbers[at] < numbers[pivot] {
            numbers.swap(at, less);
            less += 1;
        }
    }
    numbers.swap(less, pivot);
    let (left, right) = numbers.split_at_mut(less);
    pool.scope(|scope| {
        drop(scope.submit(|| quick_sort(pool, left)).unwrap());
        quick_sort(pool, &mut right[1..]);
    });
}

#[test]
fn scopes_nest_in_a_pool_of_any_size() {
    within(|| {
        for workers in [1, 2, 4] {
            let pool = pool(workers);
            let mut numbers: Vec<u32> =
                (0..400u32).map(|n| n.wrapping_mul(2_654_435_761)).collect();
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            let future =
                pool.scope(|scope| scope.submit(|| quick_sort(&pool, &mut numbers)).unwrap());
            future.result().unwrap();
            assert_eq!(numbers, sorted);
        }
    });
}

#[test]
fn a_scope_in_a_task_of_a_pool_of_one_runs_on_its_thread() {
    within(|| {
        let pool = Arc::new(pool(1));
        let inside = pool.clone();
        let task = move || {
            let here = thread::current().id();
            let mut there = None;
            inside.scope(|scope| drop(scope.submit(|| there = Some(thread::current().id()))));
            there == Some(here)
        };
        assert!(pool.submit(task).unwrap().result().unwrap());
    });
}

fn visit<'scope>(scope: &'scope Scope<'scope, '_>, depth: u32, visited: &'scope AtomicUsize) {
    visited.fetch_add(1, Ordering::Relaxed);
    for _ in 0..if depth == 0 { 0 } else { 3 } {
        drop(scope.submit(move || visit(scope, depth - 1, visited)).unwrap());
    }
}

#[test]
fn a_tree_is_walked_in_one_scope_from_outside_and_from_inside() {
    const TREE: usize = (3usize.pow(8) - 1) / 2;
    within(|| {
        for workers in [1, 4] {
            let pool = Arc::new(pool(workers));
            let visited = AtomicUsize::new(0);
            pool.scope(|scope| visit(scope, 7, &visited));
            assert_eq!(visited.into_inner(), TREE);
            let inside = pool.clone();
            let task = move || {
                let visited = AtomicUsize::new(0);
                inside.scope(|scope| visit(scope, 7, &visited));
                visited.into_inner()
            };
            assert_eq!(pool.submit(task).unwrap().result().unwrap(), TREE);
        }
    });
}

#[test]
fn nothing_borrowed_is_in_use_when_the_scope_ends() {
    within(|| {
        let pool = pool(4);
        for _ in 0..200 {
            let mut numbers = [0; 8];
            let ends = Counter::new();
            pool.scope(|scope| {
                for number in &mut numbers {
                    let captured = OnDrop(ends.clone());
                    let future = scope.submit(move || {
                        *number += 1;
                        captured
                    });
                    drop(future.unwrap()); // its value is dropped by a worker
                }
            });
            assert_eq!((numbers, ends.get(), ends.handles()), ([1; 8], 8, 1));
        }
    });
}

#[test]
fn futures_may_be_cancelled_and_waited_for_by_other_threads() {
    within(|| {
        let pool = pool(2);
        let text = String::from("borrowed");
        for _ in 0..100 {
            pool.scope(|scope| {
                let futures: Vec<_> =
                    (0..8).map(|_| scope.submit(|| text.as_str()).unwrap()).collect();
                let cancellers: Vec<_> = futures.iter().map(|future| future.canceller()).collect();
                let canceller = thread::spawn(move || {
                    cancellers.iter().filter(|canceller| canceller.cancel()).count()
                });
                let waited = wait(futures, None, ReturnWhen::AllCompleted);
                let ran = waited.done.into_iter().filter_map(|future| future.result().ok());
                assert_eq!(ran.count() + canceller.join().unwrap(), 8);
            });
        }
    });
}

#[test]
fn a_panic_that_nobody_read_is_the_scopes() {
    within(|| {
        let pool = pool(2);
        let ran = Counter::new();
        let scoped = || {
            pool.scope(|scope| {
                drop(scope.submit(|| std::panic::resume_unwind(Box::new("lost"))).unwrap());
                for _ in 0..50 {
                    drop(scope.submit(|| ran.count()).unwrap());
                }
            });
        };
        let payload = catch_unwind(AssertUnwindSafe(scoped)).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"lost"));
        assert_eq!(ran.get(), 50);
        assert_eq!(pool.submit(|| 1).unwrap().result().unwrap(), 1);
    });
}

#[test]
fn a_shutdown_cancels_what_a_scope_has_queued() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let number = 4;
        let future = pool.scope(|scope| {
            let future = scope.submit(|| number + 1).unwrap();
            pool.shutdown(Shutdown::detach().cancel_futures()).unwrap();
            let refused = scope.submit(|| number + 2).unwrap_err();
            assert_eq!(*refused.reason(), RefusedReason::ShutDown);
            assert_eq!(refused.into_inner()(), 6);
            future
        });
        assert!(future.cancelled());
        blocker.release();
        end(&pool);
    });
}
