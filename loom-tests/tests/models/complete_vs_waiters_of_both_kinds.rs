//! A promise is completed while a waker is in the slot and callbacks are in its list.

use concurrent_futures_core::{FutureState, promise};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Bell, Count, Tracked, poll};

/// I2, I3, I4, I5: the waker is woken and each callback called once, the future at an end or not.
///
/// Turned red by: a list that is visited only if no waker is in the slot, LISTED not set.
#[test]
fn all_of_them_are_told() {
    model(Bound::Exhaustive, || {
        let (promise, mut future) = promise();
        let calls = Count::default();
        for _ in 0..2 {
            let (calls, seen) = (calls.clone(), Tracked::new(0));
            future.add_done_callback(move |completion| {
                assert_eq!(completion.state(), FutureState::Finished);
                assert!(completion.error().is_none());
                calls.up();
                drop(seen);
            });
        }
        let completer = thread::spawn(move || promise.complete(Tracked::new(7)).unwrap());
        let (waker, woken) = Bell::waker();
        if poll(&mut future, &waker).is_ready() {
            // The slot may end here, while the completer is still busy with its list.
            drop(future);
            completer.join().unwrap();
        } else {
            completer.join().unwrap();
            assert_eq!(woken.get(), 1, "a wake-up was lost");
        }
        assert_eq!(calls.get(), 2);
    });
}
