//! A promise is completed while its future is dropped.

use concurrent_futures_core::promise;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Bell, Count, Tracked, poll};

/// I3, I5: the value that nobody will take is dropped once, by whoever comes last.
///
/// Turned red by: a dropped value not marked TAKEN, references released with Relaxed, arrow 3 without Release.
#[test]
fn the_value_ends_once() {
    model(Bound::Exhaustive, || {
        let drops = Count::default();
        let value = Tracked::counted(7, &drops);
        let (promise, future) = promise();
        let completer = thread::spawn(move || promise.complete(value).unwrap());
        drop(future);
        completer.join().unwrap();
        assert_eq!(drops.get(), 1);
    });
}

/// I2, I3, I5: the same of a future that was polled; its waker ends with it, woken or not.
///
/// Turned red by: a waker taken back though it is the publisher's (`disarm`), a dropped value not marked TAKEN.
#[test]
fn the_value_and_the_waker_end_once() {
    model(Bound::Exhaustive, || {
        let drops = Count::default();
        let value = Tracked::counted(7, &drops);
        let (promise, mut future) = promise();
        let (waker, woken) = Bell::waker();
        assert!(poll(&mut future, &waker).is_pending());
        let completer = thread::spawn(move || promise.complete(value).unwrap());
        drop(future);
        completer.join().unwrap();
        assert_eq!(drops.get(), 1);
        assert!(woken.get() <= 1);
    });
}
