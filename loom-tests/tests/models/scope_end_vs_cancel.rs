//! A scope ends while somebody outside cancels one of its tasks.

use concurrent_futures_core::Executor;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Kept, Tracked};

/// Looks at what it borrows when it is dropped.
struct LooksBack<'a>(&'a Tracked);

impl Drop for LooksBack<'_> {
    fn drop(&mut self) {
        assert_eq!(self.0.shared_number(), 7);
    }
}

/// S2: the closure is destroyed by the canceller before the scope ends; the canceller outlives it.
///
/// Turned red by: a task that is counted as over when it is claimed, a cancelled task that is never counted
/// as over.
#[test]
fn the_closure_is_destroyed_before_the_end() {
    model(Bound::Preemptions(5), || {
        let executor = Executor::new(Kept::new());
        let lent = Tracked::new(7);
        executor.scope(|scope| {
            let captured = LooksBack(&lent);
            let future = scope.submit(move || drop(captured)).unwrap();
            let canceller = future.canceller();
            thread::spawn(move || assert!(canceller.cancel()));
        });
        assert_eq!(lent.into_number(), 7);
        drop(executor.backend().take());
    });
}

/// S2: whoever of the canceller and the owner is first, the closure is destroyed once, before the end.
///
/// Turned red by: a task that is counted as over when it is claimed.
#[test]
fn the_owner_runs_it_or_waits_for_the_canceller() {
    model(Bound::Preemptions(4), || {
        let executor = Executor::new(Kept::by_workers());
        let lent = Tracked::new(7);
        executor.scope(|scope| {
            let captured = LooksBack(&lent);
            let future = scope.submit(move || drop(captured)).unwrap();
            let canceller = future.canceller();
            thread::spawn(move || canceller.cancel());
        });
        assert_eq!(lent.into_number(), 7);
        drop(executor.backend().take());
    });
}
