//! A task runs while its executor is shut down.

use concurrent_futures_core::{Executor, Shutdown};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::{Count, Kept, Tracked};

/// I1, I6, I7: whoever waits for the end is woken by the last task, which is resolved by then.
///
/// Turned red by: a ledger that wakes nobody, a task struck out before arrow 3.
#[test]
fn the_end_waits_for_the_task() {
    model(Bound::Exhaustive, || {
        let executor = Executor::new(Kept::new());
        let capture = Tracked::new(7);
        let mut future = executor.submit(move || capture.into_number()).unwrap();
        let task = executor.backend().take().unwrap();
        thread::spawn(move || task.run());
        executor.shutdown(Shutdown::wait()).unwrap();
        assert_eq!(future.try_result().expect("it has ended").unwrap(), 7);
    });
}

/// I1, I6, I7: the shutdown cancels it or waits for it.
///
/// Turned red by: a ledger that forgets what had started when it cancelled, one that wakes nobody, a cancel of what
/// is running.
#[test]
fn it_is_cancelled_or_runs_to_its_end() {
    // Two resolutions and a wait: a second with 5 preemptions, half a minute without.
    model(Bound::Preemptions(5), || {
        let executor = Executor::new(Kept::new());
        let drops = Count::default();
        let capture = Tracked::counted(7, &drops);
        let mut future = executor.submit(move || capture.into_number()).unwrap();
        let task = executor.backend().take().unwrap();
        thread::spawn(move || task.run());
        executor.shutdown(Shutdown::wait().cancel_futures()).unwrap();
        assert_eq!(drops.get(), 1);
        match future.try_result().expect("it has ended") {
            Ok(number) => assert_eq!(number, 7),
            Err(error) => assert!(error.is_cancelled()),
        }
    });
}
