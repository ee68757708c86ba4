//! A task is cancelled by somebody who holds nothing but its future while the pool comes to its end.

use concurrent_futures_core::{Future, Shutdown, Worker};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::pool_support::{Hands, Start, kept_worker};

/// I6: the inside of the pool is there for as long as the canceller needs it, whoever else lets it go meanwhile.
///
/// Turned red by: a worker that discards a claimed entry and keeps nothing alive; a canceller that counts no
/// reference.
#[test]
fn the_pool_outlives_the_canceller() {
    // Some twenty operations each: a second with 5 preemptions.
    model(Bound::Preemptions(5), || {
        let (future, worker) = detached();
        let worker = thread::spawn(move || worker.run());
        let _ = future.cancel();
        worker.join().unwrap();
    });
}

/// The same for a pool that breaks down, which empties its queues without running what is in them.
///
/// Turned red by: the same.
#[test]
fn a_broken_pool_outlives_the_canceller() {
    // Some twenty operations each: a second with 5 preemptions.
    model(Bound::Preemptions(5), || {
        let (future, worker) = detached();
        let worker = thread::spawn(move || drop(worker));
        let _ = future.cancel();
        worker.join().unwrap();
    });
}

/// A task and the last worker of a pool, which nobody else has.
fn detached() -> (Future<()>, Worker<Hands>) {
    let executor = Hands::new(&[Start::Kept]).executor(1);
    let future = executor.submit(|| ()).unwrap();
    let worker = kept_worker(&executor);
    executor.shutdown(Shutdown::detach()).unwrap();
    (future, worker)
}
