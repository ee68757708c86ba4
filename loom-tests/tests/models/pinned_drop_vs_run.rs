//! A task in its caller's memory is dropped while another thread runs it.

use core::pin::pin;

use concurrent_futures_core::PinnedTask;
use concurrent_futures_loom::{Bound, model};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;

use crate::arena_support::executor;
use crate::support::{Bell, Count, Tracked, poll_pinned};

/// Leaves a trace when it is dropped, without ordering anything.
struct Trace(Arc<AtomicU32>);

impl Drop for Trace {
    fn drop(&mut self) {
        // ORDERING: Relaxed; whether its reader is ordered after it is what is asked.
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// I1, I3, I5: closure and value end once, and before `drop` returns; the slot, which is the owner's memory, is not
/// touched after that.
///
/// Turned red by: a `drop` that does not wait; `free` that says so before it is done with the slot; `given_back`
/// stored or loaded with Relaxed.
#[test]
fn all_of_it_is_over_when_drop_returns() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let executor = executor::<0>();
        let traces = Arc::new(AtomicU32::new(0));
        let (closure, value) = (Trace(Arc::clone(&traces)), Trace(Arc::clone(&traces)));
        let mut place = pin!(Some(PinnedTask::new(move || {
            drop(closure);
            value
        })));
        executor.submit_pinned(place.as_mut().as_pin_mut().unwrap()).unwrap();
        let worker = thread::spawn(move || executor.run_one());
        place.set(None);
        // ORDERING: Relaxed; as in `Trace`.
        assert_eq!(traces.load(Ordering::Relaxed), 2, "not over yet");
        worker.join().unwrap();
        assert_eq!(executor.queued(), 0);
    });
}

/// I2: as above, with a waker in the slot, which ends once too.
///
/// Turned red by: as above.
#[test]
fn so_is_its_waker() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let executor = executor::<0>();
        let drops = Count::default();
        let value = Tracked::counted(7, &drops);
        let mut place = pin!(Some(PinnedTask::new(move || value)));
        let (waker, woken) = Bell::waker();
        executor.submit_pinned(place.as_mut().as_pin_mut().unwrap()).unwrap();
        assert!(poll_pinned(place.as_mut().as_pin_mut().unwrap(), &waker).is_pending());
        let worker = thread::spawn(move || executor.run_one());
        place.set(None);
        assert_eq!(drops.get(), 1, "not over yet");
        let before = woken.get();
        worker.join().unwrap();
        assert_eq!(woken.get(), before, "woken after its end");
    });
}
