//! The owner of a task in its own memory waits for it while another thread runs it.

use core::pin::pin;

use concurrent_futures_core::{PinnedTask, ThreadParker};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::arena_support::executor;
use crate::support::{Bell, Impatient, Tracked, poll_pinned};

/// I1, I2, I3, I5: whoever blocks is woken and takes the value, and its memory ends while the worker is still at it.
///
/// Turned red by: a waiter that arms without looking again; a `drop` that does not wait.
#[test]
fn the_blocked_thread_gets_the_value() {
    // The parker alone has a dozen operations: a quarter of a second with 5 preemptions, ten without.
    model(Bound::Preemptions(5), || {
        let executor = executor::<0>();
        let mut place = pin!(Some(PinnedTask::new(|| Tracked::new(7))));
        let mut task = place.as_mut().as_pin_mut().unwrap();
        executor.submit_pinned(task.as_mut()).unwrap();
        let worker = thread::spawn(move || executor.run_one());
        assert_eq!(task.result_with(&ThreadParker::new()).unwrap().into_number(), 7);
        place.set(None);
        worker.join().unwrap();
    });
}

/// I2, I3, I5: a poll that is pending is followed by a wake-up.
///
/// Turned red by: a waiter that arms without looking again.
#[test]
fn every_pending_poll_is_followed_by_a_wake_up() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let executor = executor::<0>();
        let mut task = pin!(PinnedTask::new(|| 7));
        executor.submit_pinned(task.as_mut()).unwrap();
        let worker = thread::spawn(move || executor.run_one());
        let (waker, woken) = Bell::waker();
        let pending = poll_pinned(task.as_mut(), &waker).is_pending();
        worker.join().unwrap();
        if pending {
            assert_eq!(woken.get(), 1);
            assert_eq!(task.as_mut().try_result().unwrap().unwrap(), 7);
        }
    });
}

/// I2, I3, I5: who waits no longer takes its waker back and has the task as it was, or has the value at the last
/// moment; and then the task may end.
///
/// Turned red by: a `drop` that does not wait.
#[test]
fn a_wait_that_times_out_may_end_the_task() {
    // Two actors, two dozen operations each: a second with 5 preemptions, more than fifty without.
    model(Bound::Preemptions(5), || {
        let executor = executor::<0>();
        let mut place = pin!(Some(PinnedTask::new(|| Tracked::new(7))));
        let mut task = place.as_mut().as_pin_mut().unwrap();
        executor.submit_pinned(task.as_mut()).unwrap();
        let worker = thread::spawn(move || executor.run_one());
        match task.result_deadline_with(&Impatient, ()) {
            Ok(value) => assert_eq!(value.into_number(), 7),
            Err(error) => assert!(error.is_timed_out()),
        }
        place.set(None);
        worker.join().unwrap();
    });
}
