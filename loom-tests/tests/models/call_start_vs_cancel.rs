//! A worker comes to a call that was sent ahead while somebody cancels it.

use concurrent_futures_core::TaskErrorKind;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::call_support::{outcome, sent};

/// I1, I3, I5, I6: it runs or it is cancelled, and who cancels knows at once which.
///
/// Turned red by: a word that is looked at and then written; a recall that does not ask the word; arrow 2 open while
/// the call is away; a call that stays away when it was given up; a cancel that is counted by the recall as well.
#[test]
fn it_runs_or_is_cancelled() {
    model(Bound::Exhaustive, || {
        let (calls, worker, call, mut future) = sent(7);
        let desk = calls.clone();
        let run = thread::spawn(move || (worker.run(&desk, &call), worker));
        let cancelled = future.cancel();
        let (started, worker) = run.join().unwrap();
        assert_ne!(started, cancelled);
        assert_eq!(future.cancelled(), cancelled);
        let expected = if started { Ok(7) } else { Err(TaskErrorKind::Cancelled) };
        assert_eq!(outcome(&mut future), expected);
        calls.end([worker]);
    });
}

/// I1, I6: two who cancel it are told the same.
///
/// Turned red by: a word that is looked at and then written; a cancel that does not look whether the call is back.
#[test]
fn both_who_cancel_are_told_the_same() {
    // Three actors: half a second with 3 preemptions.
    model(Bound::Preemptions(3), || {
        let (calls, worker, call, future) = sent(7);
        let canceller = future.canceller();
        let start = thread::spawn(move || (worker.starts(&call), worker));
        let other = thread::spawn(move || canceller.cancel());
        let ours = future.cancel();
        let (started, worker) = start.join().unwrap();
        assert_eq!((ours, other.join().unwrap()), (!started, !started));
        if started {
            worker.reply(&calls, &call);
        }
        assert_eq!(future.cancelled(), !started);
        calls.end([worker]);
    });
}
