//! Panics wherever code of the user's is called, and backends that break their contract.

use core::cell::{Cell, RefCell};
use core::error::Error;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::task::{Poll, Waker};
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::task::Wake;

use concurrent_futures_core::{
    Backend, Executor, InlineBackend, Park, Parked, Refused, RefusedReason, SharedFuture, Shutdown,
    Task, TaskError, TaskErrorKind, promise,
};

use crate::support::{
    Calls, Counts, Held, Wakes, held, held_that_claims, poll, report_callback_panics,
    reported_callback_panics, within,
};

/// Panics when dropped, and counts that.
struct Bomb(Arc<AtomicUsize>);

impl Bomb {
    fn new() -> (Self, Arc<AtomicUsize>) {
        let exploded = Arc::new(AtomicUsize::new(0));
        (Self(exploded.clone()), exploded)
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        // Past the panic hook, which prints a long backtrace for a panic while another unwinds.
        resume_unwind(Box::new(())); // of no size: it may have to be leaked
    }
}

/// Panics when dropped, with another of its kind. Of no size, so that the one that is leaked in the
/// end leaks no memory.
struct Matryoshka;

impl Drop for Matryoshka {
    fn drop(&mut self) {
        panic_any(Matryoshka);
    }
}

fn kind<T>(outcome: Result<T, TaskError>) -> Option<TaskErrorKind> {
    outcome.err().map(|error| error.kind())
}

// --- closures ---

#[test]
fn a_panic_in_a_closure_reaches_whoever_waits_and_the_worker_lives_on() {
    let (held, executor) = held();
    let first = executor.submit(|| -> u8 { panic!("first") }).expect("accepted");
    let second = executor.submit(|| 2).expect("accepted");
    held.run_all();
    assert_eq!(first.result().expect_err("it panicked").message(), "first");
    assert_eq!(second.result().expect("it returned"), 2);
}

#[test]
fn a_captured_value_that_panics_when_dropped_by_cancel() {
    let (_held, executor) = held();
    let (bomb, exploded) = Bomb::new();
    let mut future = executor
        .submit(move || {
            let _bomb = &bomb;
        })
        .expect("accepted");
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut future, &waker).is_pending());
    assert!(future.cancel());
    assert_eq!((wakes.count(), exploded.load(Ordering::Relaxed)), (1, 1));
    assert!(future.cancelled());
    assert_eq!(executor.remaining().tasks, 0);
}

#[test]
fn a_captured_value_that_panics_when_dropped_with_its_task() {
    let (held, executor) = held();
    let (bomb, exploded) = Bomb::new();
    let future = executor
        .submit(move || {
            let _bomb = &bomb;
        })
        .expect("accepted");
    drop(held.pop());
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
    assert_eq!(kind(future.result()), Some(TaskErrorKind::Abandoned));
    assert_eq!(executor.remaining().tasks, 0);
}

#[test]
fn a_captured_value_that_panics_when_dropped_after_the_run() {
    let (held, executor) = held();
    let (bomb, exploded) = Bomb::new();
    let future = executor
        .submit(move || {
            let _bomb = &bomb;
        })
        .expect("accepted");
    assert!(held.run_next());
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
    assert_eq!(kind(future.result()), Some(TaskErrorKind::Panicked));
}

#[test]
fn a_captured_value_that_panics_when_dropped_by_a_shutdown_costs_the_others_nothing() {
    let (held, executor) = held();
    let mut futures = Vec::new();
    for _ in 0..3 {
        let (bomb, _) = Bomb::new();
        let submitted = executor.submit(move || {
            let _bomb = &bomb;
        });
        futures.push(submitted.expect("accepted"));
    }
    executor.shutdown(Shutdown::wait().cancel_futures()).expect("all are cancelled");
    assert!(futures.iter().all(|future| future.cancelled()));
    held.run_all();
}

// --- values ---

#[test]
fn a_value_that_panics_when_dropped_with_its_future() {
    let (held, executor) = held();
    let (bomb, exploded) = Bomb::new();
    let future = executor.submit(move || bomb).expect("accepted");
    held.run_all();
    drop(future);
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
}

#[test]
fn a_value_that_panics_when_dropped_by_the_worker() {
    let (held, executor) = held();
    let (bomb, exploded) = Bomb::new();
    let future = executor.submit(move || bomb).expect("accepted");
    let (sender, told) = std::sync::mpsc::channel();
    future.add_done_callback(move |_| sender.send(()).expect("somebody listens"));
    drop(future);
    assert!(held.run_next());
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
    assert!(told.try_recv().is_ok());
    assert_eq!(executor.remaining().tasks, 0);
}

