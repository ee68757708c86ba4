//! "What a failure is", line by line.

use core::error::Error;
use core::fmt;
use std::sync::Arc;

use concurrent_futures_core::{
    Completion, Executor, Failure, InlineBackend, TaskError, TaskErrorKind, promise,
};

fn panicked() -> TaskError {
    let executor = Executor::new(InlineBackend);
    let future = executor.submit(|| panic!("out of {}", "paper")).expect("it is accepted");
    let outcome: Result<(), TaskError> = future.result();
    outcome.expect_err("it panicked")
}

#[test]
fn a_panic_has_a_message_and_a_location() {
    let error = panicked();
    assert_eq!(error.kind(), TaskErrorKind::Panicked);
    assert!(error.is_panicked());
    assert_eq!(error.message(), "out of paper");
    let location = error.location().expect("the hook saw it");
    assert!(location.contains("contract_failure.rs:"), "{location}");
    assert!(error.to_string().starts_with("task panicked: out of paper at "), "{error}");
    assert!(error.source().is_none());
    assert!(error.code().is_none());
}

#[test]
fn a_panic_with_a_literal_has_its_text() {
    let executor = Executor::new(InlineBackend);
    let future = executor.submit(|| panic!("plain")).expect("it is accepted");
    let outcome: Result<(), TaskError> = future.result();
    assert_eq!(outcome.expect_err("it panicked").message(), "plain");
}

#[test]
fn the_payload_of_a_panic_can_be_had() {
    let executor = Executor::new(InlineBackend);
    let future = executor.submit(|| std::panic::panic_any(17_u32)).expect("it is accepted");
    let outcome: Result<(), TaskError> = future.result();
    let error = outcome.expect_err("it panicked");
    assert_eq!(error.message(), "a value that is not text");
    let clone = error.clone();
    let payload = error.into_panic().expect("it is a panic");
    assert_eq!(payload.downcast_ref(), Some(&17_u32));
    let error = clone.into_panic().expect_err("given away once");
    assert_eq!(error.message(), "a value that is not text");
    assert!(error.is_panicked());
}

#[test]
fn only_a_panic_has_a_payload() {
    let (promise, future) = promise::<u8>();
    drop(promise);
    let error = future.result().expect_err("abandoned");
    assert_eq!(error.into_panic().expect_err("no panic").kind(), TaskErrorKind::Abandoned);
}

#[test]
fn the_kinds_that_a_future_ends_with_have_words() {
    let (dropped, abandoned) = promise::<u8>();
    drop(dropped);
    let (_kept, cancelled) = promise::<u8>();
    cancelled.cancel();
    let (_late, mut pending) = promise::<u8>();
    let errors = [
        abandoned.result().expect_err("abandoned"),
        cancelled.result().expect_err("cancelled"),
        pending.result_timeout(core::time::Duration::ZERO).expect_err("pending"),
    ];
    let kinds = errors.each_ref().map(TaskError::kind);
    assert_eq!(
        kinds,
        [TaskErrorKind::Abandoned, TaskErrorKind::Cancelled, TaskErrorKind::TimedOut]
    );
    assert!(errors[1].is_cancelled() && !errors[0].is_cancelled());
    assert!(errors[2].is_timed_out() && !errors[0].is_timed_out());
    for error in &errors {
        let text = error.to_string();
        assert_eq!(text, error.message());
        assert!(text.starts_with(|first: char| first.is_lowercase()), "{text}");
        assert!(format!("{error:?}").contains(&format!("{:?}", error.kind())));
    }
}

#[derive(Debug, PartialEq)]
struct OutOfInk(u8);

impl fmt::Display for OutOfInk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cartridge {} is empty", self.0)
    }
}

impl Error for OutOfInk {}

#[test]
fn submit_makes_a_result_a_value() {
    let executor = Executor::new(InlineBackend);
    let mut future = executor.submit(|| Err::<u8, _>(OutOfInk(3))).expect("it is accepted");
    assert!(future.exception().is_none());
    let value = future.result().expect("a value, though an `Err`");
    assert_eq!(value, Err(OutOfInk(3)));
}

#[test]
fn submit_fallible_makes_an_err_a_failure() {
    let executor = Executor::new(InlineBackend);
    let mut future =
        executor.submit_fallible(|| Err::<u8, _>(OutOfInk(3))).expect("it is accepted");
    assert_eq!(future.exception().expect("raised").kind(), TaskErrorKind::Failed);
    let error = future.result().expect_err("raised");
    assert_eq!(error.downcast_ref::<OutOfInk>(), Some(&OutOfInk(3)));
    assert!(error.downcast_ref::<fmt::Error>().is_none());
    assert_eq!(error.message(), "cartridge 3 is empty");
    assert_eq!(error.to_string(), "task failed: cartridge 3 is empty");
    assert_eq!(error.source().expect("the task's own").to_string(), "cartridge 3 is empty");
    assert!(error.location().is_none());
}

