//! A done callback is added while the future is resolved.

use concurrent_futures_core::{Completion, StaticCallback, promise};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Count, Tracked};

/// I3, I4, I5: it is called exactly once, by the completer or at once.
///
/// Turned red by: callbacks accepted by a slot that is resolved (`open_list`), LISTED not set, nodes popped without
/// the lock.
#[test]
fn it_is_called_once() {
    model(Bound::Exhaustive, || {
        let (promise, future) = promise();
        let completer = thread::spawn(move || promise.complete(Tracked::new(7)).unwrap());
        let calls = Count::default();
        let (called, seen) = (calls.clone(), Tracked::new(0));
        future.add_done_callback(move |completion| {
            assert!(!completion.cancelled());
            called.up();
            drop(seen);
        });
        drop(future);
        completer.join().unwrap();
        assert_eq!(calls.get(), 1);
    });
}

/// I3, I4, I5: the same when the future is cancelled.
///
/// Turned red by: callbacks accepted by a slot that is resolved (`open_list`), a callback that came too late not
/// called.
#[test]
fn it_learns_of_a_cancel() {
    model(Bound::Exhaustive, || {
        let (promise, future) = promise::<Tracked>();
        let canceller = future.canceller();
        let canceller = thread::spawn(move || assert!(canceller.cancel()));
        let calls = Count::default();
        let called = calls.clone();
        future.add_done_callback(move |completion| {
            assert!(completion.cancelled());
            called.up();
        });
        canceller.join().unwrap();
        assert_eq!(calls.get(), 1);
        drop(promise);
    });
}

/// I4: a static callback is called once for each future that accepts it, and free for the next from then on.
///
/// Turned red by: `in_use` not looked at, nodes popped without the lock.
#[test]
fn a_static_one_can_be_used_again() {
    model(Bound::Exhaustive, || {
        let calls = Count::default();
        let called = calls.clone();
        let callback = StaticCallback::new(move |_: &Completion| called.up());
        // A static, that is: loom's objects cannot be made outside of a model.
        let callback: &'static _ = Box::leak(Box::new(callback));
        let (promise, future) = promise();
        let (other_promise, other) = concurrent_futures_core::promise();
        let completer = thread::spawn(move || promise.complete(Tracked::new(7)).unwrap());
        future.add_static_callback(callback).unwrap();
        let added = other.add_static_callback(callback).is_ok();
        other_promise.complete(()).unwrap();
        completer.join().unwrap();
        assert_eq!(calls.get(), 1 + usize::from(added));
    });
}
