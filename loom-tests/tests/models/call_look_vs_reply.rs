//! Somebody looks at a call that was sent while the worker starts and answers it.

use concurrent_futures_core::FutureState;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::call_support::sent;

/// I1, I3, I6: it is seen to be pending, running, finished, in this order.
///
/// Turned red by: a desk that says of a call about to land that it has not started; a look from before the question,
/// believed after it.
#[test]
fn its_life_goes_forward() {
    // Two looks of a dozen operations: a tenth of a second with 3 preemptions.
    model(Bound::Preemptions(3), || {
        let (calls, worker, call, future) = sent(7);
        let desk = calls.clone();
        let run = thread::spawn(move || {
            worker.run(&desk, &call);
            worker
        });
        let looks = [age(future.state()), age(future.state())];
        let worker = run.join().unwrap();
        assert!(looks[0] <= looks[1], "{looks:?}");
        assert_eq!(future.state(), FutureState::Finished);
        calls.end([worker]);
    });
}

fn age(state: FutureState) -> u32 {
    match state {
        FutureState::Pending => 0,
        FutureState::Running => 1,
        FutureState::Finished => 2,
        FutureState::Cancelled => unreachable!("nobody cancels it"),
    }
}

/// I6: one that is called back was never seen to be running.
///
/// Turned red by: a desk's answer that is believed of a call that is back.
#[test]
fn one_that_is_cancelled_never_ran() {
    // Two looks of a dozen operations: a tenth of a second with 3 preemptions.
    model(Bound::Preemptions(3), || {
        let (calls, worker, _, future) = sent(7);
        let canceller = future.canceller();
        let cancel = thread::spawn(move || canceller.cancel());
        assert!(!future.running());
        assert!(cancel.join().unwrap());
        calls.end([worker]);
    });
}
