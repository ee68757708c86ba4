//! Scopes: what borrowed tasks may do, and what is over when a scope returns.

use core::mem::ManuallyDrop;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;

use concurrent_futures_core::{
    Backend, Executor, InlineBackend, Refused, RefusedReason, ReturnWhen, Scope, Shutdown,
    SubmitError, Task, TaskError, TaskErrorKind, as_completed, wait,
};

use crate::support::{Counted, Counts, OneThread, Trace, block_on, held, held_that_claims, within};

/// How long somebody is slow on purpose.
const YIELDS: usize = if cfg!(miri) { 5 } else { 100 };

/// How often what depends on who is faster is tried.
const ROUNDS: usize = if cfg!(miri) { 2 } else { 20 };

/// An executor over one other thread, for as long as `f` runs.
fn with_one_thread<R>(f: impl FnOnce(&Executor<OneThread>) -> R) -> R {
    let (backend, thread) = OneThread::start();
    let executor = Executor::new(backend);
    let outcome = f(&executor);
    drop(executor);
    thread.join().expect("tasks cannot panic through it");
    outcome
}

/// What a scope threw, as text.
fn thrown<R>(f: impl FnOnce() -> R) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).err().expect("a panic");
    payload.downcast_ref::<&str>().map(|text| (*text).to_owned()).expect("text")
}

/// Something that looks at what it borrows when it ends.
struct LooksBack<'a>(&'a AtomicUsize);

impl Drop for LooksBack<'_> {
    fn drop(&mut self) {
        // So that a scope that ends too early most likely has ended by now.
        (0..YIELDS).for_each(|_| thread::yield_now());
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

// --- borrowing ---

#[test]
fn a_task_borrows_from_the_stack_of_the_caller() {
    within(|| {
        with_one_thread(|executor| {
            let words = [String::from("one"), String::from("three")];
            let mut lengths = [0; 2];
            let longest = executor.scope(|scope| {
                for (word, length) in words.iter().zip(&mut lengths) {
                    drop(scope.submit(|| *length = word.len()).expect("accepted"));
                }
                let longest = scope.submit(|| words.iter().max_by_key(|word| word.len()));
                longest.expect("accepted").result().expect("it returned")
            });
            assert_eq!(longest.expect("not empty"), "three");
            assert_eq!(lengths, [3, 5]);
        });
    });
}

#[test]
fn an_err_is_a_failure_of_a_fallible_task() {
    let text = String::from("4x");
    let executor = Executor::new(InlineBackend);
    let error = executor.scope(|scope| {
        let future = scope.submit_fallible(|| text.parse::<u32>()).expect("accepted");
        future.result().expect_err("not a number")
    });
    assert!(error.downcast_ref::<core::num::ParseIntError>().is_some());
}

#[test]
fn a_scope_returns_what_its_closure_returns_a_future_included() {
    within(|| {
        with_one_thread(|executor| {
            let number = 6;
            let future = executor.scope(|scope| scope.submit(|| number * 7).expect("accepted"));
            assert!(future.done());
            assert_eq!(future.result().expect("it returned"), 42);
        });
    });
}

#[test]
fn a_value_may_borrow_and_be_taken_after_the_scope() {
    let text = String::from("to be or not");
    let executor = Executor::new(InlineBackend);
    let future = executor
        .scope(|scope| scope.submit(|| text.split(' ').collect::<Vec<_>>()).expect("accepted"));
    assert_eq!(future.result().expect("it returned"), ["to", "be", "or", "not"]);
}

#[test]
fn futures_of_a_scope_are_waited_for_in_every_way() {
    within(|| {
        with_one_thread(|executor| {
            let base = 10;
            executor.scope(|scope| {
                let submit = |n: u32| scope.submit(move || n + base).expect("accepted");
                assert_eq!(submit(1).result().expect("it returned"), 11);
                assert_eq!(block_on(submit(2)).expect("it returned"), 12);
                assert_eq!(submit(3).shared().result().expect("it returned"), &13);
                let waited = wait((0..3).map(submit), None, ReturnWhen::AllCompleted);
                assert_eq!(waited.done.len(), 3);
                let values = as_completed((0..3).map(submit)).map(|future| future.result());
                let mut values: Vec<_> = values.map(|value| value.expect("it returned")).collect();
                values.sort_unstable();
                assert_eq!(values, [10, 11, 12]);
            });
        });
    });
}

fn count_down<'scope>(scope: &'scope Scope<'scope, '_>, left: u32, ran: &'scope AtomicUsize) {
    ran.fetch_add(1, Ordering::Relaxed);
    if left > 0 {
        drop(scope.submit(move || count_down(scope, left - 1, ran)).expect("accepted"));
    }
}

