//! A task in its caller's memory is dropped while another thread cancels all that is queued.

use core::pin::pin;

use concurrent_futures_core::PinnedTask;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::arena_support::executor;
use crate::support::{Count, Tracked};

/// I1, I5, I7: the closure is dropped once, before `drop` returns, and whoever took the task out of the queue has
/// let go of it by then.
///
/// Turned red by: a `drop` that does not wait; `remove` without a look at the home.
#[test]
fn the_closure_ends_before_drop_returns() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let executor = executor::<0>();
        let drops = Count::default();
        let capture = Tracked::counted(7, &drops);
        let mut place = pin!(Some(PinnedTask::new(move || capture.into_number())));
        executor.submit_pinned(place.as_mut().as_pin_mut().unwrap()).unwrap();
        let canceller = thread::spawn(move || executor.cancel_queued());
        place.set(None);
        assert_eq!(drops.get(), 1, "not over yet");
        assert!(canceller.join().unwrap() <= 1);
        assert_eq!(executor.queued(), 0);
    });
}
