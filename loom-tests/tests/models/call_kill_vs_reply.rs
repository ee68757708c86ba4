//! Somebody has the worker killed that runs a call while its reply comes.

use concurrent_futures_core::TaskErrorKind;
use concurrent_futures_core::calls::Exit;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::call_support::{NOW, outcome, running};

/// I1, I3, I5: it has a value or was killed; a worker that was not killed has answered, and goes on.
///
/// Turned red by: a killed worker whose calls are forgotten.
#[test]
fn it_has_a_value_or_was_killed() {
    model(Bound::Exhaustive, || {
        let (calls, worker, call, mut future) = running(7);
        let desk = calls.clone();
        let reply = thread::spawn(move || {
            worker.reply(&desk, &call);
            worker
        });
        let answered = future.done();
        let killed = calls.with(|supervisor| supervisor.kill(NOW, future.id()));
        let worker = reply.join().unwrap();
        assert_eq!(killed, worker.is_killed());
        if killed {
            assert!(!answered, "killed for nothing");
            worker.die(&calls, Exit::Signal(9));
            let outcome = outcome(&mut future);
            assert!(matches!(outcome, Ok(7) | Err(TaskErrorKind::Killed)), "{outcome:?}");
            calls.end([]);
        } else {
            assert_eq!(outcome(&mut future), Ok(7));
            calls.end([worker]);
        }
    });
}
