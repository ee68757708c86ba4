//! How often each operation allocates, and that all of it is given back.
#![cfg(feature = "std")]
#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]
#![expect(clippy::std_instead_of_alloc, reason = "tests run where there is a std")]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::alloc::System;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use concurrent_futures_core::{
    Backend, Completion, Executor, FixedWaitSet, Future, InlineBackend, MapOptions, OsLock, Park,
    Parked, Platform, Pool, QueuedTask, Refused, Shutdown, StartError, StaticCallback, Task,
    TaskHook, TaskRun, TaskSpan, ThreadParker, WaitSet, Worker, as_completed, promise,
};

/// Counts what the calling thread does. A crate would do, but this is all of it.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

std::thread_local! {
    /// Allocations, bytes ever allocated, bytes not yet given back; of this thread alone.
    static COUNTS: Cell<(usize, usize, isize)> = const { Cell::new((0, 0, 0)) };
}

fn count(allocations: usize, bytes: usize, alive: isize) {
    // A thread that is ending counts no more.
    let _ = COUNTS.try_with(|counts| {
        let before = counts.get();
        counts.set((before.0 + allocations, before.1 + bytes, before.2 + alive));
    });
}

// SAFETY: all is done by the system's allocator; counting allocates nothing and does not unwind.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size(), layout.size().cast_signed());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(0, 0, -layout.size().cast_signed());
        // SAFETY: as the caller promises; it came from there.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// What `f` allocated.
#[derive(Debug, PartialEq)]
struct Cost {
    allocations: usize,
    bytes: usize,
    kept: isize,
}

fn cost<R>(f: impl FnOnce() -> R) -> (R, Cost) {
    let before = COUNTS.get();
    let value = f();
    let after = COUNTS.get();
    let (allocations, bytes) = (after.0 - before.0, after.1 - before.1);
    (value, Cost { allocations, bytes, kept: after.2 - before.2 })
}

/// Allocations of `f`, whose value is given back.
fn allocations<R>(f: impl FnOnce() -> R) -> (R, usize) {
    let (value, cost) = cost(f);
    (value, cost.allocations)
}

const NOTHING: Cost = Cost { allocations: 0, bytes: 0, kept: 0 };

/// A backend with room for its tasks from the beginning.
#[derive(Clone)]
struct Held(Arc<Mutex<VecDeque<Task>>>);

impl Held {
    fn new() -> (Self, Executor<Self>) {
        let held = Self(Arc::new(Mutex::new(VecDeque::with_capacity(64))));
        let executor = Executor::new(held.clone());
        // The parker of this thread, and whatever else is made once.
        drop(executor.submit(|| ()).expect("accepted"));
        assert!(held.run_one());
        let (promise, future) = promise::<()>();
        drop(promise);
        assert!(future.result().is_err());
        (held, executor)
    }
}

impl Backend for Held {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        self.0.lock().expect("unpoisoned").push_back(task);
        Ok(())
    }

    fn run_one(&self) -> bool {
        let task = self.0.lock().expect("unpoisoned").pop_front();
        task.map(Task::run).is_some()
    }
}

#[test]
fn the_counting_counts() {
    let (boxed, cost) = cost(|| Box::new([0_u8; 100]));
    assert_eq!(cost, Cost { allocations: 1, bytes: 100, kept: 100 });
    let ((), cost) = crate::cost(|| drop(boxed));
    assert_eq!(cost, Cost { allocations: 0, bytes: 0, kept: -100 });
}

#[test]
fn an_inline_task_is_one_allocation_and_its_result_none() {
    let _warm = Held::new();
    let executor = Executor::new(InlineBackend);
    let ((), whole) = cost(|| {
        let (future, submitted) = allocations(|| executor.submit(|| [1_u64; 4]).expect("accepted"));
        assert_eq!(submitted, 1);
        let (value, taken) = cost(|| future.result());
        assert_eq!((taken.allocations, value.expect("it returned")), (0, [1; 4]));
    });
    assert_eq!((whole.allocations, whole.kept), (1, 0), "and it is given back");
}

