//! A slot of an arena is given out again while a reference to its last task is being dropped.

use concurrent_futures_core::{ArenaExecutor, OsLock};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

type Executor = ArenaExecutor<OsLock, 1, 64>;

fn executor() -> &'static Executor {
    Box::leak(Box::new(Executor::with_locks(OsLock::new(), OsLock::new())))
}

/// Invariants: I5, I8; a new task never shares its slot with a reference to the last one, and the
/// slot is free again in the end.
/// Turned red by: freeing on the release of the last reference but one; releasing with Relaxed.
#[test]
fn the_next_task_has_the_slot_alone() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let executor = executor();
        let Ok(mut future) = executor.submit(|| 1) else { unreachable!() };
        let canceller = future.canceller();
        executor.run_pending();
        assert_eq!(future.try_result().unwrap().unwrap(), 1);
        let late = thread::spawn(move || drop(canceller));
        drop(future);
        if let Ok(mut next) = executor.submit(|| 2) {
            assert!(!next.done());
            executor.run_pending();
            assert_eq!(next.try_result().unwrap().unwrap(), 2);
        }
        late.join().unwrap();
        assert_eq!(executor.free_slots(), 1);
    });
}

/// Invariants: I1, I5, I7; a cancelled task leaves the queue once, whoever is about to run it.
/// Turned red by: `remove` without a look at the home.
#[test]
fn a_cancelled_task_leaves_the_queue_once() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let executor = executor();
        let Ok(mut future) = executor.submit(|| 1) else { unreachable!() };
        let canceller = future.canceller();
        let other = thread::spawn(move || canceller.cancel());
        executor.run_pending();
        let cancelled = other.join().unwrap();
        assert_eq!(executor.queued(), 0);
        assert_eq!(cancelled, future.cancelled());
        assert_eq!(cancelled, future.try_result().unwrap().is_err());
        drop(future);
        assert_eq!(executor.free_slots(), 1);
    });
}
