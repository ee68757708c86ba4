//! "Future", line by line; the matrix of ends and observers is in `matrix`.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::Poll;
use core::time::Duration;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use concurrent_futures_core::{
    Completion, Executor, Future, FutureState, InUse, InlineBackend, SharedFuture, StaticCallback,
    TaskError, TaskErrorKind, promise,
};

use crate::support::{
    Calls, Held, Wakes, block_on, held, held_that_claims, poll, report_callback_panics,
    reported_callback_panics, within,
};

fn kind<T>(outcome: Result<T, TaskError>) -> Option<TaskErrorKind> {
    outcome.err().map(|error| error.kind())
}

// --- cancel ---

#[test]
fn cancel_is_true_exactly_if_the_task_never_starts() {
    let (held, executor) = held();
    let ran = Arc::new(AtomicUsize::new(0));
    let count = |ran: &Arc<AtomicUsize>| {
        let ran = ran.clone();
        move || ran.fetch_add(1, Ordering::Relaxed)
    };
    let cancelled = executor.submit(count(&ran)).expect("held tasks are accepted");
    let finished = executor.submit(count(&ran)).expect("held tasks are accepted");
    assert!(cancelled.cancel());
    held.run_all();
    assert!(!finished.cancel());
    assert_eq!(ran.load(Ordering::Relaxed), 1);
}

#[test]
fn cancel_of_a_running_task_is_refused() {
    let (held, executor) = held();
    let canceller = Arc::new(Mutex::new(None::<concurrent_futures_core::Canceller>));
    let ours = canceller.clone();
    let future = executor
        .submit(move || {
            let canceller = ours.lock().expect("nobody panics here").take();
            canceller.expect("it was put there").cancel()
        })
        .expect("held tasks are accepted");
    *canceller.lock().expect("nobody panics here") = Some(future.canceller());
    held.run_all();
    assert!(!future.result().expect("it returned"));
}