#[test]
fn a_queued_task_is_one_allocation_and_its_run_and_result_none() {
    let (held, executor) = Held::new();
    let ((), whole) = cost(|| {
        let (future, submitted) = allocations(|| executor.submit(|| [1_u64; 4]).expect("accepted"));
        assert_eq!(submitted, 1);
        let (ran, run) = allocations(|| held.run_one());
        assert_eq!((ran, run), (true, 0));
        let (value, taken) = allocations(|| future.result());
        assert_eq!((taken, value.expect("it returned")), (0, [1; 4]));
    });
    assert_eq!((whole.allocations, whole.kept), (1, 0), "and it is given back");
}

#[test]
fn closure_and_value_share_their_room() {
    let (held, executor) = Held::new();
    let captured = [3_u8; 1000];
    let (future, submitted) = cost(|| executor.submit(move || captured).expect("accepted"));
    assert_eq!(submitted.allocations, 1);
    assert!((1000..1300).contains(&submitted.bytes), "{submitted:?}");
    assert!(held.run_one());
    assert_eq!(future.result().expect("it returned"), captured);
}

#[test]
fn a_wait_that_parks_allocates_nothing() {
    /// Runs the task instead of waiting for whoever does.
    struct Runs(Held);
    impl Park for Runs {
        type Instant = ();
        fn waker(&self) -> Waker {
            Waker::noop().clone()
        }
        fn park(&self, _deadline: Option<()>) -> Parked {
            assert!(self.0.run_one());
            Parked::Woken
        }
    }
    let (held, executor) = Held::new();
    let future = executor.submit(|| 5).expect("accepted");
    let park = Runs(held);
    let (value, waited) = allocations(|| future.result_with(&park));
    assert_eq!((value.expect("it returned"), waited), (5, 0));
}

#[test]
fn a_wait_that_times_out_allocates_nothing() {
    let (held, executor) = Held::new();
    let mut future = executor.submit(|| 5).expect("accepted");
    assert!(future.result_timeout(Duration::ZERO).is_err()); // whatever a mutex makes once
    let (_, waited) = cost(|| assert!(future.result_timeout(Duration::from_nanos(1)).is_err()));
    assert_eq!(waited, NOTHING);
    assert!(held.run_one());
}

#[test]
fn cancelling_and_cancelled_waits_allocate_nothing() {
    let (held, executor) = Held::new();
    let future = executor.submit(|| 5).expect("accepted");
    let (canceller, made) = cost(|| future.canceller());
    assert_eq!(made, NOTHING);
    let (cancelled, cancelling) = allocations(|| canceller.cancel());
    assert_eq!((cancelled, cancelling), (true, 0));
    let (outcome, taken) = allocations(|| future.result());
    assert_eq!((outcome.is_err(), taken), (true, 0));
    assert!(held.run_one());
}

#[test]
fn a_detached_task_is_given_back_when_it_has_run() {
    let (held, executor) = Held::new();
    let ((), whole) = cost(|| {
        drop(executor.submit(|| vec![1_u8; 100]).expect("accepted"));
        assert!(held.run_one());
    });
    assert_eq!((whole.allocations, whole.kept), (2, 0), "the slot, and the task's own vector");
}

#[test]
fn a_refused_task_is_given_back() {
    let (_held, executor) = Held::new();
    executor.close();
    let ((), whole) = cost(|| drop(executor.submit(|| 1).expect_err("closed")));
    assert_eq!((whole.allocations, whole.kept), (1, 0));
}

/// A hook whose spans are that.
struct Spans<T>(Option<T>);
struct Span<T>(T);

impl<T: Copy + Send + Sync + 'static> TaskHook for Spans<T> {
    fn queued(&self, _task: &QueuedTask) -> Option<Box<dyn TaskSpan>> {
        self.0.map(|span| Box::new(Span(span)) as Box<dyn TaskSpan>)
    }
}

impl<T: Send + 'static> TaskSpan for Span<T> {
    fn run(self: Box<Self>, task: TaskRun<'_>) {
        task.run().expect("it returns");
    }
}

/// What a task takes under that hook, from submitting it to reading its result.
fn hooked(hook: impl TaskHook, task: impl FnOnce() -> [u64; 4] + Send + 'static) -> Cost {
    let (held, _) = Held::new();
    let executor = Executor::with_hook(held.clone(), hook);
    let ((), whole) = cost(|| {
        let future = executor.submit(task).expect("accepted");
        let (ran, run) = allocations(|| held.run_one());
        assert_eq!((ran, run), (true, 0));
        let (value, taken) = allocations(|| future.result());
        assert_eq!((value.is_ok(), taken), (true, 0));
    });
    whole
}

