//! A task is submitted while the pool is shut down.

use std::sync::Arc;

use concurrent_futures_core::{RefusedReason, Shutdown};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::pool_support::{Hands, PoolExecutor, Start, staffed};
use crate::support::Count;

/// P4, P6: what was accepted has been run when the shutdown is over; what was not has its callable back.
///
/// Turned red by: a push that asks whether the pool is closed before it takes the lock.
#[test]
fn accepted_is_run_and_refused_is_given_back() {
    // Three actors: four seconds with 4 preemptions.
    model(Bound::Preemptions(4), || {
        let (executor, worker) = staffed(Hands::new(&[Start::Kept]), 1);
        thread::spawn(move || worker.run());
        submit_vs_shutdown(&executor);
    });
}

/// P4, P5, P6: the same where the first worker is still to be started.
///
/// Turned red by: a joiner that counts workers and does not look at the queue, or looks at it after it has counted.
#[test]
fn the_first_submit_is_waited_for() {
    // Three actors of few operations: four seconds with 5 preemptions; 3 do not find the second mistake.
    model(Bound::Preemptions(5), || {
        submit_vs_shutdown(&Hands::new(&[Start::Spawned]).executor(1));
    });
}

fn submit_vs_shutdown(executor: &PoolExecutor) {
    let (runs, over) = (Count::default(), Count::default());
    let submitter = {
        let (executor, runs, over) = (Arc::clone(executor), runs.clone(), over.clone());
        let task = move || {
            assert_eq!(over.get(), 0, "started after the shutdown was over");
            runs.up();
        };
        thread::spawn(move || match executor.submit(task) {
            Ok(future) => Some(future),
            Err(refused) => {
                assert_eq!(*refused.reason(), RefusedReason::ShutDown);
                drop(refused.into_inner());
                None
            }
        })
    };
    executor.shutdown(Shutdown::wait()).unwrap();
    over.up();
    let future = submitter.join().unwrap();
    assert_eq!(runs.get(), usize::from(future.is_some()), "not run, though accepted");
    if let Some(future) = future {
        assert!(future.done());
    }
}
