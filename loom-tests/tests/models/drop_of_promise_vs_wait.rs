//! A promise is dropped unfulfilled while somebody waits for its value.

use core::task::Poll;

use concurrent_futures_core::{TaskErrorKind, promise};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Bell, Tracked, poll};

/// I1, I2, I3, I5: a promise that has not started abandons its future, and whoever blocks is woken.
///
/// Turned red by: a waiter that arms without looking again.
#[test]
fn the_blocked_thread_is_told() {
    model(Bound::Exhaustive, || {
        let (promise, future) = promise::<Tracked>();
        thread::spawn(move || drop(promise));
        assert_eq!(future.result().unwrap_err().kind(), TaskErrorKind::Abandoned);
    });
}

/// I1, I2, I3, I5: so does one that has, and the last waker is woken.
///
/// Turned red by: a waiter that arms without looking again, a started promise whose end resolves nothing.
#[test]
fn the_poller_is_told() {
    model(Bound::Exhaustive, || {
        let (promise, mut future) = promise::<Tracked>();
        let dropper = thread::spawn(move || drop(promise.start().unwrap()));
        let (waker, woken) = Bell::waker();
        let mut polled = poll(&mut future, &waker);
        if polled.is_pending() {
            dropper.join().unwrap();
            assert_eq!(woken.get(), 1, "a wake-up was lost");
            polled = poll(&mut future, &waker);
        }
        let Poll::Ready(Err(error)) = polled else { panic!("no error: {polled:?}") };
        assert_eq!(error.kind(), TaskErrorKind::Abandoned);
    });
}
