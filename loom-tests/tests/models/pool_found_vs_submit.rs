//! A worker that searches finds a task while another task is submitted.

use std::sync::Arc;

use concurrent_futures_core::{Park, ThreadParker};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::pool_support::{Hands, Start, staffed, stop_exploring};

/// P1, P2: a task that blocks does not hold up the next: whoever submits it may have relied on the worker that
/// searched, so that one sees to it that another is started.
///
/// Turned red by: a worker that found something and leaves it at that.
#[test]
fn the_second_task_is_run_beside_the_first() {
    // Three actors; a minute with 4.
    model(Bound::Preemptions(3), || {
        let (executor, worker) = staffed(Hands::new(&[Start::Kept, Start::Spawned]), 2);
        thread::spawn(move || worker.run());
        let (gate, closer) = (ThreadParker::new(), Arc::clone(&executor));
        let open = gate.waker();
        let blocks = move || {
            let _ = gate.park(None);
            stop_exploring();
            closer.close();
        };
        drop(executor.submit(blocks).unwrap());
        drop(executor.submit(move || open.wake()).unwrap());
    });
}
