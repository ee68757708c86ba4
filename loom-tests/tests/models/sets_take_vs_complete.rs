//! Members of a set are completed by two threads while a third takes them out.

use concurrent_futures_core::{as_completed, promise};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

/// The ready stack: each member is yielded once, and the wake-up of a batch is not lost.
///
/// Turned red by: a push that does not wake, a waker offered although something was pushed, a stack that is taken with Relaxed.
#[test]
fn each_is_yielded_once() {
    model(Bound::Preemptions(3), || {
        let (first, one) = promise();
        let (second, two) = promise();
        let mut set = as_completed([(1, one), (2, two)]);
        let completers = [
            thread::spawn(move || first.complete(()).unwrap()),
            thread::spawn(move || second.complete(()).unwrap()),
        ];
        let one = set.next().map(|(key, _)| key);
        // Waiting for the other too would be too large a model; the next one waits twice.
        completers.into_iter().for_each(|completer| completer.join().unwrap());
        let other = set.next().map(|(key, _)| key);
        assert!(matches!((one, other), (Some(1), Some(2)) | (Some(2), Some(1))));
        assert!(set.next().is_none());
    });
}

/// The same where the members are completed while they are put in.
///
/// Turned red by: the same.
#[test]
fn each_is_yielded_once_when_put_in_late() {
    model(Bound::Preemptions(3), || {
        let (first, one) = promise();
        let (second, two) = promise();
        thread::spawn(move || {
            first.complete(1).unwrap();
            second.complete(2).unwrap();
        });
        let sum: u32 = as_completed([one, two]).map(|future| future.result().unwrap()).sum();
        assert_eq!(sum, 3);
    });
}

/// I2 and the ready stack: the member that is left when one is done is taken out while it is completed, and is as good
/// as before.
///
/// Turned red by: the same.
#[test]
fn the_other_is_given_back_whole() {
    model(Bound::Preemptions(3), || {
        let (first, mut one) = promise();
        let (second, mut two) = promise();
        let mut set = as_completed([&mut one, &mut two]);
        let completer = thread::spawn(move || {
            first.complete(1).unwrap();
            second.complete(2).unwrap();
        });
        assert!(set.next().is_some_and(|future| future.done()));
        drop(set);
        completer.join().unwrap();
        assert_eq!([one, two].map(|mut future| future.try_result().unwrap().unwrap()), [1, 2]);
    });
}
