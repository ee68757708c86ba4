//! A future takes the outcome and leaves, in one step or in none, while others give their references up.

use concurrent_futures_core::{ArenaExecutor, OsLock};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Count, Tracked};

type Executor = ArenaExecutor<OsLock, 1, 256>;

fn executor() -> &'static Executor {
    Box::leak(Box::new(Executor::with_locks(OsLock::new(), OsLock::new())))
}

/// I3, I5: a worker has told a callback, and gives its reference up.
///
/// Turned red by: a look with Relaxed at whether others hold references; a future that leaves and does not say that it
/// has taken the outcome.
#[test]
fn the_slot_ends_once_beside_the_worker() {
    model(Bound::Exhaustive, || {
        let (executor, drops) = (executor(), Count::default());
        let capture = Tracked::counted(7, &drops);
        let Ok(future) = executor.submit(move || capture) else { unreachable!() };
        future.add_done_callback(|_| ()); // so that the worker does not go as it publishes
        let worker = thread::spawn(move || executor.run_one());
        if future.done() {
            assert_eq!(future.result().unwrap().into_number(), 7);
        } else {
            drop(future);
        }
        worker.join().unwrap();
        assert_eq!((drops.get(), executor.free_slots()), (1, 1));
    });
}

/// I3, I5: one who could have cancelled gives his reference up.
///
/// Turned red by: the same.
#[test]
fn the_slot_ends_once_beside_a_canceller() {
    model(Bound::Exhaustive, || {
        let (executor, drops) = (executor(), Count::default());
        let capture = Tracked::counted(7, &drops);
        let Ok(future) = executor.submit(move || capture) else { unreachable!() };
        let canceller = future.canceller();
        executor.run_one();
        let other = thread::spawn(move || {
            assert!(canceller.done());
        });
        assert_eq!(future.result().unwrap().into_number(), 7);
        other.join().unwrap();
        assert_eq!((drops.get(), executor.free_slots()), (1, 1));
    });
}