#[test]
fn a_value_that_panics_when_dropped_by_the_last_shared_handle() {
    let (promise, future) = promise();
    let (bomb, exploded) = Bomb::new();
    assert!(promise.complete(bomb).is_ok());
    let shared = future.shared();
    let other = shared.clone();
    drop(shared);
    assert_eq!(exploded.load(Ordering::Relaxed), 0);
    drop(other);
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
}

#[test]
fn a_value_that_panics_when_dropped_by_a_promise() {
    let (promise, future) = promise();
    let (bomb, exploded) = Bomb::new();
    drop(future);
    assert!(promise.complete(bomb).is_ok());
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
}

#[test]
fn values_that_panic_when_dropped_by_a_map() {
    let (held, executor) = held();
    let map = executor.map(|_| Bomb::new().0, 0..3);
    held.run_all();
    drop(map);
    assert_eq!(executor.remaining().tasks, 0);
}

// --- payloads ---

#[test]
fn a_payload_that_panics_when_dropped_with_its_future() {
    let (held, executor) = held();
    let (bomb, exploded) = Bomb::new();
    let future = executor.submit(move || -> u8 { panic_any(bomb) }).expect("accepted");
    assert!(held.run_next());
    drop(future);
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
}

#[test]
fn a_payload_that_panics_when_dropped_with_its_error() {
    let (held, executor) = held();
    let (bomb, exploded) = Bomb::new();
    let future = executor.submit(move || -> u8 { panic_any(bomb) }).expect("accepted");
    assert!(held.run_next());
    let error = future.result().expect_err("it panicked");
    assert_eq!(exploded.load(Ordering::Relaxed), 0);
    drop(error);
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
}

#[test]
fn a_payload_that_panics_when_dropped_by_the_worker() {
    let (held, executor) = held();
    let (bomb, exploded) = Bomb::new();
    let future = executor.submit(move || -> u8 { panic_any(bomb) }).expect("accepted");
    drop(future);
    assert!(held.run_next());
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
    assert_eq!(executor.remaining().tasks, 0);
}

#[test]
fn a_payload_that_panics_when_dropped_with_a_payload_that_panics_when_dropped() {
    let (held, executor) = held();
    let taken = executor.submit(|| -> u8 { panic_any(Matryoshka) }).expect("accepted");
    let dropped = executor.submit(|| -> u8 { panic_any(Matryoshka) }).expect("accepted");
    let detached = executor.submit(|| -> u8 { panic_any(Matryoshka) }).expect("accepted");
    drop(detached);
    held.run_all();
    assert_eq!(kind(taken.result()), Some(TaskErrorKind::Panicked));
    drop(dropped);
    assert_eq!(executor.remaining().tasks, 0);
}

#[test]
fn a_captured_value_that_panics_when_dropped_with_a_payload_that_panics_when_dropped() {
    let (_held, executor) = held();
    let doll = Matryoshka;
    let future = executor
        .submit(move || {
            let _doll = &doll;
        })
        .expect("accepted");
    assert!(future.cancel());
}

// --- the user's errors ---

/// An error that panics wherever it can.
struct Awful {
    shows: bool,
    _bomb: Option<Bomb>,
}

impl fmt::Debug for Awful {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("debug");
    }
}

impl fmt::Display for Awful {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.shows { f.write_str("awful") } else { panic!("display") }
    }
}

impl Error for Awful {}

#[test]
fn an_error_that_panics_when_displayed_fails_its_task_only() {
    let (held, executor) = held();
    let future = executor
        .submit_fallible(|| Err::<u8, _>(Awful { shows: false, _bomb: None }))
        .expect("accepted");
    assert!(held.run_next());
    let kind = kind(future.result()).expect("no value");
    assert!(matches!(kind, TaskErrorKind::Failed | TaskErrorKind::Panicked), "{kind:?}");
}

#[test]
fn an_error_whose_display_gives_up_fails_its_task_only() {
    #[derive(Debug)]
    struct Mute;
    impl fmt::Display for Mute {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }
    impl Error for Mute {}
    let (held, executor) = held();
    let future = executor.submit_fallible(|| Err::<u8, _>(Mute)).expect("accepted");
    assert!(held.run_next());
    let kind = kind(future.result()).expect("no value");
    assert!(matches!(kind, TaskErrorKind::Failed | TaskErrorKind::Panicked), "{kind:?}");
}

#[test]
fn an_error_that_panics_when_dropped_with_its_future() {
    let (held, executor) = held();
    let (bomb, exploded) = Bomb::new();
    let future = executor
        .submit_fallible(move || Err::<u8, _>(Awful { shows: true, _bomb: Some(bomb) }))
        .expect("accepted");
    assert!(held.run_next());
    assert_eq!(exploded.load(Ordering::Relaxed), 0);
    drop(future);
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
}

