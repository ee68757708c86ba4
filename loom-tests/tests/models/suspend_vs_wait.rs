//! A promise suspends between two attempts while somebody waits for its future.

use core::task::Poll;

use concurrent_futures_core::promise;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Bell, Tracked, poll};

/// I1, I2, I3, I5: a waker that is registered in an attempt, between two or beside the suspending is woken.
///
/// Turned red by: arrow 5 as a load and a store, arrow 5 that takes WAITER away.
#[test]
fn the_poller_is_told_after_the_last_attempt() {
    model(Bound::Exhaustive, || {
        let (promise, mut future) = promise();
        let worker = thread::spawn(move || {
            let running = promise.start().unwrap();
            running.suspend().complete(Tracked::new(7)).unwrap();
        });
        let (waker, woken) = Bell::waker();
        let mut polled = poll(&mut future, &waker);
        if polled.is_pending() {
            worker.join().unwrap();
            assert_eq!(woken.get(), 1, "a wake-up was lost");
            polled = poll(&mut future, &waker);
        }
        let Poll::Ready(Ok(value)) = polled else { panic!("no value: {polled:?}") };
        assert_eq!(value.into_number(), 7);
    });
}

/// I1, I2, I3, I5: a thread that is blocked when the promise suspends stays so until the last attempt.
///
/// Turned red by: arrow 5 as a load and a store, arrow 5 that takes WAITER away.
#[test]
fn the_blocked_thread_is_told_after_the_last_attempt() {
    // The parker has a dozen operations of its own.
    model(Bound::Preemptions(5), || {
        let (promise, future) = promise();
        let worker = thread::spawn(move || {
            let running = promise.start().unwrap();
            running.suspend().complete(Tracked::new(7)).unwrap();
        });
        assert_eq!(future.result().unwrap().into_number(), 7);
        worker.join().unwrap();
    });
}
