//! A task is submitted to an arena whose workers go to sleep.

use concurrent_futures_core::ThreadParker;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::arena_support::{Worker, executor};

/// The queue and the list of those that sleep: a worker that found nothing is woken for what comes after.
///
/// Turned red by: a worker that goes to sleep without a second look at the queue; a submit that wakes nobody.
#[test]
fn every_sleep_is_followed_by_a_wake_up() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let executor = executor::<1>();
        let submitter = thread::spawn(move || executor.submit(|| 7).unwrap());
        let mut worker = Worker::of(executor);
        assert!(worker.poll().is_pending());
        let mut future = submitter.join().unwrap();
        if !future.done() {
            assert_eq!(worker.woken(), 1, "nobody runs the task");
            assert!(worker.poll().is_pending());
        }
        assert_eq!(future.try_result().unwrap().unwrap(), 7);
    });
}

/// One that sleeps and is polled again for no reason, with another waker: it runs the task then, or that waker is
/// woken.
///
/// Turned red by: as above; a worker that leaves its last waker where it was.
#[test]
fn the_last_waker_is_woken() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let executor = executor::<1>();
        let mut worker = Worker::asleep(executor);
        let submitter = thread::spawn(move || executor.submit(|| 7).unwrap());
        worker.change_waker();
        assert!(worker.poll().is_pending());
        let mut future = submitter.join().unwrap();
        if !future.done() {
            assert_eq!(worker.woken(), 1, "nobody runs the task");
            assert!(worker.poll().is_pending());
        }
        assert_eq!(future.try_result().unwrap().unwrap(), 7);
    });
}

/// As above, with two that may sleep: one of them is told.
///
/// Turned red by: as above.
#[test]
fn one_of_two_workers_is_told() {
    // Three actors, who take their turns under one lock: all of it.
    model(Bound::Exhaustive, || {
        let executor = executor::<1>();
        let [first, second] = [(), ()].map(|()| {
            thread::spawn(move || {
                let mut worker = Worker::of(executor);
                assert!(worker.poll().is_pending());
                worker
            })
        });
        let mut future = executor.submit(|| 7).unwrap();
        let mut workers = [first.join().unwrap(), second.join().unwrap()];
        if !future.done() {
            let woken = workers.iter_mut().find(|worker| worker.woken() > 0);
            assert!(woken.expect("nobody runs the task").poll().is_pending());
        }
        assert_eq!(future.try_result().unwrap().unwrap(), 7);
    });
}

/// The same with a thread that parks: a wake-up that is lost is a deadlock.
///
/// Turned red by: as the first.
#[test]
fn the_worker_that_parks_runs_it() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let executor = executor::<1>();
        let worker = thread::spawn(move || executor.run_forever(&ThreadParker::new()));
        let mut future = executor.submit(move || executor.shutdown()).unwrap();
        worker.join().unwrap();
        assert!(future.try_result().unwrap().is_ok());
        drop(future);
        assert_eq!(executor.free_slots(), 1);
    });
}

/// Two threads that park: one of them runs the task, which ends both.
///
/// Turned red by: as the first; a shutdown that wakes nobody.
#[test]
fn one_of_two_that_park_runs_it() {
    // Three actors: a quarter of a second with 3 preemptions, more than fifty seconds without.
    model(Bound::Preemptions(3), || {
        let executor = executor::<1>();
        let [first, second] =
            [(), ()].map(|()| thread::spawn(move || executor.run_forever(&ThreadParker::new())));
        let mut future = executor.submit(move || executor.shutdown()).unwrap();
        first.join().unwrap();
        second.join().unwrap();
        assert!(future.try_result().unwrap().is_ok());
    });
}