#[test]
fn an_error_that_panics_when_dropped_by_the_worker() {
    let (held, executor) = held();
    let (bomb, exploded) = Bomb::new();
    let future = executor
        .submit_fallible(move || Err::<u8, _>(Awful { shows: true, _bomb: Some(bomb) }))
        .expect("accepted");
    drop(future);
    let run = catch_unwind(AssertUnwindSafe(|| held.run_next()));
    assert!(run.is_ok(), "`Task::run` never unwinds");
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
    assert_eq!(executor.remaining().tasks, 0);
}

#[test]
fn an_error_that_panics_when_dropped_after_a_callback_by_the_worker() {
    let (held, executor) = held();
    let (bomb, exploded) = Bomb::new();
    let future = executor
        .submit_fallible(move || Err::<u8, _>(Awful { shows: true, _bomb: Some(bomb) }))
        .expect("accepted");
    future.add_done_callback(|completion| assert!(completion.error().is_some()));
    drop(future);
    let run = catch_unwind(AssertUnwindSafe(|| held.run_next()));
    assert!(run.is_ok(), "`Task::run` never unwinds");
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
    assert_eq!(executor.remaining().tasks, 0);
}

#[test]
fn an_error_that_panics_when_dropped_by_the_waiter_it_woke() {
    // The waiter takes the error and drops it before the worker is done with it: then the worker's
    // own copy is the last.
    let (held, executor) = held();
    let (bomb, exploded) = Bomb::new();
    let future = executor
        .submit_fallible(move || Err::<u8, _>(Awful { shows: true, _bomb: Some(bomb) }))
        .expect("accepted");
    let future = Arc::new(Mutex::new(Some(future)));
    let ours = future.clone();
    let waker = Calls::waker(move || drop(ours.lock().expect("unpoisoned").take()));
    {
        let mut future = future.lock().expect("unpoisoned");
        assert!(poll(future.as_mut().expect("there"), &waker).is_pending());
    }
    drop(waker);
    let run = catch_unwind(AssertUnwindSafe(|| held.run_next()));
    assert!(run.is_ok(), "`Task::run` never unwinds");
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
    assert_eq!(executor.remaining().tasks, 0);
}

// --- callbacks ---

#[test]
fn a_callback_that_panics_with_a_payload_that_panics_when_dropped() {
    report_callback_panics();
    let (promise, future) = promise::<u8>();
    future.add_done_callback(|_| panic_any(Matryoshka));
    let (sender, told) = std::sync::mpsc::channel();
    future.add_done_callback(move |_| sender.send(()).expect("somebody listens"));
    assert!(promise.complete(1).is_ok());
    assert!(told.try_recv().is_ok());
}

#[test]
fn a_callback_whose_captured_value_panics_when_dropped() {
    let (promise, future) = promise::<u8>();
    let (bomb, exploded) = Bomb::new();
    future.add_done_callback(move |_| {
        let _bomb = &bomb;
    });
    let (sender, told) = std::sync::mpsc::channel();
    future.add_done_callback(move |_| sender.send(()).expect("somebody listens"));
    assert!(promise.complete(1).is_ok());
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
    assert!(told.try_recv().is_ok());
}

#[test]
fn a_callback_that_panics_in_cancel_and_at_once() {
    report_callback_panics();
    let (_promise, future) = promise::<u8>();
    future.add_done_callback(|_| panic!("hostile callback of a cancel"));
    assert!(future.cancel());
    assert_eq!(reported_callback_panics("hostile callback of a cancel"), 1);
    future.add_done_callback(|_| panic!("hostile callback called at once"));
    assert_eq!(reported_callback_panics("hostile callback called at once"), 1);
}

#[test]
fn a_callback_of_an_executor_s_task_that_panics_costs_the_executor_nothing() {
    let (held, executor) = held();
    let future = executor.submit(|| 1).expect("accepted");
    future.add_done_callback(|_| panic_any(Matryoshka));
    assert!(held.run_next());
    assert_eq!(executor.remaining().tasks, 0);
    executor.shutdown(Shutdown::wait()).expect("nothing is left");
}

// --- wakers ---

/// A waker that panics when woken.
fn waker_that_panics() -> Waker {
    Calls::waker(|| panic!("wake"))
}

/// A waker that panics when its last clone is dropped.
fn waker_that_panics_when_dropped() -> (Waker, Arc<AtomicUsize>) {
    struct Fragile(Bomb);
    impl Wake for Fragile {
        fn wake(self: Arc<Self>) {
            let _ = &self.0;
        }
    }
    let (bomb, exploded) = Bomb::new();
    (Waker::from(Arc::new(Fragile(bomb))), exploded)
}

/// A waker that panics when it is cloned.
mod panics_when_cloned {
    use core::task::{RawWakerVTable, Waker};

    static TABLE: RawWakerVTable = RawWakerVTable::new(|_| panic!("clone"), |_| (), |_| (), |_| ());

