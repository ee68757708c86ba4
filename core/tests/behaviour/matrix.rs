//! Every way to end × every way to look, before the end and after it: each cell its own test.
//!
//! In every cell all values, errors and closures are dropped exactly once.

use core::cell::Cell;
use core::task::{Poll, Waker};
use core::time::Duration;
use std::sync::{Arc, Mutex};

use concurrent_futures_core::{
    Cancelled, Completion, Future, FutureState, Park, Parked, TaskError, TaskErrorKind, promise,
};

use crate::support::{Counted, Counts, Wakes, held, poll};

/// Whether the future was cancelled before the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Untouched,
    Cancelled,
}

type End = Box<dyn FnOnce(Before)>;

/// One row: a future and what will end it.
struct Row {
    counts: Counts,
    future: Future<Counted>,
    end: End,
    /// How it ends, unless cancelled; `None` with a value.
    kind: Option<TaskErrorKind>,
}

// --- the rows ---

fn of_promise(
    kind: Option<TaskErrorKind>,
    end: fn(concurrent_futures_core::Promise<Counted>, Counts, Before),
) -> Row {
    let counts = Counts::default();
    let (promise, future) = promise();
    let ours = counts.clone();
    Row { counts, future, kind, end: Box::new(move |before| end(promise, ours, before)) }
}

fn complete() -> Row {
    of_promise(None, |promise, counts, before| {
        let completed = promise.complete(counts.make());
        assert_eq!(completed.is_err(), before == Before::Cancelled, "a refused value comes back");
    })
}

fn fail() -> Row {
    of_promise(Some(TaskErrorKind::Failed), |promise, counts, before| {
        let failed = promise.fail(TaskError::failed(counts.make()));
        assert_eq!(failed.is_err(), before == Before::Cancelled, "a refused error comes back");
    })
}

fn drop_promise() -> Row {
    of_promise(Some(TaskErrorKind::Abandoned), |promise, _, _| drop(promise))
}

fn drop_running() -> Row {
    of_promise(Some(TaskErrorKind::Abandoned), |promise, _, before| match promise.start() {
        Ok(running) => drop(running),
        Err(Cancelled { .. }) => assert!(before == Before::Cancelled),
    })
}

fn start_then_complete() -> Row {
    of_promise(None, |promise, counts, before| match promise.start() {
        Ok(running) => running.complete(counts.make()),
        Err(Cancelled { .. }) => assert!(before == Before::Cancelled),
    })
}

fn start_then_fail() -> Row {
    of_promise(Some(TaskErrorKind::Failed), |promise, counts, before| match promise.start() {
        Ok(running) => running.fail(TaskError::failed(counts.make())),
        Err(Cancelled { .. }) => assert!(before == Before::Cancelled),
    })
}

/// A task whose closure counts too.
fn of_task(
    kind: Option<TaskErrorKind>,
    body: fn(&Counts) -> Result<Counted, Counted>,
    end: fn(concurrent_futures_core::Task),
) -> Row {
    let counts = Counts::default();
    let (held, executor) = held();
    let (captured, ours) = (counts.make(), counts.clone());
    let submitted = executor.submit_fallible(move || {
        let _captured = captured;
        body(&ours)
    });
    let future = submitted.expect("held tasks are accepted");
    let end = Box::new(move |_| {
        end(held.pop().expect("submitted"));
        drop(executor);
    });
    Row { counts, future, kind, end }
}

fn task_returns() -> Row {
    of_task(None, |counts| Ok(counts.make()), concurrent_futures_core::Task::run)
}

fn task_fails() -> Row {
    of_task(
        Some(TaskErrorKind::Failed),
        |counts| Err(counts.make()),
        concurrent_futures_core::Task::run,
    )
}

fn task_panics() -> Row {
    of_task(
        Some(TaskErrorKind::Panicked),
        |counts| std::panic::panic_any(counts.make()),
        concurrent_futures_core::Task::run,
    )
}

fn drop_task() -> Row {
    of_task(Some(TaskErrorKind::Abandoned), |counts| Ok(counts.make()), drop)
}

// --- the columns ---

fn check<T>(
    outcome: &Result<T, impl core::borrow::Borrow<TaskError>>,
    kind: Option<TaskErrorKind>,
) {
    assert_eq!(outcome.as_ref().err().map(|error| error.borrow().kind()), kind);
}

