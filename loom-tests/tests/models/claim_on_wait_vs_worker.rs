//! A waiter claims the task that it waits for while a worker is about to run it.

use std::sync::Mutex;

use concurrent_futures_core::Executor;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Count, Kept, Tracked};

/// I1, I6, I8: the task runs once, in either context.
///
/// Turned red by: a waiter that runs the task whether or not its claim succeeded.
#[test]
fn it_runs_once() {
    // Some twenty operations each: about a second with 5 preemptions, minutes without.
    model(Bound::Preemptions(5), || {
        let executor = Executor::new(Kept::by_workers());
        let drops = Count::default();
        let capture = Tracked::counted(7, &drops);
        let future = executor.submit(move || capture.into_number()).unwrap();
        let task = executor.backend().take().unwrap();
        let worker = thread::spawn(move || task.run());
        assert_eq!(future.result().unwrap(), 7);
        assert_eq!(drops.get(), 1);
        worker.join().unwrap();
    });
}

/// I5, I6: the keeper is there to be asked whether a stranger may claim, though the task that it is asked about is all
/// that keeps it.
///
/// Turned red by: a keeper let go without a turn of the slot's lock, a stranger that retains it outside that lock.
#[test]
fn the_keeper_outlives_the_question() {
    // Some twenty operations each: two seconds with 5 preemptions, minutes without.
    model(Bound::Preemptions(5), || {
        let executor = Executor::new(Kept::new());
        // Core's mutex would do; std's is nothing that loom would explore.
        let own = std::sync::Arc::new(Mutex::new(None));
        let found = own.clone();
        // The task drops its own executor, which does not wait for it.
        let future = executor.submit(move || drop(found.lock().unwrap().take())).unwrap();
        let task = executor.backend().take().unwrap();
        *own.lock().unwrap() = Some(executor);
        drop(own);
        let worker = thread::spawn(move || task.run());
        future.result().unwrap();
        worker.join().unwrap();
    });
}
