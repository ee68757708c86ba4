//! The outcome of a call lands while its future is waited for, or dropped.

use core::task::Poll;

use concurrent_futures_core::calls::{CallDesk, Landing};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::call_support::{Number, Watched, Witness, land};
use crate::support::{Bell, Count, poll};

/// I1, I2, I3, I5: whoever waits is woken, and decodes what was published.
///
/// Turned red by: a landing that does not wake the waiter; arrow 3 with Relaxed.
#[test]
fn the_blocked_thread_gets_the_value() {
    // The parker alone has a dozen operations: half a second with 5 preemptions.
    model(Bound::Preemptions(5), || {
        let desk = CallDesk::new(Witness::new());
        let (promise, future) = desk.call::<Number>(1);
        let drops = Count::default();
        let landing = Landing::Value(Watched::encoded(7, &drops));
        let lander = thread::spawn(move || land(promise, landing));
        assert_eq!(future.result().unwrap(), 7);
        lander.join().unwrap();
        assert_eq!(drops.get(), 1);
    });
}

/// I1, I2, I3, I5: whoever is told that it is pending is woken.
///
/// Turned red by: the same.
#[test]
fn every_pending_poll_is_followed_by_a_wake_up() {
    model(Bound::Exhaustive, || {
        let desk = CallDesk::new(Witness::new());
        let (promise, mut future) = desk.call::<Number>(1);
        let drops = Count::default();
        let landing = Landing::Value(Watched::encoded(7, &drops));
        let lander = thread::spawn(move || land(promise, landing));
        let (waker, woken) = Bell::waker();
        let first = poll(&mut future, &waker);
        drop(waker);
        match first {
            Poll::Ready(outcome) => {
                drop(future); // before the lander is through
                assert_eq!(outcome.unwrap(), 7);
                lander.join().unwrap();
                assert_eq!(woken.get(), 0);
            }
            Poll::Pending => {
                lander.join().unwrap();
                assert_eq!(woken.get(), 1);
                assert_eq!(future.try_result().unwrap().unwrap(), 7);
            }
        }
        assert_eq!(drops.get(), 1);
    });
}

/// I3, I5: an outcome that nobody wants any more is dropped, once.
///
/// Turned red by: an outcome that is dropped in the aftermath though the future is there; arrow 3 with Relaxed.
#[test]
fn an_unwanted_value_ends_once() {
    model(Bound::Exhaustive, || {
        let desk = CallDesk::new(Witness::new());
        let (promise, future) = desk.call::<Number>(1);
        let drops = Count::default();
        let landing = Landing::Value(Watched::encoded(7, &drops));
        let lander = thread::spawn(move || land(promise, landing));
        drop(future);
        lander.join().unwrap();
        assert_eq!(drops.get(), 1);
    });
}