fn assert_done(future: &Future<Counted>) {
    assert!(future.done());
    assert!(!future.running());
    assert!(!future.cancelled());
    assert_eq!(future.state(), FutureState::Finished);
}

fn poll_before(Row { counts, mut future, end, kind }: Row) {
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut future, &waker).is_pending());
    assert_eq!(wakes.count(), 0);
    end(Before::Untouched);
    assert_eq!(wakes.count(), 1);
    assert_done(&future);
    match poll(&mut future, &waker) {
        Poll::Ready(outcome) => check(&outcome, kind),
        Poll::Pending => panic!("done"),
    }
    assert_eq!(wakes.count(), 1);
    drop((future, waker));
    assert_eq!(Arc::strong_count(&wakes), 1, "the waker is dropped");
    counts.assert_each_dropped_once();
}

fn poll_after(Row { counts, mut future, end, kind }: Row) {
    let (wakes, waker) = Wakes::new();
    end(Before::Untouched);
    assert_done(&future);
    match poll(&mut future, &waker) {
        Poll::Ready(outcome) => check(&outcome, kind),
        Poll::Pending => panic!("done"),
    }
    match poll(&mut future, &waker) {
        Poll::Ready(outcome) => check(&outcome, Some(TaskErrorKind::Taken)),
        Poll::Pending => panic!("done"),
    }
    drop((future, waker));
    assert_eq!((wakes.count(), Arc::strong_count(&wakes)), (0, 1));
    counts.assert_each_dropped_once();
}

fn try_result_before(Row { counts, mut future, end, kind }: Row) {
    assert!(future.try_result().is_none());
    assert!(!future.done());
    end(Before::Untouched);
    check(&future.try_result().expect("done"), kind);
    counts.assert_each_dropped_once();
    drop(future);
    counts.assert_each_dropped_once();
}

fn try_result_after(Row { counts, mut future, end, kind }: Row) {
    end(Before::Untouched);
    let outcome = future.try_result().expect("done");
    check(&outcome, kind);
    check(&future.try_result().expect("done"), Some(TaskErrorKind::Taken));
    assert_done(&future);
    drop(future);
    drop(outcome);
    counts.assert_each_dropped_once();
}

/// A parker that ends the future when it parks, which must wake it.
struct EndingPark {
    end: Cell<Option<End>>,
    wakes: Arc<Wakes>,
    waker: Waker,
}

impl EndingPark {
    fn new(end: End) -> Self {
        let (wakes, waker) = Wakes::new();
        Self { end: Cell::new(Some(end)), wakes, waker }
    }
}

impl Park for EndingPark {
    type Instant = ();

    fn waker(&self) -> Waker {
        self.waker.clone()
    }

    fn park(&self, _deadline: Option<()>) -> Parked {
        self.end.take().expect("a wake-up was lost: parked again")(Before::Untouched);
        assert_eq!(self.wakes.count(), 1, "the end wakes whoever is parked");
        Parked::Woken
    }
}

fn result_before(Row { counts, future, end, kind }: Row) {
    let park = EndingPark::new(end);
    let outcome = future.result_with(&park);
    check(&outcome, kind);
    drop(outcome);
    counts.assert_each_dropped_once();
}

fn result_after(Row { counts, future, end, kind }: Row) {
    end(Before::Untouched);
    let outcome = future.result();
    check(&outcome, kind);
    drop(outcome);
    counts.assert_each_dropped_once();
}

fn cancel_before(Row { counts, mut future, end, kind: _ }: Row) {
    assert!(future.cancel());
    assert!(future.cancelled() && future.done() && !future.running());
    assert_eq!(future.state(), FutureState::Cancelled);
    counts.assert_each_dropped_once(); // the closure, if there is one, in `cancel` itself
    end(Before::Cancelled);
    assert!(future.cancelled() && future.done());
    assert!(future.cancel(), "again");
    check(&future.try_result().expect("done"), Some(TaskErrorKind::Cancelled));
    check(&future.result(), Some(TaskErrorKind::Cancelled));
    counts.assert_each_dropped_once();
}

fn cancel_after(Row { counts, future, end, kind }: Row) {
    end(Before::Untouched);
    assert!(!future.cancel());
    assert_done(&future);
    check(&future.result(), kind);
    counts.assert_each_dropped_once();
}

fn drop_before(Row { counts, future, end, kind: _ }: Row) {
    drop(future);
    end(Before::Untouched);
    counts.assert_each_dropped_once();
}

