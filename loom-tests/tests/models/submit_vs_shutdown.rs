//! A task is submitted while the executor is shut down.

use concurrent_futures_core::{Backend, Executor, Refused, Shutdown, Task};
use concurrent_futures_loom::{Bound, model};
use loom::sync::Arc;
use loom::thread;

use crate::support::{Count, Kept, Tracked};

/// I1, I6, I7: it is refused and the closure given back, or accepted and cancelled, since nobody runs it; the end of
/// the shutdown is the end of both.
///
/// Turned red by: a ledger that accepts when it is closed.
#[test]
fn it_is_refused_or_cancelled() {
    model(Bound::Exhaustive, || {
        let executor = Arc::new(Executor::new(Kept::new()));
        let drops = Count::default();
        let capture = Tracked::counted(7, &drops);
        let other = Arc::clone(&executor);
        let submitter = thread::spawn(move || match other.submit(move || capture.into_number()) {
            Ok(future) => Some(future),
            Err(refused) => {
                assert_eq!(refused.into_inner()(), 7);
                None
            }
        });
        executor.shutdown(Shutdown::wait().cancel_futures()).unwrap();
        let accepted = submitter.join().unwrap();
        assert_eq!(drops.get(), 1);
        if let Some(future) = accepted {
            assert!(future.cancelled(), "accepted and forgotten");
        }
    });
}

/// A thread for every task.
struct Spawner;

impl Backend for Spawner {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        thread::spawn(move || task.run());
        Ok(())
    }
}

/// I1, I6, I7: it is refused, or it has ended when the shutdown has.
///
/// Turned red by: a ledger that accepts when it is closed, one that wakes nobody.
#[test]
fn it_is_refused_or_run_to_its_end() {
    // Three actors: no time with 3 preemptions. Without a bound it takes a second, and minutes to find a seeded mistake.
    model(Bound::Preemptions(3), || {
        let executor = Arc::new(Executor::new(Spawner));
        let other = Arc::clone(&executor);
        let submitter = thread::spawn(move || {
            let capture = Tracked::new(7);
            other.submit(move || capture.into_number()).ok()
        });
        executor.shutdown(Shutdown::wait()).unwrap();
        let remaining = executor.remaining().tasks;
        let accepted = submitter.join().unwrap();
        assert_eq!(remaining, 0, "the shutdown was over before its task");
        if let Some(future) = accepted {
            assert_eq!(future.result().unwrap(), 7);
        }
    });
}
