//! "Executors", line by line, over backends that are not ours; `map` is in `contract_map`.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex};
use std::thread;

use concurrent_futures_core::{
    Backend, Executor, InlineBackend, Refused, RefusedReason, Shutdown, ShutdownError, SubmitError,
    Task, TaskErrorKind,
};

use crate::support::{Counts, Held, OneThread, held, held_that_claims, within};

// --- submit ---

#[test]
fn submit_gives_a_future_of_what_the_closure_returns() {
    let (held, executor) = held();
    let future = executor.submit(|| 6 * 7).expect("accepted");
    assert!(!future.done());
    held.run_all();
    assert_eq!(future.result().expect("it returned"), 42);
}

#[test]
fn with_one_worker_tasks_start_in_the_order_submitted() {
    let (held, executor) = held();
    let order = Arc::new(Mutex::new(Vec::new()));
    for number in 0..5 {
        let order = order.clone();
        let submitted = executor.submit(move || order.lock().expect("unpoisoned").push(number));
        drop(submitted.expect("accepted"));
    }
    held.run_all();
    assert_eq!(*order.lock().expect("unpoisoned"), [0, 1, 2, 3, 4]);
}

#[test]
fn submit_after_shutdown_gives_the_closure_back() {
    let (held, executor) = held();
    executor.shutdown(Shutdown::wait()).expect("nothing to wait for");
    let counts = Counts::default();
    let captured = counts.make();
    let refused = executor
        .submit(move || {
            drop(captured);
            5
        })
        .expect_err("shut down");
    assert_eq!(*refused.reason(), RefusedReason::ShutDown);
    assert!(refused.to_string().starts_with("task not accepted: the executor was shut down"));
    assert_eq!(counts.alive(), 1);
    let callable = refused.into_inner();
    assert_eq!(callable(), 5);
    counts.assert_each_dropped_once();
    assert_eq!(held.len(), 0, "the backend never saw it");
    assert_eq!(executor.counters().submitted, 0);
}

#[test]
fn submit_fallible_gives_the_closure_back_too() {
    let (_held, executor) = held();
    executor.close();
    let refused = executor.submit_fallible(|| "5".parse::<u8>()).expect_err("shut down");
    assert_eq!(refused.into_inner()(), Ok(5));
}

#[test]
fn a_submit_error_without_its_callable_goes_through_the_question_mark() {
    fn submits(executor: &Executor<Held>) -> Result<(), Box<dyn core::error::Error + Send + Sync>> {
        let receiver = std::sync::mpsc::channel::<u8>().1; // Send, not Sync
        let submitted = executor.submit(move || drop(receiver));
        drop(submitted.map_err(SubmitError::without_callable)?);
        Ok(())
    }
    let (_held, executor) = held();
    submits(&executor).expect("accepted");
    executor.close();
    let error = submits(&executor).expect_err("shut down");
    assert!(error.downcast_ref::<SubmitError<()>>().is_some());
}

/// Refuses all, for a reason.
struct Refusing(RefusedReason);

impl Backend for Refusing {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        Err(Refused::new(task, self.0.clone()))
    }
}

#[test]
fn every_reason_for_refusing_reaches_the_caller_with_the_closure() {
    for reason in [
        RefusedReason::ShutDown,
        RefusedReason::Full,
        RefusedReason::NoWorker("no threads to be had".into()),
        RefusedReason::Broken("the initializer failed".into()),
    ] {
        let counts = Counts::default();
        let captured = counts.make();
        let executor = Executor::new(Refusing(reason.clone()));
        let refused = executor.submit(move || drop(captured)).expect_err("refused");
        assert_eq!(*refused.reason(), reason);
        let text = refused.to_string();
        assert!(text.ends_with(&reason.to_string()), "{text}");
        assert!(format!("{refused:?}").contains(&format!("{reason:?}")));
        assert_eq!(counts.alive(), 1);
        drop(refused.into_inner());
        counts.assert_each_dropped_once();
        assert_eq!(executor.remaining().tasks, 0);
        drop(executor); // waits for nothing
    }
}

#[test]
fn a_refused_task_is_given_back_to_a_backend_s_caller() {
    let (held, executor) = held();
    let future = executor.submit(|| 1).expect("accepted");
    let task = held.pop().expect("submitted");
    assert_eq!(task.id(), Some(future.id()));
    let refused = Refused::new(task, RefusedReason::Full);
    assert!(format!("{refused:?}").contains("Full"));
    refused.into_inner().run();
    assert_eq!(future.result().expect("it returned"), 1);
}

