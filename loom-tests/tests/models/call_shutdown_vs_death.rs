//! A pool is closed while a worker of it dies.

use concurrent_futures_core::TaskErrorKind;
use concurrent_futures_core::calls::Exit;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::call_support::{NOW, outcome, running, submit};

/// What ran is lost; what waits is run by the worker that comes next, and then the pool ends.
///
/// Turned red by: a closed pool that starts no worker for what it has accepted.
#[test]
fn the_next_worker_runs_what_is_left() {
    model(Bound::Exhaustive, || {
        let (calls, worker, _, mut first) = running(1);
        let mut second = submit(&calls, 2);
        let desk = calls.clone();
        let death = thread::spawn(move || worker.die(&desk, Exit::Signal(11)));
        calls.with(|supervisor| supervisor.close(NOW));
        death.join().unwrap();
        calls.end([]);
        assert_eq!(outcome(&mut first), Err(TaskErrorKind::WorkerLost));
        assert_eq!(outcome(&mut second), Ok(2));
    });
}
