//! A task of an arena waits for one in its own memory, which another worker may have in hand.

use core::pin::pin;

use concurrent_futures_core::{PinnedTask, ThreadParker};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::arena_support::executor;
use crate::support::Tracked;

/// I1, I5, I7: it is run by one of the two; and if by who waits, its memory does not end before the other worker,
/// who came too late, has let go of it.
///
/// Turned red by: a `drop` that does not wait; `remove` without a look at the home; a claim without a look at the
/// state.
#[test]
fn the_one_who_comes_too_late_lets_go_before_its_end() {
    // The parker and two tasks: half a second with 5 preemptions, twenty without.
    model(Bound::Preemptions(5), || {
        let executor = executor::<1>();
        let mut outer = executor
            .submit(|| {
                let mut place = pin!(Some(PinnedTask::new(|| Tracked::new(7))));
                let mut task = place.as_mut().as_pin_mut().unwrap();
                executor.submit_pinned(task.as_mut()).unwrap();
                let number = task.result_with(&ThreadParker::new()).unwrap().into_number();
                place.set(None);
                number
            })
            .unwrap();
        let worker = thread::spawn(move || executor.run_one());
        executor.run_pending();
        worker.join().unwrap();
        assert_eq!(outer.try_result().expect("it was run").unwrap(), 7);
        assert_eq!(executor.queued(), 0);
    });
}
