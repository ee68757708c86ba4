//! A worker takes a batch of tasks while another looks for one.

use std::sync::Arc;

use concurrent_futures_core::{Park, ThreadParker};
use concurrent_futures_loom::{Bound, model};

use crate::pool_support::{Hands, PoolExecutor, Start, kept_worker, stop_exploring};

/// P1, P2: what a worker puts where it can be stolen is stolen, though the other worker was about to sleep.
///
/// Turned red by: a worker that parks without a second look (P3), a worker that finds something and does not look
/// whether there is more (P2).
#[test]
fn the_second_of_a_batch_is_stolen() {
    model(Bound::Preemptions(3), || batch(|_| ()));
}

/// The same where the pool is closed meanwhile: a worker does not end while another may still put a task where it
/// is to be stolen.
///
/// Turned red by: a worker that finds something and does not look whether there is more (P2), a worker that ends and
/// does not look whether others have more than they can run.
#[test]
fn the_second_of_a_batch_is_stolen_in_a_closed_pool() {
    model(Bound::Preemptions(3), || batch(|executor| executor.close()));
}

/// The first task submits three more, the first of which blocks until the second has run. Two of them are a batch.
fn batch(after_submits: fn(&PoolExecutor)) {
    let executor = Hands::new(&[Start::Kept, Start::Spawned]).executor(2);
    let submitter = Arc::clone(&executor);
    let _detached = executor
        .submit(move || {
            let gate = ThreadParker::new();
            let open = gate.waker();
            let closer = Arc::clone(&submitter);
            let blocks = move || {
                let _ = gate.park(None);
                stop_exploring();
                closer.close();
            };
            drop(submitter.submit(blocks).unwrap());
            drop(submitter.submit(move || open.wake()).unwrap());
            drop(submitter.submit(|| ()).unwrap());
            after_submits(&submitter);
        })
        .unwrap();
    kept_worker(&executor).run();
}
