//! Callers that do what nobody should need, and are allowed to.

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, RawWakerVTable, Wake, Waker};

use concurrent_futures_core::{FutureState, PinnedTask, StaticExecutor, TaskErrorKind};

use crate::{executor, forever};

type Executor = StaticExecutor<2, 16>;
type Run = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Does as it is told when it is woken, and counts how often that is.
struct Does<F>(F, AtomicUsize);

impl<F: Fn() + Send + Sync + 'static> Does<F> {
    fn this(f: F) -> Arc<Self> {
        Arc::new(Self(f, AtomicUsize::new(0)))
    }

    fn times(&self) -> usize {
        self.1.load(Ordering::Relaxed)
    }
}

impl<F: Fn() + Send + Sync + 'static> Wake for Does<F> {
    fn wake(self: Arc<Self>) {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0();
    }
}

/// A waker whose clone panics.
fn unclonable() -> Waker {
    const TABLE: &RawWakerVTable =
        &RawWakerVTable::new(|_| panic!("no clone of this one"), |_| (), |_| (), |_| ());
    // SAFETY: the table does nothing with the pointer.
    unsafe { Waker::new(core::ptr::null(), TABLE) }
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>, waker: &Waker) -> bool {
    future.poll(&mut Context::from_waker(waker)).is_ready()
}

fn panics(f: impl FnOnce()) -> bool {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).is_err()
}

#[test]
fn a_waker_may_submit_and_shut_down() {
    let executor: &'static Executor = executor();
    let mut workers = [Box::pin(executor.run()), Box::pin(executor.run())];
    let does = Does::this(move || {
        let _ = executor.submit(|| 2).map(drop);
        executor.shutdown();
    });
    for worker in &mut workers {
        assert!(!poll(worker.as_mut(), &does.clone().into()));
    }
    drop(executor.submit(|| 1).unwrap());
    assert_eq!((does.times(), executor.queued()), (2, 2));
    assert_eq!(executor.run_pending(), 2);
    assert!(workers.iter_mut().all(|worker| poll(worker.as_mut(), Waker::noop())));
}

#[test]
fn a_worker_may_be_dropped_by_its_own_waker() {
    let executor: &'static Executor = executor();
    let workers = forever(Mutex::new([None::<Run>, None]));
    let does = Does::this(|| drop(workers.lock().unwrap()[0].take()));
    let other = Does::this(|| ());
    let wakers: [Waker; 2] = [does.clone().into(), other.clone().into()];
    for (worker, waker) in workers.lock().unwrap().iter_mut().zip(&wakers) {
        assert!(!poll(worker.insert(Box::pin(executor.run())).as_mut(), waker));
    }
    drop(executor.submit(|| 1).unwrap());
    assert_eq!((does.times(), other.times()), (1, 1), "the wake-up was handed on");
    assert!(!poll(workers.lock().unwrap()[1].as_mut().unwrap().as_mut(), Waker::noop()));
    assert_eq!((executor.queued(), executor.free_slots()), (0, 2));
}

#[test]
fn a_worker_whose_waker_cannot_be_cloned_leaves_what_comes_to_others() {
    let executor: &'static Executor = executor();
    let other = Does::this(|| ());
    let mut sleeps = Box::pin(executor.run());
    assert!(!poll(sleeps.as_mut(), &other.clone().into()));
    let mut worker = Box::pin(executor.run());
    assert!(panics(|| _ = poll(worker.as_mut(), &unclonable())));
    drop(executor.submit(|| 1).unwrap());
    assert_eq!(other.times(), 1);
    drop(worker);
    assert!(!poll(sleeps.as_mut(), Waker::noop()));
    assert_eq!(executor.queued(), 0);
}