#[test]
fn a_hook_adds_an_allocation_for_the_closure_and_one_for_the_span() {
    let captured = 5_u64;
    let tasks = |hook| hooked(hook, move || [captured; 4]);
    let left_alone = tasks(Spans(None));
    assert_eq!((left_alone.allocations, left_alone.kept), (1, 0));
    let whole = tasks(Spans(Some([0_u64; 2])));
    assert_eq!((whole.allocations, whole.kept), (3, 0), "and it is given back");
    // The result needs more room than the two boxes do.
    assert_eq!(whole.bytes, left_alone.bytes + size_of::<u64>() + size_of::<[u64; 2]>());
    let without_fields = hooked(Spans(Some(())), || [1_u64; 4]);
    assert_eq!((without_fields.allocations, without_fields.kept), (1, 0));
}

#[test]
fn a_promise_and_its_future_are_one_allocation() {
    let _warm = Held::new();
    let ((), whole) = cost(|| {
        let (promise, mut future) = promise::<[u64; 8]>();
        let mut context = Context::from_waker(Waker::noop());
        assert!(core::pin::pin!(&mut future).poll(&mut context).is_pending());
        promise.complete([2; 8]).expect("not cancelled");
        let polled = core::pin::pin!(&mut future).poll(&mut context);
        assert!(matches!(polled, Poll::Ready(Ok(value)) if value == [2; 8]));
    });
    assert_eq!((whole.allocations, whole.kept), (1, 0));
}

#[test]
fn a_callback_is_one_allocation_and_a_static_one_none() {
    static CALLBACK: StaticCallback<fn(&Completion)> = StaticCallback::new(|_| ());
    let _warm = Held::new();
    let (promise, future) = promise::<u8>();
    let ((), added) = allocations(|| future.add_done_callback(|_| ()));
    assert_eq!(added, 1);
    let (added, cost) = cost(|| future.add_static_callback(&CALLBACK));
    assert_eq!((added, cost), (Ok(()), NOTHING));
    let (completed, called) = allocations(|| promise.complete(1));
    assert_eq!((completed, called), (Ok(()), 0));
}

#[test]
fn sharing_is_one_allocation_and_its_clones_and_waits_none() {
    let _warm = Held::new();
    let ((), whole) = cost(|| {
        let (promise, future) = promise::<u8>();
        let (shared, sharing) = allocations(|| future.shared());
        assert_eq!(sharing, 1);
        let (other, cloning) = cost(|| shared.clone());
        assert_eq!(cloning, NOTHING);
        let ((), waiting) = allocations(|| {
            let mut waiting = core::pin::pin!((&other).into_future());
            let mut context = Context::from_waker(Waker::noop());
            assert!(waiting.as_mut().poll(&mut context).is_pending());
            promise.complete(1).expect("not cancelled");
            assert!(waiting.poll(&mut context).is_ready());
        });
        assert_eq!(waiting, 0);
    });
    assert_eq!((whole.allocations, whole.kept), (2, 0));
}

#[test]
fn erasing_allocates_nothing() {
    let (_promise, future) = promise::<u8>();
    let (erased, erasing) = cost(|| future.erase());
    assert_eq!(erasing, NOTHING);
    let (back, downcasting) = cost(|| erased.downcast::<u8>());
    assert_eq!(downcasting, NOTHING);
    assert!(back.is_ok());
}

#[test]
#[cfg_attr(miri, ignore = "it counts what thousands cost, a minute each")]
fn a_map_in_chunks_allocates_for_chunks_and_not_for_items() {
    let _warm = Held::new();
    let executor = Executor::new(InlineBackend);
    let whole = |items: u64| {
        let options = MapOptions::new().chunk_size(1000).window(1000);
        let (total, cost) = cost(|| {
            let map = executor.map_with(options, |n| n + 1, 0..items);
            map.fold(0, |total, outcome| total + outcome.expect("none fails"))
        });
        assert_eq!((total, cost.kept), (items * (items + 1) / 2, 0));
        cost.allocations
    };
    // Items, results, and the task; a few for the map itself.
    assert_eq!(whole(20_000) - whole(10_000), 10 * 3);
    assert!(whole(1000) < 10);
}

