//! Two increments of one counter.

use concurrent_futures_loom::{Bound, model};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

/// Invariant: no increment is lost. Turned red by: a load and a store in place of `fetch_add`.
#[test]
fn increment_vs_increment() {
    // Two actors of one operation each: all of it, in no time.
    model(Bound::Exhaustive, || {
        let counter = Arc::new(AtomicUsize::new(0));
        let other = Arc::clone(&counter);
        let thread = thread::spawn(move || other.fetch_add(1, Ordering::Relaxed));
        counter.fetch_add(1, Ordering::Relaxed);
        thread.join().unwrap();
        assert_eq!(counter.load(Ordering::Relaxed), 2);
    });
}
