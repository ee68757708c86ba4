//! What is queued in an arena is cancelled while somebody runs it.

use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::arena_support::executor;
use crate::support::Count;

/// I1, I5, I7: each task runs or is cancelled, and as many are counted as were cancelled.
///
/// Turned red by: freeing on the release of the last reference but one; `remove` without a look at the home.
#[test]
fn each_runs_or_is_cancelled() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let executor = executor::<2>();
        let runs = Count::default();
        let futures = [(), ()].map(|()| {
            let runs = runs.clone();
            executor.submit(move || runs.up()).unwrap()
        });
        let canceller = thread::spawn(move || executor.cancel_queued());
        executor.run_pending();
        let count = canceller.join().unwrap();
        assert_eq!(futures.iter().filter(|future| future.cancelled()).count(), count);
        assert_eq!((runs.get(), executor.queued()), (2 - count, 0));
        assert!(futures.iter().all(|future| future.done()));
        drop(futures);
        assert_eq!(executor.free_slots(), 2);
    });
}

/// I1, I7: a task that waits for another one runs that in place, or finds it cancelled. One that has started is
/// not counted, although its entry was still in the queue.
///
/// Turned red by: counting entries, as core once did; a claim without a look at the state.
#[test]
fn one_that_is_run_by_who_waits_for_it_is_not_counted() {
    // The parker and two tasks: a second with 5 preemptions, twelve without.
    model(Bound::Preemptions(5), || {
        let executor = executor::<2>();
        let runs = Count::default();
        let inner = runs.clone();
        let mut outer =
            executor.submit(move || executor.submit(move || inner.up()).unwrap().result()).unwrap();
        let canceller = thread::spawn(move || executor.cancel_queued());
        executor.run_one();
        let count = canceller.join().unwrap();
        let cancelled = match outer.try_result().unwrap() {
            Ok(inner) => inner.is_err(),
            Err(_) => true,
        };
        assert_eq!((count, runs.get()), if cancelled { (1, 0) } else { (0, 1) });
    });
}
