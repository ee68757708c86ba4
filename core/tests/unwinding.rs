//! What unwinds out of user code where nothing catches that, which is without `std`: nothing is lost by it but
//! what it was in the middle of.
//!
//! Compiled and run with every set of features. With `std` the unwinds end where they begin, and all else is the same.
#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]

use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

use concurrent_futures_core::{ArenaExecutor, Completion, Lock, PinnedTask, StaticCallback};

/// One lock, taken by swapping a flag. In the thread of a laggard, time passes after it was given back.
struct Flag(AtomicBool);

thread_local! {
    static AFTER_UNLOCK: std::cell::Cell<fn()> = const { std::cell::Cell::new(|| ()) };
}

// SAFETY: whoever swapped the flag to true is alone until it stores false; Acquire and Release make
// each see what the ones before it wrote. Nothing interrupts a thread here.
unsafe impl Lock for Flag {
    fn with<R>(&self, f: impl FnOnce() -> R) -> R {
        while self.0.swap(true, Ordering::Acquire) {
            std::thread::yield_now();
        }
        let value = f();
        self.0.store(false, Ordering::Release);
        AFTER_UNLOCK.get()();
        value
    }
}

type Executor<const SLOTS: usize> = ArenaExecutor<Flag, SLOTS, 64>;

/// Memory that stays for ever, as a static does: one for each test, which run at the same time.
fn forever<T>(value: T) -> &'static mut T {
    struct Kept(#[expect(dead_code, reason = "it is only looked whether it is there")] *mut ());
    // SAFETY: never looked through.
    unsafe impl Send for Kept {}
    static KEPT: Mutex<Vec<Kept>> = Mutex::new(Vec::new());
    let memory = Box::into_raw(Box::new(value));
    KEPT.lock().unwrap().push(Kept(memory.cast())); // so that nobody takes it for lost
    // SAFETY: made just now, and freed by nobody.
    unsafe { &mut *memory }
}

fn executor<const SLOTS: usize>() -> &'static Executor<SLOTS> {
    let lock = || Flag(AtomicBool::new(false));
    forever(ArenaExecutor::with_locks(lock(), lock()))
}

/// Runs `f`, which may unwind.
fn perhaps_unwinding<R>(f: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(f)).ok()
}

/// Gives others the time to go wrong: until they have, or for a while.
fn give_time_until(gone_wrong: &AtomicBool) {
    for _ in 0..if cfg!(miri) { 50 } else { 500 } {
        if gone_wrong.load(Ordering::Acquire) {
            return;
        }
        std::thread::yield_now();
    }
}

/// Counts how often it is woken, and panics then, or when it is dropped.
struct Moody {
    woken: AtomicUsize,
    wakes: bool,
    drops: bool,
}

impl Moody {
    fn when_woken() -> Arc<Self> {
        Self::new(true, false)
    }

    fn when_dropped() -> Arc<Self> {
        Self::new(false, true)
    }

    fn never() -> Arc<Self> {
        Self::new(false, false)
    }

    fn new(wakes: bool, drops: bool) -> Arc<Self> {
        Arc::new(Self { woken: AtomicUsize::new(0), wakes, drops })
    }
}

impl Wake for Moody {
    fn wake(self: Arc<Self>) {
        self.woken.fetch_add(1, Ordering::Relaxed);
        assert!(!self.wakes, "woken");
    }
}

impl Drop for Moody {
    fn drop(&mut self) {
        assert!(!self.drops || std::thread::panicking(), "dropped");
    }
}

/// Panics when it is dropped.
struct Sour;

impl Drop for Sour {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "dropped");
    }
}

fn poll<F: Future>(future: Pin<&mut F>, waker: &Waker) -> bool {
    future.poll(&mut Context::from_waker(waker)).is_ready()
}

/// A task in memory that stays when it is dropped.
fn in_memory<F, T>(task: PinnedTask<F, T>) -> &'static mut MaybeUninit<PinnedTask<F, T>>
where
    F: FnOnce() -> T,
{
    forever(MaybeUninit::new(task))
}