#[test]
fn a_second_cancel_is_true_and_does_nothing_more() {
    let (_promise, future) = promise::<u8>();
    let calls = Arc::new(AtomicUsize::new(0));
    let counting = calls.clone();
    future.add_done_callback(move |_| {
        counting.fetch_add(1, Ordering::Relaxed);
    });
    assert!(future.cancel());
    assert!(future.cancel());
    assert!(future.canceller().cancel());
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[test]
fn cancel_wakes_whoever_waits_before_anybody_else_acts() {
    let (promise, future) = promise::<u8>();
    let canceller = future.canceller();
    let waiting = thread::spawn(move || future.result());
    assert!(canceller.cancel());
    let outcome = waiting.join().expect("does not panic");
    assert_eq!(kind(outcome), Some(TaskErrorKind::Cancelled));
    assert!(promise.start().is_err());
}

#[test]
fn a_canceller_is_cloned_sent_and_outlives_the_future() {
    let (promise, future) = promise::<u8>();
    let canceller = future.canceller();
    let clone = canceller.clone();
    assert!(!clone.done());
    drop(future);
    assert!(thread::spawn(move || clone.cancel()).join().expect("does not panic"));
    assert!(canceller.done());
    assert_eq!(promise.complete(9), Err(9));
}

#[test]
fn a_canceller_of_a_finished_future_does_nothing() {
    let (promise, future) = promise();
    let canceller = future.canceller();
    promise.complete(3).expect("not cancelled");
    assert!(canceller.done());
    assert!(!canceller.cancel());
    assert_eq!(future.result().expect("completed"), 3);
    assert!(canceller.done());
}

#[test]
fn the_canceller_drops_the_closure() {
    let (held, executor) = held();
    let (sender, receiver) = std::sync::mpsc::channel();
    struct TellsThread(std::sync::mpsc::Sender<thread::ThreadId>);
    impl Drop for TellsThread {
        fn drop(&mut self) {
            self.0.send(thread::current().id()).expect("somebody listens");
        }
    }
    let captured = TellsThread(sender);
    let future = executor.submit(move || drop(captured)).expect("held tasks are accepted");
    let canceller = future.canceller();
    let cancelling = thread::spawn(move || (canceller.cancel(), thread::current().id()));
    let (cancelled, theirs) = cancelling.join().expect("does not panic");
    assert!(cancelled);
    assert_eq!(receiver.recv().expect("it was dropped"), theirs);
    held.run_all();
}

#[test]
fn cancelled_and_done_are_stable() {
    let (promise, cancelled) = promise::<u8>();
    assert!(cancelled.cancel());
    drop(promise);
    assert!(cancelled.cancelled() && cancelled.done());
    let (held, executor) = held();
    let mut finished = executor.submit(|| 1).expect("held tasks are accepted");
    held.run_all();
    assert!(finished.done());
    assert!(finished.try_result().is_some());
    assert!(finished.done() && !finished.cancelled() && !finished.cancel());
}

#[test]
fn running_means_really_executing() {
    let (held, executor) = held();
    let seen = Arc::new(Mutex::new(None::<SharedFuture<()>>));
    let ours = seen.clone();
    let (sender, states) = std::sync::mpsc::channel();
    let future = executor
        .submit(move || {
            let seen = ours.lock().expect("nobody panics here");
            let future = seen.as_ref().expect("it was put there");
            sender.send((future.running(), future.done(), future.state())).expect("listened to");
        })
        .expect("held tasks are accepted")
        .shared();
    *seen.lock().expect("nobody panics here") = Some(future.clone());
    assert_eq!((future.running(), future.state()), (false, FutureState::Pending));
    held.run_all();
    assert_eq!(states.recv().expect("it ran"), (true, false, FutureState::Running));
    assert_eq!((future.running(), future.state()), (false, FutureState::Finished));
}

#[test]
fn a_future_is_not_running_while_its_closure_is_being_dropped_by_cancel() {
    let (_held, executor) = held();
    let seen = Arc::new(Mutex::new(None::<SharedFuture<()>>));
    struct Looks(Arc<Mutex<Option<SharedFuture<()>>>>, std::sync::mpsc::Sender<(bool, bool)>);
    impl Drop for Looks {
        fn drop(&mut self) {
            let seen = self.0.lock().expect("nobody panics here").take();
            let future = seen.expect("it was put there");
            self.1.send((future.running(), future.cancel())).expect("somebody listens");
        }
    }
    let (sender, states) = std::sync::mpsc::channel();
    let looks = Looks(seen.clone(), sender);
    let future = executor.submit(move || drop(looks)).expect("held tasks are accepted").shared();
    *seen.lock().expect("nobody panics here") = Some(future.clone());
    assert!(future.cancel());
    assert_eq!(states.recv().expect("it was dropped"), (false, true));
}

// --- result ---

#[test]
fn result_moves_the_value_out() {
    let (promise, future) = promise();
    let value = Box::new(5);
    let address: *const i32 = &*value;
    promise.complete(value).expect("not cancelled");
    let value = future.result().expect("completed");
    assert!(core::ptr::eq(&*value, address));
}

#[test]
fn result_waits_for_another_thread() {
    let (promise, future) = promise();
    let completing = thread::spawn(move || promise.complete(42).is_ok());
    assert_eq!(future.result().expect("completed"), 42);
    assert!(completing.join().expect("does not panic"));
}

#[test]
fn try_result_never_waits_and_gives_the_value_once() {
    let (promise, mut future) = promise();
    assert!(future.try_result().is_none());
    promise.complete(1).expect("not cancelled");
    assert_eq!(future.try_result().expect("done").expect("completed"), 1);
    let again = future.try_result().expect("done");
    assert_eq!(kind(again), Some(TaskErrorKind::Taken));
    assert_eq!(kind(future.result()), Some(TaskErrorKind::Taken));
}

#[test]
fn after_a_timeout_the_future_is_as_it_was() {
    let (promise, mut future) = promise();
    for _ in 0..2 {
        let outcome = future.result_timeout(Duration::from_micros(1));
        assert_eq!(kind(outcome), Some(TaskErrorKind::TimedOut));
        let outcome = future.result_deadline(Instant::now());
        assert_eq!(kind(outcome), Some(TaskErrorKind::TimedOut));
        assert_eq!(future.state(), FutureState::Pending);
    }
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut future, &waker).is_pending());
    promise.complete(8).expect("not cancelled");
    assert_eq!(wakes.count(), 1);
    assert_eq!(future.result_timeout(Duration::ZERO).expect("completed"), 8);
}

