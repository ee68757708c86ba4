//! Failures: which are told apart from values when they were taken, and which are reported unread.

use std::sync::{Mutex, Once};

use concurrent_futures_core::{
    Completion, Executor, FutureId, FutureState, InlineBackend, ReturnWhen, StaticCallback,
    TaskError, TaskErrorKind, promise, set_unread_failure_hook, wait,
};

use crate::support::{block_on, held};

static REPORTED: Mutex<Vec<(String, FutureId)>> = Mutex::new(Vec::new());

static KINDS: Mutex<Vec<TaskErrorKind>> = Mutex::new(Vec::new());

/// Sets the one hook of all tests, which panics at some.
fn report() {
    static SET: Once = Once::new();
    SET.call_once(|| {
        set_unread_failure_hook(|error, id| {
            let text = error.message().to_owned();
            KINDS.lock().expect("nobody panics here").push(error.kind());
            let bad = text.contains("bomb");
            REPORTED.lock().expect("nobody panics here").push((text, id));
            assert!(!bad, "the hook fails");
        });
    });
}

/// How often that failure was reported.
fn reports(text: &str) -> usize {
    REPORTED.lock().expect("nobody panics here").iter().filter(|(other, _)| other == text).count()
}

fn fail(text: &'static str) -> concurrent_futures_core::Future<u8> {
    report();
    let executor = Executor::new(InlineBackend);
    executor.submit_fallible(move || Err::<u8, _>(text)).expect("accepted")
}

#[test]
fn a_failure_that_is_dropped_is_reported_once_with_its_future() {
    let future = fail("dropped");
    let id = future.id();
    drop(future);
    assert_eq!(reports("dropped"), 1);
    let reported = REPORTED.lock().expect("nobody panics here");
    assert!(reported.contains(&("dropped".to_owned(), id)));
}

#[test]
fn a_failure_after_the_drop_is_reported_by_whoever_ran_it() {
    report();
    let (held, executor) = held();
    drop(executor.submit_fallible(|| Err::<u8, _>("after the drop")).expect("accepted"));
    assert_eq!(reports("after the drop"), 0);
    held.run_all();
    assert_eq!(reports("after the drop"), 1);
}

#[test]
fn a_panic_is_reported() {
    report();
    let executor = Executor::new(InlineBackend);
    drop(executor.submit(|| -> u8 { panic!("panicked unread") }).expect("accepted"));
    assert_eq!(reports("panicked unread"), 1);
}

#[test]
fn a_failed_promise_is_reported() {
    report();
    let (promise, future) = promise::<u8>();
    promise.fail(TaskError::failed("promised unread")).expect("nobody cancels");
    drop(future);
    assert_eq!(reports("promised unread"), 1);
}

#[test]
fn what_was_read_is_not_reported() {
    assert!(fail("read by result").result().is_err());
    assert_eq!(reports("read by result"), 0);

    assert!(fail("read by try_result").try_result().expect("done").is_err());
    assert_eq!(reports("read by try_result"), 0);

    assert!(fail("read by exception").exception().is_some());
    assert_eq!(reports("read by exception"), 0);

    assert!(block_on(fail("read by await")).is_err());
    assert_eq!(reports("read by await"), 0);

    assert!(fail("read by a shared one").shared().result().is_err());
    assert_eq!(reports("read by a shared one"), 0);

    drop(fail("read by then").then(|outcome| outcome.is_err()));
    assert_eq!(reports("read by then"), 0);
}

#[test]
fn looking_at_the_state_reads_nothing() {
    let future = fail("looked at");
    assert!(future.done());
    assert!(format!("{future:?}").contains("raised Failed"));
    let waited = wait([future], None, ReturnWhen::FirstException);
    assert_eq!(waited.done.len(), 1);
    assert_eq!(reports("looked at"), 0);
    drop(waited);
    assert_eq!(reports("looked at"), 1);
}

#[test]
fn a_shared_future_that_nobody_reads_is_reported_when_the_last_is_dropped() {
    let shared = fail("shared unread").shared();
    let clone = shared.clone();
    drop(shared);
    assert_eq!(reports("shared unread"), 0);
    drop(clone);
    assert_eq!(reports("shared unread"), 1);
}

#[test]
fn an_erased_future_that_is_dropped_is_reported() {
    drop(fail("erased").erase());
    assert_eq!(reports("erased"), 1);
}

#[test]
fn a_done_callback_counts_as_a_reader() {
    report();
    static CALLBACK: StaticCallback<fn(&Completion)> = StaticCallback::new(|_| ());
    let (held, executor) = held();
    let future = executor.submit_fallible(|| Err::<u8, _>("told")).expect("accepted");
    future.add_done_callback(|done| assert!(done.error().is_some()));
    drop(future);
    let future = executor.submit_fallible(|| Err::<u8, _>("told")).expect("accepted");
    future.add_static_callback(&CALLBACK).expect("not in use");
    drop(future);
    held.run_all();
    let late = fail("told");
    late.add_done_callback(|done| assert!(done.error().is_some()));
    drop(late);
    assert_eq!(reports("told"), 0);
}

#[test]
fn values_and_what_never_ran_are_not_reported() {
    report();
    let (held, executor) = held();
    let cancelled = executor.submit(|| 1).expect("accepted");
    assert!(cancelled.cancel());
    drop(cancelled);
    drop(executor.submit(|| 1).expect("accepted"));
    drop(held.pop()); // the cancelled one
    drop(held.pop()); // which abandons the other
    let (promise, future) = promise::<u8>();
    drop(promise);
    drop(future);
    drop(executor.submit(|| 1).expect("accepted"));
    held.run_all();
    for error in [TaskErrorKind::Cancelled, TaskErrorKind::Abandoned] {
        let kinds = KINDS.lock().expect("nobody panics here");
        assert!(!kinds.contains(&error), "{error:?}");
    }
}

#[test]
fn a_hook_that_panics_costs_nothing() {
    drop(fail("a bomb"));
    assert_eq!(reports("a bomb"), 1);
    drop(fail("another"));
    assert_eq!(reports("another"), 1);
}

#[test]
fn a_value_that_was_taken_was_no_failure() {
    let executor = Executor::new(InlineBackend);
    let mut future = executor.submit(|| 5).expect("accepted");
    assert_eq!(future.try_result().expect("done").expect("a value"), 5);
    assert!(future.exception().is_none());
    let (sender, receiver) = std::sync::mpsc::channel();
    future.add_done_callback(move |done| {
        sender.send((done.state(), done.error().cloned())).expect("the test listens");
    });
    let (state, error) = receiver.recv().expect("called at once");
    assert_eq!(state, FutureState::Finished);
    assert!(error.is_none(), "{error:?}");
}

#[test]
fn an_error_that_was_taken_is_still_a_failure() {
    let mut future = fail("taken");
    assert!(future.try_result().expect("done").is_err());
    assert_eq!(future.exception().expect("it failed").kind(), TaskErrorKind::Taken);
    let (other, pending) = promise::<u8>();
    let waited = wait([pending, future], None, ReturnWhen::FirstException);
    assert_eq!((waited.done.len(), waited.not_done.len()), (1, 1));
    drop(other);
}