#[test]
fn a_pinned_task_that_runs_is_waited_for_when_its_waker_unwinds() {
    static STARTED: AtomicBool = AtomicBool::new(false);
    static DROPPED: AtomicBool = AtomicBool::new(false);
    static ENDED: AtomicBool = AtomicBool::new(false);
    let executor = executor::<0>();
    let memory = in_memory(PinnedTask::new(|| {
        STARTED.store(true, Ordering::Release);
        give_time_until(&DROPPED);
        ENDED.store(true, Ordering::Release);
    }));
    // SAFETY: initialized above.
    let task = unsafe { memory.assume_init_mut() };
    // SAFETY: never moved, and dropped below before its memory is anything else.
    let mut task = unsafe { Pin::new_unchecked(task) };
    executor.submit_pinned(task.as_mut()).unwrap();
    assert!(!poll(task.as_mut(), &Moody::when_dropped().into())); // the clone in the slot is the last
    // It is the worker that unwinds, should it end the task before that is dropped.
    let worker = std::thread::spawn(|| perhaps_unwinding(|| executor.run_one()));
    while !STARTED.load(Ordering::Acquire) {
        std::thread::yield_now();
    }
    // SAFETY: initialized, dropped once.
    perhaps_unwinding(|| unsafe { memory.assume_init_drop() });
    let ended = ENDED.load(Ordering::Acquire);
    DROPPED.store(true, Ordering::Release);
    worker.join().unwrap();
    assert!(ended, "drop did not wait");
}

#[test]
fn a_pinned_task_that_a_worker_holds_is_waited_for_when_its_closure_unwinds() {
    static HELD: AtomicBool = AtomicBool::new(false);
    static DROPPED: AtomicBool = AtomicBool::new(false);
    let executor = executor::<0>();
    let sour = Sour;
    let memory = in_memory(PinnedTask::new(move || std::mem::forget(sour)));
    // SAFETY: initialized above.
    let task = unsafe { memory.assume_init_mut() };
    // SAFETY: never moved, and dropped below before its memory is anything else.
    let mut task = unsafe { Pin::new_unchecked(task) };
    executor.submit_pinned(task.as_mut()).unwrap();
    let worker = std::thread::spawn(|| {
        AFTER_UNLOCK.set(|| {
            HELD.store(true, Ordering::Release); // it has the entry, and has not claimed it
            give_time_until(&DROPPED);
        });
        executor.run_one()
    });
    while !HELD.load(Ordering::Acquire) {
        std::thread::yield_now();
    }
    // SAFETY: initialized, dropped once.
    perhaps_unwinding(|| unsafe { memory.assume_init_drop() });
    let (start, len) = (memory.as_mut_ptr().cast::<u8>(), size_of_val(memory));
    // SAFETY: memory of that size, in which nothing is any more.
    unsafe { start.write_bytes(0xFF, len) };
    DROPPED.store(true, Ordering::Release);
    worker.join().unwrap();
    // SAFETY: written above.
    let bytes = unsafe { core::slice::from_raw_parts(start, len) };
    assert!(bytes.iter().all(|byte| *byte == 0xFF), "touched after it was dropped");
}

#[test]
fn a_pinned_task_whose_value_unwinds_is_dropped_whole() {
    let executor = executor::<0>();
    let mut task = Box::pin(PinnedTask::new(|| Sour));
    executor.submit_pinned(task.as_mut()).unwrap();
    assert!(executor.run_one());
    perhaps_unwinding(|| drop(task)); // and does not wait for ever
    let mut other = pin!(PinnedTask::new(|| 1));
    executor.submit_pinned(other.as_mut()).unwrap();
    assert!(executor.run_one());
}

#[test]
fn a_pinned_task_whose_waker_unwinds_leaves_the_queue() {
    let executor = executor::<0>();
    let mut task = Box::pin(PinnedTask::new(|| 1));
    executor.submit_pinned(task.as_mut()).unwrap();
    assert!(!poll(task.as_mut(), &Moody::when_dropped().into()));
    perhaps_unwinding(|| drop(task));
    assert_eq!(executor.queued(), 0);
}

