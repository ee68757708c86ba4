//! Sizes, niches, auto traits and variance, asserted rather than described.

use core::cell::Cell;
use core::error::Error;
use core::mem::size_of;
use std::rc::Rc;

use concurrent_futures_core::{
    AnyFuture, CancelOnDrop, Canceller, Completion, Executor, Future, FutureId, InlineBackend,
    Promise, Refused, Running, SharedFuture, SharedResult, SubmitError, Task, TaskError,
    ThreadParker, promise,
};

const POINTER: usize = size_of::<usize>();

#[test]
fn handles_are_one_pointer() {
    assert_eq!(size_of::<Future<[u64; 32]>>(), POINTER);
    assert_eq!(size_of::<Promise<[u64; 32]>>(), POINTER);
    assert_eq!(size_of::<Running<[u64; 32]>>(), POINTER);
    assert_eq!(size_of::<SharedFuture<[u64; 32]>>(), POINTER);
    assert_eq!(size_of::<CancelOnDrop<[u64; 32]>>(), POINTER);
    assert_eq!(size_of::<Canceller>(), POINTER);
    assert_eq!(size_of::<Task>(), POINTER);
    assert_eq!(size_of::<FutureId>(), POINTER);
    assert_eq!(size_of::<Executor<InlineBackend>>(), POINTER);
    assert_eq!(size_of::<ThreadParker>(), POINTER);
}

#[test]
fn options_of_handles_cost_nothing() {
    assert_eq!(size_of::<Option<Future<u8>>>(), POINTER);
    assert_eq!(size_of::<Option<Promise<u8>>>(), POINTER);
    assert_eq!(size_of::<Option<Running<u8>>>(), POINTER);
    assert_eq!(size_of::<Option<SharedFuture<u8>>>(), POINTER);
    assert_eq!(size_of::<Option<Canceller>>(), POINTER);
    assert_eq!(size_of::<Option<AnyFuture>>(), size_of::<AnyFuture>());
}

#[test]
fn an_error_is_at_most_two_pointers() {
    assert!(size_of::<TaskError>() <= 2 * POINTER);
    assert_eq!(size_of::<Result<u8, TaskError>>(), size_of::<TaskError>());
}

#[test]
fn an_erased_future_is_a_future_and_a_type() {
    assert!(size_of::<AnyFuture>() <= POINTER + size_of::<core::any::TypeId>() + POINTER);
}

/// `Probe::<T>::SEND` and `SYNC` say whether `T` is, for any `T`: an inherent constant with a bound
/// shadows the trait's.
struct Probe<T>(core::marker::PhantomData<T>);

trait Fallback {
    const SEND: bool = false;
    const SYNC: bool = false;
    const UNPIN: bool = false;
}

impl<T> Fallback for Probe<T> {}

impl<T: Send> Probe<T> {
    const SEND: bool = true;
}

impl<T: Sync> Probe<T> {
    const SYNC: bool = true;
}

impl<T: Unpin> Probe<T> {
    const UNPIN: bool = true;
}

macro_rules! auto {
    ($type:ty) => {
        (Probe::<$type>::SEND, Probe::<$type>::SYNC)
    };
}

const NEITHER: (bool, bool) = (false, false);
const SEND_ONLY: (bool, bool) = (true, false);
const BOTH: (bool, bool) = (true, true);