#[test]
fn a_timeout_longer_than_the_clock_goes_waits_for_ever() {
    let (promise, mut future) = promise();
    let completing = thread::spawn(move || promise.complete(4).is_ok());
    assert_eq!(future.result_timeout(Duration::MAX).expect("completed"), 4);
    assert!(completing.join().expect("does not panic"));
    assert_eq!(kind(future.result_timeout(Duration::MAX)), Some(TaskErrorKind::Taken));
}

#[test]
fn a_deadline_that_has_passed_still_gives_what_is_there() {
    let (promise, mut future) = promise();
    promise.complete(4).expect("not cancelled");
    assert_eq!(future.result_deadline(Instant::now()).expect("completed"), 4);
}

#[test]
fn a_waker_left_by_a_poll_does_not_disturb_a_blocking_wait() {
    let (promise, mut future) = promise();
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut future, &waker).is_pending());
    let completing = thread::spawn(move || promise.complete(6).is_ok());
    assert_eq!(future.result().expect("completed"), 6);
    assert!(completing.join().expect("does not panic"));
    assert!(wakes.count() <= 1);
}

// --- exception ---

#[test]
fn exception_waits_and_is_none_with_a_value_which_stays() {
    let (promise, mut future) = promise();
    let completing = thread::spawn(move || promise.complete(6).is_ok());
    assert!(future.exception().is_none());
    assert!(future.exception_timeout(Duration::ZERO).is_none());
    assert_eq!(future.result().expect("it stayed"), 6);
    assert!(completing.join().expect("does not panic"));
}

#[test]
fn exception_says_that_it_was_cancelled() {
    let (_promise, mut future) = promise::<u8>();
    assert!(future.cancel());
    assert!(future.exception().expect("cancelled").is_cancelled());
}

#[test]
fn exception_times_out_and_the_future_is_as_it_was() {
    let (promise, mut future) = promise();
    let error = future.exception_timeout(Duration::from_micros(1)).expect("not done");
    assert!(error.is_timed_out());
    promise.complete(2).expect("not cancelled");
    assert!(future.exception().is_none());
}

// --- callbacks ---

#[test]
fn callbacks_are_called_once_in_the_order_added_by_whoever_completes() {
    let (promise, future) = promise::<u8>();
    let calls = Arc::new(Mutex::new(Vec::new()));
    for number in 0..5 {
        let calls = calls.clone();
        future.add_done_callback(move |_| {
            let call = (number, thread::current().id());
            calls.lock().expect("nobody panics here").push(call);
        });
    }
    let completing = thread::spawn(move || {
        promise.complete(1).expect("not cancelled");
        thread::current().id()
    });
    let theirs = completing.join().expect("does not panic");
    let expected: Vec<_> = (0..5).map(|number| (number, theirs)).collect();
    assert_eq!(*calls.lock().expect("nobody panics here"), expected);
}

#[test]
fn a_callback_is_called_at_once_in_this_thread_when_done() {
    let (promise, future) = promise::<u8>();
    promise.complete(1).expect("not cancelled");
    let called = Arc::new(Mutex::new(None));
    let ours = called.clone();
    future.add_done_callback(move |_| {
        *ours.lock().expect("nobody panics here") = Some(thread::current().id());
    });
    let called = called.lock().expect("nobody panics here").take();
    assert_eq!(called, Some(thread::current().id()));
}

