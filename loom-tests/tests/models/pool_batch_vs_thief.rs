//! A worker takes a batch of tasks while another looks for one.

use std::sync::Arc;

use concurrent_futures_core::{Park, ThreadParker};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::pool_support::{Hands, PoolExecutor, Start, kept_worker, stop_exploring};

/// P1, P2: what a worker puts where it can be stolen is stolen, though the other worker was about to sleep.
///
/// Turned red by: a worker that is not searching and tells nobody of the rest of its batch.
#[test]
fn the_second_of_a_batch_is_stolen() {
    // Three actors of some forty operations; a minute with 4 preemptions.
    model(Bound::Preemptions(3), || batch(|_| ()));
}

/// The same where the pool is closed meanwhile: a worker does not end while another may still put a task where it
/// is to be stolen.
///
/// Turned red by: a worker that ends when it sees nothing queued, and does not look again whether another has since put
/// there more than it can run.
#[test]
fn the_second_of_a_batch_is_stolen_in_a_closed_pool() {
    // As above.
    model(Bound::Preemptions(3), || batch(|executor| executor.close()));
}

/// While the first task runs, another thread submits three more, the first of which blocks until the second has run. Two
/// of them are a batch.
fn batch(after_submits: fn(&PoolExecutor)) {
    let executor = Hands::new(&[Start::Kept, Start::Spawned]).executor(2);
    let submitter = Arc::clone(&executor);
    let first = move || {
        let gate = ThreadParker::new();
        let open = gate.waker();
        let closer = Arc::clone(&submitter);
        let blocks = move || {
            let _ = gate.park(None);
            stop_exploring();
            closer.close();
        };
        // Not by this worker, whose own queue they would go to.
        let other = thread::spawn(move || {
            drop(submitter.submit(blocks).unwrap());
            drop(submitter.submit(move || open.wake()).unwrap());
            drop(submitter.submit(|| ()).unwrap());
            after_submits(&submitter);
        });
        other.join().unwrap();
    };
    drop(executor.submit(first).unwrap());
    kept_worker(&executor).run();
}