#[test]
fn submit_fallible_gives_the_value_of_an_ok() {
    let executor = Executor::new(InlineBackend);
    let future = executor.submit_fallible(|| "47".parse::<u8>()).expect("it is accepted");
    assert_eq!(future.result().expect("it parses"), 47);
}

#[test]
fn submit_fallible_takes_text_and_boxes_for_errors() {
    let executor = Executor::new(InlineBackend);
    let text = executor.submit_fallible(|| Err::<(), _>("no paper")).expect("it is accepted");
    assert_eq!(text.result().expect_err("raised").message(), "no paper");
    let boxed: Box<dyn Error + Send + Sync> = Box::new(OutOfInk(1));
    let boxed = executor.submit_fallible(move || Err::<(), _>(boxed)).expect("it is accepted");
    assert!(boxed.result().expect_err("raised").downcast_ref::<OutOfInk>().is_some());
}

#[test]
fn a_task_error_of_another_task_stays_what_it_is() {
    let executor = Executor::new(InlineBackend);
    let (promise, inner) = promise::<u8>();
    drop(promise);
    let outer = executor.submit_fallible(move || inner.result()).expect("it is accepted");
    let error = outer.result().expect_err("raised");
    assert_eq!(error.kind(), TaskErrorKind::Abandoned);
}

#[test]
fn a_promise_can_fail_with_an_error_a_code_or_another_task_s_error() {
    static OVERRUN: Failure = Failure::new(7, "read too late");
    let (one, failed) = promise::<u8>();
    one.fail(TaskError::failed(OutOfInk(9))).expect("not cancelled");
    assert!(failed.result().expect_err("failed").downcast_ref::<OutOfInk>().is_some());

    let (two, coded) = promise::<u8>();
    two.fail(TaskError::from(&OVERRUN)).expect("not cancelled");
    let error = coded.result().expect_err("failed");
    assert_eq!((error.kind(), error.code()), (TaskErrorKind::Failed, Some(7)));
    assert_eq!(error.to_string(), "task failed: read too late");

    let (three, passed_on) = promise::<u8>();
    three.fail(panicked()).expect("not cancelled");
    assert!(passed_on.result().expect_err("failed").is_panicked());
}

#[test]
fn clones_of_an_error_share_its_details() {
    let one = TaskError::failed(OutOfInk(2));
    let two = one.clone();
    let (one, two) = (one.downcast_ref::<OutOfInk>(), two.downcast_ref::<OutOfInk>());
    assert!(core::ptr::eq(one.expect("it is"), two.expect("it is")));
}

#[test]
fn a_callback_gets_the_error() {
    let executor = Executor::new(InlineBackend);
    let future = executor.submit_fallible(|| Err::<(), _>(OutOfInk(4))).expect("it is accepted");
    let (sender, told) = std::sync::mpsc::channel();
    future.add_done_callback(move |completion: &Completion| {
        sender.send(completion.clone()).expect("somebody listens");
    });
    let completion = told.recv().expect("called at once");
    let error = completion.error().expect("it failed");
    assert!(error.downcast_ref::<OutOfInk>().is_some());
    assert!(!completion.cancelled());
}

#[test]
fn a_resumed_panic_is_a_panic() {
    let executor = Executor::new(InlineBackend);
    let future = executor
        .submit(|| std::panic::resume_unwind(Box::new("passed on")))
        .expect("it is accepted");
    let outcome: Result<(), TaskError> = future.result();
    assert_eq!(outcome.expect_err("it unwound").message(), "passed on");
}

#[test]
fn a_resumed_panic_has_no_location_of_another() {
    let executor = Executor::new(InlineBackend);
    let future = executor.submit(|| {
        // A panic that the task itself deals with is nobody's affair.
        std::panic::catch_unwind(|| panic!("dealt with")).expect_err("it panics");
    });
    future.expect("it is accepted").result().expect("it returned");
    let future = executor
        .submit(|| std::panic::resume_unwind(Box::new("from afar")))
        .expect("it is accepted");
    let outcome: Result<(), TaskError> = future.result();
    assert_eq!(outcome.expect_err("it unwound").location(), None);
}

#[test]
fn a_panic_of_a_callback_lends_its_location_to_nobody() {
    let executor = Arc::new(Executor::new(InlineBackend));
    let submitting = executor.clone();
    let future = executor.submit(move || {
        let (promise, inner) = promise::<u8>();
        inner.add_done_callback(|_| panic!("a callback inside of a task"));
        promise.complete(1).expect("not cancelled");
        drop(submitting);
    });
    future.expect("it is accepted").result().expect("the callback's panic is contained");
    let future = executor
        .submit(|| std::panic::resume_unwind(Box::new("from afar")))
        .expect("it is accepted");
    let outcome: Result<(), TaskError> = future.result();
    assert_eq!(outcome.expect_err("it unwound").location(), None);
}