#[test]
fn the_probe_tells_them_apart() {
    assert_eq!(auto!(u8), BOTH);
    assert_eq!(auto!(Cell<u8>), SEND_ONLY);
    assert_eq!(auto!(Rc<u8>), NEITHER);
    assert_eq!(auto!(std::sync::MutexGuard<'static, u8>), (false, true));
}

#[test]
fn a_future_is_send_and_sync_exactly_if_its_value_is_send() {
    assert_eq!(auto!(Future<u8>), BOTH);
    assert_eq!(auto!(Future<Cell<u8>>), BOTH);
    assert_eq!(auto!(Future<Rc<u8>>), NEITHER);
    assert_eq!(auto!(Future<std::sync::MutexGuard<'static, u8>>), NEITHER);
    assert_eq!(auto!(CancelOnDrop<Cell<u8>>), BOTH);
    assert_eq!(auto!(CancelOnDrop<Rc<u8>>), NEITHER);
}

#[test]
fn a_promise_is_send_exactly_if_its_value_is() {
    const { assert!(Probe::<Promise<Cell<u8>>>::SEND) };
    const { assert!(!Probe::<Promise<Rc<u8>>>::SEND) };
    const { assert!(!Probe::<Promise<std::sync::MutexGuard<'static, u8>>>::SEND) };
    const { assert!(Probe::<Running<Cell<u8>>>::SEND) };
    const { assert!(!Probe::<Running<Rc<u8>>>::SEND) };
}

#[test]
fn a_shared_future_needs_send_and_sync() {
    assert_eq!(auto!(SharedFuture<u8>), BOTH);
    assert_eq!(auto!(SharedFuture<Cell<u8>>), NEITHER);
    assert_eq!(auto!(SharedFuture<Rc<u8>>), NEITHER);
    assert_eq!(auto!(SharedFuture<std::sync::MutexGuard<'static, u8>>), NEITHER);
    const { assert!(Probe::<SharedResult<'static, u8>>::SEND) };
    const { assert!(!Probe::<SharedResult<'static, Cell<u8>>>::SEND) };
}

#[test]
fn untyped_handles_are_send_and_sync() {
    assert_eq!(auto!(AnyFuture), BOTH);
    assert_eq!(auto!(Canceller), BOTH);
    assert_eq!(auto!(Completion), BOTH);
    assert_eq!(auto!(Task), BOTH);
    assert_eq!(auto!(Refused), BOTH);
    assert_eq!(auto!(FutureId), BOTH);
    assert_eq!(auto!(Executor<InlineBackend>), BOTH);
    assert_eq!(auto!(TaskError), BOTH);
    assert_eq!(auto!(SubmitError<u8>), BOTH);
    assert_eq!(auto!(SubmitError<Cell<u8>>), SEND_ONLY);
}

#[test]
fn only_what_holds_a_node_is_pinned() {
    const { assert!(Probe::<Future<core::marker::PhantomPinned>>::UNPIN) };
    const { assert!(Probe::<CancelOnDrop<core::marker::PhantomPinned>>::UNPIN) };
    const { assert!(Probe::<SharedFuture<u8>>::UNPIN) };
    const { assert!(!Probe::<SharedResult<'static, u8>>::UNPIN) };
}

#[test]
fn a_task_error_works_with_the_question_mark() {
    fn any() -> Result<(), Box<dyn Error + Send + Sync>> {
        let (promise, future) = promise::<u8>();
        drop(promise);
        future.result()?;
        Ok(())
    }
    fn plain() -> Result<(), Box<dyn Error>> {
        let (promise, future) = promise::<u8>();
        drop(promise);
        future.result()?;
        Ok(())
    }
    assert!(any().expect_err("abandoned").downcast_ref::<TaskError>().is_some());
    assert!(plain().is_err());
}

#[test]
fn a_future_is_covariant() {
    fn shorter<'a>(future: Future<&'static str>, _until: &'a str) -> Future<&'a str> {
        future
    }
    let (promise, future) = promise();
    promise.complete("for ever").expect("not cancelled");
    let until = String::from("here");
    assert_eq!(shorter(future, &until).result().expect("completed"), "for ever");
}

#[test]
fn a_future_may_hold_what_is_not_static() {
    let text = String::from("borrowed");
    let (promise, future) = promise::<&str>();
    promise.complete(&text).expect("not cancelled");
    assert_eq!(future.result().expect("completed"), "borrowed");
}

#[test]
fn values_of_every_alignment_and_size() {
    #[derive(Debug, Clone, Copy, PartialEq)]
    #[repr(align(256))]
    struct Aligned(u8);

    fn round<T: Send + 'static + Clone + PartialEq + core::fmt::Debug>(value: T) {
        let executor = Executor::new(InlineBackend);
        let ours = value.clone();
        let future = executor.submit(move || ours).expect("inline tasks are accepted");
        assert_eq!(future.result().expect("it returned"), value);
        let (promise, future) = promise();
        promise.complete(value.clone()).expect("not cancelled");
        assert_eq!(future.shared().result().expect("completed"), &value);
    }
    round(());
    round(Aligned(3));
    round([7_u8; 3]);
    round([7_u64; 512]);
    round(Some(Box::new(5)));
}
