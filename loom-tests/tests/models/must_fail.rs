//! Models of known mistakes: each must be found, or the checker checks nothing.
//!
//! The table `MUST_FAIL` in `models_run.rs` says what each of them prints when it is found.

use concurrent_futures_loom::{Bound, model};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

/// Mistake: an increment as a load and a store.
#[test]
fn lost_increment() {
    model(Bound::Exhaustive, || {
        let counter = Arc::new(AtomicUsize::new(0));
        let other = Arc::clone(&counter);
        let thread = thread::spawn(move || increment(&other));
        increment(&counter);
        thread.join().unwrap();
        assert_eq!(counter.load(Ordering::Relaxed), 2, "an increment was lost");
    });
}

fn increment(counter: &AtomicUsize) {
    let before = counter.load(Ordering::Relaxed);
    counter.store(before + 1, Ordering::Relaxed);
}
