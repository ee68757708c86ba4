//! A worker cannot be started while tasks are submitted.

use std::sync::Arc;

use concurrent_futures_core::{RefusedReason, ReturnWhen, wait};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::pool_support::{Hands, PoolExecutor, Start, kept_worker, stop_exploring};
use crate::support::Count;

/// P5: the first start fails while somebody else submits too: each task is run, or its submitter has it back.
///
/// Turned red by: a worker counted as started before it is.
#[test]
fn each_is_run_or_given_back() {
    // Three actors; half a minute with 4 preemptions, a minute with stale loads.
    model(Bound::Preemptions(3), || {
        let executor = Hands::new(&[Start::Failed, Start::Spawned]).executor(1);
        let other = Arc::clone(&executor);
        let submitter = thread::spawn(move || submit(&other));
        let refused = submit(&executor) + submitter.join().unwrap();
        stop_exploring();
        assert!(refused <= 1, "only the first start fails");
    });
}

/// Says how many tasks were refused.
fn submit(executor: &PoolExecutor) -> usize {
    let runs = Count::default();
    let ran = runs.clone();
    match executor.submit(move || ran.up()) {
        Ok(future) => {
            future.result().unwrap();
            assert_eq!(runs.get(), 1);
            0
        }
        Err(refused) => {
            assert!(matches!(refused.reason(), RefusedReason::NoWorker(_)));
            assert_eq!(runs.get(), 0);
            (refused.into_inner())();
            1
        }
    }
}

/// P5, P6: a later start fails: the worker that is there runs everything, and the end is seen.
///
/// Turned red by: a worker that could not be started and is still counted as searching.
#[test]
fn the_pool_goes_on_with_the_workers_that_it_has() {
    // Some forty operations each: two seconds with 4 preemptions.
    model(Bound::Preemptions(4), || {
        let executor = Hands::new(&[Start::Kept, Start::Failed]).executor(2);
        let runs = Count::default();
        let run = runs.clone();
        drop(executor.submit(move || run.up()).unwrap());
        let (worker, run) = (kept_worker(&executor), runs.clone());
        thread::spawn(move || {
            let (last, closer) = (run.clone(), Arc::clone(&executor));
            drop(executor.submit(move || run.up()).unwrap());
            let close = move || {
                last.up();
                stop_exploring();
                closer.close();
            };
            drop(executor.submit(close).unwrap());
        });
        worker.run();
        assert_eq!(runs.get(), 3);
    });
}

/// P6: a worker waits for one of several tasks and counts on the worker that is being started to run them: when that
/// one cannot be started, the waiter runs them itself.
///
/// Turned red by: a worker that ends and does not tell those who wait.
#[test]
fn who_counts_on_the_new_worker_is_told() {
    // Some forty operations each: three seconds with 5 preemptions.
    model(Bound::Preemptions(5), || {
        let executor = Hands::new(&[Start::Kept, Start::Failed]).executor(2);
        let inner = Arc::clone(&executor);
        let waits = move || {
            let task = inner.submit(|| ()).unwrap();
            let waited = wait([task], None, ReturnWhen::FirstCompleted);
            assert_eq!(waited.done.len(), 1);
            stop_exploring();
            inner.close();
        };
        drop(executor.submit(waits).unwrap());
        let worker = kept_worker(&executor);
        thread::spawn(move || drop(executor.submit(|| ())));
        worker.run();
    });
}