#[test]
fn a_slot_comes_back_when_a_worker_s_waker_unwinds() {
    let executor = executor::<1>();
    let mut worker = Box::pin(executor.run());
    let moody = Moody::when_woken();
    assert!(!poll(worker.as_mut(), &moody.clone().into()));
    drop(perhaps_unwinding(|| executor.submit(|| 1).unwrap()));
    assert_eq!(moody.woken.load(Ordering::Relaxed), 1);
    assert_eq!(executor.run_pending(), 1, "accepted");
    assert_eq!(executor.free_slots(), 1);
}

#[test]
fn the_end_is_told_to_every_worker_also_when_a_waker_unwinds() {
    let executor = executor::<0>();
    let mut workers = [Box::pin(executor.run()), Box::pin(executor.run())];
    let wakers = [Moody::when_woken(), Moody::never()];
    for (worker, waker) in workers.iter_mut().zip(&wakers) {
        assert!(!poll(worker.as_mut(), &waker.clone().into()));
    }
    perhaps_unwinding(|| executor.shutdown());
    assert_eq!(wakers.each_ref().map(|waker| waker.woken.load(Ordering::Relaxed)), [1, 1]);
}

#[test]
fn a_slot_comes_back_when_the_waker_of_a_dropped_future_unwinds() {
    let executor = executor::<1>();
    let value = Arc::new(());
    let also = value.clone();
    let mut future = Box::pin(executor.submit(move || also).unwrap());
    assert!(!poll(future.as_mut(), &Moody::when_dropped().into())); // the clone in the slot is the last
    perhaps_unwinding(|| drop(future));
    assert_eq!(executor.run_pending(), 1);
    assert_eq!((executor.free_slots(), Arc::strong_count(&value)), (1, 1));
}

#[test]
fn a_guard_cancels_when_its_waker_unwinds() {
    let executor = executor::<1>();
    let mut guard = Box::pin(executor.submit(|| 1).unwrap().cancel_on_drop());
    assert!(!poll(guard.as_mut(), &Moody::when_dropped().into()));
    perhaps_unwinding(|| drop(guard));
    assert_eq!((executor.queued(), executor.free_slots()), (0, 1));
}

#[test]
fn a_slot_comes_back_when_a_value_unwinds() {
    let executor = executor::<1>();
    for runs_first in [true, false] {
        let future = executor.submit(|| Sour).unwrap();
        if runs_first {
            assert_eq!(executor.run_pending(), 1);
        }
        perhaps_unwinding(|| drop(future));
        perhaps_unwinding(|| executor.run_pending());
        assert_eq!(executor.free_slots(), 1, "{runs_first}");
    }
}

#[test]
fn a_slot_comes_back_when_a_closure_unwinds() {
    let executor = executor::<1>();
    let sour = Sour;
    let future = executor.submit(move || std::mem::forget(sour)).unwrap();
    perhaps_unwinding(|| future.cancel());
    assert!(future.cancelled());
    drop(future);
    assert_eq!((executor.free_slots(), executor.queued()), (1, 0));
    let future = executor.submit(|| panic!("too hot")).unwrap();
    perhaps_unwinding(|| executor.run_one());
    assert!(future.done() && !future.cancelled());
    drop(future);
    assert_eq!(executor.free_slots(), 1);
}

#[cfg(feature = "alloc")]
#[test]
fn a_slot_comes_back_when_a_shared_value_unwinds() {
    let executor = executor::<1>();
    let shared = executor.submit(|| Sour).unwrap().shared();
    assert_eq!(executor.run_pending(), 1);
    perhaps_unwinding(|| drop(shared));
    assert_eq!(executor.free_slots(), 1);
}

#[test]
fn callbacks_are_called_when_a_waker_unwinds() {
    static CALLED: AtomicBool = AtomicBool::new(false);
    static CALLBACK: StaticCallback<fn(&Completion)> =
        StaticCallback::new(|_| CALLED.store(true, Ordering::Relaxed));
    let executor = executor::<1>();
    let mut future = Box::pin(executor.submit(|| 1).unwrap());
    future.add_static_callback(&CALLBACK).unwrap();
    assert!(!poll(future.as_mut(), &Moody::when_woken().into()));
    perhaps_unwinding(|| executor.run_one());
    assert!(CALLED.load(Ordering::Relaxed));
}
