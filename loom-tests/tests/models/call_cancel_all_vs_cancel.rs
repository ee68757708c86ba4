//! A pool is closed and what has not started is cancelled, while somebody cancels one of those.

use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::call_support::{NOW, running, sent, submit};
use crate::support::Count;

/// I1, I4, I5, I6: a call that was sent ahead is cancelled, and everybody is told so once.
///
/// Turned red by: a cancel that is counted by whoever resolves it and by the desk; an aftermath that forgets its
/// callbacks.
#[test]
fn one_that_was_sent_is_cancelled_once() {
    // Some thirty operations each: half a second with 5 preemptions.
    model(Bound::Preemptions(5), || {
        let (calls, worker, _, future) = sent(7);
        let told = Count::default();
        let tell = told.clone();
        future.add_done_callback(move |_| tell.up());
        let desk = calls.clone();
        let close = thread::spawn(move || desk.with(|supervisor| supervisor.close_and_cancel(NOW)));
        assert!(future.cancel());
        close.join().unwrap();
        assert!(future.cancelled());
        drop(future);
        assert_eq!(told.get(), 1);
        calls.end([worker]);
    });
}

/// I1, I4, I5, I6: the same for one that waits.
///
/// Turned red by: a cancel that is counted by whoever resolves it and by the desk.
#[test]
fn one_that_waits_is_cancelled_once() {
    model(Bound::Exhaustive, || {
        let (calls, worker, call, _first) = running(1);
        let future = submit(&calls, 2);
        let desk = calls.clone();
        let close = thread::spawn(move || desk.with(|supervisor| supervisor.close_and_cancel(NOW)));
        assert!(future.cancel());
        close.join().unwrap();
        assert!(future.cancelled());
        worker.reply(&calls, &call);
        calls.end([worker]);
    });
}