#[test]
#[cfg_attr(miri, ignore = "it counts what thousands cost, a minute each")]
fn an_unordered_map_allocates_a_task_an_item_and_uses_its_seats_again() {
    let _warm = Held::new();
    let executor = Executor::new(InlineBackend);
    let whole = |items: u64| {
        let options = MapOptions::new().unordered().window(4);
        let (yielded, cost) = cost(|| executor.map_with(options, |n| n, 0..items).count());
        assert_eq!((yielded as u64, cost.kept), (items, 0));
        cost.allocations
    };
    assert_eq!(whole(2000) - whole(1000), 1000);
}

#[test]
fn shutdowns_that_time_out_keep_nothing() {
    /// As `Held`, but not to be run by whoever waits.
    struct Aloof(Held);
    impl Backend for Aloof {
        fn schedule(&self, task: Task) -> Result<(), Refused> {
            self.0.schedule(task)
        }
    }
    let (held, _) = Held::new();
    let executor = Executor::new(Aloof(held.clone()));
    let future = executor.submit(|| 1).expect("accepted");
    let how = Shutdown::wait_timeout(Duration::ZERO);
    let tries = |times: usize| {
        for _ in 0..times {
            assert!(executor.shutdown(how).is_err());
        }
    };
    tries(10);
    let ((), cost) = cost(|| tries(100));
    assert!(held.run_one()); // before the assertion: the executor's end waits for it
    assert!(future.result().is_ok());
    assert_eq!(cost.kept, 0, "{cost:?}");
}

#[test]
fn a_hundred_tasks_leave_nothing_behind() {
    let (held, executor) = Held::new();
    let round = || {
        for n in 0..25_u32 {
            let future = executor.submit(move || n).expect("accepted");
            let cancelled = executor.submit(move || n).expect("accepted");
            assert!(cancelled.cancel());
            let failed = executor.submit_fallible(move || Err::<(), _>("no")).expect("accepted");
            drop(executor.submit(|| 1).expect("accepted"));
            while held.run_one() {}
            assert_eq!(future.result().ok(), Some(n));
            assert!(failed.result().is_err());
        }
    };
    round();
    let ((), cost) = cost(round);
    assert_eq!(cost.kept, 0);
}

// --- sets ---

/// What the first wait of a thread allocates once.
fn warm_sets() {
    let (promise, future) = promise::<u8>();
    promise.complete(1).expect("not cancelled");
    assert_eq!(as_completed([future]).count(), 1);
}

#[test]
#[cfg_attr(miri, ignore = "it counts what thousands cost, a minute each")]
fn a_set_allocates_by_the_block_and_not_by_the_member() {
    const MEMBERS: usize = 1000;
    warm_sets();
    let (promises, futures): (Vec<_>, Vec<_>) = (0..MEMBERS).map(|_| promise::<usize>()).unzip();
    let (set, made) = allocations(|| as_completed(futures));
    assert!(made < 40, "{made} allocations for {MEMBERS} members");
    let ((), completed) = allocations(|| {
        promises.into_iter().for_each(|promise| promise.complete(1).expect("not cancelled"));
    });
    let (count, yielded) = allocations(|| set.count());
    assert_eq!((count, completed, yielded), (MEMBERS, 0, 0));
}

#[test]
#[cfg_attr(miri, ignore = "it counts what thousands cost, a minute each")]
fn a_set_with_churn_does_not_grow() {
    warm_sets();
    let mut set = WaitSet::new();
    let round = |set: &mut WaitSet<Future<usize>>| {
        let (done, future) = promise();
        set.insert(future);
        let (late, other) = promise();
        let key = set.insert(other);
        done.complete(1).expect("not cancelled");
        assert!(set.next().is_some_and(|future| future.done()));
        assert!(set.remove(key).is_some_and(|future| !future.done()));
        late.complete(2).expect("not cancelled");
        let (done, third) = promise();
        done.complete(3).expect("not cancelled");
        let key = set.insert(third);
        assert!(set.remove(key).is_some_and(|future| future.done()), "done, and not yielded yet");
        let (late, fourth) = promise();
        let key = set.insert(fourth);
        late.complete(4).expect("not cancelled");
        assert!(set.remove(key).is_some_and(|future| future.done()), "the same, from the stack");
        assert!(set.try_next().is_none());
    };
    (0..100).for_each(|_| round(&mut set));
    let ((), cost) = cost(|| (0..1000).for_each(|_| round(&mut set)));
    assert_eq!((cost.allocations, cost.kept), (4000, 0), "the four promises of each round");
}

