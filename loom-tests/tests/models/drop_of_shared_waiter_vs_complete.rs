//! One that waits for a shared future leaves while the promise is completed.

use core::future::IntoFuture;
use core::pin::pin;
use core::task::Context;

use concurrent_futures_core::promise;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Bell, Impatient, Tracked};

/// I4, I5: its node is unlinked before its memory ends, its waker is not kept, and the value is there for others.
///
/// Turned red by: nodes unlinked or popped without the lock.
#[test]
fn its_node_is_unlinked() {
    model(Bound::Exhaustive, || {
        let (promise, future) = promise();
        let shared = future.shared();
        let (waker, woken) = Bell::waker();
        let completer = {
            let mut waiting = pin!((&shared).into_future());
            let polled = waiting.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
            thread::spawn(move || promise.complete(Tracked::new(7)).unwrap())
        };
        completer.join().unwrap();
        assert!(woken.get() <= 1);
        assert_eq!(shared.try_result().unwrap().unwrap().shared_number(), 7);
    });
}

/// I4, I5: the same of a wait that times out.
///
/// Turned red by: nodes unlinked or popped without the lock.
#[test]
fn a_wait_that_times_out_unlinks_its_node() {
    model(Bound::Exhaustive, || {
        let (promise, future) = promise();
        let shared = future.shared();
        let completer = thread::spawn(move || promise.complete(Tracked::new(7)).unwrap());
        let outcome = shared.result_with(&Impatient, Some(()));
        assert!(
            outcome.map_or_else(|error| error.is_timed_out(), |value| value.shared_number() == 7)
        );
        completer.join().unwrap();
        assert_eq!(shared.try_result().unwrap().unwrap().shared_number(), 7);
    });
}
