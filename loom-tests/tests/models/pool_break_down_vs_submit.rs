//! A worker cannot be initialized while tasks are submitted.

use concurrent_futures_core::{RefusedReason, TaskErrorKind};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::pool_support::{Hands, Start, kept_worker};

/// P4, P5, P6: a task is refused, or fails with the cause; none is run, none is forgotten.
///
/// Turned red by: queues emptied before the pool is closed.
#[test]
fn each_fails_or_is_refused() {
    // Two dozen operations each; 3 find the mistake, 5 take a minute with stale loads.
    model(Bound::Preemptions(4), || {
        let executor = Hands::new(&[Start::Kept]).broken_from(0).executor(1);
        let accepted = executor.submit(|| unreachable!("no worker works")).unwrap();
        let worker = kept_worker(&executor);
        thread::spawn(move || worker.run());
        match executor.submit(|| unreachable!("no worker works")) {
            Ok(future) => {
                let error = future.result().unwrap_err();
                assert_eq!(error.kind(), TaskErrorKind::PoolBroken);
            }
            Err(refused) => assert!(matches!(refused.reason(), RefusedReason::Broken(_))),
        }
        let error = accepted.result().unwrap_err();
        assert_eq!(error.kind(), TaskErrorKind::PoolBroken);
    });
}