#[test]
fn a_task_submits_into_its_scope() {
    within(|| {
        with_one_thread(|executor| {
            let ran = AtomicUsize::new(0);
            executor.scope(|scope| count_down(scope, 50, &ran));
            assert_eq!(ran.into_inner(), 51);
        });
    });
}

// --- what is over when it ends, case by case ---

#[test]
fn closures_are_destroyed_before_the_scope_ends() {
    within(|| {
        with_one_thread(|executor| {
            let mut ends = AtomicUsize::new(0);
            for round in 1..=ROUNDS {
                let ended = &ends;
                executor.scope(|scope| {
                    let captured = LooksBack(ended);
                    drop(scope.submit(move || drop(captured)).expect("accepted"));
                });
                assert_eq!(*ends.get_mut(), round);
            }
        });
    });
}

#[test]
fn the_value_of_a_dropped_future_is_destroyed_before_the_scope_ends() {
    within(|| {
        with_one_thread(|executor| {
            let mut ends = AtomicUsize::new(0);
            for round in 1..=ROUNDS {
                let ended = &ends;
                executor.scope(|scope| drop(scope.submit(|| LooksBack(ended)).expect("accepted")));
                assert_eq!(*ends.get_mut(), round);
            }
        });
    });
}

#[test]
fn a_future_that_nobody_drops_delays_nothing_and_its_value_is_not_touched() {
    within(|| {
        with_one_thread(|executor| {
            let ends = AtomicUsize::new(0);
            let kept = executor.scope(|scope| {
                // Not forgotten for ever, so that the test itself leaks nothing.
                ManuallyDrop::new(scope.submit(|| LooksBack(&ends)).expect("accepted").shared())
            });
            assert!(kept.done());
            assert_eq!(ends.load(Ordering::Relaxed), 0);
            drop(ManuallyDrop::into_inner(kept));
            assert_eq!(ends.load(Ordering::Relaxed), 1);
        });
    });
}

#[test]
fn a_cancelled_task_is_destroyed_and_its_canceller_outlives_the_scope() {
    let (held, executor) = held();
    let ends = AtomicUsize::new(0);
    let canceller = executor.scope(|scope| {
        let captured = LooksBack(&ends);
        let future = scope.submit(move || drop(captured)).expect("accepted");
        assert!(future.cancel());
        future.canceller()
    });
    assert_eq!(ends.load(Ordering::Relaxed), 1);
    assert!(canceller.cancel() && canceller.done());
    held.run_all(); // the queue's entry outlives the scope as well
    drop(canceller);
    assert_eq!(ends.into_inner(), 1);
}

#[test]
fn a_scope_waits_for_a_cancel_in_another_thread() {
    within(|| {
        for _ in 0..ROUNDS {
            let (_held, executor) = held();
            let mut ends = AtomicUsize::new(0);
            let ended = &ends;
            executor.scope(|scope| {
                let captured = LooksBack(ended);
                let future = scope.submit(move || drop(captured)).expect("accepted");
                let canceller = future.canceller();
                thread::spawn(move || canceller.cancel());
            });
            assert_eq!(*ends.get_mut(), 1);
        }
    });
}

