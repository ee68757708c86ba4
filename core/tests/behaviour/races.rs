//! Two threads at one future. Few and without loops: an interpreter that tries many schedules gets
//! much out of them, and all of them are in the models of the state machine.

use std::sync::Arc;
use std::thread;

use concurrent_futures_core::{TaskErrorKind, promise};

use crate::support::{Counts, OneThread, Wakes, block_on, held, poll};

#[test]
fn complete_vs_result() {
    let counts = Counts::default();
    let (promise, future) = promise();
    let ours = counts.clone();
    let completing = thread::spawn(move || promise.complete(ours.make()).is_ok());
    assert!(future.result().is_ok());
    assert!(completing.join().expect("does not panic"));
    counts.assert_each_dropped_once();
}

#[test]
fn complete_vs_await() {
    let counts = Counts::default();
    let (promise, future) = promise();
    let ours = counts.clone();
    let completing = thread::spawn(move || promise.complete(ours.make()).is_ok());
    assert!(block_on(future).is_ok());
    assert!(completing.join().expect("does not panic"));
    counts.assert_each_dropped_once();
}

#[test]
fn complete_vs_polls_with_different_wakers() {
    let (promise, mut future) = promise();
    let completing = thread::spawn(move || promise.complete(7_u8).is_ok());
    let mut last = None;
    for _ in 0..3 {
        let (wakes, waker) = Wakes::new();
        if poll(&mut future, &waker).is_ready() {
            last = None;
            break;
        }
        last = Some(wakes);
    }
    assert!(completing.join().expect("does not panic"));
    if let Some(wakes) = last {
        assert_eq!(wakes.count(), 1, "the waker of the last poll is woken");
    }
}

#[test]
fn complete_vs_drop() {
    let counts = Counts::default();
    let (promise, future) = promise();
    let ours = counts.clone();
    let completing = thread::spawn(move || promise.complete(ours.make()).is_ok());
    drop(future);
    assert!(completing.join().expect("does not panic"));
    counts.assert_each_dropped_once();
}

#[test]
fn complete_vs_drop_of_a_polled_future() {
    let counts = Counts::default();
    let (promise, mut future) = promise();
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut future, &waker).is_pending());
    let ours = counts.clone();
    let completing = thread::spawn(move || promise.complete(ours.make()).is_ok());
    drop((future, waker));
    assert!(completing.join().expect("does not panic"));
    assert_eq!(Arc::strong_count(&wakes), 1);
    counts.assert_each_dropped_once();
}

#[test]
fn complete_vs_cancel() {
    let counts = Counts::default();
    let (promise, future) = promise();
    let canceller = future.canceller();
    let cancelling = thread::spawn(move || canceller.cancel());
    let completed = promise.complete(counts.make()).is_ok();
    let outcome = future.result();
    let cancelled = cancelling.join().expect("does not panic");
    assert_ne!(completed, cancelled);
    let kind = cancelled.then_some(TaskErrorKind::Cancelled);
    assert_eq!(outcome.as_ref().err().map(|error| error.kind()), kind);
    drop(outcome);
    counts.assert_each_dropped_once();
}

#[test]
fn cancel_vs_cancel() {
    let counts = Counts::default();
    let (held, executor) = held();
    let captured = counts.make();
    let future = executor.submit(move || drop(captured)).expect("held tasks are accepted");
    let canceller = future.canceller();
    let cancelling = thread::spawn(move || canceller.cancel());
    assert!(future.cancel());
    assert!(cancelling.join().expect("does not panic"));
    assert!(future.cancelled());
    held.run_all();
    counts.assert_each_dropped_once();
}

#[test]
fn cancel_vs_run() {
    let counts = Counts::default();
    let (held, executor) = held();
    let (captured, ours) = (counts.make(), counts.clone());
    let submitted = executor.submit(move || {
        drop(captured);
        ours.make()
    });
    let future = submitted.expect("held tasks are accepted");
    let running = thread::spawn(move || held.run_all());
    let cancelled = future.cancel();
    let outcome = future.result();
    assert_eq!(outcome.is_err(), cancelled);
    running.join().expect("does not panic");
    drop((outcome, executor));
    counts.assert_each_dropped_once();
}

#[test]
fn callback_vs_complete() {
    let (promise, future) = promise();
    let (sender, called) = std::sync::mpsc::channel();
    let completing = thread::spawn(move || promise.complete(1_u8).is_ok());
    future.add_done_callback(move |completion| {
        sender.send(completion.error().is_none()).expect("somebody listens");
    });
    assert!(completing.join().expect("does not panic"));
    assert_eq!(called.try_iter().collect::<Vec<_>>(), [true], "exactly once");
}

#[test]
fn complete_vs_two_shared_waiters() {
    let counts = Counts::default();
    let (promise, future) = promise();
    let shared = future.shared();
    let other = shared.clone();
    let ours = counts.clone();
    let completing = thread::spawn(move || promise.complete(ours.make()).is_ok());
    let waiting = thread::spawn(move || other.result().is_ok());
    assert!(shared.result().is_ok());
    drop(shared);
    assert!(waiting.join().expect("does not panic"));
    assert!(completing.join().expect("does not panic"));
    counts.assert_each_dropped_once();
}

#[test]
fn submit_vs_shutdown() {
    let (backend, worker) = OneThread::start();
    let executor = Arc::new(concurrent_futures_core::Executor::new(backend));
    let ours = executor.clone();
    let submitting = thread::spawn(move || ours.submit(|| 5).ok());
    executor.shutdown(concurrent_futures_core::Shutdown::wait()).expect("everything ends");
    let submitted = submitting.join().expect("does not panic");
    drop(executor);
    if let Some(future) = submitted {
        assert!(future.done(), "accepted before the end, so ended before it");
        assert_eq!(future.result().expect("it returned"), 5);
    }
    worker.join().expect("does not panic");
}

#[test]
fn a_task_on_another_thread_is_waited_for() {
    let counts = Counts::default();
    let (backend, worker) = OneThread::start();
    let executor = concurrent_futures_core::Executor::new(backend);
    let ours = counts.clone();
    let future = executor.submit(move || ours.make()).expect("it is accepted");
    assert!(future.result().is_ok());
    drop(executor);
    worker.join().expect("does not panic");
    counts.assert_each_dropped_once();
}
