//! A promise is completed while its future is polled.

use core::task::Poll;

use concurrent_futures_core::promise;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Bell, Tracked, poll};

/// I1, I2, I3, I5: the value arrives once, and the last waker of a poll that was pending is woken.
///
/// Turned red by: a waiter that arms without looking again, a waker woken before arrow 3, references released with
/// Relaxed.
#[test]
fn every_pending_poll_is_followed_by_a_wake_up() {
    model(Bound::Exhaustive, || {
        let (promise, mut future) = promise();
        let completer = thread::spawn(move || promise.complete(Tracked::new(7)).unwrap());
        let (waker, woken) = Bell::waker();
        let mut polled = poll(&mut future, &waker);
        if polled.is_pending() {
            // The completer may be anywhere by now, and this poll may be the one that ends the slot.
            polled = poll(&mut future, &waker);
        }
        if polled.is_pending() {
            completer.join().unwrap();
            assert_eq!(woken.get(), 1, "a wake-up was lost");
            polled = poll(&mut future, &waker);
        }
        let Poll::Ready(Ok(value)) = polled else { panic!("no value: {polled:?}") };
        assert_eq!(value.into_number(), 7);
    });
}

/// I3, I5: the value is seen whole or not at all, and taken once.
///
/// Turned red by: the state loaded with Relaxed, arrow 3 without Release, references released with Relaxed.
#[test]
fn try_result_sees_the_value_or_nothing() {
    model(Bound::Exhaustive, || {
        let (promise, mut future) = promise();
        let completer = thread::spawn(move || promise.complete(Tracked::new(7)).unwrap());
        if let Some(outcome) = future.try_result() {
            assert_eq!(outcome.unwrap().into_number(), 7);
            assert!(future.done());
            assert!(future.try_result().unwrap().is_err(), "taken twice");
        } else {
            completer.join().unwrap();
            assert_eq!(future.try_result().unwrap().unwrap().into_number(), 7);
        }
    });
}
