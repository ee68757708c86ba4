//! Members of a `WaitSet` are completed while they are put in, taken out, waited for, or dropped with the set.

use core::pin::Pin;
use core::task::{Context, Poll};

use concurrent_futures_core::{WaitSet, promise};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Bell, Tracked};

/// R1, R2: a member that is completed while it is put in is yielded once, and whoever waits is woken.
///
/// Turned red by: a push that does not wake, a waker offered although something was pushed, a stack that is taken, or pushed
/// to, with Relaxed.
#[test]
fn a_member_put_in_is_yielded() {
    model(Bound::Preemptions(5), || {
        let (promise, future) = promise();
        let completer = thread::spawn(move || promise.complete(Tracked::new(7)).unwrap());
        let mut set = WaitSet::new();
        set.insert(future);
        assert_eq!(set.next().unwrap().result().unwrap().into_number(), 7);
        assert!(set.next().is_none());
        completer.join().unwrap();
    });
}

/// R1, R2: a member that is completed while it is taken out is given back whole, and its seat is not mistaken for
/// that of the next one.
///
/// Turned red by: a seat that is free although its entry is still to be pushed.
#[test]
fn a_member_taken_out_leaves_nothing_behind() {
    model(Bound::Exhaustive, || {
        let (first, one) = promise();
        let (second, two) = promise();
        let mut set = WaitSet::new();
        let key = set.insert(one);
        let completer = thread::spawn(move || first.complete(Tracked::new(1)).unwrap());
        let mut one = set.remove(key).unwrap();
        set.insert(two);
        assert!(set.try_next().is_none(), "the second is not done");
        second.complete(Tracked::new(2)).unwrap();
        assert_eq!(set.try_next().unwrap().result().unwrap().into_number(), 2);
        assert!(set.try_next().is_none() && set.is_empty());
        completer.join().unwrap();
        assert_eq!(one.try_result().unwrap().unwrap().into_number(), 1);
    });
}

/// R4: the memory is given back once, by whoever is last: the set, or what completes a member of it.
///
/// Turned red by: a set that frees the memory while entries are out, a last push that does not, a push with Relaxed.
#[test]
fn the_last_one_out_frees_the_memory() {
    model(Bound::Preemptions(3), || {
        let (first, one) = promise();
        let (second, two) = promise();
        let set = WaitSet::from_iter([one, two]);
        let completers = [first, second]
            .map(|promise| thread::spawn(move || promise.complete(Tracked::new(1)).unwrap()));
        drop(set);
        completers.into_iter().for_each(|completer| completer.join().unwrap());
    });
}

/// R3: after the last poll that was pending its waker is woken, and none is kept.
///
/// Turned red by: a waker that is not replaced, a waker offered although something was pushed.
#[test]
fn the_waker_of_the_last_poll_is_woken() {
    model(Bound::Exhaustive, || {
        let (promise, future) = promise();
        let mut set = WaitSet::from_iter([future]);
        let completer = thread::spawn(move || promise.complete(Tracked::new(7)).unwrap());
        let mut poll = || {
            let (waker, woken) = Bell::waker();
            (Pin::new(&mut set).poll_next(&mut Context::from_waker(&waker)), woken)
        };
        let mut polled = poll();
        if polled.0.is_pending() {
            polled = poll();
        }
        completer.join().unwrap();
        let future = match polled {
            (Poll::Ready(future), _) => future,
            (Poll::Pending, woken) => {
                assert_eq!(woken.get(), 1);
                set.try_next()
            }
        };
        assert_eq!(future.unwrap().result().unwrap().into_number(), 7);
    });
}
