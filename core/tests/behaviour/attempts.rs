//! Promises whose work is done in attempts, and handles that submit later.

use core::task::Waker;
use core::time::Duration;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use concurrent_futures_core::{
    Attempts, Canceller, Executor, Future, InlineBackend, Promise, RefusedReason, TaskErrorKind,
    promise_in_attempts,
};

use crate::support::{Counts, Held, Wakes, held_that_claims, within};

/// Names one attempt; counts what it is told.
#[derive(Default)]
struct Source {
    queued: Mutex<Option<Canceller>>,
    ended: Mutex<usize>,
    held: Mutex<Option<Box<dyn Send>>>,
}

impl Source {
    fn ends(&self) -> usize {
        *self.ended.lock().expect("nobody panics here")
    }
}

impl Attempts for Source {
    fn queued(&self) -> Option<Canceller> {
        self.queued.lock().expect("nobody panics here").clone()
    }

    fn watch(&self, _: &Waker) {}

    fn ended(&self) {
        *self.ended.lock().expect("nobody panics here") += 1;
        drop(self.held.lock().expect("nobody panics here").take());
    }
}

#[test]
fn a_cancel_says_that_there_is_no_other_attempt() {
    let (source, counts) = (Arc::new(Source::default()), Counts::default());
    *source.held.lock().expect("nobody panics here") = Some(Box::new(counts.make()));
    let (promise, future) = promise_in_attempts::<u8>(source.clone());
    let promise = promise.start().expect("nobody cancels").suspend();
    assert_eq!(source.ends(), 0);
    assert!(future.cancel());
    assert_eq!((source.ends(), counts.alive()), (1, 0));
    assert!(promise.start().is_err());
    assert_eq!(source.ends(), 1);
    assert_eq!(Arc::strong_count(&source), 1, "let go when it was cancelled");
}

#[test]
fn a_promise_that_cancels_itself_is_cancelled() {
    let source = Arc::new(Source::default());
    let (promise, future) = promise_in_attempts::<u8>(source.clone());
    promise.cancel();
    assert_eq!(source.ends(), 1);
    assert_eq!(future.result().expect_err("cancelled").kind(), TaskErrorKind::Cancelled);
}

#[test]
fn a_promise_that_is_dropped_says_so_too() {
    let source = Arc::new(Source::default());
    let (promise, future) = promise_in_attempts::<u8>(source.clone());
    drop(promise);
    assert_eq!(source.ends(), 1);
    assert_eq!(future.result().expect_err("abandoned").kind(), TaskErrorKind::Abandoned);
}

#[test]
fn a_resolved_future_lets_go_of_what_was_behind_it() {
    type End = fn(concurrent_futures_core::Running<u8>);
    let ends: [End; 3] = [
        |running| running.complete(1),
        |running| running.fail(concurrent_futures_core::TaskError::failed("no")),
        drop,
    ];
    for end in ends {
        let source = Arc::new(Source::default());
        let (promise, future) = promise_in_attempts::<u8>(source.clone());
        let running = promise.start().expect("nobody cancels");
        assert_eq!(Arc::strong_count(&source), 2);
        end(running);
        assert!(future.done());
        assert_eq!((Arc::strong_count(&source), source.ends()), (1, 0));
    }
}

#[test]
fn a_worker_that_waits_runs_the_attempt_that_is_queued() {
    within(|| {
        let (held, executor) = held_that_claims();
        let executor = Arc::new(executor);
        let (inner, source) = (executor.clone(), Arc::new(Source::default()));
        let outer = executor
            .submit(move || {
                let (promise, future) = promise_in_attempts(source.clone());
                let attempt = inner.submit(move || promise.complete(5).is_ok()).expect("accepted");
                *source.queued.lock().expect("nobody panics here") = Some(attempt.canceller());
                future.result()
            })
            .expect("accepted");
        assert!(held.run_next());
        assert_eq!(outer.result().expect("it ran").expect("claimed"), 5);
        held.run_all();
    });
}

/// Names whatever it is told to, and says when somebody watches.
struct Names {
    next: Mutex<Option<Canceller>>,
    watched: mpsc::Sender<()>,
}

impl Attempts for Names {
    fn queued(&self) -> Option<Canceller> {
        self.next.lock().expect("nobody panics here").clone()
    }

