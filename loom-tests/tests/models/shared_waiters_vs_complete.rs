//! A promise is completed while several wait for the value they share.

use concurrent_futures_core::{SharedFuture, promise};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Count, Tracked};

fn see(shared: &SharedFuture<Tracked>) {
    assert_eq!(shared.result().unwrap().shared_number(), 7);
}

/// I3, I4, I5: the one who waits is woken, and the value ends with the last handle.
///
/// Turned red by: waiters accepted by a slot that is resolved (`open_list`), LISTED not set, nodes unlinked without
/// the lock.
#[test]
fn the_waiter_sees_the_value() {
    // The parker alone has a dozen operations: two seconds with 5 preemptions, a minute without.
    model(Bound::Preemptions(5), || {
        let drops = Count::default();
        let value = Tracked::counted(7, &drops);
        let (promise, future) = promise();
        let shared = future.shared();
        let completer = thread::spawn(move || promise.complete(value).unwrap());
        see(&shared);
        drop(shared);
        completer.join().unwrap();
        assert_eq!(drops.get(), 1);
    });
}

/// I3, I4, I5: the same of two waiters, the last of which ends the value that the other has looked at.
///
/// Turned red by: waiters accepted by a slot that is resolved (`open_list`), LISTED not set, nodes unlinked without
/// the lock.
#[test]
fn both_waiters_see_the_value() {
    // Three actors: ten seconds with 3 preemptions.
    model(Bound::Preemptions(3), || {
        let drops = Count::default();
        let value = Tracked::counted(7, &drops);
        let (promise, future) = promise();
        let shared = future.shared();
        let other = shared.clone();
        let waiter = thread::spawn(move || see(&other));
        let completer = thread::spawn(move || promise.complete(value).unwrap());
        see(&shared);
        drop(shared);
        waiter.join().unwrap();
        completer.join().unwrap();
        assert_eq!(drops.get(), 1);
    });
}