#[test]
fn a_callback_learns_identity_and_state() {
    let (promise, future) = promise::<u8>();
    let id = future.id();
    let (sender, told) = std::sync::mpsc::channel();
    let cancelling = sender.clone();
    future.add_done_callback(move |completion| {
        sender.send(completion.clone()).expect("somebody listens");
    });
    promise.complete(1).expect("not cancelled");
    let completion = told.recv().expect("called");
    assert_eq!((completion.id(), completion.state()), (id, FutureState::Finished));
    assert!(completion.error().is_none() && !completion.cancelled());

    let (_promise, future) = crate::contract_future::promise::<u8>();
    future.add_done_callback(move |completion| {
        cancelling.send(completion.clone()).expect("somebody listens");
    });
    let id = future.id();
    future.cancel();
    let completion = told.recv().expect("called");
    assert_eq!((completion.id(), completion.state()), (id, FutureState::Cancelled));
    assert!(completion.cancelled() && completion.error().is_some_and(TaskError::is_cancelled));
}

#[test]
fn a_panic_in_a_callback_is_reported_and_stops_neither_the_next_nor_the_task() {
    report_callback_panics();
    let (held, executor) = held();
    let future = executor.submit(|| 7).expect("held tasks are accepted");
    future.add_done_callback(|_| panic!("first callback of the contract"));
    let called = Arc::new(AtomicUsize::new(0));
    let counting = called.clone();
    future.add_done_callback(move |_| {
        counting.fetch_add(1, Ordering::Relaxed);
    });
    assert!(held.run_next());
    assert_eq!(called.load(Ordering::Relaxed), 1);
    assert_eq!(reported_callback_panics("first callback of the contract"), 1);
    future.add_done_callback(|_| panic!("late callback of the contract"));
    assert_eq!(reported_callback_panics("late callback of the contract"), 1);
    assert_eq!(future.result().expect("it returned"), 7);
}

#[test]
fn a_callback_may_submit() {
    let (held, executor) = held();
    let executor = Arc::new(executor);
    let ours = executor.clone();
    let (sender, submitted) = std::sync::mpsc::channel();
    let future = executor.submit(|| 1).expect("held tasks are accepted");
    future.add_done_callback(move |_| {
        let next = ours.submit(|| 2).expect("held tasks are accepted");
        sender.send(next).expect("somebody listens");
    });
    held.run_all();
    let next = submitted.recv().expect("submitted");
    assert_eq!(next.result().expect("it returned"), 2);
}

#[test]
fn a_callback_may_cancel_its_own_future_and_others() {
    let (held, executor) = held();
    let first = executor.submit(|| 1).expect("held tasks are accepted");
    let second = executor.submit(|| 2).expect("held tasks are accepted");
    let (own, other) = (first.canceller(), second.canceller());
    let (sender, told) = std::sync::mpsc::channel();
    first.add_done_callback(move |_| {
        sender.send((own.cancel(), other.cancel())).expect("somebody listens");
    });
    held.run_all();
    assert_eq!(told.recv().expect("called"), (false, true));
    assert!(second.cancelled());
}

#[test]
fn a_callback_may_add_callbacks() {
    let (promise, future) = promise::<u8>();
    let future = future.shared();
    let ours = future.clone();
    let (sender, told) = std::sync::mpsc::channel();
    future.add_done_callback(move |_| {
        let inner = sender.clone();
        ours.add_done_callback(move |_| inner.send("inner").expect("somebody listens"));
        sender.send("outer").expect("somebody listens");
    });
    promise.complete(1).expect("not cancelled");
    assert_eq!(told.try_iter().collect::<Vec<_>>(), ["inner", "outer"]);
}

#[test]
fn a_callback_may_drop_the_last_reference_to_its_future() {
    let (promise, future) = promise::<u8>();
    let future = future.shared();
    let ours = future.clone();
    let (sender, told) = std::sync::mpsc::channel();
    future.add_done_callback(move |_| {
        drop(ours);
        sender.send(()).expect("somebody listens");
    });
    drop(future);
    promise.complete(1).expect("not cancelled");
    assert!(told.try_recv().is_ok());
}

#[test]
fn a_callback_of_a_task_that_ran_may_drop_the_executor() {
    within(|| {
        let (held, executor) = held();
        let future = executor.submit(|| 1).expect("held tasks are accepted");
        future.add_done_callback(move |_| drop(executor));
        held.run_all();
        assert_eq!(future.result().expect("it returned"), 1);
    });
}

