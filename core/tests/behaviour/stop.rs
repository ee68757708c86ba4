//! Asking a task to stop.

use std::sync::mpsc;

use concurrent_futures_core::{
    Executor, InlineBackend, TaskErrorKind, as_completed, promise, stop_requested,
};

use crate::support::{held, held_that_claims, within};

#[test]
fn a_running_task_sees_the_wish() {
    within(|| {
        let (held, executor) = held();
        let (ready, started) = mpsc::channel();
        let future = executor
            .submit(move || {
                ready.send(()).expect("the test listens");
                while !stop_requested() {
                    std::thread::yield_now();
                }
                "stopped early"
            })
            .expect("accepted");
        let worker = std::thread::spawn(move || held.run_next());
        started.recv().expect("it starts");
        assert!(!future.stop_requested());
        future.request_stop();
        assert!(future.stop_requested() && !future.cancelled());
        assert_eq!(future.result().expect("a value"), "stopped early");
        assert!(worker.join().expect("no panic"));
    });
}

#[test]
fn a_task_that_has_not_started_runs_and_sees_it() {
    let (held, executor) = held();
    let future = executor.submit(stop_requested).expect("accepted");
    future.request_stop();
    future.request_stop(); // once is as good as twice
    assert!(!future.done());
    held.run_all();
    assert!(future.result().expect("it ran"));
}

#[test]
fn a_task_that_nobody_asks_sees_nothing() {
    let executor = Executor::new(InlineBackend);
    assert!(!executor.submit(stop_requested).expect("accepted").result().expect("it ran"));
}

#[test]
fn outside_of_tasks_nobody_is_asked() {
    assert!(!stop_requested());
}

#[test]
fn every_kind_of_handle_can_ask() {
    let (held, executor) = held();
    let erased = executor.submit(stop_requested).expect("accepted").erase();
    let shared = executor.submit(stop_requested).expect("accepted").shared();
    let by_canceller = executor.submit(stop_requested).expect("accepted");
    let canceller = by_canceller.canceller();
    erased.request_stop();
    shared.request_stop();
    canceller.request_stop();
    assert!(erased.stop_requested() && shared.stop_requested() && canceller.stop_requested());
    held.run_all();
    let erased = erased.downcast::<bool>().expect("it is one");
    assert!(erased.result().expect("it ran"));
    assert!(*shared.result().expect("it ran"));
    assert!(by_canceller.result().expect("it ran"));
}

#[test]
fn the_innermost_task_is_meant() {
    let (held, executor) = held_that_claims();
    let inner = executor.submit(stop_requested).expect("accepted");
    let entry = held.pop().expect("it is queued"); // nobody but the waiter will run it
    let outer = executor
        .submit(move || (stop_requested(), inner.result(), stop_requested()))
        .expect("accepted");
    outer.request_stop();
    held.run_all();
    let (before, inner, after) = outer.result().expect("it ran");
    assert!(before && after, "the outer one was asked");
    assert!(!inner.expect("it ran"), "the inner one was not");
    drop(entry);
}

#[test]
fn a_promise_sees_the_wish_in_all_its_attempts() {
    let (promise, future) = promise();
    assert!(!promise.stop_requested());
    future.request_stop();
    assert!(promise.stop_requested());
    let running = promise.start().expect("nobody cancels");
    assert!(running.stop_requested() && running.run(stop_requested) && !stop_requested());
    let promise = running.suspend();
    assert!(promise.stop_requested());
    promise.complete(()).expect("nobody cancels");
    assert!(future.done() && future.stop_requested());
}

#[test]
fn the_work_of_a_promise_cannot_wait_for_itself() {
    let (promise, future) = promise::<u8>();
    let running = promise.start().expect("nobody cancels");
    let error = running.run(move || future.result()).expect_err("it would wait for ever");
    assert_eq!(error.kind(), TaskErrorKind::WouldDeadlock);
    running.complete(1);
}

#[test]
fn a_wish_that_comes_too_late_changes_nothing() {
    let executor = Executor::new(InlineBackend);
    let future = executor.submit(|| 5).expect("accepted");
    future.request_stop();
    let mut futures = as_completed([future]);
    assert_eq!(futures.next().expect("one").result().expect("a value"), 5);
}