#[test]
fn a_set_gives_everything_back_whatever_is_left_in_it() {
    warm_sets();
    let ((), cost) = cost(|| {
        let (promises, futures): (Vec<_>, Vec<_>) = (0..100).map(|_| promise::<u8>()).unzip();
        let mut set = WaitSet::from_iter(futures);
        let mut promises = promises.into_iter();
        promises.by_ref().take(50).for_each(|promise| promise.complete(1).expect("not cancelled"));
        assert!(set.next().is_some());
        drop(set);
        promises.for_each(|promise| promise.complete(1).expect("not cancelled"));
    });
    assert_eq!(cost.kept, 0);
}

#[test]
fn a_fixed_set_allocates_nothing() {
    let mut set = pin!(FixedWaitSet::<_, 4>::new());
    let mut polled = Context::from_waker(Waker::noop());
    for _ in 0..10 {
        let (promises, futures): (Vec<_>, Vec<_>) = (0..4).map(|_| promise::<u8>()).unzip();
        let ((), cost) = cost(|| {
            for future in futures {
                set.as_mut().insert(future).expect("room for four");
            }
            assert!(set.as_mut().poll_next(&mut polled).is_pending());
        });
        assert_eq!(cost.allocations, 0);
        let ((), cost) = crate::cost(|| {
            promises.into_iter().for_each(|promise| promise.complete(1).expect("not cancelled"));
            while let Poll::Ready(Some(future)) = set.as_mut().poll_next(&mut polled) {
                drop(future);
            }
        });
        assert_eq!(cost.allocations, 0);
    }
}
/// Threads that nobody waits for.
struct Threads;

impl Platform for Threads {
    type Lock = OsLock;
    type StartLock = OsLock;
    type Park = ThreadParker;

    fn start(&self, worker: Worker<Self>) -> Result<(), StartError> {
        drop(std::thread::spawn(move || worker.run()));
        Ok(())
    }

    fn parker(&self) -> ThreadParker {
        ThreadParker::current()
    }
}

/// Submits tasks by the million, cancels them, and lets their futures go; what that has cost.
fn submit_and_cancel(executor: &Executor<Pool<Threads>>) -> Cost {
    let tasks = if cfg!(miri) { 200 } else { 1_000_000 };
    let ((), whole) = cost(|| {
        let submit = |n| executor.submit(move || [n; 4]).expect("accepted");
        let futures: Vec<_> = (0..tasks as u64).map(submit).collect();
        assert_eq!(executor.counters().queued, tasks);
        for future in futures {
            assert!(future.cancel());
        }
        assert_eq!(executor.counters().queued, 0);
    });
    assert!(whole.allocations >= tasks && whole.bytes > 64 * tasks, "{whole:?}");
    whole
}

#[test]
fn cancelled_tasks_are_given_back_while_the_worker_is_still_busy() {
    let pool = Pool::new(Threads, 2).expect("two workers");
    let executor = Arc::new(Executor::new(pool));
    let (started, has_started) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let blocker = executor.submit(move || {
        started.send(()).expect("somebody listens");
        released.recv().expect("somebody releases");
    });
    let blocker = blocker.expect("accepted");
    has_started.recv().expect("it starts");
    // From outside, into the global queue; with the other worker busy as well, from a worker into its own.
    let inner = executor.clone();
    let (from_worker, own) = std::sync::mpsc::channel();
    let (from_outside, go) = std::sync::mpsc::channel::<()>();
    let other = executor.submit(move || {
        from_worker.send(None).expect("somebody listens");
        go.recv().expect("somebody releases");
        from_worker.send(Some(submit_and_cancel(&inner))).expect("somebody listens");
    });
    let other = other.expect("accepted");
    assert!(own.recv().expect("it starts").is_none());
    let outside = submit_and_cancel(&executor);
    from_outside.send(()).expect("it waits");
    let own = own.recv().expect("it has done so").expect("measured");
    assert!(!blocker.done(), "nobody has drained a queue");
    release.send(()).expect("it waits");
    assert!(blocker.result().is_ok() && other.result().is_ok());
    assert_eq!((outside.kept, own.kept), (0, 0));
}
