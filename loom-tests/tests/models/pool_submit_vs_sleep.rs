//! A task is submitted while the only worker goes to sleep.

use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::pool_support::{Hands, Start, staffed, stop_exploring};

/// P1, P3: the task is run although nothing else is ever submitted; a wake-up that is lost is a deadlock.
///
/// Turned red by: a worker that parks without a second look (P3).
#[test]
fn the_task_is_run() {
    model(Bound::Preemptions(3), || {
        let (executor, worker) = staffed(Hands::new(&[Start::Kept]), 1);
        thread::spawn(move || worker.run());
        let future = executor.submit(|| 7).unwrap();
        assert_eq!(future.result().unwrap(), 7);
        stop_exploring();
    });
}
