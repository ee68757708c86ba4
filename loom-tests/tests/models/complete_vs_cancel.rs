//! A promise is completed while its future is cancelled.

use concurrent_futures_core::promise;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Count, Tracked};

/// I1, I3, I5: one of them wins, both know which, and the value ends once, wherever it went.
///
/// Turned red by: a cancel of what is running, a start of what was cancelled.
#[test]
fn one_of_them_wins() {
    model(Bound::Exhaustive, || {
        let drops = Count::default();
        let value = Tracked::counted(7, &drops);
        let (promise, mut future) = promise();
        let completer = thread::spawn(move || promise.complete(value).is_ok());
        let cancelled = future.cancel();
        let completed = completer.join().unwrap();
        assert_ne!(cancelled, completed);
        assert_eq!(cancelled, future.cancelled());
        match future.try_result().expect("it is done") {
            Ok(value) => assert!(completed && value.into_number() == 7),
            Err(error) => assert!(cancelled && error.is_cancelled()),
        }
        assert_eq!(drops.get(), 1);
    });
}

/// I1, I2, I3, I5: whoever waits is woken by the one that won, and learns which.
///
/// Turned red by: a cancel of what is running, a start of what was cancelled, arrow 3 without Release.
#[test]
fn the_waiter_learns_who_won() {
    // Three actors: two seconds with 3 preemptions.
    model(Bound::Preemptions(3), || {
        let (promise, future) = promise();
        let canceller = future.canceller();
        let completer = thread::spawn(move || promise.complete(Tracked::new(7)).is_ok());
        let canceller = thread::spawn(move || canceller.cancel());
        let outcome = future.result();
        let completed = completer.join().unwrap();
        assert_eq!(canceller.join().unwrap(), !completed);
        match outcome {
            Ok(value) => assert!(completed && value.into_number() == 7),
            Err(error) => assert!(!completed && error.is_cancelled()),
        }
    });
}
