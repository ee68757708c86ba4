//! An arena is shut down while its workers go to sleep.

use concurrent_futures_core::ThreadParker;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::arena_support::{Worker, executor};

/// A worker that found nothing to do is told that it is over.
///
/// Turned red by: a worker that goes to sleep without a second look; a shutdown that wakes nobody.
#[test]
fn the_worker_is_told() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let executor = executor::<1>();
        let closer = thread::spawn(move || executor.shutdown());
        let mut worker = Worker::of(executor);
        let ended = worker.poll().is_ready();
        closer.join().unwrap();
        if !ended {
            assert_eq!(worker.woken(), 1, "it sleeps for ever");
            assert!(worker.poll().is_ready());
        }
    });
}

/// `run_forever` returns: a wake-up that is lost is a deadlock.
///
/// Turned red by: as above.
#[test]
fn the_worker_that_parks_leaves() {
    // Two actors, a parker's dozen of operations included: all of it.
    model(Bound::Exhaustive, || {
        let executor = executor::<1>();
        let closer = thread::spawn(move || executor.shutdown());
        executor.run_forever(&ThreadParker::new());
        closer.join().unwrap();
    });
}

/// Two of them: each is told.
///
/// Turned red by: as above; a shutdown that wakes one worker only.
#[test]
fn both_workers_leave() {
    // Three actors: a quarter of a second with 3 preemptions, more than fifty seconds without.
    model(Bound::Preemptions(3), || {
        let executor = executor::<1>();
        let worker = thread::spawn(move || executor.run_forever(&ThreadParker::new()));
        let closer = thread::spawn(move || executor.shutdown());
        executor.run_forever(&ThreadParker::new());
        worker.join().unwrap();
        closer.join().unwrap();
    });
}
