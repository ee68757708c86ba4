//! All that is queued is cancelled while a worker takes a batch.

use std::sync::Arc;

use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::pool_support::{Hands, Start, kept_worker, stop_exploring};
use crate::support::Count;

/// P4: after `close_and_cancel` nothing starts but what a worker had in its hand to run next. The task that cancels was
/// what the one worker had, so that one starts nothing more: not even what the other took with its batch before and
/// puts where it can be stolen after.
///
/// Turned red by: a worker that runs what it took without asking whether all was cancelled (it was core's own
/// mistake).
#[test]
fn nothing_starts_that_was_not_in_hand() {
    // With three the mistake is not found; four take a minute.
    model(Bound::Preemptions(4), || {
        let executor = Hands::new(&[Start::Kept, Start::Spawned]).executor(2);
        let canceller = Arc::clone(&executor);
        let this_thread = thread::current().id();
        let runs = Count::default();
        drop(executor.submit(move || canceller.close_and_cancel()).unwrap());
        // Half of the tasks go with the one that cancels; a batch of two is left to the other worker.
        let futures: Vec<_> = (0..5)
            .map(|_| {
                let runs = runs.clone();
                let task = move || {
                    assert_ne!(
                        thread::current().id(),
                        this_thread,
                        "started after it was cancelled"
                    );
                    runs.up();
                };
                executor.submit(task).unwrap()
            })
            .collect();
        kept_worker(&executor).run();
        stop_exploring();
        drop(executor);
        let cancelled = futures.iter().filter(|future| future.cancelled()).count();
        assert_eq!(cancelled + runs.get(), 5);
    });
}
