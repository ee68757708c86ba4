//! A worker tells others that its task has ended, which takes its time, while somebody who has seen it submits the next.

use std::sync::Arc;

use concurrent_futures_core::{Park, ThreadParker};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::pool_support::{Hands, Start, kept_worker, stop_exploring};

/// P1, P2: a worker counts itself as searching before the result is known, so that no other is woken for the next task.
/// When a callback keeps it, somebody else runs that task.
///
/// Turned red by: a worker that goes on counting itself as searching while it calls callbacks; one that stops and does
/// not look whether anybody relied on it.
#[test]
fn the_next_task_does_not_wait_for_the_callback() {
    // Three actors: two seconds.
    model(Bound::Preemptions(3), || {
        let executor = Hands::new(&[Start::Kept, Start::Spawned]).executor(2);
        let future = executor.submit(|| ()).unwrap();
        let (gate, closer) = (ThreadParker::new(), Arc::clone(&executor));
        let open = gate.waker();
        future.add_done_callback(move |_| {
            let _ = gate.park(None);
            stop_exploring();
            closer.close();
        });
        let worker = kept_worker(&executor);
        thread::spawn(move || {
            if future.done() {
                drop(executor.submit(move || open.wake()).unwrap());
            } else {
                open.wake();
            }
        });
        worker.run();
    });
}
