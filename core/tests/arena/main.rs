//! The executor in static memory: its slots, what it gives back, and that nothing is allocated.
#![cfg(feature = "critical-section")]
#![expect(clippy::missing_panics_doc, reason = "it is by a panic that a test fails")]

mod hostile;
mod parkers;
mod pinned;
mod wakers;
mod workers;

use std::alloc::{GlobalAlloc, Layout, System};
use std::any::Any;
use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use concurrent_futures_core::{
    Completion, Failure, FixedWaitSet, Future, FutureState, Mailbox, RefusedReason, StaticCallback,
    StaticExecutor, TaskError, TaskErrorKind,
};

/// Counts the allocations of each thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: hands everything to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are the system's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many allocations this thread has made.
fn allocations() -> usize {
    ALLOCATIONS.with(Cell::get)
}

/// A value that lives for ever, as in a static: one for each test, which run at the same time.
fn forever<T: Sync>(value: T) -> &'static T {
    static KEPT: Mutex<Vec<&'static (dyn Any + Sync)>> = Mutex::new(Vec::new());
    let value: &'static T = Box::leak(Box::new(value));
    KEPT.lock().unwrap().push(value); // so that nobody takes it for lost
    value
}

fn executor<const SLOTS: usize, const BYTES: usize>() -> &'static StaticExecutor<SLOTS, BYTES> {
    forever(StaticExecutor::new())
}

/// Waits until something is so, for as long as a test may take.
#[track_caller]
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let started = std::time::Instant::now();
    while !is_so() {
        assert!(started.elapsed().as_secs() < 60, "never: {what}");
        std::thread::yield_now();
    }
}

fn poll<T>(future: &mut Future<T>) -> Poll<Result<T, TaskError>> {
    let mut context = Context::from_waker(Waker::noop());
    std::pin::Pin::new(future).poll(&mut context)
}

#[test]
fn a_task_costs_no_allocation_from_submit_to_result() {
    static EXECUTOR: StaticExecutor<2, 32> = StaticExecutor::new();
    let before = allocations();
    for round in 0..10u64 {
        let mut future = EXECUTOR.submit(move || round * 2).unwrap();
        assert!(poll(&mut future).is_pending());
        assert!(EXECUTOR.run_one());
        assert_eq!(future.try_result().unwrap().unwrap(), round * 2);
    }
    let (promise, mut future) = EXECUTOR.promise::<u8>().unwrap();
    promise.complete(1).unwrap();
    assert_eq!(future.try_result().unwrap().unwrap(), 1);
    assert_eq!(allocations(), before);
}

#[test]
fn a_set_of_its_futures_costs_no_allocation() {
    static EXECUTOR: StaticExecutor<4, 32> = StaticExecutor::new();
    let before = allocations();
    let mut set = std::pin::pin!(FixedWaitSet::<_, 4>::new());
    let mut context = Context::from_waker(Waker::noop());
    for round in 0..10u64 {
        for n in 0..4 {
            let future = EXECUTOR.submit(move || round * n).unwrap();
            assert!(set.as_mut().insert(future).is_ok());
        }
        assert!(set.as_mut().poll_next(&mut context).is_pending());
        assert_eq!(EXECUTOR.run_pending(), 4);
        let mut sum = 0;
        while let Poll::Ready(Some(mut future)) = set.as_mut().poll_next(&mut context) {
            sum += future.try_result().unwrap().unwrap();
        }
        assert_eq!((sum, EXECUTOR.free_slots()), (round * 6, 4));
    }
    assert_eq!(allocations(), before);
}

#[test]
fn a_full_arena_gives_the_closure_back_and_a_dropped_future_makes_room() {
    static EXECUTOR: StaticExecutor<2, 32> = StaticExecutor::new();
    let first = EXECUTOR.submit(|| 1).unwrap();
    let second = EXECUTOR.submit(|| 2).unwrap();
    let refused = EXECUTOR.submit(|| 3).unwrap_err();
    assert_eq!(refused.reason(), &RefusedReason::Full);
    assert_eq!(refused.into_inner()(), 3);
    assert_eq!(EXECUTOR.promise::<u8>().unwrap_err().reason(), &RefusedReason::Full);

    drop(first); // detached: the task still has the slot
    assert_eq!(EXECUTOR.free_slots(), 0);
    assert_eq!(EXECUTOR.run_pending(), 2);
    assert_eq!(EXECUTOR.free_slots(), 1);
    drop(second);
    assert_eq!(EXECUTOR.free_slots(), 2);
    drop(EXECUTOR.submit(|| 3).unwrap());
    assert_eq!(EXECUTOR.run_pending(), 1);
}

