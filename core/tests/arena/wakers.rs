//! A slot that is given back has nothing left in it: its memory is used again without being looked at.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use concurrent_futures_core::{Future, StaticExecutor};

use super::executor;

struct Nothing;

impl Wake for Nothing {
    fn wake(self: Arc<Self>) {}
}

/// A task that is queued, its future, and the waker with which that waits.
fn waiting() -> (&'static StaticExecutor<1, 16>, Future<i32>, Arc<Nothing>) {
    let executor = executor::<1, 16>();
    let waker = Arc::new(Nothing);
    let mut future = executor.submit(|| 7).unwrap();
    let registered = Waker::from(Arc::clone(&waker));
    let mut context = Context::from_waker(&registered);
    assert!(std::future::Future::poll(Pin::new(&mut future), &mut context).is_pending());
    drop(registered);
    assert_eq!(Arc::strong_count(&waker), 2, "the slot holds one");
    (executor, future, waker)
}

/// Ends a task and its future as `end` does, and says how many still hold the waker.
fn wakers_left(end: fn(&StaticExecutor<1, 16>, Future<i32>)) -> usize {
    let (executor, future, waker) = waiting();
    end(executor, future);
    assert_eq!(executor.free_slots(), 1);
    Arc::strong_count(&waker) - 1
}

#[test]
fn a_task_that_has_run_keeps_no_waker() {
    let taken = wakers_left(|executor, mut future| {
        executor.run_pending();
        assert_eq!(future.try_result().unwrap().unwrap(), 7);
    });
    let unread = wakers_left(|executor, future| {
        executor.run_pending();
        drop(future);
    });
    assert_eq!((taken, unread), (0, 0));
}

#[test]
fn a_task_that_was_cancelled_keeps_no_waker() {
    let dropped = wakers_left(|_, future| assert!(future.cancel()));
    let read = wakers_left(|_, mut future| {
        future.cancel();
        assert!(future.try_result().unwrap().unwrap_err().is_cancelled());
    });
    assert_eq!((dropped, read), (0, 0));
}

#[test]
fn a_future_that_is_dropped_unresolved_takes_its_waker_along() {
    let (executor, future, waker) = waiting();
    drop(future);
    assert_eq!(Arc::strong_count(&waker), 1);
    executor.run_pending();
    assert_eq!(executor.free_slots(), 1);
}
