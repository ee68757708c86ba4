//! A promise that suspends between two attempts.

use std::sync::Arc;
use std::thread;

use concurrent_futures_core::{FutureState, TaskErrorKind, as_completed, promise};

use crate::support::{Wakes, poll, within};

#[test]
fn a_suspended_promise_is_pending_and_can_start_again() {
    let (promise, future) = promise();
    let promise = promise.start().expect("nobody cancels").suspend();
    assert_eq!(future.state(), FutureState::Pending);
    assert!(!future.running() && !future.done() && !future.cancelled());
    let running = promise.start().expect("nobody cancels");
    assert!(future.running() && !future.cancel());
    running.complete(7);
    assert_eq!(future.result().expect("completed"), 7);
}

#[test]
fn many_attempts_resolve_once() {
    let (mut promise, mut future) = promise();
    for _ in 0..100 {
        promise = promise.start().expect("nobody cancels").suspend();
        assert!(future.try_result().is_none());
    }
    promise.complete("at last").expect("nobody cancels");
    assert_eq!(future.result().expect("completed"), "at last");
}

#[test]
fn between_attempts_it_can_be_cancelled() {
    let (promise, mut future) = promise::<u8>();
    let promise = promise.start().expect("nobody cancels").suspend();
    assert!(future.cancel() && future.cancelled());
    assert!(promise.start().is_err());
    let error = future.try_result().expect("done").expect_err("cancelled");
    assert!(error.is_cancelled());
}

#[test]
fn a_suspended_promise_that_is_dropped_is_abandoned() {
    let (promise, future) = promise::<u8>();
    drop(promise.start().expect("nobody cancels").suspend());
    assert_eq!(future.result().expect_err("abandoned").kind(), TaskErrorKind::Abandoned);
}

#[test]
fn a_waker_registered_in_one_attempt_is_woken_after_the_next() {
    let (promise, mut future) = promise();
    let running = promise.start().expect("nobody cancels");
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut future, &waker).is_pending());
    let promise = running.suspend();
    assert_eq!(wakes.count(), 0, "nothing has ended");
    assert!(poll(&mut future, &waker).is_pending());
    promise.complete(1).expect("nobody cancels");
    assert_eq!(wakes.count(), 1);
}

#[test]
fn callbacks_are_called_once_after_the_last_attempt() {
    let (promise, future) = promise();
    let (wakes, waker) = Wakes::new();
    let running = promise.start().expect("nobody cancels");
    future.add_done_callback(move |_| waker.wake());
    let promise = running.suspend();
    assert_eq!(wakes.count(), 0);
    promise.complete(1).expect("nobody cancels");
    assert_eq!(wakes.count(), 1);
    assert_eq!(Arc::strong_count(&wakes), 1, "the callback is gone");
}

#[test]
fn a_set_waits_over_all_attempts() {
    let (promise, future) = promise();
    let worker = thread::spawn(move || {
        let promise = promise.start().expect("nobody cancels").suspend();
        promise.complete(3).expect("nobody cancels");
    });
    let values = within(|| as_completed([future]).map(|done| done.result()).collect::<Vec<_>>());
    worker.join().expect("no panic");
    assert_eq!(values.len(), 1);
    assert!(matches!(values[0], Ok(3)));
}
