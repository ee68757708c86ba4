//! A task in its caller's memory is cancelled, through a shared reference, while another thread runs it.

use concurrent_futures_core::PinnedTask;
use concurrent_futures_loom::{Bound, model};
use loom::sync::Arc;
use loom::thread;

use crate::arena_support::executor;
use crate::support::{Count, Tracked};

/// I1, I5, I7: it runs or was cancelled, and the owner learns which; whoever is last to have it drops it.
///
/// Turned red by: a claim without a look at the state; `remove` without a look at the home.
#[test]
fn it_runs_or_was_cancelled() {
    // Two actors: all of it.
    model(Bound::Exhaustive, || {
        let executor = executor::<0>();
        let (runs, drops) = (Count::default(), Count::default());
        let (run, capture) = (runs.clone(), Tracked::counted(7, &drops));
        let mut task = Box::pin(PinnedTask::new(move || {
            run.up();
            capture.into_number()
        }));
        executor.submit_pinned(task.as_mut()).unwrap();
        let shared = Arc::new(task);
        let other = Arc::clone(&shared);
        let canceller = thread::spawn(move || other.cancel());
        executor.run_one();
        let cancelled = canceller.join().unwrap();
        assert_eq!((shared.cancelled(), shared.done(), drops.get()), (cancelled, true, 1));
        assert_eq!(runs.get(), usize::from(!cancelled));
        let mut task = Arc::try_unwrap(shared).expect("the other has let go of it");
        let result = task.as_mut().try_result().unwrap();
        assert_eq!(result.is_err_and(|error| error.is_cancelled()), cancelled);
        assert_eq!(executor.queued(), 0);
    });
}
