//! A call comes home from a worker that dies, and is sent to another, while it is cancelled.

use concurrent_futures_core::calls::supervisor::SupervisorSettings;
use concurrent_futures_core::calls::{Exit, FrameHeader};
use concurrent_futures_core::{Future, TaskErrorKind};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::call_support::{Calls, NOW, Worker, outcome, staffed_with, submit};

/// I1, I5, I6: it is cancelled, whether it is at the one worker, on its way, or at the other.
///
/// Turned red by: a dead worker with which calls are lost that had not started.
#[test]
fn it_is_cancelled_wherever_it_is() {
    // Some thirty operations each: a third of a second with 5 preemptions.
    model(Bound::Preemptions(5), || {
        let (calls, [first, second], _, mut future) = two_workers();
        let desk = calls.clone();
        let death = thread::spawn(move || first.die(&desk, Exit::Signal(11)));
        assert!(future.cancel());
        death.join().unwrap();
        calls.end([second]);
        assert_eq!(outcome(&mut future), Err(TaskErrorKind::Cancelled));
    });
}

/// I1, I5, I6: one of the two workers starts it or it is cancelled; what the first has started is lost with it.
///
/// Turned red by: a word that is looked at and then written; a recall that does not ask the word; a dead worker from
/// which the call comes home that it had started.
#[test]
fn it_is_started_once_or_cancelled() {
    // Three actors: a third of a second with 3 preemptions.
    model(Bound::Preemptions(3), || {
        let (calls, [first, mut second], call, mut future) = two_workers();
        let (desk, id) = (calls.clone(), first.id);
        let start = thread::spawn(move || first.starts(&call));
        let death = thread::spawn(move || {
            desk.with(|supervisor| supervisor.hung_up(NOW, id));
            desk.with(|supervisor| {
                supervisor.exited(NOW, id, Exit::Signal(11));
            });
        });
        let cancelled = future.cancel();
        death.join().unwrap();
        let by_first = start.join().unwrap();
        let call = second.next_call();
        let by_second = call.is_some_and(|call| second.run(&calls, &call));
        assert_eq!([by_first, by_second, cancelled].iter().filter(|it| **it).count(), 1);
        assert_eq!(
            outcome(&mut future),
            match (by_first, by_second) {
                (true, _) => Err(TaskErrorKind::WorkerLost),
                (_, true) => Ok(7),
                _ => Err(TaskErrorKind::Cancelled),
            }
        );
        calls.end([second]);
    });
}

/// Two workers, the first of which was sent a call; the other is idle.
fn two_workers() -> (Calls, [Worker; 2], FrameHeader, Future<u64>) {
    let (calls, mut first) = staffed_with(SupervisorSettings::new(2));
    let future = submit(&calls, 7);
    let other = submit(&calls, 8);
    let mut second = calls.staff().expect("the first is busy");
    assert!(other.cancel());
    assert!(second.next_call().is_some_and(|call| !second.starts(&call)), "it was called back");
    let call = first.next_call().expect("it was sent");
    (calls, [first, second], call, future)
}
