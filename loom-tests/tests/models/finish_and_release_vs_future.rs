//! A worker publishes the outcome and gives its reference up in one step, which only nobody's having registered makes
//! possible, while the future is at work.

use concurrent_futures_core::{ArenaExecutor, OsLock};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Bell, Count, Tracked, poll};

type Executor = ArenaExecutor<OsLock, 1, 256>;

fn executor() -> &'static Executor {
    Box::leak(Box::new(Executor::with_locks(OsLock::new(), OsLock::new())))
}

/// I2, I3, I5: whoever is told that it is pending is woken.
///
/// Turned red by: a worker that goes though a waker is registered; an outcome published with Relaxed.
#[test]
fn every_pending_poll_is_followed_by_a_wake_up() {
    model(Bound::Exhaustive, || {
        let (executor, drops) = (executor(), Count::default());
        let capture = Tracked::counted(7, &drops);
        let Ok(mut future) = executor.submit(move || capture) else { unreachable!() };
        let worker = thread::spawn(move || executor.run_one());
        let (waker, woken) = Bell::waker();
        let first = poll(&mut future, &waker);
        drop(waker);
        match first {
            core::task::Poll::Ready(outcome) => {
                drop(future); // before the worker is through
                assert_eq!(outcome.unwrap().into_number(), 7);
                worker.join().unwrap();
                assert_eq!(woken.get(), 0);
            }
            core::task::Poll::Pending => {
                worker.join().unwrap();
                assert_eq!(woken.get(), 1);
                assert_eq!(future.try_result().unwrap().unwrap().into_number(), 7);
                drop(future);
            }
        }
        assert_eq!((drops.get(), executor.free_slots()), (1, 1));
    });
}

/// I3, I4, I5: a callback that is added meanwhile is called, once.
///
/// Turned red by: a worker that goes though the list is open.
#[test]
fn a_callback_is_called_once() {
    model(Bound::Exhaustive, || {
        let (executor, calls) = (executor(), Count::default());
        let Ok(future) = executor.submit(|| Tracked::new(7)) else { unreachable!() };
        let worker = thread::spawn(move || executor.run_one());
        let call = calls.clone();
        future.add_done_callback(move |_| call.up());
        drop(future);
        worker.join().unwrap();
        assert_eq!((calls.get(), executor.free_slots()), (1, 1));
    });
}

/// I3, I5: a value that nobody wants any more is dropped, once.
///
/// Turned red by: a worker that goes though the future has gone.
#[test]
fn the_value_ends_once() {
    model(Bound::Exhaustive, || {
        let (executor, drops) = (executor(), Count::default());
        let capture = Tracked::counted(7, &drops);
        let Ok(future) = executor.submit(move || capture) else { unreachable!() };
        let worker = thread::spawn(move || executor.run_one());
        drop(future);
        worker.join().unwrap();
        assert_eq!((drops.get(), executor.free_slots()), (1, 1));
    });
}