    pub(super) fn waker() -> Waker {
        // SAFETY: the functions of the table use no data, and can be called from anywhere.
        unsafe { Waker::new(core::ptr::null(), &TABLE) }
    }
}

#[test]
fn a_waker_that_panics_when_woken_costs_nobody_else_anything() {
    let (held, executor) = held();
    let mut future = executor.submit(|| 1).expect("accepted");
    assert!(poll(&mut future, &waker_that_panics()).is_pending());
    let (sender, told) = std::sync::mpsc::channel();
    future.add_done_callback(move |_| sender.send(()).expect("somebody listens"));
    assert!(held.run_next());
    assert!(told.try_recv().is_ok());
    assert_eq!(executor.remaining().tasks, 0);
    assert_eq!(future.result().expect("it returned"), 1);
}

#[test]
fn a_waker_that_panics_in_cancel_costs_nobody_else_anything() {
    let (_promise, mut future) = promise::<u8>();
    assert!(poll(&mut future, &waker_that_panics()).is_pending());
    let (sender, told) = std::sync::mpsc::channel();
    future.add_done_callback(move |_| sender.send(()).expect("somebody listens"));
    assert!(future.cancel());
    assert!(told.try_recv().is_ok());
}

#[test]
fn a_shared_waker_that_panics_does_not_stop_the_next() {
    let (promise, future) = promise::<u8>();
    let shared = future.shared();
    let (wakes, waker) = Wakes::new();
    let hostile = waker_that_panics();
    let mut first = core::pin::pin!((&shared).into_future());
    let mut second = core::pin::pin!((&shared).into_future());
    let mut context = core::task::Context::from_waker(&hostile);
    assert!(first.as_mut().poll(&mut context).is_pending());
    let mut context = core::task::Context::from_waker(&waker);
    assert!(second.as_mut().poll(&mut context).is_pending());
    assert!(promise.complete(1).is_ok());
    assert_eq!(wakes.count(), 1);
    assert!(matches!(second.poll(&mut context), Poll::Ready(Ok(1))));
}

#[test]
fn a_waker_that_panics_when_dropped_with_the_future() {
    let (promise, mut future) = promise::<u8>();
    let (waker, exploded) = waker_that_panics_when_dropped();
    assert!(poll(&mut future, &waker).is_pending());
    drop(waker); // one clone is left
    assert_eq!(exploded.load(Ordering::Relaxed), 0);
    drop(future);
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
    assert!(promise.complete(1).is_ok());
}

#[test]
fn a_waker_that_panics_when_another_takes_its_place() {
    let (promise, mut future) = promise::<u8>();
    let (waker, exploded) = waker_that_panics_when_dropped();
    assert!(poll(&mut future, &waker).is_pending());
    drop(waker); // one clone is left
    let (wakes, waker) = Wakes::new();
    let polled = catch_unwind(AssertUnwindSafe(|| poll(&mut future, &waker)));
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
    assert!(polled.is_ok_and(|polled| polled.is_pending()), "the newcomer hears nothing of it");
    assert!(promise.complete(1).is_ok());
    assert_eq!(wakes.count(), 1);
}

#[test]
fn a_waker_that_panics_when_a_timed_wait_takes_its_place() {
    let (promise, mut future) = promise::<u8>();
    let (waker, exploded) = waker_that_panics_when_dropped();
    assert!(poll(&mut future, &waker).is_pending());
    drop(waker); // one clone is left
    let timed = catch_unwind(AssertUnwindSafe(|| future.result_timeout(Duration::ZERO)));
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
    let timed = timed.expect("the newcomer hears nothing of it");
    assert_eq!(kind(timed), Some(TaskErrorKind::TimedOut));
    assert!(promise.complete(1).is_ok());
}

#[test]
fn a_shared_waker_that_panics_when_dropped_with_its_waiter() {
    let (promise, future) = promise::<u8>();
    let shared = future.shared();
    let (waker, exploded) = waker_that_panics_when_dropped();
    let mut waiting = Box::pin((&shared).into_future());
    let mut context = core::task::Context::from_waker(&waker);
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    drop(waker); // one clone is left
    drop(waiting);
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
    assert!(promise.complete(1).is_ok());
}

#[test]
fn a_waker_that_panics_when_cloned_leaves_the_future_usable() {
    let (promise, mut future) = promise::<u8>();
    let hostile = panics_when_cloned::waker();
    assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut future, &hostile))).is_err());
    assert!(!future.done());
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut future, &waker).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut future, &hostile))).is_err());
    assert!(poll(&mut future, &waker).is_pending());
    assert!(promise.complete(1).is_ok());
    assert_eq!(wakes.count(), 1);
    assert_eq!(future.result().expect("completed"), 1);
    drop(waker);
    assert_eq!(Arc::strong_count(&wakes), 1);
}

