//! A waker is replaced by another while the promise is completed.

use core::task::Poll;

use concurrent_futures_core::promise;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Bell, Impatient, Tracked, poll};

/// I2, I5: the waker of the last pending poll is woken, once, and none is kept.
///
/// Turned red by: a waiter that arms without looking again, a waker replaced though it is the publisher's
/// (`disarm`).
#[test]
fn the_last_waker_is_woken() {
    model(Bound::Exhaustive, || {
        let (promise, mut future) = promise();
        let (first, _) = Bell::waker();
        assert!(poll(&mut future, &first).is_pending());
        let completer = thread::spawn(move || promise.complete(Tracked::new(7)).unwrap());
        let (second, woken) = Bell::waker();
        let mut polled = poll(&mut future, &second);
        if polled.is_pending() {
            completer.join().unwrap();
            assert_eq!(woken.get(), 1, "a wake-up was lost");
            polled = poll(&mut future, &second);
        }
        let Poll::Ready(Ok(value)) = polled else { panic!("no value: {polled:?}") };
        assert_eq!(value.into_number(), 7);
    });
}

/// I2, I5: a waiter that stops waiting takes its waker back, and waits again with another.
///
/// Turned red by: a waker taken back though it is the publisher's (`disarm`), or without asking.
#[test]
fn stopping_takes_the_waker_back() {
    // A wait that ends beside a poll: a second with 5 preemptions, half a minute without.
    model(Bound::Preemptions(5), || {
        let (promise, mut future) = promise();
        let (waker, woken) = Bell::waker();
        assert!(poll(&mut future, &waker).is_pending());
        let completer = thread::spawn(move || promise.complete(Tracked::new(7)).unwrap());
        let outcome = future.result_deadline_with(&Impatient, ());
        completer.join().unwrap();
        assert!(woken.get() <= 1);
        let value = outcome.unwrap_or_else(|_| future.try_result().unwrap().unwrap());
        assert_eq!(value.into_number(), 7);
    });
}
