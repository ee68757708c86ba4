//! Two tasks are submitted to an arena at the same time.

use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::arena_support::{Worker, executor};

/// Each submit wakes one of those that sleep, and not the same one.
///
/// Turned red by: a submit that takes two workers off the list and wakes one; one that wakes nobody.
#[test]
fn each_wakes_a_worker() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let executor = executor::<2>();
        let mut workers = [Worker::asleep(executor), Worker::asleep(executor)];
        let other = thread::spawn(move || executor.submit(|| 1).unwrap());
        let mut ours = executor.submit(|| 2).unwrap();
        let mut theirs = other.join().unwrap();
        for worker in &mut workers {
            assert_eq!(worker.woken(), 1, "one task waits for the other");
            assert!(worker.poll().is_pending());
        }
        assert_eq!(theirs.try_result().unwrap().unwrap(), 1);
        assert_eq!(ours.try_result().unwrap().unwrap(), 2);
    });
}
