//! A task is submitted to an arena that is being shut down.

use concurrent_futures_core::{RefusedReason, ThreadParker};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::arena_support::executor;
use crate::support::Tracked;

/// I1, I3, I5: accepted means run, refused gives the closure back whole, and every slot is free in the end.
///
/// Turned red by: a `take_room` that does not look whether it was shut down.
#[test]
fn accepted_is_run_and_refused_is_given_back() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let executor = executor::<1>();
        let closer = thread::spawn(move || {
            executor.shutdown();
            executor.run_pending();
        });
        let capture = Tracked::new(7);
        match executor.submit(move || capture.into_number()) {
            Ok(mut future) => {
                closer.join().unwrap();
                assert_eq!(future.try_result().expect("it was run").unwrap(), 7);
            }
            Err(refused) => {
                assert_eq!(*refused.reason(), RefusedReason::ShutDown);
                assert_eq!(refused.into_inner()(), 7);
                closer.join().unwrap();
            }
        }
        assert_eq!(executor.free_slots(), 1);
        assert!(executor.promise::<()>().is_err());
    });
}

/// As above, with a worker that may sleep: it runs what was accepted, and then it leaves.
///
/// Turned red by: a worker that leaves an executor that was shut down before it looks at the queue; a `push`
/// that does not look whether it was shut down.
#[test]
fn the_worker_runs_it_before_it_leaves() {
    // Three actors: a tenth of a second with 3 preemptions, sixteen seconds without.
    model(Bound::Preemptions(3), || {
        let executor = executor::<1>();
        let worker = thread::spawn(move || executor.run_forever(&ThreadParker::new()));
        let closer = thread::spawn(move || executor.shutdown());
        let submitted = executor.submit(|| 7);
        worker.join().unwrap();
        if let Ok(mut future) = submitted {
            assert_eq!(future.try_result().expect("it was run").unwrap(), 7);
        }
        closer.join().unwrap();
        assert_eq!(executor.free_slots(), 1);
    });
}
