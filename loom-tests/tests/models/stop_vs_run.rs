//! A task is asked to stop while it runs, and while its promise suspends.

use std::sync::Arc;

use concurrent_futures_core::{promise, stop_requested};
use concurrent_futures_loom::{Bound, model};
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;

/// The wish is never lost, and a task that sees it sees what was written before it.
///
/// Turned red by: a wish without Release, arrow 5 as a load and a store.
#[test]
fn the_wish_is_seen_with_what_was_before_it() {
    model(Bound::Exhaustive, || {
        let (promise, future) = promise();
        let reason = Arc::new(AtomicU32::new(0));
        let read = reason.clone();
        let worker = thread::spawn(move || {
            let running = promise.start().unwrap();
            if running.run(stop_requested) {
                assert_eq!(read.load(Ordering::Relaxed), 1, "what was before the wish is not seen");
            }
            running.suspend().complete(()).unwrap();
        });
        reason.store(1, Ordering::Relaxed);
        future.request_stop();
        worker.join().unwrap();
        assert!(future.stop_requested(), "the wish is lost");
        assert!(future.done());
    });
}
