//! A task in its caller's memory is submitted to an arena that is being shut down.

use core::pin::pin;

use concurrent_futures_core::{PinnedTask, RefusedReason};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::arena_support::executor;
use crate::support::Tracked;

/// I5, I6: accepted it is run; refused it is its owner's alone, as it was, and another executor runs it.
///
/// Turned red by: a `push` that does not look whether it was shut down; a task that was refused and keeps its
/// keeper.
#[test]
fn it_is_run_there_or_elsewhere() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let (executor, other) = (executor::<0>(), executor::<0>());
        let mut place = pin!(Some(PinnedTask::new(|| Tracked::new(7))));
        let mut task = place.as_mut().as_pin_mut().unwrap();
        let closer = thread::spawn(move || {
            executor.shutdown();
            executor.run_pending();
        });
        if let Err(refused) = executor.submit_pinned(task.as_mut()) {
            assert_eq!(*refused.reason(), RefusedReason::ShutDown);
            assert!(!task.done());
            other.submit_pinned(task.as_mut()).unwrap();
            other.run_pending();
            assert_eq!(task.try_result().unwrap().unwrap().into_number(), 7);
            place.set(None);
            closer.join().unwrap();
        } else {
            closer.join().unwrap();
            assert_eq!(task.try_result().expect("it was run").unwrap().into_number(), 7);
        }
        assert_eq!((executor.queued(), other.queued()), (0, 0));
    });
}
