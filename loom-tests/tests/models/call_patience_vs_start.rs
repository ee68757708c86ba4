//! A call that was sent is not started in time, and a worker comes to it, and somebody cancels it.

use concurrent_futures_core::TaskErrorKind;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::call_support::{LATER, call, desk, outcome, staffed};

/// I1, I3, I5, I6: it runs, or is cancelled, or was not started in time.
///
/// Turned red by: an end of patience that takes the call from its worker without asking the word.
#[test]
fn it_runs_or_is_cancelled_or_is_late() {
    // Three actors: half a second with 3 preemptions.
    model(Bound::Preemptions(3), || {
        let (calls, mut worker) = staffed();
        let (impatient, mut future) = call(&calls, 7);
        calls.submit(impatient.start_by(LATER)).expect("accepted");
        let sent = worker.next_call().expect("it was sent");
        let (office, clock) = (calls.clone(), calls.clone());
        let run = thread::spawn(move || (worker.run(&office, &sent), worker));
        let clock = thread::spawn(move || clock.with(|supervisor| supervisor.tick(LATER)));
        let cancelled = future.cancel();
        let (started, worker) = run.join().unwrap();
        clock.join().unwrap();
        assert!(!(started && cancelled), "started and cancelled");
        assert_eq!(
            outcome(&mut future),
            match (started, cancelled) {
                (true, _) => Ok(7),
                (_, true) => Err(TaskErrorKind::Cancelled),
                _ => Err(TaskErrorKind::DeadlinePassed),
            }
        );
        calls.end([worker]);
    });
}

/// I1, I3, I5, I6: one that is sent just then and not started is late as well.
///
/// Turned red by: an end of patience that looks in the queue only.
#[test]
fn it_is_late_wherever_it_is() {
    model(Bound::Exhaustive, || {
        let calls = desk(1);
        let (impatient, mut future) = call(&calls, 7);
        calls.submit(impatient.start_by(LATER)).expect("accepted");
        let worker = calls.greet().expect("one is wanted");
        let clock = calls.clone();
        let clock = thread::spawn(move || clock.with(|supervisor| supervisor.tick(LATER)));
        worker.ready(&calls);
        clock.join().unwrap();
        calls.end([worker]);
        assert_eq!(outcome(&mut future), Err(TaskErrorKind::DeadlinePassed));
    });
}