#[test]
fn a_callback_of_a_cancelled_task_may_drop_the_executor() {
    within(|| {
        let (_held, executor) = held();
        let future = executor.submit(|| 1).expect("held tasks are accepted");
        future.add_done_callback(move |_| drop(executor));
        assert!(future.cancel());
    });
}

#[test]
fn a_callback_of_an_abandoned_task_may_drop_the_executor() {
    within(|| {
        let (held, executor) = held();
        let future = executor.submit(|| 1).expect("held tasks are accepted");
        future.add_done_callback(move |_| drop(executor));
        drop(held.pop());
        assert_eq!(kind(future.result()), Some(TaskErrorKind::Abandoned));
    });
}

#[test]
fn a_static_callback_needs_no_allocation_and_serves_one_future_at_a_time() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    static CALLBACK: StaticCallback<fn(&Completion)> = StaticCallback::new(|_| {
        CALLS.fetch_add(1, Ordering::Relaxed);
    });
    let (first, one) = promise::<u8>();
    let (second, two) = promise::<u8>();
    one.add_static_callback(&CALLBACK).expect("free");
    assert!(matches!(two.add_static_callback(&CALLBACK), Err(InUse { .. })));
    first.complete(1).expect("not cancelled");
    assert_eq!(CALLS.load(Ordering::Relaxed), 1);
    two.add_static_callback(&CALLBACK).expect("free again");
    drop(second);
    assert_eq!(CALLS.load(Ordering::Relaxed), 2);
    one.add_static_callback(&CALLBACK).expect("free again");
    assert_eq!(CALLS.load(Ordering::Relaxed), 3, "at once when done");
}

// --- then ---

#[test]
fn then_gets_the_value_and_gives_a_future() {
    let (promise, future) = promise();
    let next = future.then(|value| value.map(|text: &str| text.len()));
    promise.complete("four").expect("not cancelled");
    assert_eq!(next.result().expect("it returned").expect("completed"), 4);
}

#[test]
fn then_gets_the_error() {
    let (promise, future) = promise::<u8>();
    let next = future.then(kind);
    drop(promise);
    assert_eq!(next.result().expect("it returned"), Some(TaskErrorKind::Abandoned));
}

#[test]
fn then_hears_of_a_cancel() {
    let (_promise, future) = promise::<u8>();
    let canceller = future.canceller();
    let next = future.then(kind);
    assert!(canceller.cancel());
    assert_eq!(next.result().expect("it returned"), Some(TaskErrorKind::Cancelled));
}

#[test]
fn a_panic_in_then_is_the_second_future_s_failure() {
    let (promise, future) = promise::<u8>();
    let next = future.then(|_| -> u8 { panic!("in then") });
    promise.complete(1).expect("the completer hears nothing of it");
    let error = next.result().expect_err("it panicked");
    assert!(error.is_panicked());
    assert_eq!(error.message(), "in then");
}

#[test]
fn then_of_then_runs_in_order() {
    let (promise, future) = promise();
    let last = future
        .then(|value| value.expect("completed") + 1)
        .then(|value| value.expect("it returned") * 10);
    promise.complete(4).expect("not cancelled");
    assert_eq!(last.result().expect("it returned"), 50);
}

// --- shared ---

#[test]
fn a_shared_future_lends_its_value_to_many_waiters() {
    let (promise, future) = promise();
    let shared = future.shared();
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let shared = shared.clone();
            thread::spawn(move || shared.result().map(String::len))
        })
        .collect();
    promise.complete(String::from("lent")).expect("not cancelled");
    for waiter in waiting {
        assert_eq!(waiter.join().expect("does not panic").expect("completed"), 4);
    }
    let first: *const String = shared.result().expect("completed");
    assert!(core::ptr::eq(first, shared.result().expect("completed")));
}

#[test]
fn a_shared_future_lends_its_error() {
    let (promise, future) = promise::<u8>();
    let shared = future.shared();
    let early = shared.result_timeout(Duration::from_micros(1)).expect_err("not done");
    assert!(early.is_timed_out());
    drop(promise);
    assert_eq!(shared.result().expect_err("abandoned").kind(), TaskErrorKind::Abandoned);
}