#[test]
fn a_refusal_is_an_error_of_the_task_that_wanted_to_submit_and_costs_no_allocation() {
    static EXECUTOR: StaticExecutor<1, 32> = StaticExecutor::new();
    let submit_two = || {
        let _first = EXECUTOR.submit(|| 1)?;
        let _second = EXECUTOR.submit(|| 2)?;
        Ok::<(), TaskError>(())
    };
    let before = ALLOCATIONS.with(Cell::get);
    let error = submit_two().unwrap_err();
    assert_eq!(ALLOCATIONS.with(Cell::get), before);
    assert_eq!(error.kind(), TaskErrorKind::Refused);
    assert_eq!(error.to_string(), "not submitted: no slot was free, or the queue was full");
}

#[test]
fn a_cancelled_task_leaves_the_queue_and_its_slot_at_once() {
    static EXECUTOR: StaticExecutor<1, 32> = StaticExecutor::new();
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    for _ in 0..3 {
        let future = EXECUTOR.submit(|| RUNS.fetch_add(1, Ordering::Relaxed)).unwrap();
        assert!(future.cancel());
        assert_eq!((future.state(), EXECUTOR.queued()), (FutureState::Cancelled, 0));
        drop(future);
        assert_eq!(EXECUTOR.free_slots(), 1);
    }
    assert_eq!((EXECUTOR.run_pending(), RUNS.load(Ordering::Relaxed)), (0, 0));
}

#[test]
fn a_late_reference_keeps_its_slot_from_being_reused() {
    static EXECUTOR: StaticExecutor<1, 32> = StaticExecutor::new();
    let future = EXECUTOR.submit(|| 1).unwrap();
    let canceller = future.canceller();
    EXECUTOR.run_pending();
    drop(future);
    assert!(EXECUTOR.submit(|| 2).is_err());
    assert!(!canceller.cancel() && canceller.done());
    drop(canceller);
    let mut next = EXECUTOR.submit(|| 2).unwrap();
    EXECUTOR.run_pending();
    assert_eq!(next.try_result().unwrap().unwrap(), 2);
}

#[test]
fn values_and_closures_are_dropped_once() {
    static EXECUTOR: StaticExecutor<2, 32> = StaticExecutor::new();
    static DROPS: AtomicUsize = AtomicUsize::new(0);
    struct Counted;
    impl Drop for Counted {
        fn drop(&mut self) {
            DROPS.fetch_add(1, Ordering::Relaxed);
        }
    }
    let captured = Counted;
    let unread = EXECUTOR
        .submit(move || {
            drop(captured);
            Counted
        })
        .unwrap();
    EXECUTOR.run_pending();
    assert_eq!(DROPS.load(Ordering::Relaxed), 1);
    drop(unread);
    assert_eq!(DROPS.load(Ordering::Relaxed), 2);
    let captured = Counted;
    let cancelled = EXECUTOR.submit(move || drop(captured)).unwrap();
    cancelled.cancel();
    assert_eq!(DROPS.load(Ordering::Relaxed), 3);
}

#[test]
fn a_failure_is_a_code_and_a_static_text() {
    static EXECUTOR: StaticExecutor<1, 32> = StaticExecutor::new();
    static OVERRUN: Failure = Failure::new(7, "read too late");
    let mut future = EXECUTOR.submit_fallible(|| Err::<u8, _>(TaskError::from(&OVERRUN))).unwrap();
    EXECUTOR.run_pending();
    let error = future.try_result().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.code()), (TaskErrorKind::Failed, Some(7)));
    assert_eq!(error.message(), "read too late");
}

