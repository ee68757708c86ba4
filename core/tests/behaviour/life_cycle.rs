//! Whole traces: everything that happens to a task, in the order in which it happens.

use core::task::{Context, Poll};
use core::time::Duration;

use concurrent_futures_core::{
    Backend, Completion, Executor, InlineBackend, Refused, Shutdown, Task, TaskErrorKind, promise,
};

use crate::support::{Held, NoteOnDrop, Trace, held, held_that_claims, poll};

/// A backend held by hand that notes its end.
struct Noting {
    held: Held,
    _noted: NoteOnDrop,
}

impl Backend for Noting {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        self.held.schedule(task)
    }

    fn run_one(&self) -> bool {
        self.held.run_one()
    }
}

fn noting(trace: &Trace) -> (Held, Executor<Noting>) {
    let held = Held::default();
    let backend = Noting { held: held.clone(), _noted: trace.on_drop("backend dropped") };
    (held, Executor::new(backend))
}

fn callback(trace: &Trace, event: &'static str) -> impl FnOnce(&Completion) + Send + 'static {
    let noted = trace.clone();
    move |_| noted.note(event)
}

#[test]
fn submit_run_result() {
    let trace = Trace::default();
    let (held, executor) = noting(&trace);
    let (noted, closure) = (trace.clone(), trace.on_drop("closure dropped"));
    let mut future = executor
        .submit(move || {
            let _closure = closure;
            noted.note("ran");
            noted.on_drop("value dropped")
        })
        .expect("held tasks are accepted");
    let waker = trace.waker("waiter woken");
    assert!(poll(&mut future, &waker).is_pending());
    future.add_done_callback(callback(&trace, "callback 1"));
    future.add_done_callback(callback(&trace, "callback 2"));
    assert_eq!(trace.take(), [""; 0]);
    assert!(held.run_next());
    assert_eq!(
        trace.take(),
        ["ran", "closure dropped", "waiter woken", "callback 1", "callback 2"]
    );
    let value = future.result().expect("it returned");
    assert_eq!(trace.take(), [""; 0]);
    drop(value);
    assert_eq!(trace.take(), ["value dropped"]);
    drop(executor);
    assert_eq!(trace.take(), ["backend dropped"]);
}

#[test]
fn submit_run_and_the_executor_goes_with_its_last_task() {
    let trace = Trace::default();
    let (held, executor) = noting(&trace);
    let (sender, receiver) = std::sync::mpsc::channel();
    let (noted, closure) = (trace.clone(), trace.on_drop("closure dropped"));
    let mut future = executor
        .submit(move || {
            let _closure = closure;
            drop(receiver.recv().expect("the executor was sent"));
            noted.note("executor dropped");
        })
        .expect("held tasks are accepted");
    sender.send(executor).expect("the task has the receiver");
    let waker = trace.waker("waiter woken");
    assert!(poll(&mut future, &waker).is_pending());
    future.add_done_callback(callback(&trace, "callback"));
    assert!(held.run_next());
    assert_eq!(
        trace.take(),
        ["executor dropped", "closure dropped", "waiter woken", "callback", "backend dropped"]
    );
    assert!(future.result().is_ok());
}

#[test]
fn submit_panic_error() {
    let trace = Trace::default();
    let (held, executor) = held();
    let (noted, closure) = (trace.clone(), trace.on_drop("closure dropped"));
    let mut future = executor
        .submit(move || {
            let _closure = closure;
            noted.note("ran");
            std::panic::panic_any(noted.on_drop("payload dropped"));
        })
        .map(|future| future.then(|outcome: Result<(), _>| outcome))
        .expect("held tasks are accepted");
    let waker = trace.waker("waiter woken");
    assert!(poll(&mut future, &waker).is_pending());
    future.add_done_callback(callback(&trace, "callback"));
    assert!(held.run_next());
    assert_eq!(trace.take(), ["ran", "closure dropped", "waiter woken", "callback"]);
    let error = future.result().expect("`then` returned").expect_err("it panicked");
    assert_eq!(error.kind(), TaskErrorKind::Panicked);
    let clone = error.clone();
    drop(error);
    assert_eq!(trace.take(), [""; 0]);
    drop(clone);
    assert_eq!(trace.take(), ["payload dropped"]);
}

#[test]
fn submit_cancel() {
    let trace = Trace::default();
    let (held, executor) = held();
    let (noted, closure) = (trace.clone(), trace.on_drop("closure dropped"));
    let mut future = executor
        .submit(move || {
            let _closure = &closure;
            noted.note("ran");
        })
        .expect("held tasks are accepted");
    let waker = trace.waker("waiter woken");
    assert!(poll(&mut future, &waker).is_pending());
    future.add_done_callback(callback(&trace, "callback 1"));
    future.add_done_callback(callback(&trace, "callback 2"));
    assert!(future.cancel());
    assert_eq!(trace.take(), ["closure dropped", "waiter woken", "callback 1", "callback 2"]);
    assert!(future.cancel());
    assert!(held.run_next(), "the entry is still queued");
    assert_eq!(trace.take(), [""; 0], "and does nothing");
}

#[test]
fn submit_and_the_backend_drops_the_task() {
    let trace = Trace::default();
    let (held, executor) = held();
    let closure = trace.on_drop("closure dropped");
    let mut future = executor.submit(move || drop(closure)).expect("held tasks are accepted");
    let waker = trace.waker("waiter woken");
    assert!(poll(&mut future, &waker).is_pending());
    future.add_done_callback(callback(&trace, "callback"));
    drop(held.pop());
    assert_eq!(trace.take(), ["closure dropped", "waiter woken", "callback"]);
    assert_eq!(future.result().map_err(|error| error.kind()), Err(TaskErrorKind::Abandoned));
}

#[test]
fn submit_detach_run() {
    let trace = Trace::default();
    let (held, executor) = held();
    let (noted, closure) = (trace.clone(), trace.on_drop("closure dropped"));
    let mut future = executor
        .submit(move || {
            let _closure = closure;
            noted.note("ran");
            noted.on_drop("value dropped")
        })
        .expect("held tasks are accepted");
    let waker = trace.waker("waiter woken");
    assert!(poll(&mut future, &waker).is_pending());
    future.add_done_callback(callback(&trace, "callback"));
    drop(future);
    assert_eq!(trace.take(), [""; 0]);
    assert!(held.run_next());
    assert_eq!(trace.take(), ["ran", "closure dropped", "callback", "value dropped"]);
    drop(executor);
    assert_eq!(trace.take(), [""; 0]);
}

#[test]
fn submit_inline() {
    let trace = Trace::default();
    let executor = Executor::new(InlineBackend);
    let (noted, closure) = (trace.clone(), trace.on_drop("closure dropped"));
    let future = executor
        .submit(move || {
            let _closure = closure;
            noted.note("ran");
            noted.on_drop("value dropped")
        })
        .expect("inline tasks are accepted");
    trace.note("submitted");
    future.add_done_callback(callback(&trace, "callback"));
    drop(future);
    assert_eq!(trace.take(), ["ran", "closure dropped", "submitted", "callback", "value dropped"]);
}

#[test]
fn submit_refused() {
    let trace = Trace::default();
    let (held, executor) = held();
    executor.close();
    let (noted, closure) = (trace.clone(), trace.on_drop("closure dropped"));
    let refused = executor.submit(move || {
        let _closure = &closure;
        noted.note("ran");
    });
    trace.note("refused");
    let callable = refused.expect_err("closed").into_inner();
    assert_eq!(trace.take(), ["refused"]);
    callable();
    assert_eq!(trace.take(), ["ran", "closure dropped"]);
    assert_eq!(held.len(), 0);
}

#[test]
fn promise_complete() {
    let trace = Trace::default();
    let (promise, mut future) = promise();
    let waker = trace.waker("waiter woken");
    assert!(poll(&mut future, &waker).is_pending());
    future.add_done_callback(callback(&trace, "callback"));
    let value = trace.on_drop("value dropped");
    trace.note("complete");
    promise.complete(value).expect("not cancelled");
    trace.note("completed");
    drop(future);
    assert_eq!(
        trace.take(),
        ["complete", "waiter woken", "callback", "completed", "value dropped"]
    );
}

#[test]
fn promise_cancel_complete() {
    let trace = Trace::default();
    let (promise, mut future) = promise();
    let waker = trace.waker("waiter woken");
    assert!(poll(&mut future, &waker).is_pending());
    future.add_done_callback(callback(&trace, "callback"));
    assert!(future.canceller().cancel());
    trace.note("cancelled");
    let value = promise.complete(trace.on_drop("value dropped")).expect_err("cancelled");
    trace.note("given back");
    drop(value);
    assert_eq!(
        trace.take(),
        ["waiter woken", "callback", "cancelled", "given back", "value dropped"]
    );
}

#[test]
fn the_inline_waiter_first_then_the_list_in_the_order_added() {
    let trace = Trace::default();
    let (promise, mut future) = promise::<u8>();
    let waker = trace.waker("awaiting");
    future.add_done_callback(callback(&trace, "callback 1"));
    assert!(poll(&mut future, &waker).is_pending());
    future.add_done_callback(callback(&trace, "callback 2"));
    promise.complete(1).expect("not cancelled");
    assert_eq!(trace.take(), ["awaiting", "callback 1", "callback 2"]);
}

#[test]
fn shared_waiters_and_callbacks_in_the_order_added() {
    let trace = Trace::default();
    let (promise, future) = promise();
    let shared = future.shared();
    let (one, two) = (trace.waker("waiter 1"), trace.waker("waiter 2"));
    {
        let mut first = core::pin::pin!((&shared).into_future());
        let mut second = core::pin::pin!((&shared).into_future());
        assert!(first.as_mut().poll(&mut Context::from_waker(&one)).is_pending());
        shared.add_done_callback(callback(&trace, "callback 1"));
        assert!(second.as_mut().poll(&mut Context::from_waker(&two)).is_pending());
        shared.add_done_callback(callback(&trace, "callback 2"));
        promise.complete(trace.on_drop("value dropped")).expect("not cancelled");
        assert_eq!(trace.take(), ["waiter 1", "callback 1", "waiter 2", "callback 2"]);
        assert!(matches!(first.poll(&mut Context::from_waker(&one)), Poll::Ready(Ok(_))));
    }
    shared.add_done_callback(callback(&trace, "callback 3"));
    let other = shared.clone();
    drop(shared);
    assert_eq!(trace.take(), ["callback 3"]);
    drop(other);
    assert_eq!(trace.take(), ["value dropped"]);
}

#[test]
fn then_runs_where_the_future_completes() {
    let trace = Trace::default();
    let (promise, future) = promise();
    let (noted, function) = (trace.clone(), trace.on_drop("function dropped"));
    let mut next = future.then(move |value: Result<NoteOnDrop, _>| {
        let _function = function;
        noted.note("function called");
        drop(value);
        noted.on_drop("second value dropped")
    });
    let waker = trace.waker("waiter of the second woken");
    assert!(poll(&mut next, &waker).is_pending());
    promise.complete(trace.on_drop("first value dropped")).expect("not cancelled");
    trace.note("completed");
    drop(next);
    assert_eq!(
        trace.take(),
        [
            "function called",
            "first value dropped",
            "function dropped",
            "waiter of the second woken",
            "completed",
            "second value dropped"
        ]
    );
}

#[test]
fn then_cancelled() {
    let trace = Trace::default();
    let (promise, future) = promise();
    let function = trace.on_drop("function dropped");
    let next = future.then(move |_: Result<NoteOnDrop, _>| drop(function));
    next.add_done_callback(callback(&trace, "callback of the second"));
    assert!(next.cancel());
    assert_eq!(trace.take(), ["function dropped", "callback of the second"]);
    promise.complete(trace.on_drop("value dropped")).expect("only the second was cancelled");
    assert_eq!(trace.take(), ["value dropped"]);
}

#[test]
fn a_task_claims_the_task_it_waits_for() {
    let trace = Trace::default();
    let (held, executor) = held_that_claims();
    let executor = std::sync::Arc::new(executor);
    let (noted, inner) = (trace.clone(), executor.clone());
    let outer = executor
        .submit(move || {
            noted.note("outer started");
            let (ours, closure) = (noted.clone(), noted.on_drop("inner closure dropped"));
            let future = inner
                .submit(move || {
                    let _closure = closure;
                    ours.note("inner ran");
                })
                .expect("held tasks are accepted");
            future.add_done_callback(callback(&noted, "inner callback"));
            future.result().expect("claimed and run");
            noted.note("outer ended");
        })
        .expect("held tasks are accepted");
    outer.add_done_callback(callback(&trace, "outer callback"));
    assert!(held.run_next());
    assert_eq!(
        trace.take(),
        [
            "outer started",
            "inner ran",
            "inner closure dropped",
            "inner callback",
            "outer ended",
            "outer callback"
        ]
    );
    assert!(held.run_next(), "the claimed entry is still queued");
    assert_eq!(trace.take(), [""; 0], "and does nothing");
}

#[test]
fn a_wait_times_out_and_the_task_goes_on() {
    let trace = Trace::default();
    let (held, executor) = held();
    let noted = trace.clone();
    let mut future = executor.submit(move || noted.note("ran")).expect("held tasks are accepted");
    let error = future.result_timeout(Duration::ZERO).expect_err("nobody runs it");
    assert!(error.is_timed_out());
    trace.note("timed out");
    assert!(held.run_next());
    assert!(future.result_timeout(Duration::ZERO).is_ok());
    assert_eq!(trace.take(), ["timed out", "ran"]);
}

#[test]
fn shutdown_cancels_what_is_queued_in_its_order() {
    let trace = Trace::default();
    let (held, executor) = held();
    let mut futures = Vec::new();
    for event in ["closure 1 dropped", "closure 2 dropped", "closure 3 dropped"] {
        let closure = trace.on_drop(event);
        futures.push(executor.submit(move || drop(closure)).expect("held tasks are accepted"));
    }
    futures[1].add_done_callback(callback(&trace, "callback 2"));
    assert!(held.run_next());
    executor.shutdown(Shutdown::wait().cancel_futures()).expect("nothing is left");
    assert_eq!(
        trace.take(),
        ["closure 1 dropped", "closure 2 dropped", "callback 2", "closure 3 dropped"]
    );
    let cancelled: Vec<bool> = futures.iter().map(|future| future.cancelled()).collect();
    assert_eq!(cancelled, [false, true, true]);
}
