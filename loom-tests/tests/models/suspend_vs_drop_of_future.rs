//! A promise suspends between two attempts while its future is dropped.

use concurrent_futures_core::promise;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Count, Tracked};

/// I3, I5: dropping the future detaches it, in whatever attempt; the value and the slot end once.
///
/// Turned red by: arrow 5 as a load and a store.
#[test]
fn the_value_ends_once() {
    model(Bound::Exhaustive, || {
        let drops = Count::default();
        let value = Tracked::counted(7, &drops);
        let (promise, future) = promise();
        let worker = thread::spawn(move || {
            let running = promise.start().unwrap();
            running.suspend().complete(value).unwrap();
        });
        drop(future);
        worker.join().unwrap();
        assert_eq!(drops.get(), 1);
    });
}