#[test]
fn a_shared_future_is_awaited_by_reference() {
    let (promise, future) = promise();
    let shared = future.shared();
    let completing = thread::spawn(move || promise.complete(5).is_ok());
    assert_eq!(block_on(async { (&shared).await.copied() }).expect("completed"), 5);
    assert_eq!(block_on(async { (&shared).await.copied() }).expect("completed"), 5);
    assert!(completing.join().expect("does not panic"));
}

#[test]
fn sharing_what_was_taken_says_so() {
    let (promise, mut future) = promise();
    promise.complete(5).expect("not cancelled");
    assert!(future.try_result().is_some());
    let shared = future.shared();
    assert_eq!(shared.result().expect_err("taken").kind(), TaskErrorKind::Taken);
}

#[test]
fn a_shared_waiter_that_leaves_is_not_woken() {
    let (promise, future) = promise::<u8>();
    let shared = future.shared();
    let (wakes, waker) = Wakes::new();
    let (others, other) = Wakes::new();
    let mut staying = core::pin::pin!((&shared).into_future());
    {
        let mut leaving = core::pin::pin!((&shared).into_future());
        let mut context = core::task::Context::from_waker(&waker);
        assert!(leaving.as_mut().poll(&mut context).is_pending());
        let mut context = core::task::Context::from_waker(&other);
        assert!(staying.as_mut().poll(&mut context).is_pending());
    }
    promise.complete(1).expect("not cancelled");
    assert_eq!((wakes.count(), others.count()), (0, 1));
}

// --- await ---

#[test]
fn a_future_is_awaited_in_no_runtime_at_all() {
    let (promise, future) = promise();
    let completing = thread::spawn(move || promise.complete(5).is_ok());
    let sum = block_on(async { future.await.map(|value| value + 1) });
    assert_eq!(sum.expect("completed"), 6);
    assert!(completing.join().expect("does not panic"));
}

#[test]
fn the_last_waker_polled_with_is_the_one_woken() {
    let (promise, mut future) = promise::<u8>();
    let (first, one) = Wakes::new();
    let (second, two) = Wakes::new();
    assert!(poll(&mut future, &one).is_pending());
    assert!(poll(&mut future, &two).is_pending());
    assert!(poll(&mut future, &two).is_pending());
    drop(one);
    assert_eq!(Arc::strong_count(&first), 1, "the one before is dropped");
    promise.complete(1).expect("not cancelled");
    assert_eq!((first.count(), second.count()), (0, 1));
}

#[test]
fn a_waker_may_poll_the_future() {
    let (promise, future) = promise::<u8>();
    let future = Arc::new(Mutex::new(future));
    let (ours, seen) = (future.clone(), Arc::new(Mutex::new(None)));
    let see = seen.clone();
    let waker = Calls::waker(move || {
        let mut future = ours.lock().expect("nobody panics here");
        let polled = poll(&mut *future, core::task::Waker::noop());
        *see.lock().expect("nobody panics here") = Some(polled);
    });
    assert!(poll(&mut *future.lock().expect("nobody panics here"), &waker).is_pending());
    drop(waker);
    promise.complete(3).expect("not cancelled");
    let seen = seen.lock().expect("nobody panics here").take();
    assert!(matches!(seen, Some(Poll::Ready(Ok(3)))));
}

// --- promise ---

#[test]
fn a_promise_hears_of_a_cancel_when_it_starts() {
    let (promise, future) = promise::<u8>();
    assert!(future.cancel());
    let cancelled = promise.start().expect_err("cancelled");
    assert_eq!(cancelled.to_string(), "the future was cancelled before its promise started");
}

#[test]
fn a_promise_gets_back_what_a_cancelled_future_does_not_take() {
    let (value, one) = promise::<u8>();
    let (error, two) = promise::<u8>();
    assert!(one.cancel() && two.cancel());
    assert_eq!(value.complete(11), Err(11));
    let given = TaskError::failed("mine");
    assert_eq!(error.fail(given).expect_err("cancelled").message(), "mine");
}

