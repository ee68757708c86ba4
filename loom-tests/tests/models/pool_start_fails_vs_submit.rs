//! A worker cannot be started while tasks are submitted.

use std::sync::Arc;

use concurrent_futures_core::{RefusedReason, ReturnWhen, wait};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::pool_support::{Hands, PoolExecutor, Start, kept_worker, stop_exploring};
use crate::support::Count;

/// P5: the first start fails while somebody else submits too: each task is run, or its submitter has it back.
///
/// Turned red by: a second submitter that relies on the first to start a worker (P5).
#[test]
fn each_is_run_or_given_back() {
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
/// Turned red by: a worker that ends and does not account for itself (P6).
#[test]
fn the_pool_goes_on_with_the_workers_that_it_has() {
    model(Bound::Preemptions(3), || {
        let executor = Hands::new(&[Start::Kept, Start::Failed]).executor(2);
        let runs = Count::default();
        let (first, second) = (runs.clone(), runs.clone());
        drop(executor.submit(move || first.up()).unwrap());
        let worker = kept_worker(&executor);
        thread::spawn(move || {
            let closer = Arc::clone(&executor);
            let task = move || {
                second.up();
                closer.close();
            };
            drop(executor.submit(task).unwrap());
        });
        worker.run();
        assert_eq!(runs.get(), 2);
    });
}

/// P6: a worker waits for one of several tasks and counts on the worker that is being started to run them: when that
/// one cannot be started, the waiter runs them itself.
///
/// Turned red by: waiters that are not told when a worker ends.
#[test]
fn who_counts_on_the_new_worker_is_told() {
    model(Bound::Preemptions(3), || {
        let executor = Hands::new(&[Start::Kept, Start::Failed]).executor(2);
        let inner = Arc::clone(&executor);
        let _detached = executor
            .submit(move || {
                let task = inner.submit(|| ()).unwrap();
                let waited = wait([task], None, ReturnWhen::FirstCompleted);
                assert_eq!(waited.done.len(), 1);
                stop_exploring();
                inner.close();
            })
            .unwrap();
        let worker = kept_worker(&executor);
        thread::spawn(move || drop(executor.submit(|| ())));
        worker.run();
    });
}
