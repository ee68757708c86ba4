//! A reference to a slot is counted while others are given up.

use concurrent_futures_core::promise;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::Tracked;

/// I5, I8: the slot ends once, with the last of them, and nobody touches it afterwards.
///
/// Turned red by: references released with Relaxed, a clone that counts none.
#[test]
fn the_last_reference_ends_the_slot() {
    model(Bound::Exhaustive, || {
        let (promise, future) = promise();
        let canceller = future.canceller();
        promise.complete(Tracked::new(7)).unwrap();
        let other = thread::spawn(move || {
            let clone = canceller.clone();
            drop(canceller);
            assert!(clone.done());
        });
        drop(future);
        other.join().unwrap();
    });
}
