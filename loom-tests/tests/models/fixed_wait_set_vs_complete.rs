//! Members of a `FixedWaitSet` are completed while they are put in, taken out, waited for, or dropped with the set.

use core::pin::pin;
use core::task::{Context, Poll};

use concurrent_futures_core::{FixedWaitSet, ThreadParker, promise};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Bell, Tracked};

/// F1, F2: a member that is completed while it is put in is yielded once, and whoever waits is woken.
///
/// Turned red by: a push that takes no waker along, a waker offered although something was pushed.
#[test]
fn a_member_put_in_is_yielded() {
    model(Bound::Preemptions(5), || {
        let (promise, future) = promise();
        let completer = thread::spawn(move || promise.complete(Tracked::new(7)).unwrap());
        let mut set = pin!(FixedWaitSet::<_, 1>::new());
        set.as_mut().insert(future).unwrap();
        let park = ThreadParker::new();
        let future = set.as_mut().next_with(&park, None).unwrap();
        assert_eq!(future.result().unwrap().into_number(), 7);
        assert!(set.as_mut().next_with(&park, None).is_none());
        completer.join().unwrap();
    });
}

/// F1, F2: a member that is completed while it is taken out is given back whole, and its seat is free for the next.
///
/// Turned red by: a member that is not settled, a seat that is free although it is on the stack.
#[test]
fn a_member_taken_out_leaves_nothing_behind() {
    model(Bound::Exhaustive, || {
        let (first, one) = promise();
        let (second, two) = promise();
        let mut set = pin!(FixedWaitSet::<_, 1>::new());
        let completer = thread::spawn(move || first.complete(Tracked::new(1)).unwrap());
        let key = set.as_mut().insert(one).unwrap();
        let mut one = set.as_mut().remove(key).unwrap();
        set.as_mut().insert(two).unwrap();
        assert!(set.as_mut().try_next().is_none(), "the second is not done");
        second.complete(Tracked::new(2)).unwrap();
        let two = set.as_mut().try_next().unwrap();
        assert_eq!(two.result().unwrap().into_number(), 2);
        completer.join().unwrap();
        assert_eq!(one.try_result().unwrap().unwrap().into_number(), 1);
    });
}

/// F1: nothing of the set is touched once it is dropped.
///
/// Turned red by: a set that ends without settling its members.
#[test]
fn nobody_comes_to_a_set_that_was_dropped() {
    model(Bound::Exhaustive, || {
        let (promise, mut future) = promise();
        let mut set = Box::pin(FixedWaitSet::<_, 1>::new());
        let completer = thread::spawn(move || promise.complete(Tracked::new(7)).unwrap());
        set.as_mut().insert(&mut future).unwrap();
        drop(set);
        completer.join().unwrap();
        assert_eq!(future.try_result().unwrap().unwrap().into_number(), 7);
    });
}

/// F3: after the last poll that was pending its waker is woken, and none is kept; the cell is written while the push
/// before may still be reading it.
///
/// Turned red by: members that come off the stack and are not settled, a waker offered although something was pushed.
#[test]
fn the_waker_of_the_last_poll_is_woken() {
    model(Bound::Preemptions(5), || {
        let (first, one) = promise();
        let (second, two) = promise();
        let mut set = pin!(FixedWaitSet::<_, 2>::new());
        set.as_mut().insert(one).unwrap();
        set.as_mut().insert(two).unwrap();
        let completer = thread::spawn(move || {
            first.complete(Tracked::new(1)).unwrap();
            second.complete(Tracked::new(2)).unwrap();
        });
        let mut sum = 0;
        let mut last = None;
        for _ in 0..3 {
            let (waker, woken) = Bell::waker();
            match set.as_mut().poll_next(&mut Context::from_waker(&waker)) {
                Poll::Ready(None) => break,
                Poll::Ready(Some(future)) => sum += future.result().unwrap().into_number(),
                Poll::Pending => last = Some(woken),
            }
        }
        completer.join().unwrap();
        if sum < 3 {
            assert!(last.is_none_or(|woken| woken.get() == 1) || sum > 0);
            while let Some(future) = set.as_mut().try_next() {
                sum += future.result().unwrap().into_number();
            }
        }
        assert_eq!(sum, 3);
    });
}
