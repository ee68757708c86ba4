//! A promise suspends between two attempts while its future is cancelled.

use std::sync::Arc;

use concurrent_futures_core::promise;
use concurrent_futures_loom::{Bound, model};
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;

use crate::support::{Count, Tracked};

/// I1, I3, I5: it is cancelled before an attempt or between two, never in one, and whoever cancels sees what the
/// attempt before did.
///
/// Turned red by: arrow 5 without Release, a cancel of what is running.
#[test]
fn it_is_cancelled_between_attempts_or_completed() {
    model(Bound::Exhaustive, || {
        let drops = Count::default();
        let value = Tracked::counted(7, &drops);
        let (promise, mut future) = promise();
        let attempts = Arc::new(AtomicU32::new(0));
        let counted = attempts.clone();
        let worker = thread::spawn(move || {
            let Ok(running) = promise.start() else { return (0, false) };
            counted.fetch_add(1, Ordering::Relaxed);
            let promise = running.suspend();
            (1, promise.complete(value).is_ok())
        });
        let cancelled = future.cancel();
        let seen = attempts.load(Ordering::Relaxed);
        let (attempted, completed) = worker.join().unwrap();
        assert_ne!(cancelled, completed);
        if cancelled {
            assert_eq!(seen, attempted, "the attempt is not seen");
        }
        match future.try_result().expect("it is done") {
            Ok(value) => assert!(completed && value.into_number() == 7),
            Err(error) => assert!(cancelled && error.is_cancelled()),
        }
        assert_eq!(drops.get(), 1);
    });
}
