//! Another attempt is queued while a worker waits for the future of the promise.

use core::task::Waker;
use std::sync::Arc;

use concurrent_futures_core::{Attempts, Canceller, Executor, promise_in_attempts};
use concurrent_futures_loom::{Bound, model};
use loom::sync::Mutex;
use loom::thread;

use crate::support::{Kept, Tracked};

/// What is behind the promise: which attempt is queued, and who waits for one.
#[derive(Default)]
struct Source(Mutex<(Option<Canceller>, Vec<Waker>)>);

impl Source {
    fn announce(&self, attempt: Canceller) {
        let mut inner = self.0.lock().unwrap();
        inner.0 = Some(attempt);
        let watching = std::mem::take(&mut inner.1);
        drop(inner);
        watching.into_iter().for_each(Waker::wake);
    }
}

impl Attempts for Source {
    fn queued(&self) -> Option<Canceller> {
        self.0.lock().unwrap().0.clone()
    }

    fn watch(&self, waker: &Waker) {
        self.0.lock().unwrap().1.push(waker.clone());
    }

    fn ended(&self) {}
}

/// I1, I5, I6: nobody else runs the attempt, so the worker that waits has to learn of it.
///
/// Turned red by: a worker that looks for an attempt and then asks to be told, one that does not ask at all, one that
/// asks only while no attempt is running.
#[test]
fn the_worker_that_waits_runs_it() {
    // Two slots, a ledger and a parker: 3 preemptions.
    model(Bound::Preemptions(3), || {
        let executor = Arc::new(Executor::new(Kept::by_workers()));
        let source = Arc::new(Source::default());
        let (promise, future) = promise_in_attempts(source.clone());
        let submitter = executor.clone();
        let queue = thread::spawn(move || {
            let promise = promise.start().unwrap().suspend();
            let attempt = submitter.submit(move || promise.complete(Tracked::new(7)).is_ok());
            source.announce(attempt.unwrap().canceller());
        });
        assert_eq!(future.result().unwrap().into_number(), 7);
        queue.join().unwrap();
        drop(executor.backend().take()); // it finds the attempt claimed
    });
}
