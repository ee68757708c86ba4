//! The outcome of a call lands while somebody waits for it who shares its future.

use concurrent_futures_core::calls::{CallDesk, Landing};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::call_support::{Number, Witness, encoded, land};

/// I3, I4, I5: the waiter is woken, and all who share the future see the same value.
///
/// Turned red by: a landing that does not look at the list; arrow 3 with Relaxed.
#[test]
fn the_waiter_sees_the_value() {
    // The parker alone has a dozen operations: half a second with 5 preemptions.
    model(Bound::Preemptions(5), || {
        let desk = CallDesk::new(Witness::new());
        let (promise, future) = desk.call::<Number>(1);
        let shared = future.shared();
        let lander = thread::spawn(move || land(promise, Landing::Value(encoded(7))));
        let value: *const u64 = shared.result().unwrap();
        lander.join().unwrap();
        assert_eq!(*shared.clone().result().unwrap(), 7);
        assert!(core::ptr::eq(value, shared.result().unwrap()), "decoded twice");
    });
}
