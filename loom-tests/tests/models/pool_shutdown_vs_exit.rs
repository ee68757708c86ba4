//! Threads wait for the end of a pool while its workers end.

use std::sync::Arc;

use concurrent_futures_core::Shutdown;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::pool_support::{Hands, Start, kept_worker, staffed};
use crate::support::Count;

/// P3, P6: whether the worker is asleep, about to be, or ending: the joiner is woken.
///
/// Turned red by: a last worker that tells nobody (P6), a joiner that looks only before it registers.
#[test]
fn the_joiner_is_woken() {
    model(Bound::Preemptions(4), || {
        let (executor, worker) = staffed(Hands::new(&[Start::Kept]), 1);
        thread::spawn(move || worker.run());
        executor.shutdown(Shutdown::wait()).unwrap();
        assert_eq!(executor.remaining().workers, 0);
    });
}

/// P6: both of two joiners are woken.
///
/// Turned red by: a last worker that tells nobody (P6), a joiner that looks only before it registers.
#[test]
fn both_joiners_are_woken() {
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
/// Turned red by: a last worker that tells nobody (P6), a joiner that looks only before it registers.
#[test]
fn the_last_worker_is_waited_for() {
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
