//! A promise is completed while a thread blocks for its value.

use concurrent_futures_core::{Park, Parked, ThreadParker, promise};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::Tracked;

/// I1, I2, I3, I5: whoever blocks is woken, takes the value, and may end the slot while the completer is still at it.
///
/// Turned red by: a waiter that arms without looking again, arrow 3 without Release, a parker notified without its
/// lock.
#[test]
fn the_blocked_thread_gets_the_value() {
    // The parker alone has a dozen operations: a second with 5 preemptions, a minute without.
    model(Bound::Preemptions(5), || {
        let (promise, future) = promise();
        thread::spawn(move || promise.complete(Tracked::new(7)).unwrap());
        assert_eq!(future.result().unwrap().into_number(), 7);
    });
}

/// The thread parker: a wake-up before, at or after the parking ends it.
///
/// Turned red by: a parker notified without its lock.
#[test]
fn wake_ends_park() {
    model(Bound::Exhaustive, || {
        let parker = ThreadParker::new();
        let waker = parker.waker();
        thread::spawn(move || waker.wake());
        assert_eq!(parker.park(None), Parked::Woken);
    });
}