#[test]
fn a_future_whose_waker_cannot_be_cloned_is_as_it_was() {
    let executor: &'static Executor = executor();
    let mut future = pin!(executor.submit(|| 1).unwrap());
    let mut task = pin!(PinnedTask::new(|| 2));
    executor.submit_pinned(task.as_mut()).unwrap();
    let woken = Does::this(|| ());
    assert!(!poll(future.as_mut(), &woken.clone().into()));
    assert!(!poll(task.as_mut(), &woken.clone().into()));
    assert!(panics(|| _ = poll(future.as_mut(), &unclonable())));
    assert!(panics(|| _ = poll(task.as_mut(), &unclonable())));
    assert_eq!(executor.run_pending(), 2);
    assert_eq!((woken.times(), Arc::strong_count(&woken)), (0, 1));
    assert_eq!(task.as_mut().try_result().unwrap().unwrap(), 2);
    assert!(poll(future.as_mut(), &unclonable()), "done: nobody clones");
}

#[test]
fn a_forgotten_pinned_task_runs_where_it_lies() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let executor = executor::<0, 0>();
    let task = forever(Mutex::new(PinnedTask::new(|| RUNS.fetch_add(1, Ordering::Relaxed))));
    let mut guard = task.lock().unwrap();
    // SAFETY: it lives for ever, and is not moved.
    let pinned = unsafe { Pin::new_unchecked(&mut *guard) };
    executor.submit_pinned(pinned).unwrap();
    drop(guard);
    assert_eq!((executor.run_pending(), RUNS.load(Ordering::Relaxed)), (1, 1));
    assert!(task.lock().unwrap().done());
}

#[test]
fn a_pinned_task_may_be_moved_until_it_is_pinned() {
    let one: fn() -> u8 = || 1;
    let task = PinnedTask::new(one);
    assert!(task.cancel());
    let moved = [Some(task)].map(|task| Box::pin(task.unwrap()));
    let [mut task] = moved;
    assert_eq!(task.as_mut().try_result().unwrap().unwrap_err().kind(), TaskErrorKind::Cancelled);
    task.set(PinnedTask::new(one));
    assert_eq!(task.state(), FutureState::Pending);
}

#[test]
fn a_pinned_task_that_was_replaced_is_not_run() {
    let executor = executor::<0, 0>();
    let first: fn() -> u8 = || unreachable!();
    let mut task = pin!(PinnedTask::new(first));
    executor.submit_pinned(task.as_mut()).unwrap();
    assert!(!poll(task.as_mut(), Waker::noop()));
    task.set(PinnedTask::new(|| 2));
    assert_eq!(executor.queued(), 0);
    executor.submit_pinned(task.as_mut()).unwrap();
    assert_eq!(executor.run_pending(), 1);
    assert_eq!(task.as_mut().try_result().unwrap().unwrap(), 2);
}

#[test]
fn a_closure_of_no_size_fits_where_there_is_no_room() {
    let executor = executor::<3, 0>();
    let futures = [(); 3].map(|()| executor.submit(|| ()).unwrap());
    assert_eq!((executor.free_slots(), executor.run_pending()), (0, 3));
    assert!(futures.into_iter().all(|mut future| matches!(future.try_result(), Some(Ok(())))));
    assert_eq!(executor.free_slots(), 3);
    assert!(crate::executor::<0, 0>().submit(|| ()).is_err());
}

#[test]
fn a_pinned_task_may_be_aligned_to_whatever_it_likes() {
    #[repr(align(256))]
    struct Aligned(u8);
    let executor = executor::<0, 0>();
    let value = Aligned(3);
    let mut task = Box::pin(PinnedTask::new(move || value));
    executor.submit_pinned(task.as_mut()).unwrap();
    executor.run_one();
    let value = task.as_mut().try_result().unwrap().unwrap();
    assert_eq!((value.0, (&raw const value).addr() % 256), (3, 0));
}

/// Counting wraps around at a million, which is noticed at half of it.
#[test]
#[cfg_attr(miri, ignore = "a million cancellers take it minutes")]
fn whoever_forgets_a_million_cancellers_loses_one_slot() {
    const MANY: usize = 1 << 20;
    for kept in 0..4 {
        let executor: &'static Executor = crate::executor();
        let mut future = executor.submit(move || kept).unwrap();
        for _ in kept..MANY {
            std::mem::forget(future.canceller());
        }
        assert_eq!(executor.run_pending(), 1);
        assert_eq!(future.try_result().unwrap().unwrap(), kept);
        drop(future);
        assert_eq!(executor.free_slots(), 1, "{kept}");
    }
}