// --- shutdown ---

#[test]
fn what_was_queued_still_runs_after_shutdown() {
    let (backend, worker) = OneThread::start();
    let executor = Executor::new(backend);
    let futures: Vec<_> =
        (0..3).map(|number| executor.submit(move || number).expect("accepted")).collect();
    executor.shutdown(Shutdown::wait()).expect("it ends");
    assert!(futures.iter().all(|future| future.done()));
    assert_eq!(executor.remaining().tasks, 0);
    drop(executor);
    worker.join().expect("does not panic");
    let values: Result<Vec<_>, _> = futures.into_iter().map(|future| future.result()).collect();
    assert_eq!(values.expect("they returned"), [0, 1, 2]);
}

#[test]
fn shutdown_is_idempotent() {
    let (held, executor) = held();
    let future = executor.submit(|| 1).expect("accepted");
    executor.shutdown(Shutdown::detach()).expect("it does not wait");
    executor.shutdown(Shutdown::detach()).expect("again");
    assert!(!future.done());
    held.run_all();
    executor.shutdown(Shutdown::wait()).expect("nothing is left");
    executor.shutdown(Shutdown::wait().cancel_futures()).expect("nothing is left");
    assert_eq!(future.result().expect("it ran"), 1);
}

#[test]
fn detach_does_not_wait_and_what_was_accepted_goes_on() {
    let (held, executor) = held();
    let future = executor.submit(|| 1).expect("accepted");
    executor.shutdown(Shutdown::detach()).expect("it does not wait");
    assert_eq!(held.len(), 1);
    assert!(executor.submit(|| 2).is_err());
    held.run_all();
    assert_eq!(future.result().expect("it ran"), 1);
}

#[test]
fn cancel_futures_cancels_what_has_not_started() {
    let (held, executor) = held();
    let executor = Arc::new(executor);
    let ours = executor.clone();
    let running = executor
        .submit(move || {
            let how = Shutdown::detach().cancel_futures();
            ours.shutdown(how).expect("it does not wait");
            "ran to its end"
        })
        .expect("accepted");
    let queued = executor.submit(|| "never").expect("accepted");
    held.run_all();
    assert_eq!(running.result().expect("running tasks are left alone"), "ran to its end");
    assert!(queued.cancelled());
}

#[test]
fn shutdown_with_a_deadline_reports_what_is_left() {
    /// Held, and not to be run by whoever waits.
    struct Aloof(Held);
    impl Backend for Aloof {
        fn schedule(&self, task: Task) -> Result<(), Refused> {
            self.0.schedule(task)
        }
    }
    let held = Held::default();
    let executor = Executor::new(Aloof(held.clone()));
    let first = executor.submit(|| 1).expect("accepted");
    let second = executor.submit(|| 2).expect("accepted");
    let how = Shutdown::wait_timeout(Duration::from_micros(1));
    let Err(ShutdownError::TimedOut(left)) = executor.shutdown(how) else {
        panic!("nobody runs them");
    };
    assert_eq!((left.tasks, left.workers), (2, 0));
    let text = ShutdownError::TimedOut(left).to_string();
    assert_eq!(text, "not ended in time: 2 tasks and 0 workers remain");
    assert!(held.run_next());
    let Err(ShutdownError::TimedOut(left)) = executor.shutdown(how) else {
        panic!("one is left");
    };
    assert_eq!(left.tasks, 1);
    assert_eq!(executor.remaining(), left);
    assert!(executor.submit(|| 3).is_err(), "closed all the same");
    assert!(held.run_next());
    executor.shutdown(how).expect("nothing is left");
    assert_eq!((first.result().ok(), second.result().ok()), (Some(1), Some(2)));
}

#[test]
fn shutdown_is_called_from_several_threads() {
    let (backend, worker) = OneThread::start();
    let executor = Arc::new(Executor::new(backend));
    let future = executor.submit(|| 1).expect("accepted");
    let ours = executor.clone();
    let other = thread::spawn(move || ours.shutdown(Shutdown::wait()));
    executor.shutdown(Shutdown::wait()).expect("it ends");
    other.join().expect("does not panic").expect("it ends");
    assert!(future.done());
    drop(executor);
    worker.join().expect("does not panic");
}