#[test]
fn a_waker_that_panics_when_cloned_keeps_no_other_alive() {
    let (promise, mut future) = promise::<u8>();
    let canceller = future.canceller(); // keeps the slot, and is to keep nothing else
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut future, &waker).is_pending());
    let hostile = panics_when_cloned::waker();
    assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut future, &hostile))).is_err());
    drop((future, waker));
    assert_eq!(Arc::strong_count(&wakes), 1);
    drop((promise, canceller));
}

#[test]
fn a_shared_waker_that_panics_when_cloned_leaves_the_future_usable() {
    let (promise, future) = promise::<u8>();
    let shared = future.shared();
    let hostile = panics_when_cloned::waker();
    let mut waiting = core::pin::pin!((&shared).into_future());
    let mut context = core::task::Context::from_waker(&hostile);
    let polled = catch_unwind(AssertUnwindSafe(|| waiting.as_mut().poll(&mut context)));
    assert!(polled.is_err());
    let (wakes, waker) = Wakes::new();
    let mut context = core::task::Context::from_waker(&waker);
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    assert!(promise.complete(1).is_ok());
    assert_eq!(wakes.count(), 1);
    assert!(matches!(waiting.poll(&mut context), Poll::Ready(Ok(1))));
}

#[test]
fn a_waker_may_drop_the_future_that_it_waits_for() {
    let counts = Counts::default();
    let (promise, future) = promise();
    let future = Arc::new(Mutex::new(Some(future)));
    let ours = future.clone();
    let waker = Calls::waker(move || drop(ours.lock().expect("unpoisoned").take()));
    {
        let mut future = future.lock().expect("unpoisoned");
        assert!(poll(future.as_mut().expect("there"), &waker).is_pending());
    }
    drop(waker);
    assert!(promise.complete(counts.make()).is_ok());
    assert!(future.lock().expect("unpoisoned").is_none());
    counts.assert_each_dropped_once();
}

#[test]
fn a_waker_may_cancel_and_add_callbacks_to_what_woke_it() {
    let (promise, future) = promise::<u8>();
    let shared = future.shared();
    let ours = shared.clone();
    let (sender, told) = std::sync::mpsc::channel();
    let waker = Calls::waker(move || {
        assert!(!ours.cancel());
        let sender = sender.clone();
        ours.add_done_callback(move |_| sender.send(()).expect("somebody listens"));
    });
    {
        let mut waiting = core::pin::pin!((&shared).into_future());
        let mut context = core::task::Context::from_waker(&waker);
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        assert!(promise.complete(1).is_ok());
    }
    assert!(told.try_recv().is_ok());
}

// --- parkers ---

/// Returns for no reason, a hundred times, and then completes.
struct Restless {
    left: Cell<u8>,
    end: Cell<Option<Box<dyn FnOnce()>>>,
}

impl Park for Restless {
    type Instant = ();

    fn waker(&self) -> Waker {
        Waker::noop().clone()
    }

    fn park(&self, _deadline: Option<()>) -> Parked {
        self.left.set(self.left.get() - 1);
        if self.left.get() == 0 {
            self.end.take().expect("once")();
        }
        Parked::Woken
    }
}

#[test]
fn a_parker_that_returns_for_no_reason() {
    let (promise, future) = promise();
    let end: Box<dyn FnOnce()> = Box::new(move || promise.complete(5).expect("not cancelled"));
    let park = Restless { left: Cell::new(100), end: Cell::new(Some(end)) };
    assert_eq!(future.result_with(&park).expect("completed"), 5);
}

/// Unwinds.
struct Panicking(Waker);

impl Park for Panicking {
    type Instant = ();

    fn waker(&self) -> Waker {
        self.0.clone()
    }

    fn park(&self, _deadline: Option<()>) -> Parked {
        panic!("park");
    }
}

#[test]
fn a_parker_that_panics_leaves_no_waker_behind() {
    let (promise, future) = promise::<u8>();
    let shared_promise = crate::hostile::promise::<u8>();
    let (wakes, waker) = Wakes::new();
    let park = Panicking(waker);
    assert!(catch_unwind(AssertUnwindSafe(|| future.result_with(&park))).is_err());
    assert_eq!(Arc::strong_count(&wakes), 2, "the parker's own");
    assert!(promise.complete(1).is_ok());

    let (promise, future) = shared_promise;
    let shared = future.shared();
    let waited = catch_unwind(AssertUnwindSafe(|| shared.result_with(&park, None).is_ok()));
    assert!(waited.is_err());
    assert_eq!(Arc::strong_count(&wakes), 2, "the parker's own");
    assert!(promise.complete(1).is_ok());
    assert_eq!(wakes.count(), 0);
}

// --- backends ---