#[test]
fn a_future_that_cancels_when_dropped_does_so() {
    let (held, executor) = held();
    let ran = AtomicUsize::new(0);
    executor.scope(|scope| {
        let future = scope.submit(|| ran.fetch_add(1, Ordering::Relaxed)).expect("accepted");
        drop(future.cancel_on_drop());
    });
    held.run_all();
    assert_eq!(ran.into_inner(), 0);
}

#[test]
fn a_refused_closure_comes_back_unharmed() {
    let (_held, executor) = held();
    executor.close();
    let text = String::from("mine");
    let counts = Counts::default();
    let captured = counts.make();
    let length = executor.scope(|scope| {
        let refused = scope.submit(|| {
            drop(captured);
            text.len()
        });
        let refused = refused.expect_err("closed");
        assert_eq!(*refused.reason(), RefusedReason::ShutDown);
        assert_eq!(counts.alive(), 1);
        refused.into_inner()()
    });
    assert_eq!(length, 4);
    counts.assert_each_dropped_once();
    assert_eq!(executor.counters().submitted, 0);
}

/// Refuses everything.
struct Full;

impl Backend for Full {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        Err(Refused::new(task, RefusedReason::Full))
    }
}

#[test]
fn a_task_that_the_backend_refuses_is_not_waited_for() {
    let text = String::from("borrowed");
    let executor = Executor::new(Full);
    let error: TaskError = executor.scope(|scope| {
        let refused = scope.submit(|| text.len()).expect_err("full");
        let kept: SubmitError<()> = refused.without_callable();
        assert_eq!(*kept.reason(), RefusedReason::Full);
        scope.submit_fallible(|| text.parse::<u8>()).expect_err("full").into()
    });
    assert_eq!(error.kind(), TaskErrorKind::Refused);
    assert_eq!(executor.counters().submitted, 0);
}

/// Drops everything.
struct Sink;

impl Backend for Sink {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        drop(task);
        Ok(())
    }
}

#[test]
fn a_task_that_the_backend_drops_is_abandoned() {
    let text = String::from("borrowed");
    let executor = Executor::new(Sink);
    let error = executor.scope(|scope| scope.submit(|| text.len()).expect("accepted").result());
    assert_eq!(error.expect_err("never run").kind(), TaskErrorKind::Abandoned);
}

/// Panics.
struct Bomb;

impl Backend for Bomb {
    fn schedule(&self, _task: Task) -> Result<(), Refused> {
        std::panic::resume_unwind(Box::new("the backend"));
    }
}

#[test]
fn a_backend_that_panics_does_not_keep_the_scope() {
    let text = String::from("borrowed");
    let executor = Executor::new(Bomb);
    let text = thrown(|| executor.scope(|scope| drop(scope.submit(|| text.len()))));
    assert_eq!(text, "the backend");
}

#[test]
fn shutting_down_inside_cancels_what_has_not_started() {
    let (held, executor) = held();
    let number = 5;
    let future = executor.scope(|scope| {
        let future = scope.submit(|| number + 1).expect("accepted");
        executor.shutdown(Shutdown::wait().cancel_futures()).expect("nothing runs");
        future
    });
    assert!(future.cancelled());
    held.run_all();
}

#[test]
fn a_shutdown_elsewhere_ends_a_scope_whose_tasks_nobody_runs() {
    within(|| {
        let (_held, executor) = held();
        let number = 5;
        thread::scope(|threads| {
            let (submitted, is_submitted) = mpsc::channel();
            let executor = &executor;
            threads.spawn(move || {
                is_submitted.recv().expect("sent below");
                executor.shutdown(Shutdown::wait().cancel_futures()).expect("nothing runs");
            });
            executor.scope(|scope| {
                drop(scope.submit(|| number + 1).expect("accepted"));
                submitted.send(()).expect("received above");
            });
        });
    });
}

#[test]
fn callbacks_have_run_when_the_scope_ends() {
    within(|| {
        with_one_thread(|executor| {
            let trace = Trace::default();
            for _ in 0..ROUNDS {
                let called = trace.clone();
                let number = 3;
                executor.scope(|scope| {
                    let future = scope.submit(|| number).expect("accepted");
                    future.add_done_callback(move |_| {
                        (0..YIELDS).for_each(|_| thread::yield_now());
                        called.note("called");
                    });
                });
                trace.note("over");
                assert_eq!(trace.take(), ["called", "over"]);
            }
        });
    });
}

