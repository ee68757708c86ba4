//! A pool has lost more workers than it may, and gives up, while somebody submits.

use concurrent_futures_core::calls::Exit;
use concurrent_futures_core::calls::supervisor::SupervisorSettings;
use concurrent_futures_core::{RefusedReason, TaskErrorKind};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::call_support::{call, outcome, staffed_with};

/// I1, I3, I5: the call is refused, or accepted and then fails with the pool; nothing is left.
///
/// Turned red by: a pool that gives up and leaves its queue; one that does not say that it is broken.
#[test]
fn it_fails_or_is_refused() {
    model(Bound::Exhaustive, || {
        let mut settings = SupervisorSettings::new(1);
        settings.restarts = 0;
        let (calls, worker) = staffed_with(settings);
        let desk = calls.clone();
        let death = thread::spawn(move || {
            worker.die(&desk, Exit::Signal(11));
        });
        let (call, mut future) = call(&calls, 7);
        let submitted = calls.submit(call);
        death.join().unwrap();
        let expected = match submitted {
            Ok(()) => TaskErrorKind::PoolBroken,
            Err(reason) => {
                assert!(matches!(reason, RefusedReason::Broken(_)));
                TaskErrorKind::Abandoned
            }
        };
        assert_eq!(outcome(&mut future), Err(expected));
        calls.end([]);
    });
}