/// Gives the task of before back instead of the one it is given, which it keeps.
#[derive(Default)]
struct GivesBackAnother {
    kept: Mutex<Vec<Task>>,
}

impl Backend for GivesBackAnother {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        let mut kept = self.kept.lock().expect("unpoisoned");
        kept.push(task);
        if kept.len() < 2 { Ok(()) } else { Err(Refused::new(kept.remove(0), RefusedReason::Full)) }
    }
}

#[test]
fn a_backend_that_gives_back_another_task() {
    let executor = Executor::new(GivesBackAnother::default());
    let counts = Counts::default();
    let (one, two) = (counts.make(), counts.make());
    let first = executor.submit(move || drop(one)).expect("accepted");
    let refused = executor.submit(move || drop(two)).expect_err("refused");
    assert_eq!(*refused.reason(), RefusedReason::WrongTask);
    assert_eq!(kind(first.result()), Some(TaskErrorKind::Abandoned));
    assert_eq!(counts.alive(), 1, "the closure that came back");
    refused.into_inner()();
    counts.assert_each_dropped_once();
    let kept = executor.backend().kept.lock().expect("unpoisoned").pop();
    kept.expect("the one it was given").run(); // does nothing: its closure went back
    assert_eq!(executor.remaining().tasks, 0);
}

#[test]
fn a_backend_that_gives_back_a_task_of_another_executor_and_another_type() {
    struct Swaps(Held, Mutex<Option<Task>>);
    impl Backend for Swaps {
        fn schedule(&self, task: Task) -> Result<(), Refused> {
            self.0.schedule(task)?;
            let other = self.1.lock().expect("unpoisoned").take().expect("put there");
            Err(Refused::new(other, RefusedReason::Full))
        }
    }
    let (theirs, other) = held();
    let foreign = other.submit(|| String::from("another type")).expect("accepted");
    let ours = Held::default();
    let executor = Executor::new(Swaps(ours.clone(), Mutex::new(theirs.pop())));
    let refused = executor.submit(|| [7_u64; 20]).expect_err("refused");
    assert_eq!(*refused.reason(), RefusedReason::WrongTask);
    assert_eq!(refused.into_inner()(), [7; 20]);
    assert_eq!(kind(foreign.result()), Some(TaskErrorKind::Abandoned));
    ours.run_all();
    assert_eq!((executor.remaining().tasks, other.remaining().tasks), (0, 0));
}

#[test]
fn a_backend_that_runs_the_task_and_gives_back_another() {
    struct RunsAndRefuses(Mutex<Option<Task>>);
    impl Backend for RunsAndRefuses {
        fn schedule(&self, task: Task) -> Result<(), Refused> {
            task.run();
            let other = self.0.lock().expect("unpoisoned").take().expect("put there");
            Err(Refused::new(other, RefusedReason::Full))
        }
    }
    let (theirs, other) = held();
    let foreign = other.submit(|| 1).expect("accepted");
    let executor = Executor::new(RunsAndRefuses(Mutex::new(theirs.pop())));
    let future = executor.submit(|| 2).expect("it ran, so it was accepted");
    assert_eq!(future.result().expect("it returned"), 2);
    assert_eq!(kind(foreign.result()), Some(TaskErrorKind::Abandoned));
}

#[test]
fn a_backend_that_refuses_a_task_that_was_cancelled_meanwhile() {
    /// Cancels what is queued, as a shutdown in another thread might, and then refuses.
    #[derive(Default)]
    struct TooLate(OnceLock<Weak<Executor<TooLate>>>);
    impl Backend for TooLate {
        fn schedule(&self, task: Task) -> Result<(), Refused> {
            let executor = self.0.get().and_then(Weak::upgrade).expect("it was put there");
            assert_eq!(executor.close_and_cancel(), 1);
            Err(Refused::new(task, RefusedReason::Full))
        }
    }
    let executor = Arc::new(Executor::new(TooLate::default()));
    executor.backend().0.set(Arc::downgrade(&executor)).expect("once");
    let future = executor.submit(|| 1).expect("cancelled rather than refused");
    assert!(future.cancelled());
    assert_eq!(executor.remaining().tasks, 0);
}

#[test]
fn a_backend_that_drops_a_task_abandons_it() {
    struct Drops;
    impl Backend for Drops {
        fn schedule(&self, task: Task) -> Result<(), Refused> {
            drop(task);
            Ok(())
        }
    }
    let executor = Executor::new(Drops);
    let counts = Counts::default();
    let captured = counts.make();
    let future = executor.submit(move || drop(captured)).expect("accepted, so it says");
    assert_eq!(kind(future.result()), Some(TaskErrorKind::Abandoned));
    counts.assert_each_dropped_once();
    drop(executor);
}

/// Never runs a task, never drops one.
struct Forgets;

