//! The outcome of a call lands while a callback is added to its future.

use concurrent_futures_core::TaskErrorKind;
use concurrent_futures_core::calls::{CallDesk, Landing};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::call_support::{Number, Witness, encoded};
use crate::support::Count;

/// I3, I4, I5: it is called once: by who adds it, or in the aftermath, whoever runs that and when.
///
/// Turned red by: a landing that does not look at the list; an aftermath that forgets its callbacks.
#[test]
fn it_is_called_once() {
    model(Bound::Exhaustive, || {
        let desk = CallDesk::new(Witness::new());
        let (promise, future) = desk.call::<Number>(1);
        let calls = [Count::default(), Count::default()];
        let [early, late] = calls.clone();
        future.add_done_callback(move |_| early.up());
        let lander = thread::spawn(move || promise.land(Landing::Value(encoded(7))));
        future.add_done_callback(move |completion| {
            assert!(completion.error().is_none());
            late.up();
        });
        drop(future);
        let aftermath = lander.join().unwrap();
        assert_eq!(calls[0].get(), 0, "before the aftermath");
        aftermath.expect("one was there from the beginning").run();
        assert_eq!(calls.map(|count| count.get()), [1, 1]);
    });
}

/// I3, I4, I5: it learns of an error whose future takes it meanwhile.
///
/// Turned red by: an aftermath that reads the error in the room.
#[test]
fn it_learns_of_an_error_that_is_being_taken() {
    model(Bound::Exhaustive, || {
        let desk = CallDesk::new(Witness::new());
        let (promise, mut future) = desk.call::<Fails>(1);
        let calls = Count::default();
        let called = calls.clone();
        future.add_done_callback(move |completion| {
            assert_eq!(completion.error().unwrap().kind(), TaskErrorKind::Failed);
            called.up();
        });
        let lander = thread::spawn(move || {
            promise.land(Landing::Raised(encoded(7))).expect("there is a callback").run();
        });
        let taken = future.try_result();
        drop(future);
        lander.join().unwrap();
        if let Some(taken) = taken {
            assert_eq!(taken.unwrap_err().kind(), TaskErrorKind::Failed);
        }
        assert_eq!(calls.get(), 1);
    });
}

/// Decodes an error.
struct Fails;

impl concurrent_futures_core::calls::Decode for Fails {
    type Output = u64;

    fn decode(
        _: &concurrent_futures_core::calls::Encoded,
    ) -> Result<u64, concurrent_futures_core::TaskError> {
        Err(concurrent_futures_core::TaskError::failed("raised"))
    }
}
