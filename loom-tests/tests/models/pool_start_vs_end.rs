//! Another worker is about to be started for a task while the last worker runs it and ends with the pool.

use std::sync::Arc;

use concurrent_futures_core::Shutdown;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::pool_support::{Hands, Start, kept_worker, stop_exploring};

/// P6: when a shutdown that waits is over, no worker is started any more.
///
/// Turned red by: a start that does not look again, once it is counted, whether there is anything left to do.
#[test]
fn no_worker_is_started_after_the_end() {
    // Some thirty operations each: a second.
    model(Bound::Preemptions(3), || {
        let executor = Hands::new(&[Start::Kept, Start::Spawned]).executor(2);
        // While the worker runs this, it is not counted on for the next.
        drop(executor.submit(|| ()).unwrap());
        let worker = kept_worker(&executor);
        let (closer, other) = (Arc::clone(&executor), Arc::clone(&executor));
        thread::spawn(move || {
            worker.run();
            other.shutdown(Shutdown::wait()).unwrap();
            other.backend().platform().is_over();
        });
        drop(executor.submit(move || closer.close()).unwrap());
        stop_exploring();
    });
}
