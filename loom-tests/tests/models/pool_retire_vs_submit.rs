//! A worker whose time is over retires while a task is submitted, or the pool is shut down.

use std::sync::Arc;

use concurrent_futures_core::{PoolSettings, RefusedReason, Shutdown};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::pool_support::{Hands, SOME_TIME, Start, staffed_with, stop_exploring};
use crate::support::Count;

/// Workers retire as soon as they would sleep.
fn at_most(max_workers: usize) -> PoolSettings {
    PoolSettings::new(max_workers).keep_alive(SOME_TIME)
}

/// P5: whoever submits and sees the worker asleep has his task run, by that worker or by the next.
///
/// Turned red by: a worker that retires without another look at the queues, together with a submitter that wakes nobody
/// and starts nobody then; one of the two is enough for this.
#[test]
fn the_task_is_run() {
    // Some thirty operations each: a second with 4 preemptions, a minute with 5.
    model(Bound::Preemptions(4), || {
        let (executor, worker) =
            staffed_with(Hands::new(&[Start::Kept, Start::Spawned]), at_most(1));
        thread::spawn(move || worker.run());
        drop(executor.submit(|| ()).unwrap());
        stop_exploring();
        executor.shutdown(Shutdown::wait()).unwrap();
    });
}

/// P5: where no other worker can be started, it is run or given back.
///
/// Turned red by: a worker that retires without another look at the queues; a pool that is taken to have a worker when
/// the last one has retired.
#[test]
fn the_task_is_run_or_given_back() {
    // Some thirty operations each: a second with 4 preemptions, a minute with 5.
    model(Bound::Preemptions(4), || {
        let (executor, worker) =
            staffed_with(Hands::new(&[Start::Kept, Start::Failed]), at_most(1));
        thread::spawn(move || worker.run());
        let submitted = executor.submit(|| ());
        stop_exploring();
        executor.shutdown(Shutdown::wait()).unwrap();
        match submitted {
            Ok(mut future) => future.try_result().unwrap().unwrap(),
            Err(refused) => assert!(matches!(refused.reason(), RefusedReason::NoWorker(_))),
        }
    });
}

/// P5: the first worker may have run everything and retired before who started it looks: the pool is not broken.
///
/// Turned red by: a worker that is missing after its start, and taken to have been dropped (it was core's own mistake).
#[test]
fn the_pool_is_not_broken_by_a_short_life() {
    // Some thirty operations each: a second with 4 preemptions, a minute with 5.
    model(Bound::Preemptions(4), || {
        let executor = Hands::new(&[Start::Spawned]).executor_with(at_most(1));
        drop(executor.submit(|| ()).unwrap());
        stop_exploring();
        drop(executor.submit(|| ()).unwrap());
    });
}

/// P5: a submitter relies on a worker that another one is about to start. That fails, and the worker that was there does
/// not retire before it knows.
///
/// Turned red by: a worker that retires while another is being started.
#[test]
fn nobody_relies_on_a_worker_that_cannot_be_started() {
    // Three actors: two seconds, four with stale loads.
    model(Bound::Preemptions(3), || {
        let (executor, worker) =
            staffed_with(Hands::new(&[Start::Kept, Start::Failed]), at_most(2));
        let worker = thread::spawn(move || worker.run());
        let (runs, accepted) = (Count::default(), Count::default());
        let submitter = {
            let (executor, runs, accepted) =
                (Arc::clone(&executor), runs.clone(), accepted.clone());
            move || {
                if executor.submit(move || runs.up()).is_ok() {
                    accepted.up();
                }
            }
        };
        let other = thread::spawn(submitter.clone());
        submitter();
        other.join().unwrap();
        worker.join().unwrap();
        assert_eq!(runs.get(), accepted.get());
    });
}

/// P6: the end is seen, whether the worker retires, is woken by the shutdown, or both.
///
/// Turned red by: a worker that retires though it was called, and does not account for itself.
#[test]
fn the_end_is_seen() {
    // Some thirty operations each: a second with 4 preemptions, a minute with 5.
    model(Bound::Preemptions(4), || {
        let (executor, worker) = staffed_with(Hands::new(&[Start::Kept]), at_most(1));
        let runs = Count::default();
        let run = runs.clone();
        drop(executor.submit(move || run.up()).unwrap());
        thread::spawn(move || worker.run());
        executor.shutdown(Shutdown::wait()).unwrap();
        assert_eq!(runs.get(), 1);
        assert_eq!(executor.remaining().workers, 0);
    });
}