#[test]
fn a_task_that_waits_for_its_own_executor_s_end_would_deadlock() {
    let (held, executor) = held();
    let executor = Arc::new(executor);
    let ours = executor.clone();
    let future = executor.submit(move || ours.shutdown(Shutdown::wait())).expect("accepted");
    held.run_all();
    let outcome = future.result().expect("it returned");
    assert_eq!(outcome, Err(ShutdownError::WouldDeadlock));
    assert!(executor.submit(|| 1).is_err(), "closed all the same");
}

#[test]
fn a_task_claimed_by_another_executor_s_task_would_deadlock_too() {
    let (outer_tasks, outer) = held();
    let outer = Arc::new(outer);
    let inner = Executor::new(InlineBackend);
    let ours = outer.clone();
    let future = outer
        .submit(move || {
            // On the same stack, though in a task of another executor.
            let inside = inner.submit(move || ours.shutdown(Shutdown::wait())).expect("accepted");
            inside.result().expect("it returned")
        })
        .expect("accepted");
    outer_tasks.run_all();
    assert_eq!(future.result().expect("it returned"), Err(ShutdownError::WouldDeadlock));
}

#[test]
fn a_task_may_shut_down_another_executor() {
    let (held, executor) = held();
    let other = Executor::new(InlineBackend);
    let future = executor.submit(move || other.shutdown(Shutdown::wait())).expect("accepted");
    held.run_all();
    assert_eq!(future.result().expect("it returned"), Ok(()));
}

#[test]
fn shutdown_is_called_from_the_callback_of_a_task_that_ran() {
    within(|| {
        let (held, executor) = held();
        let executor = Arc::new(executor);
        let ours = executor.clone();
        let future = executor.submit(|| 1).expect("accepted");
        let (sender, told) = std::sync::mpsc::channel();
        future.add_done_callback(move |_| {
            sender.send(ours.shutdown(Shutdown::wait())).expect("somebody listens");
        });
        held.run_all();
        assert_eq!(told.recv().expect("called"), Err(ShutdownError::WouldDeadlock));
    });
}

#[test]
fn shutdown_is_called_from_the_callback_of_a_cancelled_task() {
    within(|| {
        let (_held, executor) = held();
        let executor = Arc::new(executor);
        let ours = executor.clone();
        let future = executor.submit(|| 1).expect("accepted");
        let (sender, told) = std::sync::mpsc::channel();
        future.add_done_callback(move |_| {
            // Its end includes this callback's.
            sender.send(ours.shutdown(Shutdown::wait())).expect("somebody listens");
        });
        assert!(future.cancel());
        assert_eq!(told.recv().expect("called"), Err(ShutdownError::WouldDeadlock));
    });
}

#[test]
fn shutdown_waits_for_callbacks() {
    let (backend, worker) = OneThread::start();
    let executor = Executor::new(backend);
    let called = Arc::new(AtomicBool::new(false));
    let ours = called.clone();
    let (start, started) = std::sync::mpsc::channel::<()>();
    let future = executor.submit(move || started.recv().is_ok()).expect("accepted");
    future.add_done_callback(move |_| ours.store(true, Ordering::Release));
    start.send(()).expect("the task listens");
    executor.shutdown(Shutdown::wait()).expect("it ends");
    assert!(called.load(Ordering::Acquire));
    drop(executor);
    worker.join().expect("does not panic");
}

#[test]
fn close_and_cancel_says_how_many() {
    let (held, executor) = held();
    let first = executor.submit(|| 1).expect("accepted");
    let second = executor.submit(|| 2).expect("accepted");
    assert!(second.cancel());
    let third = executor.submit(|| 3).expect("accepted");
    assert_eq!(executor.remaining().tasks, 2);
    assert_eq!(executor.close_and_cancel(), 2);
    assert!(first.cancelled() && third.cancelled());
    assert_eq!(executor.remaining().tasks, 0);
    assert!(executor.submit(|| 4).is_err());
    assert_eq!(executor.close_and_cancel(), 0);
    held.run_all();
}

