//! A worker that has run as many calls as it may goes home and is replaced while the pool is closed.

use concurrent_futures_core::calls::Exit;
use concurrent_futures_core::calls::supervisor::SupervisorSettings;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::call_support::{NOW, outcome, staffed_with, submit};

/// What was accepted runs, on the worker that comes next, and then the pool ends.
///
/// Turned red by: a closed pool that starts no worker for what it has accepted.
#[test]
fn the_next_worker_runs_what_is_left() {
    model(Bound::Exhaustive, || {
        let mut settings = SupervisorSettings::new(1);
        settings.calls_per_worker = Some(1);
        let (calls, mut worker) = staffed_with(settings);
        let (mut first, mut second) = (submit(&calls, 1), submit(&calls, 2));
        let call = worker.next_call().expect("it was sent");
        assert!(worker.starts(&call));
        let desk = calls.clone();
        let last_call = thread::spawn(move || {
            worker.reply(&desk, &call);
            worker.die(&desk, Exit::Code(0));
        });
        calls.with(|supervisor| supervisor.close(NOW));
        last_call.join().unwrap();
        calls.end([]);
        assert_eq!((outcome(&mut first), outcome(&mut second)), (Ok(1), Ok(2)));
    });
}
