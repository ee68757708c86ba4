//! A submitter waits for room in a full queue.

use concurrent_futures_core::{Future, PoolSettings, RefusedReason, Shutdown, WhenFull, Worker};
use concurrent_futures_loom::{Bound, model};
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use std::sync::Arc;

use crate::pool_support::{
    Hands, PoolExecutor, SOME_TIME, Start, be_patient, kept_worker, stop_exploring,
};

/// A pool whose queue has room for one task, that task, and the worker.
fn full(when_full: WhenFull) -> (PoolExecutor, Future<()>, Worker<Hands>) {
    let settings = PoolSettings::new(1).queue_capacity(1).when_full(when_full);
    let executor = Hands::new(&[Start::Kept]).executor_with(settings);
    let first = executor.submit(|| ()).unwrap();
    let worker = kept_worker(&executor);
    (executor, first, worker)
}

/// A worker takes the task: its place is the submitter's.
///
/// Turned red by: a place that is granted to nobody; a submitter that looks for room before it is in line.
#[test]
fn it_has_the_place_of_what_is_popped() {
    // Some thirty operations each: five seconds with 4 preemptions.
    model(Bound::Preemptions(4), || {
        let (executor, _first, worker) = full(WhenFull::Block);
        thread::spawn(move || worker.run());
        drop(executor.submit(|| ()).unwrap());
        stop_exploring();
        executor.close();
    });
}

/// The task is cancelled: its place is the submitter's.
///
/// Turned red by: a task that is unlinked and whose place is granted to nobody.
#[test]
fn it_has_the_place_of_what_is_cancelled() {
    model(Bound::Exhaustive, || {
        let (executor, first, worker) = full(WhenFull::Block);
        let canceller = thread::spawn(move || assert!(first.cancel()));
        drop(executor.submit(|| ()).unwrap());
        stop_exploring();
        canceller.join().unwrap();
        executor.close();
        worker.run();
    });
}

/// The pool is closed: the submitter has its callable back.
///
/// Turned red by: a close that does not tell those in line.
#[test]
fn it_is_refused_when_the_pool_is_closed() {
    model(Bound::Exhaustive, || {
        let (executor, _first, worker) = full(WhenFull::Block);
        let closer = Arc::clone(&executor);
        let closer = thread::spawn(move || closer.close());
        let refused = executor.submit(|| ()).unwrap_err();
        assert_eq!(*refused.reason(), RefusedReason::ShutDown);
        stop_exploring();
        closer.join().unwrap();
        worker.run();
    });
}

/// Two submitters wait: the second has the place that the first one's task leaves.
///
/// Turned red by: a task that is unlinked and whose place is granted to nobody.
#[test]
fn both_of_two_come_in() {
    // Three actors.
    model(Bound::Preemptions(3), || {
        let (executor, first, worker) = full(WhenFull::Block);
        let other = Arc::clone(&executor);
        let submitter = thread::spawn(move || assert!(other.submit(|| ()).unwrap().cancel()));
        let canceller = thread::spawn(move || assert!(first.cancel()));
        assert!(executor.submit(|| ()).unwrap().cancel());
        submitter.join().unwrap();
        canceller.join().unwrap();
        stop_exploring();
        executor.close();
        worker.run();
    });
}

/// A submitter's time is over just when the place is granted: it takes it, or it is passed on to the next in line.
///
/// Turned red by: one that leaves the line and keeps what was granted to it; one that leaves it and passes nothing on.
#[test]
fn the_place_of_one_who_leaves_is_passed_on() {
    // Three actors.
    model(Bound::Preemptions(3), || {
        let (executor, first, worker) = full(WhenFull::BlockFor(SOME_TIME));
        let other = Arc::clone(&executor);
        let leaves = thread::spawn(move || match other.submit(|| ()) {
            Ok(future) => assert!(future.cancel()),
            Err(refused) => assert_eq!(*refused.reason(), RefusedReason::Full),
        });
        let canceller = thread::spawn(move || assert!(first.cancel()));
        be_patient();
        drop(executor.submit(|| ()).unwrap());
        stop_exploring();
        leaves.join().unwrap();
        canceller.join().unwrap();
        executor.close();
        worker.run();
    });
}

/// P6: the end waits for a task that runs where it was submitted.
///
/// Turned red by: an end that looks at workers and queues only; a task in a caller that tells nobody when it has ended.
#[test]
fn the_end_waits_for_a_task_in_its_caller() {
    // Some thirty operations each, few of them at the same time.
    model(Bound::Preemptions(5), || {
        let (executor, _first, worker) = full(WhenFull::RunInCaller);
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        // ORDERING: Relaxed; what is looked for is a moment, and an RMW sees the newest value.
        let task = move || assert!(!seen.swap(false, Ordering::Relaxed), "the pool has ended");
        let closer = Arc::clone(&executor);
        let closer = thread::spawn(move || {
            closer.close();
            worker.run();
            closer.shutdown(Shutdown::wait()).unwrap();
            over.swap(true, Ordering::Relaxed); // ORDERING: as above
        });
        match executor.submit(task) {
            Ok(future) => drop(future), // here, or by the worker, which had made room
            Err(refused) => assert_eq!(*refused.reason(), RefusedReason::ShutDown),
        }
        closer.join().unwrap();
    });
}