#[test]
fn a_promise_and_a_future_go_to_different_threads() {
    let (promise, future) = promise();
    let completing = thread::spawn(move || {
        let running = promise.start().expect("not cancelled");
        running.complete(vec![1, 2, 3]);
    });
    let waiting = thread::spawn(move || future.result());
    completing.join().expect("does not panic");
    let value = waiting.join().expect("does not panic").expect("completed");
    assert_eq!(value, [1, 2, 3]);
}

// --- dropping ---

#[test]
fn dropping_a_future_detaches() {
    let (held, executor) = held();
    let ran = Arc::new(AtomicUsize::new(0));
    let counting = ran.clone();
    let future = executor.submit(move || counting.fetch_add(1, Ordering::Relaxed));
    drop(future.expect("held tasks are accepted"));
    held.run_all();
    assert_eq!(ran.load(Ordering::Relaxed), 1);
}

#[test]
fn cancel_on_drop_cancels() {
    let (held, executor) = held();
    let future = executor.submit(|| 1).expect("held tasks are accepted");
    let canceller = future.canceller();
    drop(future.cancel_on_drop());
    assert!(canceller.done() && canceller.cancel());
    held.run_all();
}

#[test]
fn cancel_on_drop_wakes_nobody_who_waits_for_it() {
    let (_promise, future) = promise::<u8>();
    let canceller = future.canceller();
    let mut guard = future.cancel_on_drop();
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut guard, &waker).is_pending());
    drop((guard, waker));
    assert!(canceller.done());
    assert_eq!((wakes.count(), Arc::strong_count(&wakes)), (0, 1));
}

#[test]
fn cancel_on_drop_is_awaited_and_undone() {
    let (promise, future) = promise();
    let mut guard = future.cancel_on_drop();
    assert!(poll(&mut guard, core::task::Waker::noop()).is_pending());
    promise.complete(2).expect("not cancelled");
    assert_eq!(block_on(guard).expect("completed"), 2);

    let (promise, future) = crate::contract_future::promise();
    let future = future.cancel_on_drop().into_inner().expect("it is inside");
    promise.complete(3).expect("no longer cancelled by leaving");
    assert_eq!(future.result().expect("completed"), 3);
}

// --- repr ---

#[test]
fn debug_and_display_are_as_python_prints() {
    let (promise, future) = promise::<u64>();
    let address = format!("{:?}", future.id());
    assert!(address.starts_with("0x"), "{address}");
    assert_eq!(format!("{future:?}"), format!("<Future at {address} state=pending>"));
    let running = promise.start().expect("not cancelled");
    assert_eq!(format!("{future}"), format!("<Future at {address} state=running>"));
    running.complete(1);
    let text = format!("<Future at {address} state=finished returned u64>");
    assert_eq!((format!("{future:?}"), format!("{future}")), (text.clone(), text));
    let mut future = future;
    assert!(future.try_result().is_some());
    assert_eq!(format!("{future:?}"), format!("<Future at {address} state=finished>"));

    let (promise, future) = crate::contract_future::promise::<u64>();
    drop(promise);
    assert!(format!("{future:?}").ends_with(" state=finished raised Abandoned>"), "{future:?}");

    let (_promise, future) = crate::contract_future::promise::<u64>();
    assert!(future.cancel());
    assert!(format!("{future:?}").ends_with(" state=cancelled>"), "{future:?}");
}

#[test]
fn every_handle_has_a_debug() {
    let (promise, future) = promise::<u64>();
    let address = format!("{:?}", future.id());
    let pending = format!("at {address} state=pending>");
    assert_eq!(format!("{promise:?}"), format!("<Promise {pending}"));
    assert_eq!(format!("{:?}", future.canceller()), format!("<Canceller {pending}"));
    let future = future.erase();
    assert_eq!(format!("{future:?}"), format!("<AnyFuture {pending}"));
    let future = future.downcast::<u64>().expect("it is").shared();
    assert_eq!(format!("{future:?}"), format!("<SharedFuture {pending}"));
    let running = promise.start().expect("not cancelled");
    assert_eq!(format!("{running:?}"), format!("<Running at {address} state=running>"));
    running.complete(1);
}

