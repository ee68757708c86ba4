//! Every worker of a pool waits for a set of tasks of that pool.

use std::sync::Arc;

use concurrent_futures_core::{ReturnWhen, WaitSet, promise, wait};
use concurrent_futures_loom::{Bound, model};

use crate::pool_support::{Hands, Start, kept_worker, stop_exploring};
use crate::support::Count;

/// D6: while one worker is left, the waiter leaves the tasks to it; when all wait, each runs its own.
///
/// Turned red by: a pool that never says that all wait.
#[test]
fn the_last_to_wait_sees_to_it_that_somebody_works() {
    model(Bound::Preemptions(3), || {
        let executor = Hands::new(&[Start::Kept, Start::Spawned]).executor(2);
        let ended = Count::default();
        for _ in 0..2 {
            let (inner, ended) = (Arc::clone(&executor), ended.clone());
            let waits = move || {
                let task = inner.submit(|| ()).unwrap();
                let waited = wait([task], None, ReturnWhen::FirstCompleted);
                assert_eq!(waited.done.len(), 1);
                ended.up();
                if ended.get() == 2 {
                    stop_exploring();
                    inner.close();
                }
            };
            drop(executor.submit(waits).unwrap());
        }
        kept_worker(&executor).run();
        drop(executor);
        assert_eq!(ended.get(), 2);
    });
}

/// D6: the first waits for a task while the second could still run it; then the second waits, for something that only
/// the first can do. The first is told.
///
/// Turned red by: a pool that wakes nobody when all wait, members that are not looked at again then, a pool that never says that
/// all wait.
#[test]
fn who_waits_already_is_told_that_all_wait() {
    model(Bound::Preemptions(3), || {
        let executor = Hands::new(&[Start::Kept, Start::Spawned]).executor(2);
        let (promise, told) = promise();
        let inner = Arc::clone(&executor);
        let first = move || {
            let mut set = WaitSet::from_iter([inner.submit(|| ()).unwrap()]);
            assert!(set.next().is_some_and(|task| task.done()));
            promise.complete(()).unwrap();
        };
        let inner = Arc::clone(&executor);
        let second = move || {
            let mut set = WaitSet::from_iter([told]);
            assert!(set.next().is_some_and(|told| told.done()));
            stop_exploring();
            inner.close();
        };
        drop(executor.submit(first).unwrap());
        drop(executor.submit(second).unwrap());
        kept_worker(&executor).run();
        drop(executor);
    });
}