#[test]
fn a_static_callback_is_called_and_may_be_added_again() {
    static EXECUTOR: StaticExecutor<1, 32> = StaticExecutor::new();
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    static COUNT: StaticCallback<fn(&Completion)> = StaticCallback::new(|completion| {
        assert!(completion.error().is_none());
        CALLS.fetch_add(1, Ordering::Relaxed);
    });
    for round in 1..=2 {
        let future = EXECUTOR.submit(|| 1).unwrap();
        future.add_static_callback(&COUNT).unwrap();
        assert!(future.add_static_callback(&COUNT).is_err());
        EXECUTOR.run_pending();
        assert_eq!(CALLS.load(Ordering::Relaxed), round);
    }
}

#[test]
fn a_mailbox_carries_a_future_from_one_context_to_another() {
    static EXECUTOR: StaticExecutor<2, 32> = StaticExecutor::new();
    static BOX: Mailbox<Future<u32>> = Mailbox::new();
    std::thread::spawn(|| BOX.put(EXECUTOR.submit(|| 5).unwrap())).join().unwrap();
    let mut future = BOX.take().unwrap();
    assert!(BOX.take().is_none());
    EXECUTOR.run_pending();
    assert_eq!(future.try_result().unwrap().unwrap(), 5);
    drop(future);
    BOX.put(EXECUTOR.submit(|| 6).unwrap());
    let replaced = BOX.replace(EXECUTOR.submit(|| 7).unwrap()).unwrap();
    assert!(!replaced.done());
    BOX.take();
    drop(replaced);
    assert_eq!(EXECUTOR.run_pending(), 2);
}

#[test]
fn two_threads_share_the_slots_of_one_arena() {
    static EXECUTOR: StaticExecutor<4, 32> = StaticExecutor::new();
    static SUM: AtomicUsize = AtomicUsize::new(0);
    let rounds = if cfg!(miri) { 20 } else { 2_000 };
    let submitter = std::thread::spawn(move || {
        let mut accepted = 0;
        while accepted < rounds {
            if let Ok(future) = EXECUTOR.submit(|| SUM.fetch_add(1, Ordering::Relaxed)) {
                accepted += 1;
                if accepted % 3 == 0 && future.cancel() {
                    SUM.fetch_add(1, Ordering::Relaxed);
                }
            } else {
                std::thread::yield_now();
            }
        }
    });
    while !submitter.is_finished() || EXECUTOR.queued() > 0 {
        if !EXECUTOR.run_one() {
            std::thread::yield_now();
        }
    }
    submitter.join().unwrap();
    assert_eq!((SUM.load(Ordering::Relaxed), EXECUTOR.free_slots()), (rounds, 4));
}

/// What the docs of `BYTES` say: that much is enough. That it compiles is the test; some more to see it run.
#[test]
fn a_result_needs_its_size_rounded_up_to_8_and_8_more_at_most() {
    macro_rules! fit {
        ($($value:expr => $type:ty),* $(,)?) => {$({
            const BYTES: usize = size_of::<$type>().next_multiple_of(8) + 8;
            let executor = executor::<1, BYTES>();
            let mut future = executor.submit(|| $value).unwrap();
            executor.run_one();
            let result: $type = future.try_result().unwrap().unwrap();
            assert_eq!(result, $value);
        })*};
    }
    fit! {
        1 => u8, 2 => u32, 3 => u64, Some(4) => Option<u64>, (5, 6) => (u32, u8), [7; 17] => [u8; 17],
        [8; 4] => [u64; 4], "a text" => &'static str,
    }
}

#[test]
fn without_bytes_there_is_room_for_what_takes_none() {
    let executor = executor::<1, 0>();
    let mut future = executor.submit(|| ()).unwrap();
    executor.run_one();
    future.try_result().unwrap().unwrap();
}

#[cfg(feature = "spin")]
#[test]
fn the_same_executor_serves_several_cores_with_a_spin_lock() {
    use concurrent_futures_core::MulticoreExecutor;
    static EXECUTOR: MulticoreExecutor<2, 32> = MulticoreExecutor::new();
    let mut future = EXECUTOR.submit(|| 9).unwrap();
    std::thread::spawn(|| EXECUTOR.run_pending()).join().unwrap();
    assert_eq!(future.try_result().unwrap().unwrap(), 9);
}