#[test]
fn a_callback_that_submits_again_what_was_cancelled_does_not_keep_an_executor_open() {
    within(|| {
        let (held, executor) = held();
        let executor = Arc::new(executor);
        let ours = executor.clone();
        let (sender, told) = std::sync::mpsc::channel();
        let future = executor.submit(|| 0).expect("accepted");
        future.add_done_callback(move |completion| {
            let again = ours.submit(|| 1).map(drop).map_err(SubmitError::without_callable);
            sender.send((completion.cancelled(), again.is_err())).expect("somebody listens");
        });
        executor.shutdown(Shutdown::wait().cancel_futures()).expect("it ends");
        assert_eq!(told.recv().expect("called"), (true, true));
        held.run_all();
    });
}

// --- drop ---

#[test]
fn dropping_an_executor_runs_what_was_accepted() {
    let (backend, worker) = OneThread::start();
    let executor = Executor::new(backend);
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..3 {
        let ran = ran.clone();
        let future = executor.submit(move || ran.fetch_add(1, Ordering::Relaxed));
        drop(future.expect("accepted"));
    }
    drop(executor);
    assert_eq!(ran.load(Ordering::Relaxed), 3);
    worker.join().expect("does not panic");
}

#[test]
fn dropping_an_executor_runs_what_a_loop_of_the_program_would() {
    within(|| {
        let (held, executor) = held();
        let future = executor.submit(|| 1).expect("accepted");
        drop(executor);
        assert_eq!(held.len(), 0);
        assert_eq!(future.result().expect("it ran"), 1);
    });
}

#[test]
fn an_executor_dropped_inside_its_own_task_does_not_wait() {
    within(|| {
        let (held, executor) = held();
        let executor = Arc::new(executor);
        let ours = executor.clone();
        let first = executor.submit(move || drop(ours)).expect("accepted");
        let second = executor.submit(|| 2).expect("accepted");
        drop(executor);
        assert!(held.run_next());
        assert!(first.done() && !second.done());
        assert!(held.run_next(), "what was accepted is run");
        assert_eq!(second.result().expect("it ran"), 2);
    });
}

#[test]
fn an_executor_dropped_with_the_closure_of_a_cancelled_task_does_not_wait() {
    within(|| {
        let (_held, executor) = held();
        let executor = Arc::new(executor);
        let ours = executor.clone();
        let future = executor.submit(move || drop(ours)).expect("accepted");
        drop(executor);
        assert!(future.cancel());
    });
}

#[test]
fn an_executor_dropped_with_the_closure_of_an_abandoned_task_does_not_wait() {
    within(|| {
        let (held, executor) = held();
        let executor = Arc::new(executor);
        let ours = executor.clone();
        let future = executor.submit(move || drop(ours)).expect("accepted");
        drop(executor);
        drop(held.pop());
        assert_eq!(future.result().map_err(|error| error.kind()), Err(TaskErrorKind::Abandoned));
    });
}

#[test]
fn an_executor_that_is_its_own_task_s_value_does_not_wait() {
    within(|| {
        let (held, executor) = held();
        let (sender, receiver) = std::sync::mpsc::channel::<Executor<Held>>();
        let future = executor.submit(move || receiver.recv().ok()).expect("accepted");
        sender.send(executor).expect("the task has the receiver");
        drop(future); // whoever runs it drops its value, the executor
        assert!(held.run_next());
    });
}

#[test]
fn waiting_for_a_task_of_a_dropped_executor() {
    let (held, executor) = held_that_claims();
    let executor = Arc::new(executor);
    let ours = executor.clone();
    let future = executor
        .submit(move || {
            let inner = ours.submit(|| 5).expect("accepted");
            drop(ours);
            inner.result().expect("claimed: it is still this worker's")
        })
        .expect("accepted");
    drop(executor);
    assert!(held.run_next());
    assert_eq!(future.result().expect("it returned"), 5);
    held.run_all();
}

#[test]
fn an_executor_shows_its_backend_and_what_remains() {
    let (held, executor) = held();
    let _future = executor.submit(|| 1).expect("accepted");
    assert_eq!(executor.backend().len(), 1);
    assert!(format!("{executor:?}").contains("tasks: 1"), "{executor:?}");
    held.run_all();
    assert!(format!("{executor:?}").contains("tasks: 0"), "{executor:?}");
}

#[test]
fn a_task_shows_where_it_is_in_its_life() {
    let (held, executor) = held();
    let future = executor.submit(|| 1).expect("accepted");
    let task = held.pop().expect("submitted");
    assert!(format!("{task:?}").ends_with(" state=pending>"), "{task:?}");
    assert!(future.cancel());
    assert!(format!("{task:?}").ends_with(" state=cancelled>"), "{task:?}");
}
