//! Two cancel the same future.

use concurrent_futures_core::Executor;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Count, Kept, Tracked};

/// I1, I4, I5: both are told that it will never start; the closure is dropped and the callback called once.
///
/// Turned red by: a second cancel that does it all again.
#[test]
fn both_succeed_and_one_does_it() {
    model(Bound::Exhaustive, || {
        let executor = Executor::new(Kept::new());
        let drops = Count::default();
        let capture = Tracked::counted(7, &drops);
        let future = executor.submit(move || capture.into_number()).unwrap();
        let calls = Count::default();
        let called = calls.clone();
        future.add_done_callback(move |completion| {
            assert!(completion.cancelled());
            called.up();
        });
        let canceller = future.canceller();
        let canceller = thread::spawn(move || assert!(canceller.cancel()));
        assert!(future.cancel());
        canceller.join().unwrap();
        assert!(future.cancelled());
        assert_eq!((drops.get(), calls.get()), (1, 1));
    });
}
