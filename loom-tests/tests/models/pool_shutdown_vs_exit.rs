//! Threads wait for the end of a pool while its workers end.

use std::sync::Arc;

use concurrent_futures_core::Shutdown;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::pool_support::{Hands, Start, kept_worker, staffed};
use crate::support::Count;

/// P3, P4: whether the worker is asleep or about to be: it ends, and nobody chases it for ever.
///
/// Turned red by: closing that wakes nobody; closing that takes sleepers from the list one by one, and the same one
/// for ever.
#[test]
fn the_worker_ends() {
    model(Bound::Exhaustive, || {
        let (executor, worker) = staffed(Hands::new(&[Start::Kept]), 1);
        let worker = thread::spawn(move || worker.run());
        executor.close();
        worker.join().unwrap();
    });
}

/// P3, P6: whether the worker is asleep, about to be, or ending: the joiner is woken.
///
/// Turned red by: a joiner that looks before it registers; a worker that does not ask whether the pool is closed
/// before it parks.
#[test]
fn the_joiner_is_woken() {
    // Two dozen operations each: half a second with 5 preemptions, minutes without.
    model(Bound::Preemptions(5), || {
        let (executor, worker) = staffed(Hands::new(&[Start::Kept]), 1);
        thread::spawn(move || worker.run());
        executor.shutdown(Shutdown::wait()).unwrap();
        assert_eq!(executor.remaining().workers, 0);
    });
}

/// P6: both of two joiners are woken.
///
/// Turned red by: a last worker that wakes one of them.
#[test]
fn both_joiners_are_woken() {
    // Three actors: two seconds with 3 preemptions, half a minute with 4.
    model(Bound::Preemptions(3), || {
        let (executor, worker) = staffed(Hands::new(&[Start::Kept]), 1);
        let other = Arc::clone(&executor);
        thread::spawn(move || other.shutdown(Shutdown::wait()).unwrap());
        thread::spawn(move || worker.run());
        executor.shutdown(Shutdown::wait()).unwrap();
    });
}

/// P6: two workers end, and only the last one is waited for; all tasks have been run by then.
///
/// Turned red by: workers that look whether they are the last before they say that they end, a last worker that tells
/// nobody.
#[test]
fn the_last_worker_is_waited_for() {
    // Three actors: three seconds with 3 preemptions, a minute with 4.
    model(Bound::Preemptions(3), || {
        let executor = Hands::new(&[Start::Kept, Start::Spawned]).executor(2);
        let runs = Count::default();
        for _ in 0..2 {
            let runs = runs.clone();
            drop(executor.submit(move || runs.up()).unwrap());
        }
        let worker = kept_worker(&executor);
        thread::spawn(move || worker.run());
        executor.shutdown(Shutdown::wait()).unwrap();
        assert_eq!(runs.get(), 2);
        assert_eq!(executor.remaining().workers, 0);
    });
}
