//! A task is submitted while the only worker goes to sleep.

use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::pool_support::{Hands, Start, staffed, stop_exploring};

/// P1, P3: the task is run although nothing else is ever submitted; a wake-up that is lost is a deadlock.
///
/// Turned red by: no second look at the queues before it parks; a submitter that looks at the sleep word before it
/// pushes.
#[test]
fn the_task_is_run() {
    // Two dozen operations each: four seconds with 5 preemptions, minutes without.
    model(Bound::Preemptions(5), || {
        let (executor, worker) = staffed(Hands::new(&[Start::Kept]), 1);
        thread::spawn(move || worker.run());
        let future = executor.submit(|| 7).unwrap();
        assert_eq!(future.result().unwrap(), 7);
        stop_exploring();
    });
}