impl Backend for Forgets {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        core::mem::forget(task);
        Ok(())
    }
}

#[test]
#[cfg_attr(miri, ignore = "what a backend forgets is leaked: the slot, nothing else")]
fn a_task_that_a_backend_forgot_can_be_cancelled() {
    let executor = Executor::new(Forgets);
    let counts = Counts::default();
    let captured = counts.make();
    let future = executor.submit(move || drop(captured)).expect("accepted, so it says");
    assert_eq!(executor.remaining().tasks, 1);
    assert!(future.cancel());
    counts.assert_each_dropped_once();
    assert_eq!(kind(future.result()), Some(TaskErrorKind::Cancelled));
    assert_eq!(executor.remaining().tasks, 0);
}

#[test]
#[cfg_attr(miri, ignore = "what a backend forgets is leaked: the slots, nothing else")]
fn an_executor_whose_backend_forgets_can_be_shut_down() {
    within(|| {
        let executor = Executor::new(Forgets);
        let future = executor.submit(|| 1).expect("accepted, so it says");
        let how = Shutdown::wait_timeout(Duration::from_micros(1));
        assert!(executor.shutdown(how).is_err());
        executor.shutdown(Shutdown::wait().cancel_futures()).expect("cancelled");
        assert!(future.cancelled());
    });
}

#[test]
fn a_backend_that_unwinds_before_it_accepts() {
    struct Unwinds;
    impl Backend for Unwinds {
        fn schedule(&self, task: Task) -> Result<(), Refused> {
            let _task = task;
            panic!("schedule");
        }
    }
    let executor = Executor::new(Unwinds);
    let counts = Counts::default();
    let captured = counts.make();
    let submitted = catch_unwind(AssertUnwindSafe(|| executor.submit(move || drop(captured))));
    assert!(submitted.is_err(), "it goes on to whoever submitted");
    counts.assert_each_dropped_once();
    assert_eq!(executor.remaining().tasks, 0);
    drop(executor); // waits for nothing
}

#[test]
fn a_backend_that_unwinds_before_it_accepts_a_closure_that_panics_when_dropped() {
    struct Unwinds;
    impl Backend for Unwinds {
        fn schedule(&self, task: Task) -> Result<(), Refused> {
            let _task = task;
            panic!("schedule");
        }
    }
    let executor = Executor::new(Unwinds);
    let (bomb, exploded) = Bomb::new();
    let submitted = catch_unwind(AssertUnwindSafe(|| {
        executor.submit(move || {
            let _bomb = &bomb;
        })
    }));
    assert!(submitted.is_err());
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
    assert_eq!(executor.remaining().tasks, 0);
}

#[test]
fn a_backend_that_unwinds_after_it_accepted() {
    struct Unwinds(Held);
    impl Backend for Unwinds {
        fn schedule(&self, task: Task) -> Result<(), Refused> {
            self.0.schedule(task)?;
            panic!("schedule");
        }
    }
    let held = Held::default();
    let executor = Executor::new(Unwinds(held.clone()));
    let ran = Arc::new(AtomicBool::new(false));
    let ours = ran.clone();
    let submitted = catch_unwind(AssertUnwindSafe(|| {
        executor.submit(move || ours.store(true, Ordering::Relaxed))
    }));
    assert!(submitted.is_err(), "it goes on to whoever submitted");
    assert_eq!(executor.remaining().tasks, 1);
    held.run_all();
    assert!(ran.load(Ordering::Relaxed), "accepted, so it is run");
    assert_eq!(executor.remaining().tasks, 0);
}

#[test]
fn a_backend_that_panics_when_dropped_by_a_task() {
    struct Fragile(Held, Bomb);
    impl Backend for Fragile {
        fn schedule(&self, task: Task) -> Result<(), Refused> {
            let _ = &self.1;
            self.0.schedule(task)
        }
    }
    let held = Held::default();
    let (bomb, exploded) = Bomb::new();
    let executor = Executor::new(Fragile(held.clone(), bomb));
    let (sender, receiver) = std::sync::mpsc::channel();
    let future = executor.submit(move || drop(receiver.recv())).expect("accepted");
    assert!(sender.send(executor).is_ok());
    let run = catch_unwind(AssertUnwindSafe(|| held.run_next()));
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
    assert!(run.is_ok(), "`Task::run` never unwinds");
    assert!(future.result().is_ok());
}

#[test]
fn a_task_that_is_queued_twice_by_mistake_cannot_be() {
    // `run` consumes: what remains is to run one that was claimed, cancelled or dropped meanwhile.
    let (held, executor) = held();
    let ran = Arc::new(AtomicUsize::new(0));
    let counting = ran.clone();
    let future =
        executor.submit(move || counting.fetch_add(1, Ordering::Relaxed)).expect("accepted");
    let task = held.pop().expect("submitted");
    assert!(future.cancel());
    task.run();
    assert_eq!(ran.load(Ordering::Relaxed), 0);
    assert!(future.cancelled());
}