fn drop_after(Row { counts, future, end, kind }: Row) {
    end(Before::Untouched);
    let kept = usize::from(!matches!(kind, Some(TaskErrorKind::Abandoned)));
    assert_eq!(counts.alive(), kept, "only value or error are kept");
    drop(future);
    counts.assert_each_dropped_once();
}

fn exception_before(Row { counts, mut future, end, kind }: Row) {
    let error = future.exception_timeout(Duration::ZERO).expect("not done");
    assert_eq!(error.kind(), TaskErrorKind::TimedOut);
    assert!(!future.done());
    end(Before::Untouched);
    assert_eq!(future.exception().map(|error| error.kind()), kind);
    check(&future.result(), kind);
    counts.assert_each_dropped_once();
}

fn exception_after(Row { counts, mut future, end, kind }: Row) {
    end(Before::Untouched);
    assert_eq!(future.exception().map(|error| error.kind()), kind);
    assert_eq!(future.exception_timeout(Duration::ZERO).map(|error| error.kind()), kind);
    check(&future.try_result().expect("it stays where it is"), kind);
    counts.assert_each_dropped_once();
}

fn shared_before(Row { counts, future, end, kind }: Row) {
    let shared = future.shared();
    let other = shared.clone();
    assert!(shared.try_result().is_none());
    let (wakes, waker) = Wakes::new();
    {
        let mut one = core::pin::pin!((&shared).into_future());
        let mut two = core::pin::pin!((&other).into_future());
        let mut context = core::task::Context::from_waker(&waker);
        assert!(one.as_mut().poll(&mut context).is_pending());
        assert!(two.as_mut().poll(&mut context).is_pending());
        end(Before::Untouched);
        assert_eq!(wakes.count(), 2);
        for waiting in [one, two] {
            match waiting.poll(&mut context) {
                Poll::Ready(outcome) => check(&outcome, kind),
                Poll::Pending => panic!("done"),
            }
        }
    }
    drop(waker);
    assert_eq!(Arc::strong_count(&wakes), 1, "the wakers are dropped");
    let alive = counts.alive();
    drop(shared);
    assert_eq!(counts.alive(), alive, "the last one drops the value");
    check(&other.result(), kind);
    drop(other);
    counts.assert_each_dropped_once();
}

fn shared_after(Row { counts, future, end, kind }: Row) {
    end(Before::Untouched);
    let shared = future.shared();
    let other = shared.clone();
    check(&shared.result(), kind);
    check(&other.result_timeout(Duration::ZERO), kind);
    check(&shared.try_result().expect("done"), kind);
    assert!(!shared.cancel());
    drop(other);
    drop(shared);
    counts.assert_each_dropped_once();
}

/// What the callback was told.
type Told = Arc<Mutex<Vec<(FutureState, Option<TaskErrorKind>)>>>;

fn telling(told: &Told) -> impl FnOnce(&Completion) + Send + 'static {
    let told = told.clone();
    move |completion| {
        let kind = completion.error().map(TaskError::kind);
        told.lock().expect("nobody panics here").push((completion.state(), kind));
    }
}

fn callback_before(Row { counts, future, end, kind }: Row) {
    let told = Told::default();
    future.add_done_callback(telling(&told));
    assert!(told.lock().expect("nobody panics here").is_empty());
    end(Before::Untouched);
    assert_eq!(*told.lock().expect("nobody panics here"), [(FutureState::Finished, kind)]);
    check(&future.result(), kind);
    assert_eq!(Arc::strong_count(&told), 1, "the callback is dropped");
    counts.assert_each_dropped_once();
}

fn callback_after(Row { counts, future, end, kind }: Row) {
    let told = Told::default();
    end(Before::Untouched);
    future.add_done_callback(telling(&told));
    assert_eq!(*told.lock().expect("nobody panics here"), [(FutureState::Finished, kind)]);
    check(&future.result(), kind);
    assert_eq!(Arc::strong_count(&told), 1, "the callback is dropped");
    counts.assert_each_dropped_once();
}

fn callback_before_cancel(Row { counts, future, end, kind: _ }: Row) {
    let told = Told::default();
    future.add_done_callback(telling(&told));
    assert!(future.cancel());
    let cancelled = (FutureState::Cancelled, Some(TaskErrorKind::Cancelled));
    assert_eq!(*told.lock().expect("nobody panics here"), [cancelled]);
    end(Before::Cancelled);
    future.add_done_callback(telling(&told));
    assert_eq!(*told.lock().expect("nobody panics here"), [cancelled, cancelled]);
    drop(future);
    counts.assert_each_dropped_once();
}

