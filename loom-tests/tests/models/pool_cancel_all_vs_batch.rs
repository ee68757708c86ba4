//! All that is queued is cancelled while a worker takes a batch.

use std::sync::Arc;

use concurrent_futures_loom::{Bound, model};
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

use crate::pool_support::{Hands, Start, kept_worker};
use crate::support::Count;

/// P4: after `close_and_cancel` nothing starts but the one task that the worker had in its hand to run next: not what it
/// took with the same batch before, and put into its own queue after that had been emptied.
///
/// Turned red by: a worker that asks neither when it puts the rest of a batch into its own queue nor before it runs what
/// is there whether all was cancelled (it was core's own mistake).
#[test]
fn nothing_starts_that_was_not_in_hand() {
    // Some thirty operations each: two seconds with 4 preemptions.
    model(Bound::Preemptions(4), || {
        let executor = Hands::new(&[Start::Kept]).executor(1);
        let over = Arc::new(AtomicBool::new(false));
        let (runs, late) = (Count::default(), Count::default());
        // Two of three are a batch.
        let futures = [(); 3].map(|()| {
            let (over, runs, late) = (Arc::clone(&over), runs.clone(), late.clone());
            let task = move || {
                runs.up();
                // ORDERING: Relaxed; what is looked for is a moment, and an RMW sees the newest value.
                if over.fetch_or(false, Ordering::Relaxed) {
                    late.up();
                }
            };
            executor.submit(task).unwrap()
        });
        let worker = kept_worker(&executor);
        let worker = thread::spawn(move || worker.run());
        executor.close_and_cancel();
        over.swap(true, Ordering::Relaxed); // ORDERING: as above
        worker.join().unwrap();
        assert!(late.get() <= 1, "started after it was cancelled");
        let cancelled = futures.iter().filter(|future| future.cancelled()).count();
        assert_eq!(cancelled + runs.get(), 3);
    });
}
