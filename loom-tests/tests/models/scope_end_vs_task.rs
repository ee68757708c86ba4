//! A scope ends while one of its tasks is resolved elsewhere.

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

/// S2: the value of a future that is dropped is destroyed before the scope ends.
///
/// Turned red by: a task that is counted as over before what follows its resolution.
#[test]
fn the_value_is_destroyed_before_the_end() {
    // A resolution, a drop and a park.
    model(Bound::Preemptions(4), || {
        let executor = Executor::new(Kept::new());
        let lent = Tracked::new(7);
        executor.scope(|scope| {
            let future = scope.submit(|| LooksBack(&lent)).unwrap();
            let task = executor.backend().take().unwrap();
            thread::spawn(move || task.run());
            drop(future);
        });
        assert_eq!(lent.into_number(), 7);
    });
}

/// S2: the closure of a task is destroyed before the scope ends, whose owner is woken for it.
///
/// Turned red by: a count that is given up without Release, a last task that wakes nobody.
#[test]
fn the_closure_is_destroyed_before_the_end() {
    model(Bound::Exhaustive, || {
        let executor = Executor::new(Kept::new());
        let lent = Tracked::new(7);
        let future = executor.scope(|scope| {
            let captured = LooksBack(&lent);
            let future = scope.submit(move || captured.0.shared_number()).unwrap();
            let task = executor.backend().take().unwrap();
            thread::spawn(move || task.run());
            future
        });
        assert_eq!(lent.into_number(), 7);
        assert_eq!(future.result().unwrap(), 7);
    });
}

/// S1: a task submits into the scope whose owner is waiting, and may run it.
///
/// Turned red by: an owner that is not told of the next task.
#[test]
fn the_owner_is_told_of_the_next_task() {
    model(Bound::Preemptions(3), || {
        let executor = Executor::new(Kept::by_workers());
        let lent = Tracked::new(7);
        executor.scope(|scope| {
            let lent = &lent;
            let first = move || drop(scope.submit(|| LooksBack(lent)).unwrap());
            drop(scope.submit(first).unwrap());
            let task = executor.backend().take().unwrap();
            thread::spawn(move || task.run());
        });
        assert_eq!(lent.into_number(), 7);
        drop(executor.backend().take()); // the entry of what the owner ran
    });
}