// --- in a worker of the same executor ---

#[test]
fn a_scope_in_a_task_of_the_only_worker_runs_its_tasks() {
    let (held, executor) = held_that_claims();
    let executor = std::sync::Arc::new(executor);
    let inside = executor.clone();
    let future = executor.submit(move || {
        let mut parts = [0; 3];
        inside.scope(|scope| {
            for (index, part) in parts.iter_mut().enumerate() {
                drop(scope.submit(move || *part = index + 1).expect("accepted"));
            }
        });
        parts
    });
    assert!(held.run_next());
    assert_eq!(future.expect("accepted").result().expect("it returned"), [1, 2, 3]);
    held.run_all(); // entries whose tasks were run in place
}

#[test]
fn they_start_in_the_order_submitted() {
    let (held, executor) = held_that_claims();
    let executor = std::sync::Arc::new(executor);
    let inside = executor.clone();
    let future = executor.submit(move || {
        let order = std::sync::Mutex::new(Vec::new());
        inside.scope(|scope| {
            for n in 0..200 {
                let order = &order;
                let note = move || order.lock().expect("unpoisoned").push(n);
                drop(scope.submit(note).expect("accepted"));
            }
        });
        order.into_inner().expect("unpoisoned")
    });
    assert!(held.run_next());
    let order = future.expect("accepted").result().expect("it returned");
    assert_eq!(order, (0..200).collect::<Vec<_>>());
}

#[test]
fn a_thread_outside_runs_none() {
    within(|| {
        with_one_thread(|executor| {
            let here = thread::current().id();
            let there = executor.scope(|scope| {
                let future = scope.submit(move || (here, thread::current().id()));
                future.expect("accepted")
            });
            let (here, there) = there.result().expect("it returned");
            assert_ne!(here, there);
        });
    });
}

#[test]
fn a_waiting_worker_is_told_of_tasks_that_come_later() {
    within(|| {
        let (held, executor) = held_that_claims();
        let executor = std::sync::Arc::new(executor);
        let inside = executor.clone();
        let (submitted, is_submitted) = mpsc::channel();
        let (started, has_started) = mpsc::channel();
        let owner = executor.submit(move || {
            let (ran, has_run) = mpsc::channel();
            inside.scope(|scope| {
                // Run by the other thread: it submits, and waits in a way that nobody knows of.
                let submits = move || {
                    started.send(()).expect("received below");
                    (0..YIELDS).for_each(|_| thread::yield_now()); // the owner most likely parks
                    drop(scope.submit(move || ran.send(()).expect("received")).expect("accepted"));
                    has_run.recv().expect("the other has run");
                };
                drop(scope.submit(submits).expect("accepted"));
                submitted.send(()).expect("received below");
                has_started.recv().expect("sent above");
            });
        });
        let other = held.clone();
        let other = thread::spawn(move || {
            is_submitted.recv().expect("sent above");
            other.run_next()
        });
        assert!(held.run_next());
        assert!(other.join().expect("it ended"));
        owner.expect("accepted").result().expect("it returned");
        held.run_all();
    });
}

/// How deep it came until a scope refused a task.
fn nest(executor: &Executor<InlineBackend>, depth: usize) -> usize {
    executor.scope(|scope| match scope.submit(|| nest(executor, depth + 1)) {
        Ok(future) => future.result().expect("it returned"),
        Err(refused) => {
            assert_eq!(*refused.reason(), RefusedReason::TooDeep);
            assert!(refused.to_string().contains("split the work"));
            depth
        }
    })
}

#[test]
fn a_scope_on_top_of_too_many_tasks_takes_none() {
    let deepest = thread::Builder::new().stack_size(16 << 20).spawn(|| {
        let executor = Executor::new(InlineBackend);
        nest(&executor, 0)
    });
    assert_eq!(deepest.expect("a thread").join().expect("no overflow"), 128);
}