// --- claims ---

#[test]
#[cfg_attr(miri, ignore = "an interpreter takes ten seconds to go that deep")]
fn claims_go_so_deep_and_then_it_would_deadlock() {
    fn descend(executor: &Arc<Executor<Held>>, depth: usize) -> (usize, Option<TaskErrorKind>) {
        assert!(depth < 10_000, "no end to it");
        let ours = executor.clone();
        let inner = executor.submit(move || descend(&ours, depth + 1)).expect("accepted");
        match inner.result() {
            Ok(deepest) => deepest,
            Err(error) => (depth, Some(error.kind())),
        }
    }
    within(|| {
        let (held, executor) = held_that_claims();
        let executor = Arc::new(executor);
        let ours = executor.clone();
        let future = executor.submit(move || descend(&ours, 1)).expect("accepted");
        assert!(held.run_next());
        let (depth, kind) = future.result().expect("it returned");
        assert_eq!(kind, Some(TaskErrorKind::WouldDeadlock));
        assert!(depth >= 64, "{depth}");
        assert!(held.len() > 0);
        executor.close_and_cancel();
        held.run_all();
    });
}

#[test]
fn two_tasks_that_wait_for_each_other_would_deadlock() {
    within(|| {
        type Pair = Arc<OnceLock<[SharedFuture<Option<TaskErrorKind>>; 2]>>;
        let (held, executor) = held_that_claims();
        let pair = Pair::default();
        let waits_for = |other: usize| {
            let pair: Pair = pair.clone();
            move || {
                let pair = pair.get().expect("it was put there");
                match pair[other].result() {
                    Ok(kind) => *kind,
                    Err(error) => Some(error.kind()),
                }
            }
        };
        let first = executor.submit(waits_for(1)).expect("accepted").shared();
        let second = executor.submit(waits_for(0)).expect("accepted").shared();
        assert!(pair.set([first.clone(), second]).is_ok());
        assert!(held.run_next());
        assert_eq!(first.result().ok(), Some(&Some(TaskErrorKind::WouldDeadlock)));
        held.run_all();
    });
}

#[test]
fn a_claimed_task_that_panics_is_an_error_to_its_waiter_only() {
    let (held, executor) = held_that_claims();
    let executor = Arc::new(executor);
    let ours = executor.clone();
    let future = executor
        .submit(move || {
            let inner = ours.submit(|| -> u8 { panic!("claimed") }).expect("accepted");
            inner.result().expect_err("it panicked").message().to_owned()
        })
        .expect("accepted");
    assert!(held.run_next());
    assert_eq!(future.result().expect("it returned"), "claimed");
    held.run_all();
}

// --- threads that begin to end ---

#[test]
fn an_executor_made_while_a_panic_unwinds() {
    struct Submits(Arc<AtomicBool>);
    impl Drop for Submits {
        fn drop(&mut self) {
            assert!(std::thread::panicking());
            let executor = Executor::new(InlineBackend);
            let future =
                executor.submit(|| resume_unwind(Box::new("a second one"))).expect("accepted");
            let outcome: Result<(), TaskError> = future.result();
            self.0.store(outcome.is_err(), Ordering::Relaxed);
        }
    }
    let submitted = Arc::new(AtomicBool::new(false));
    let ours = Submits(submitted.clone());
    let unwound = catch_unwind(AssertUnwindSafe(move || {
        let _submits = ours;
        panic!("a first one");
    }));
    assert!(unwound.is_err());
    assert!(submitted.load(Ordering::Relaxed));
}

#[test]
fn a_thread_local_s_destructor_may_submit_and_wait() {
    struct Submits(std::sync::mpsc::Sender<u8>);
    impl Drop for Submits {
        fn drop(&mut self) {
            let executor = Executor::new(InlineBackend);
            let future = executor.submit(|| 7).expect("accepted");
            self.0.send(future.result().expect("it returned")).expect("somebody listens");
            let (promise, mut future) = promise::<u8>();
            assert!(future.result_timeout(Duration::ZERO).is_err());
            drop(promise);
            assert!(future.result().is_err());
        }
    }
    std::thread_local! {
        static LAST: RefCell<Option<Submits>> = const { RefCell::new(None) };
    }
    let (sender, values) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        LAST.set(Some(Submits(sender)));
        // Made later than the local above, so gone earlier: the crate's own.
        let executor = Executor::new(InlineBackend);
        let future = executor.submit(|| 6).expect("accepted");
        assert_eq!(future.result().expect("it returned"), 6);
    })
    .join()
    .expect("does not panic");
    assert_eq!(values.recv().expect("its destructor ran"), 7);
}
