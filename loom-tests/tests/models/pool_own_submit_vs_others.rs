//! A task submits to its own worker's queue, while others steal from it, empty it, or end the pool.

use std::sync::Arc;

use concurrent_futures_core::{Future, Park, Shutdown, ThreadParker};
use concurrent_futures_loom::{Bound, model};
use loom::sync::Mutex;
use loom::thread;

use crate::pool_support::{Hands, Start, kept_worker, stop_exploring};
use crate::support::Count;

/// P1: what a task submits is run by somebody else while the task goes on.
///
/// Turned red by: a worker that tells nobody of what it pushes to its own queue.
#[test]
fn it_is_stolen() {
    // Forty operations each.
    model(Bound::Preemptions(3), || {
        let executor = Hands::new(&[Start::Kept, Start::Spawned]).executor(2);
        let inner = Arc::clone(&executor);
        let waits = move || {
            let gate = ThreadParker::new();
            let open = gate.waker();
            drop(inner.submit(move || open.wake()).unwrap());
            let _ = gate.park(None);
            stop_exploring();
            inner.close();
        };
        drop(executor.submit(waits).unwrap());
        kept_worker(&executor).run();
    });
}

/// P4: what was accepted has been run when the shutdown is over, though it was submitted without a look at the lock that
/// decides whether the pool is closed.
///
/// Turned red by: a worker that ends when the pool is closed and the global queue empty.
#[test]
fn it_is_run_before_the_pool_ends() {
    // Some thirty operations each: two seconds with 4 preemptions.
    model(Bound::Preemptions(4), || {
        let executor = Hands::new(&[Start::Kept, Start::Failed]).executor(2);
        let (runs, accepted) = (Count::default(), Count::default());
        let (inner, (run, accept)) = (Arc::clone(&executor), (runs.clone(), accepted.clone()));
        let submits = move || {
            if inner.submit(move || run.up()).is_ok() {
                accept.up();
            }
        };
        drop(executor.submit(submits).unwrap());
        let worker = kept_worker(&executor);
        let worker = thread::spawn(move || worker.run());
        executor.shutdown(Shutdown::wait()).unwrap();
        assert_eq!(runs.get(), accepted.get());
        worker.join().unwrap();
    });
}

/// P4: what is submitted while all is being cancelled is cancelled or refused, and not started afterwards.
///
/// Turned red by: a worker that does not ask whether all was cancelled before it runs what was in its own queue.
#[test]
fn it_does_not_start_when_all_was_cancelled() {
    // Some thirty operations each: two seconds with 4 preemptions.
    model(Bound::Preemptions(4), || {
        let executor = Hands::new(&[Start::Kept, Start::Failed]).executor(2);
        let submitted: Arc<Mutex<Option<Future<()>>>> = Arc::new(Mutex::new(None));
        let (inner, future) = (Arc::clone(&executor), Arc::clone(&submitted));
        let gate = ThreadParker::new();
        let open = gate.waker();
        let submits = move || {
            let second = inner.submit(|| unreachable!("all was cancelled before it could start"));
            *future.lock().unwrap() = second.ok();
            let _ = gate.park(None);
        };
        drop(executor.submit(submits).unwrap());
        let worker = kept_worker(&executor);
        let worker = thread::spawn(move || worker.run());
        // It may be cancelled before it starts: then there is nothing to see.
        executor.close_and_cancel();
        open.wake();
        worker.join().unwrap();
        if let Some(future) = submitted.lock().unwrap().take() {
            assert!(future.cancelled());
        }
        assert_eq!(executor.remaining().tasks, 0);
    });
}
