//! A future made by `then` is cancelled while the one before it is completed.

use concurrent_futures_core::promise;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Count, Tracked};

/// I1, I4, I5: the function runs or never will, and the value that it was for ends once.
///
/// Turned red by: a cancel of what is running, a start of what was cancelled, LISTED not set.
#[test]
fn the_function_runs_or_never_will() {
    model(Bound::Exhaustive, || {
        let drops = Count::default();
        let value = Tracked::counted(7, &drops);
        let runs = Count::default();
        let ran = runs.clone();
        let (promise, future) = promise();
        let mut next = future.then(move |outcome: Result<Tracked, _>| {
            ran.up();
            outcome.unwrap().into_number() + 1
        });
        let completer = thread::spawn(move || promise.complete(value).unwrap());
        let cancelled = next.cancel();
        completer.join().unwrap();
        assert_eq!(runs.get(), usize::from(!cancelled));
        match next.try_result().expect("it is done") {
            Ok(number) => assert!(!cancelled && number == 8),
            Err(error) => assert!(cancelled && error.is_cancelled()),
        }
        assert_eq!(drops.get(), 1);
    });
}

/// I1, I4, I5: cancelling the one before resolves the chain as well, and the function learns of it.
///
/// Turned red by: a cancel of what is running, a start of what was cancelled, LISTED not set.
#[test]
fn the_function_learns_of_a_cancel_before_it() {
    model(Bound::Exhaustive, || {
        let (promise, future) = promise();
        let canceller = future.canceller();
        let mut next = future.then(|outcome: Result<Tracked, _>| match outcome {
            Ok(value) => value.into_number() == 7,
            Err(error) => !error.is_cancelled(),
        });
        let completer = thread::spawn(move || promise.complete(Tracked::new(7)).is_ok());
        let cancelled = canceller.cancel();
        assert_ne!(completer.join().unwrap(), cancelled);
        assert_eq!(next.try_result().expect("it is done").unwrap(), !cancelled);
    });
}
