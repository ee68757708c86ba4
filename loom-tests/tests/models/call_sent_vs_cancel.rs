//! A call is sent from the queue while it is cancelled.

use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::call_support::{desk, submit};

/// I1, I5, I6: it is cancelled, whether it had gone or not, and no worker starts it.
///
/// Turned red by: a departure that leaves no mark; a cancelled call that is sent all the same.
#[test]
fn it_is_cancelled() {
    model(Bound::Exhaustive, || {
        let calls = desk(1);
        let future = submit(&calls, 7);
        let worker = calls.greet().expect("one is wanted");
        let desk = calls.clone();
        let send = thread::spawn(move || {
            worker.ready(&desk);
            worker
        });
        assert!(future.cancel() && future.cancelled());
        drop(future);
        let mut worker = send.join().unwrap();
        let call = worker.next_call();
        assert!(call.is_none_or(|call| !worker.starts(&call)), "started and cancelled");
        calls.end([worker]);
    });
}

/// I1, I5, I6: the same for two who cancel it at once.
///
/// Turned red by: a call that is abandoned when it was called back; a cancel that does not look whether the call is
/// back.
#[test]
fn two_cancel_it() {
    // Three actors: a third of a second with 3 preemptions.
    model(Bound::Preemptions(3), || {
        let calls = desk(1);
        let future = submit(&calls, 7);
        let worker = calls.greet().expect("one is wanted");
        let (desk, canceller) = (calls.clone(), future.canceller());
        let send = thread::spawn(move || {
            worker.ready(&desk);
            worker
        });
        let other = thread::spawn(move || canceller.cancel());
        assert!(future.cancel());
        assert!(other.join().unwrap());
        let mut worker = send.join().unwrap();
        assert!(future.cancelled());
        let call = worker.next_call();
        assert!(call.is_none_or(|call| !worker.starts(&call)), "started and cancelled");
        calls.end([worker]);
    });
}
