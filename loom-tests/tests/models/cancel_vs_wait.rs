//! A task is cancelled while somebody waits for it.

use core::task::Poll;

use concurrent_futures_core::Executor;
use concurrent_futures_loom::{Bound, model};
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use std::sync::Arc;

use crate::support::{Bell, Count, Kept, Tracked, poll};

/// Says when it is dropped, to whoever has reason to know.
struct SaysWhenGone(Arc<AtomicBool>);

impl Drop for SaysWhenGone {
    fn drop(&mut self) {
        // ORDERING: Relaxed; that the cancel publishes it is what is checked.
        self.0.store(true, Ordering::Relaxed);
    }
}

/// I1, I2, I5: the closure is gone before the waiter knows, and the canceller outlives a slot that the waiter gives up.
///
/// Turned red by: arrow 4 taken before the closure is dropped; a waiter that arms without looking again.
#[test]
fn the_closure_is_dropped_before_the_waiter_is_told() {
    model(Bound::Exhaustive, || {
        let executor = Executor::new(Kept::new());
        let drops = Count::default();
        let capture = Tracked::counted(7, &drops);
        let gone = Arc::new(AtomicBool::new(false));
        let says = SaysWhenGone(gone.clone());
        let mut future = executor.submit(move || drop((says, capture))).unwrap();
        let canceller = future.canceller();
        let canceller = thread::spawn(move || assert!(canceller.cancel()));
        let (waker, woken) = Bell::waker();
        let mut polled = poll(&mut future, &waker);
        if polled.is_pending() {
            canceller.join().unwrap();
            assert_eq!(woken.get(), 1, "a wake-up was lost");
            polled = poll(&mut future, &waker);
        }
        // ORDERING: Relaxed; as above.
        assert!(gone.load(Ordering::Relaxed), "the closure is still there");
        assert_eq!(drops.get(), 1);
        assert!(matches!(polled, Poll::Ready(Err(error)) if error.is_cancelled()));
    });
}
