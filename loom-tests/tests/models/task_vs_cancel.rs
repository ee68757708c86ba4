//! A backend runs or drops a task while its future is cancelled.

use concurrent_futures_core::{Executor, TaskErrorKind};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Count, Kept, Tracked};

/// I1, I3, I5, I6: a task that is dropped is abandoned, unless it was cancelled; its closure ends once.
///
/// Turned red by: a dropped task that resolves without having claimed, a cancel of what is running.
#[test]
fn dropped_it_is_abandoned_or_cancelled() {
    model(Bound::Exhaustive, || {
        let executor = Executor::new(Kept::new());
        let drops = Count::default();
        let capture = Tracked::counted(7, &drops);
        let mut future = executor.submit(move || capture.into_number()).unwrap();
        let task = executor.backend().take();
        let worker = thread::spawn(move || drop(task));
        let cancelled = future.cancel();
        worker.join().unwrap();
        let kind = future.try_result().expect("it is done").unwrap_err().kind();
        let expected = if cancelled { TaskErrorKind::Cancelled } else { TaskErrorKind::Abandoned };
        assert_eq!((kind, drops.get()), (expected, 1));
    });
}

/// I1, I3, I5, I6: a task that is run runs, unless it was cancelled; its closure ends once.
///
/// Turned red by: a cancel of what is running, a start of what was cancelled.
#[test]
fn run_it_runs_or_is_cancelled() {
    model(Bound::Exhaustive, || {
        let executor = Executor::new(Kept::new());
        let drops = Count::default();
        let capture = Tracked::counted(7, &drops);
        let mut future = executor.submit(move || capture.into_number()).unwrap();
        let task = executor.backend().take().unwrap();
        let worker = thread::spawn(move || task.run());
        let cancelled = future.cancel();
        worker.join().unwrap();
        match future.try_result().expect("it is done") {
            Ok(number) => assert!(!cancelled && number == 7),
            Err(error) => assert!(cancelled && error.is_cancelled()),
        }
        assert_eq!(drops.get(), 1);
    });
}
