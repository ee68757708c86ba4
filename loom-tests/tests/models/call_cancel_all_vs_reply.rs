//! A pool is closed and what has not started is cancelled, while a worker answers and starts the next.

use concurrent_futures_core::TaskErrorKind;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::call_support::{NOW, outcome, running, submit};

/// I1, I3, I5: what has started has its value, the other is cancelled, and as many are said to be.
///
/// Turned red by: a word that is looked at and then written; a recall that does not ask the word.
#[test]
fn what_has_not_started_is_cancelled() {
    model(Bound::Exhaustive, || {
        let (calls, mut worker, call, mut first) = running(1);
        let mut second = submit(&calls, 2);
        let desk = calls.clone();
        let work = thread::spawn(move || {
            worker.reply(&desk, &call);
            let next = worker.next_call().filter(|next| worker.starts(next));
            (worker, next)
        });
        let cancelled = calls.with(|supervisor| supervisor.close_and_cancel(NOW));
        let (worker, started) = work.join().unwrap();
        assert_eq!(outcome(&mut first), Ok(1));
        assert_eq!(cancelled, usize::from(started.is_none()));
        match started {
            Some(next) => {
                worker.reply(&calls, &next);
                assert_eq!(outcome(&mut second), Ok(2));
            }
            None => assert_eq!(outcome(&mut second), Err(TaskErrorKind::Cancelled)),
        }
        calls.end([worker]);
    });
}