fn poll_before_cancel(Row { counts, mut future, end, kind: _ }: Row) {
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut future, &waker).is_pending());
    assert!(future.canceller().cancel());
    assert_eq!(wakes.count(), 1, "the waiter is woken by `cancel` itself");
    end(Before::Cancelled);
    assert_eq!(wakes.count(), 1);
    match poll(&mut future, &waker) {
        Poll::Ready(outcome) => check(&outcome, Some(TaskErrorKind::Cancelled)),
        Poll::Pending => panic!("done"),
    }
    counts.assert_each_dropped_once();
}

fn shared_before_cancel(Row { counts, future, end, kind: _ }: Row) {
    let shared = future.shared();
    let other = shared.clone();
    assert!(other.cancel());
    assert!(shared.cancelled());
    end(Before::Cancelled);
    check(&shared.result(), Some(TaskErrorKind::Cancelled));
    check(&other.result(), Some(TaskErrorKind::Cancelled));
    counts.assert_each_dropped_once();
}

fn then_before(Row { counts, future, end, kind }: Row) {
    let next = future.then(move |outcome| check(&outcome, kind));
    assert!(!next.done());
    end(Before::Untouched);
    assert!(next.result().is_ok());
    counts.assert_each_dropped_once();
}

fn then_after(Row { counts, future, end, kind }: Row) {
    end(Before::Untouched);
    let next = future.then(move |outcome| check(&outcome, kind));
    assert!(next.result().is_ok());
    counts.assert_each_dropped_once();
}

// --- the cells ---

macro_rules! row {
    ($row:ident: $($column:ident)*) => {
        mod $row {
            $(
                #[cfg_attr(not(miri), test)]
                fn $column() {
                    super::$column(super::$row());
                }
            )*

            /// To an interpreter the harness of a test costs more than the test.
            #[cfg(miri)]
            #[test]
            fn every_column() {
                $($column();)*
            }
        }
    };
}

macro_rules! matrix {
    ($($row:ident)*) => {
        $(row! {
            $row:
            poll_before poll_after
            try_result_before try_result_after
            result_before result_after
            cancel_before cancel_after
            drop_before drop_after
            exception_before exception_after
            shared_before shared_after
            callback_before callback_after
            then_before then_after
            poll_before_cancel callback_before_cancel shared_before_cancel
        })*
    };
}

matrix! {
    complete fail drop_promise drop_running start_then_complete start_then_fail
    task_returns task_fails task_panics drop_task
}

// --- between start and end, where a promise can stop ---

mod started {
    use super::{Counts, TaskErrorKind, Wakes, check, poll, promise};

    #[test]
    fn running_is_true_between_start_and_end() {
        let (promise, future) = promise::<u8>();
        assert!(!future.running());
        let running = promise.start().expect("not cancelled");
        assert!(future.running() && !future.done());
        running.complete(1);
        assert!(!future.running() && future.done());
    }

    #[test]
    fn cancel_after_start_is_refused() {
        let counts = Counts::default();
        let (promise, mut future) = promise();
        let running = promise.start().expect("not cancelled");
        assert!(!future.cancel());
        assert!(!future.canceller().cancel());
        assert!(!future.cancelled() && !future.done());
        let (wakes, waker) = Wakes::new();
        assert!(poll(&mut future, &waker).is_pending());
        running.complete(counts.make());
        assert_eq!(wakes.count(), 1);
        assert!(future.result().is_ok());
        counts.assert_each_dropped_once();
    }

    #[test]
    fn drop_of_the_future_between_start_and_end_drops_the_value_at_the_end() {
        let counts = Counts::default();
        let (promise, future) = promise();
        let running = promise.start().expect("not cancelled");
        drop(future);
        running.complete(counts.make());
        counts.assert_each_dropped_once();
    }

    #[test]
    fn drop_of_the_running_promise_abandons_whoever_waits() {
        let (promise, mut future) = promise::<u8>();
        let (wakes, waker) = Wakes::new();
        let running = promise.start().expect("not cancelled");
        assert!(poll(&mut future, &waker).is_pending());
        drop(running);
        assert_eq!(wakes.count(), 1);
        check(&future.result(), Some(TaskErrorKind::Abandoned));
    }
}
