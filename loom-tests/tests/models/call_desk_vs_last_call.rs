//! A pool gives its desk up while the last call lands, and while somebody asks about it.

use concurrent_futures_core::calls::{CallDesk, Landing, Leave};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::call_support::{Number, Witness, encoded, land};

/// I6: the desk ends once, with the last who has it.
///
/// Turned red by: an aftermath that does not let the desk go.
#[test]
fn the_last_one_ends_it() {
    model(Bound::Exhaustive, || {
        let desk = CallDesk::new(Witness::new());
        let (promise, future) = desk.call::<Number>(1);
        let lander = thread::spawn(move || land(promise, Landing::Value(encoded(7))));
        drop(desk);
        drop(future);
        lander.join().unwrap();
    });
}

/// I6: the desk is there for as long as somebody asks it.
///
/// Turned red by: a desk that is let go without a turn of the slot's lock.
#[test]
fn it_outlives_the_question() {
    // Three actors: a second with 3 preemptions.
    model(Bound::Preemptions(3), || {
        let desk = CallDesk::new(Witness::new());
        let (promise, future) = desk.call::<Number>(1);
        assert_eq!(promise.go_away(), Leave::Now);
        let lander = thread::spawn(move || {
            drop(desk);
            land(promise, Landing::Value(encoded(7)));
        });
        let canceller = future.canceller();
        let cancel = thread::spawn(move || canceller.cancel());
        let _ = future.running();
        assert!(!cancel.join().unwrap());
        drop(future);
        lander.join().unwrap();
    });
}