// --- panics ---

#[test]
fn a_panic_of_the_closure_goes_on_when_the_rest_is_over() {
    within(|| {
        with_one_thread(|executor| {
            let ends = AtomicUsize::new(0);
            let text = thrown(|| {
                executor.scope(|scope| {
                    let captured = LooksBack(&ends);
                    drop(scope.submit(move || drop(captured)).expect("accepted"));
                    drop(scope.submit(|| std::panic::resume_unwind(Box::new("a task"))));
                    std::panic::resume_unwind(Box::new("the closure"));
                });
            });
            assert_eq!(text, "the closure");
            assert_eq!(ends.into_inner(), 1);
        });
    });
}

fn panics(text: &'static str) {
    std::panic::resume_unwind(Box::new(text));
}

#[test]
fn a_panic_that_nobody_read_goes_on_when_the_rest_is_over() {
    within(|| {
        with_one_thread(|executor| {
            let ends = AtomicUsize::new(0);
            let counts = Counts::default();
            let text = thrown(|| {
                executor.scope(|scope| -> Counted {
                    drop(scope.submit(|| panics("the first")).expect("accepted"));
                    drop(scope.submit(|| panics("the second")).expect("accepted"));
                    let captured = LooksBack(&ends);
                    drop(scope.submit(move || drop(captured)).expect("accepted"));
                    counts.make()
                })
            });
            assert_eq!(text, "the first");
            assert_eq!(ends.into_inner(), 1);
            counts.assert_each_dropped_once();
        });
    });
}

#[test]
fn a_panic_that_is_done_before_its_future_is_dropped_goes_on_too() {
    let executor = Executor::new(InlineBackend);
    let dropped = thrown(|| executor.scope(|scope| drop(scope.submit(|| panics("inline")))));
    assert_eq!(dropped, "inline");
}

#[test]
fn a_panic_that_was_read_goes_nowhere() {
    let executor = Executor::new(InlineBackend);
    executor.scope(|scope| {
        let submit = || scope.submit(|| panics("read")).expect("accepted");
        assert!(submit().result().expect_err("a panic").is_panicked());
        assert!(submit().try_result().expect("done").is_err());
        assert!(submit().exception().expect("a panic").is_panicked());
        let soon = core::time::Duration::from_secs(1);
        assert!(submit().exception_timeout(soon).expect("a panic").is_panicked());
        assert!(block_on(submit()).is_err());
        let shared = submit().shared();
        assert!(shared.clone().result().is_err());
    });
}

#[test]
fn a_panic_whose_future_is_returned_goes_nowhere() {
    let executor = Executor::new(InlineBackend);
    let future = executor.scope(|scope| scope.submit(|| panics("returned")).expect("accepted"));
    assert!(future.result().expect_err("a panic").is_panicked());
}

#[test]
fn failures_that_are_no_panics_go_nowhere() {
    let (_held, executor) = held();
    executor.scope(|scope| {
        let cancelled = scope.submit(|| ()).expect("accepted");
        assert!(cancelled.cancel());
    });
    let executor = Executor::new(InlineBackend);
    executor.scope(|scope| drop(scope.submit_fallible(|| "x".parse::<u8>()).expect("accepted")));
}

#[test]
fn a_value_whose_drop_panics_costs_nothing_more() {
    struct PanicsOnDrop<'a>(#[expect(dead_code, reason = "borrows")] &'a str);
    impl Drop for PanicsOnDrop<'_> {
        fn drop(&mut self) {
            panics("dropped");
        }
    }
    within(|| {
        with_one_thread(|executor| {
            let text = String::from("borrowed");
            executor.scope(|scope| {
                drop(scope.submit(|| PanicsOnDrop(&text)).expect("accepted"));
                let captured = PanicsOnDrop(&text);
                let future = scope.submit(move || drop(captured)).expect("accepted");
                assert!(future.result().expect_err("its drop panicked").is_panicked());
            });
        });
    });
}
