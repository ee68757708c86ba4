//! Slots of an arena are taken and given back by two threads at a time.

use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::arena_support::{Executor, executor};
use crate::support::Tracked;

/// Takes a slot, uses it and gives it back; says whether there was one. Between all that it takes the lock, or loom
/// would not see that two who have the same slot are in each other's way.
fn round_trip<const SLOTS: usize>(executor: &'static Executor<SLOTS>, number: u32) -> bool {
    let Ok((promise, mut future)) = executor.promise() else { return false };
    assert!(executor.free_slots() < SLOTS);
    promise.complete(Tracked::new(number)).expect("not its slot alone");
    assert!(executor.free_slots() < SLOTS);
    assert_eq!(future.try_result().unwrap().unwrap().into_number(), number, "not its slot alone");
    true
}

/// I5: of one slot there is one holder at a time, and somebody gets it.
///
/// Turned red by: freeing on the release of the last reference but one; a slot that is not given back.
#[test]
fn one_slot_has_one_holder() {
    // Two actors, who meet under the lock only: all of it.
    model(Bound::Exhaustive, || {
        let executor = executor::<1>();
        let other = thread::spawn(move || round_trip(executor, 1));
        let ours = round_trip(executor, 2);
        assert!(ours | other.join().unwrap(), "full, with no holder");
        assert_eq!(executor.free_slots(), 1);
        assert!(round_trip(executor, 3));
    });
}

/// I5: with a slot for each, each finds one every time, whichever of them was given back last.
///
/// Turned red by: a list that forgets all but the slot that was given back last; a slot that stays in the list
/// when it is taken.
#[test]
fn two_slots_serve_two() {
    // Two actors, who meet under the lock only: all of it.
    model(Bound::Exhaustive, || {
        let executor = executor::<2>();
        let other = thread::spawn(move || {
            assert!(round_trip(executor, 1));
            assert!(round_trip(executor, 2));
        });
        assert!(round_trip(executor, 3));
        assert!(round_trip(executor, 4));
        other.join().unwrap();
        assert_eq!(executor.free_slots(), 2);
    });
}