    fn watch(&self, _: &Waker) {
        let _ = self.watched.send(());
    }

    fn ended(&self) {
        drop(self.next.lock().expect("nobody panics here").take());
    }
}

/// So many promises, each of which names the future of the next, and the last one that of the first.
fn ring(length: usize) -> (Vec<Promise<u8>>, Vec<Future<u8>>, mpsc::Receiver<()>) {
    let (watched, watches) = mpsc::channel();
    let names: Vec<_> = (0..length)
        .map(|_| Arc::new(Names { next: Mutex::new(None), watched: watched.clone() }))
        .collect();
    let (promises, futures): (Vec<_>, Vec<Future<u8>>) =
        names.iter().map(|names| promise_in_attempts(names.clone())).unzip();
    for (at, names) in names.iter().enumerate() {
        let next = futures[(at + 1) % length].canceller();
        *names.next.lock().expect("nobody panics here") = Some(next);
    }
    (promises, futures, watches)
}

/// Waits for `future`; meanwhile `complete` is called as soon as it is watched.
fn complete_when_watched<T: Send + 'static>(
    future: Future<T>,
    watches: &mpsc::Receiver<()>,
    complete: impl FnOnce(),
) -> (T, usize) {
    let waits = thread::spawn(move || future.result());
    watches.recv().expect("watched");
    // For a wait that would go round and round to be seen doing so.
    let unnecessary = || watches.recv_timeout(Duration::from_millis(20)).is_ok();
    let watched = (0..100).take_while(|_| unnecessary()).count();
    complete();
    (waits.join().expect("no panic").expect("completed"), watched)
}

#[test]
fn attempts_that_name_their_own_future_are_run_by_nobody() {
    within(|| {
        for length in 1..=7 {
            let (promises, mut futures, watches) = ring(length);
            let (value, watched) =
                complete_when_watched(futures.swap_remove(0), &watches, move || {
                    for promise in promises {
                        promise.complete(5).expect("nobody cancels");
                    }
                });
            assert_eq!(value, 5);
            assert!(watched < 4 * length, "asked {watched} times, with {length} in the ring");
        }
    });
}

#[test]
fn attempts_that_name_what_comes_after_them_are_run_by_nobody() {
    within(|| {
        let (watched, watches) = mpsc::channel();
        let names = Arc::new(Names { next: Mutex::new(None), watched });
        let (promise, future) = promise_in_attempts::<u8>(names.clone());
        let after = future.then(|value| value.map(|value| value + 1));
        *names.next.lock().expect("nobody panics here") = Some(after.canceller());
        let complete = || promise.complete(5).expect("nobody cancels");
        let (value, watched) = complete_when_watched(after, &watches, complete);
        assert_eq!(value.expect("completed"), 6);
        assert!(watched < 8, "asked {watched} times");
    });
}

#[test]
fn a_weak_submits_and_keeps_nothing() {
    let executor = Executor::new(InlineBackend);
    let weak = executor.downgrade();
    let clone = weak.clone();
    assert!(!weak.is_closed());
    assert_eq!(clone.submit(|| 5).expect("accepted").result().expect("it ran"), 5);
    assert!(clone.submit_fallible(|| Err::<u8, _>("no")).expect("accepted").result().is_err());
    drop(executor);
    assert!(weak.is_closed());
    let refused = weak.submit(|| 6).expect_err("nobody is there");
    assert_eq!(*refused.reason(), RefusedReason::ShutDown);
    assert_eq!(refused.into_inner()(), 6);
}

#[test]
fn whoever_watches_is_told_once_that_an_executor_is_closed() {
    let executor = Executor::new(Held::default());
    let weak = executor.downgrade();
    let (wakes, waker) = Wakes::new();
    assert!(weak.poll_closed(&waker).is_pending());
    assert!(weak.poll_closed(&waker).is_pending(), "known already");
    executor.close();
    assert_eq!(wakes.count(), 1);
    assert!(weak.is_closed() && weak.poll_closed(&waker).is_ready());
    executor.close_and_cancel();
    drop(executor);
    assert_eq!(wakes.count(), 1);
    drop(waker);
    assert_eq!(Arc::strong_count(&wakes), 1, "no waker is kept");
}