// --- erased ---

#[test]
fn an_erased_future_remembers_its_type() {
    let (promise, future) = promise::<u64>();
    let id = future.id();
    let future = future.erase();
    assert!(future.is::<u64>() && !future.is::<i64>());
    let future = future.downcast::<i64>().expect_err("another type");
    promise.complete(12).expect("not cancelled");
    assert!(future.done());
    let future: Future<u64> = future.downcast().expect("its own type");
    assert_eq!(future.id(), id);
    assert_eq!(future.result().expect("completed"), 12);
}

#[test]
fn an_erased_future_can_be_cancelled_and_dropped() {
    let (one, future) = promise::<String>();
    let (two, other) = promise::<String>();
    let (future, other) = (future.erase(), other.erase());
    assert!(future.cancel() && future.cancelled());
    assert!(one.start().is_err());
    two.complete(String::from("dropped with its future")).expect("not cancelled");
    drop(other);
}

// --- waiting for oneself ---

#[test]
fn a_task_that_waits_for_itself_gets_an_error() {
    let (held, executor) = held();
    let own = Arc::new(Mutex::new(None::<SharedFuture<Option<TaskErrorKind>>>));
    let ours = own.clone();
    let future = executor
        .submit(move || {
            let own = ours.lock().expect("nobody panics here").take();
            own.expect("it was put there").result().err().map(|error| error.kind())
        })
        .expect("held tasks are accepted")
        .shared();
    *own.lock().expect("nobody panics here") = Some(future.clone());
    held.run_all();
    assert_eq!(*future.result().expect("it returned"), Some(TaskErrorKind::WouldDeadlock));
}

#[test]
fn a_task_waits_for_a_task_of_its_own_pool_of_one() {
    fn sum(executor: &Arc<Executor<Held>>, from: u64, until: u64) -> u64 {
        if until - from <= 1 {
            return from;
        }
        let middle = from.midpoint(until);
        let ours = executor.clone();
        let left = executor.submit(move || sum(&ours, from, middle)).expect("accepted");
        let ours = executor.clone();
        let right = executor.submit(move || sum(&ours, middle, until)).expect("accepted");
        right.result().expect("claimed") + left.result().expect("claimed")
    }
    let (held, executor) = held_that_claims();
    let executor = Arc::new(executor);
    let ours = executor.clone();
    let future = executor.submit(move || sum(&ours, 0, 10)).expect("accepted");
    assert!(held.run_next(), "one worker, one task: it runs all the others");
    assert_eq!(future.result().expect("it returned"), 45);
    held.run_all();
}

#[test]
fn a_timed_wait_claims_nothing() {
    let (held, executor) = held_that_claims();
    let executor = Arc::new(executor);
    let ours = executor.clone();
    let outer = executor
        .submit(move || {
            let mut inner = ours.submit(|| 1).expect("accepted");
            let timed = inner.result_timeout(Duration::ZERO);
            (kind(timed), inner.state())
        })
        .expect("accepted");
    assert!(held.run_next());
    let seen = outer.result().expect("it returned");
    assert_eq!(seen, (Some(TaskErrorKind::TimedOut), FutureState::Pending));
    held.run_all();
}

#[test]
fn a_thread_outside_of_the_pool_claims_nothing() {
    let (held, executor) = held_that_claims();
    let future = executor.submit(|| thread::current().id()).expect("accepted");
    let running = thread::spawn(move || {
        while !held.run_next() {
            thread::yield_now();
        }
        thread::current().id()
    });
    let ran_by = future.result().expect("it returned");
    assert_eq!(ran_by, running.join().expect("does not panic"));
}

#[test]
fn inline_tasks_wait_for_inline_tasks() {
    let executor = Arc::new(Executor::new(InlineBackend));
    let ours = executor.clone();
    let future = executor
        .submit(move || ours.submit(|| 3).expect("accepted").result().expect("it returned") + 1)
        .expect("accepted");
    assert_eq!(future.result().expect("it returned"), 4);
}
