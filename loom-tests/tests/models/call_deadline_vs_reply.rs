//! A call has run for as long as it may when its reply comes.

use concurrent_futures_core::TaskErrorKind;
use concurrent_futures_core::calls::Exit;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::call_support::{LATER, call, outcome, staffed};

/// I1, I3, I5: it has a value or its time is over; a worker that was not killed has answered.
///
/// Turned red by: a deadline that stays when the call has ended; a killed worker whose calls are forgotten.
#[test]
fn it_has_a_value_or_its_time_is_over() {
    model(Bound::Exhaustive, || {
        let (calls, mut worker) = staffed();
        let (limited, mut future) = call(&calls, 7);
        calls.submit(limited.run_for(LATER)).expect("accepted");
        let sent = worker.next_call().expect("it was sent");
        assert!(worker.starts(&sent));
        let desk = calls.clone();
        let reply = thread::spawn(move || {
            worker.reply(&desk, &sent);
            worker
        });
        let answered = future.done();
        calls.with(|supervisor| supervisor.tick(LATER));
        let worker = reply.join().unwrap();
        if worker.is_killed() {
            assert!(!answered, "killed for nothing");
            worker.die(&calls, Exit::Signal(15));
            let outcome = outcome(&mut future);
            assert!(matches!(outcome, Ok(7) | Err(TaskErrorKind::DeadlinePassed)), "{outcome:?}");
            calls.end([]);
        } else {
            assert_eq!(outcome(&mut future), Ok(7));
            calls.end([worker]);
        }
    });
}
