//! A task is submitted to an arena while one of its sleeping workers leaves for good.

use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::arena_support::{Worker, executor};

/// A wake-up for a worker that leaves is handed on: its waker was taken before it left, or it was not found
/// any more.
///
/// Turned red by: a worker that leaves and wakes nobody.
#[test]
fn its_wake_up_is_handed_on() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let executor = executor::<1>();
        let leaver = Worker::asleep(executor);
        let mut other = Worker::asleep(executor);
        let leaving = thread::spawn(move || drop(leaver));
        let mut future = executor.submit(|| 7).unwrap();
        leaving.join().unwrap();
        assert_eq!(other.woken(), 1, "nobody runs the task");
        assert!(other.poll().is_pending());
        assert_eq!(future.try_result().unwrap().unwrap(), 7);
    });
}

/// As above, to a worker that is about to sleep: it finds the task, or is told of it.
///
/// Turned red by: a worker that goes to sleep without a second look at the queue, a worker that leaves and
/// wakes nobody.
#[test]
fn it_is_handed_on_to_one_that_goes_to_sleep() {
    // Three actors, who take their turns under one lock: all of it.
    model(Bound::Exhaustive, || {
        let executor = executor::<1>();
        let leaver = Worker::asleep(executor);
        let leaving = thread::spawn(move || drop(leaver));
        let other = thread::spawn(move || {
            let mut other = Worker::of(executor);
            assert!(other.poll().is_pending());
            other
        });
        let mut future = executor.submit(|| 7).unwrap();
        leaving.join().unwrap();
        let mut other = other.join().unwrap();
        if !future.done() {
            assert_eq!(other.woken(), 1, "nobody runs the task");
            assert!(other.poll().is_pending());
        }
        assert_eq!(future.try_result().unwrap().unwrap(), 7);
    });
}
