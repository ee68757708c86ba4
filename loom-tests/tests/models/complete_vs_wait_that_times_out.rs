//! A promise is completed while a thread waits for its value and then waits no longer.

use std::time::Instant;

use concurrent_futures_core::{TaskError, promise};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Impatient, Tracked};

/// I2, I3, I5: a wait that times out takes its waker back or finds the value; after it the future is as it was.
///
/// Turned red by: a waker taken back though it is the publisher's (`disarm`), or without asking.
#[test]
fn the_value_is_in_time_or_still_to_be_had() {
    model(Bound::Exhaustive, || {
        let (promise, mut future) = promise();
        let completer = thread::spawn(move || promise.complete(Tracked::new(7)).unwrap());
        let outcome = future.result_deadline_with(&Impatient, ());
        if outcome.as_ref().is_err_and(TaskError::is_timed_out) {
            completer.join().unwrap();
            assert_eq!(future.try_result().unwrap().unwrap().into_number(), 7);
        } else {
            assert_eq!(outcome.unwrap().into_number(), 7);
        }
    });
}

/// I2 and the thread parker: a wake-up left over from the wait that timed out neither is missed nor ends the next.
///
/// Turned red by: a waiter that arms without looking again, a waker taken back without asking, a parker notified
/// without its lock.
#[test]
fn the_next_wait_is_not_disturbed() {
    // Two waits of a dozen operations each: less than a second with 3 preemptions, more than the budget without.
    model(Bound::Preemptions(3), || {
        let (promise, mut future) = promise();
        thread::spawn(move || promise.complete(Tracked::new(7)).unwrap());
        let outcome = future.result_deadline(Instant::now());
        let outcome = match outcome {
            Err(error) if error.is_timed_out() => future.result(),
            outcome => outcome,
        };
        assert_eq!(outcome.unwrap().into_number(), 7);
    });
}
