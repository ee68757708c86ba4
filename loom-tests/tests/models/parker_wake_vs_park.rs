//! A context parks while it is woken: by another core, or by an interrupt.

use concurrent_futures_core::{Park, Parked, promise};
use concurrent_futures_loom::{Bound, model};
use loom::cell::Cell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

use crate::arena_support::executor;
use crate::parker_support::{HeldOff, Latched, flag};

/// A wake-up before, at or after the parking ends it, and whoever was woken sees what was written before.
///
/// Turned red by: a `wake` that tells the strategy before it sets the flag; a flag that is swapped with Relaxed, by
/// either side.
#[test]
fn an_event_ends_it() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let flag = flag(Latched::default());
        let waker = flag.parker().waker();
        let place = Arc::new(Cell::new(0));
        let other = Arc::clone(&place);
        let core = thread::spawn(move || {
            other.set(7);
            waker.wake();
        });
        assert_eq!(flag.parker().park(None), Parked::Woken);
        assert_eq!(place.get(), 7);
        core.join().unwrap();
    });
}

/// Two who wake at the same time: whoever looks after each wait sees in the end what came before either.
///
/// Turned red by: a flag that is swapped with Relaxed, by either side.
#[test]
fn two_wake_ups_that_end_one_wait_are_both_seen() {
    // Three actors: half a second with 3 preemptions, more than a hundred without.
    model(Bound::Preemptions(3), || {
        let flag = flag(Latched::default());
        let places = [(); 2].map(|()| {
            let place = Arc::new(AtomicBool::new(false));
            let (other, waker) = (Arc::clone(&place), flag.parker().waker());
            thread::spawn(move || {
                // ORDERING: Relaxed; that the wake-up publishes it is what is asked.
                other.store(true, Ordering::Relaxed);
                waker.wake();
            });
            place
        });
        // ORDERING: Relaxed; as above.
        while !places.iter().all(|place| place.load(Ordering::Relaxed)) {
            assert_eq!(flag.parker().park(None), Parked::Woken);
        }
    });
}

/// The same on one core, by an interrupt: none is lost between the look and the sleep.
///
/// Turned red by: a park that does not give the look to the strategy.
#[test]
fn an_interrupt_ends_it() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let core: &'static HeldOff = Box::leak(Box::default());
        let flag = flag(core);
        let waker = flag.parker().waker();
        let handler = thread::spawn(move || core.interrupt(|| waker.wake()));
        assert_eq!(flag.parker().park(None), Parked::Woken);
        handler.join().unwrap();
    });
}

/// A deadline that passes at the moment of the wake-up: one of both ends the wait, and a wake-up that was not
/// seen ends the next.
///
/// Turned red by: a deadline that takes a wake-up along.
#[test]
fn a_wake_up_after_the_deadline_is_for_the_next_wait() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let flag = flag(Latched::default());
        let parker = flag.parker_with_clock(|| 1);
        let waker = parker.waker();
        let core = thread::spawn(move || waker.wake());
        if parker.park(Some(1)) == Parked::DeadlinePassed {
            assert_eq!(parker.park(None), Parked::Woken);
        }
        core.join().unwrap();
    });
}

/// I1, I2, I3, I5: a future that is waited for with it.
///
/// Turned red by: as the first; a waiter that arms without looking again.
#[test]
fn a_future_is_waited_for() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let flag = flag(Latched::default());
        let (promise, future) = promise();
        thread::spawn(move || promise.complete(7).unwrap());
        assert_eq!(future.result_with(&flag.parker()).unwrap(), 7);
    });
}

/// A worker of an arena that parks with it runs what is submitted by an interrupt.
///
/// Turned red by: a worker that goes to sleep without a second look at the queue.
#[test]
fn a_worker_runs_what_an_interrupt_submits() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let core: &'static HeldOff = Box::leak(Box::default());
        let flag = flag(core);
        let executor = executor::<1>();
        let handler = thread::spawn(move || {
            core.interrupt(|| drop(executor.submit(move || executor.shutdown()).unwrap()));
        });
        executor.run_forever(&flag.parker());
        handler.join().unwrap();
        assert_eq!(executor.free_slots(), 1);
    });
}
