//! Tasks in their caller's own memory.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use concurrent_futures_core::{
    FutureState, PinnedTask, RefusedReason, StaticExecutor, TaskErrorKind, ThreadParker,
};

use crate::{allocations, executor, wait_until};

/// Counts how often it was woken.
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_pinned_task_needs_no_slot_and_no_allocation() {
    let executor = executor::<0, 0>();
    let before = allocations();
    let large = [7u8; 4096];
    let mut task = pin!(PinnedTask::new(move || large));
    assert_eq!(task.state(), FutureState::Pending);
    executor.submit_pinned(task.as_mut()).unwrap();
    assert_eq!(executor.queued(), 1);
    assert!(task.as_mut().try_result().is_none());
    assert!(executor.run_one());
    assert!(task.done() && !task.running() && !task.cancelled());
    assert_eq!(task.as_mut().try_result().unwrap().unwrap(), large);
    let again = task.as_mut().try_result().unwrap().unwrap_err();
    assert_eq!(again.kind(), TaskErrorKind::Taken);
    assert_eq!(allocations(), before);
}

#[test]
fn it_can_be_blocked_on_and_awaited() {
    let executor = executor::<0, 0>();
    let worker = std::thread::spawn(|| executor.run_forever(&ThreadParker::current()));
    for n in 0..if cfg!(miri) { 5 } else { 500 } {
        let mut task = pin!(PinnedTask::new(move || n + 1));
        executor.submit_pinned(task.as_mut()).unwrap();
        assert_eq!(task.result_with(&ThreadParker::current()).unwrap(), n + 1);
    }
    let mut task = pin!(PinnedTask::new(|| String::from("awaited")));
    let mut context = Context::from_waker(Waker::noop());
    assert!(task.as_mut().poll(&mut context).is_pending()); // before it is submitted, too
    executor.submit_pinned(task.as_mut()).unwrap();
    wait_until("it is done", || task.done());
    let Poll::Ready(result) = task.as_mut().poll(&mut context) else { unreachable!() };
    assert_eq!(result.unwrap(), "awaited");
    executor.shutdown();
    worker.join().unwrap();
}

#[test]
fn its_waker_is_woken_when_it_is_done() {
    struct Flag(AtomicBool);
    impl std::task::Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let executor = executor::<0, 0>();
    let flag = Arc::new(Flag(AtomicBool::new(false)));
    let waker = flag.clone().into();
    let mut task = pin!(PinnedTask::new(|| 1));
    executor.submit_pinned(task.as_mut()).unwrap();
    assert!(task.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    executor.run_one();
    assert!(flag.0.load(Ordering::Relaxed));
}

#[test]
fn a_wait_with_a_deadline_leaves_it_as_it_was() {
    let executor = executor::<0, 0>();
    let mut task = pin!(PinnedTask::new(|| 1));
    executor.submit_pinned(task.as_mut()).unwrap();
    let past = std::time::Instant::now();
    let error = task.as_mut().result_deadline_with(&ThreadParker::current(), past).unwrap_err();
    assert!(error.is_timed_out());
    assert_eq!(task.state(), FutureState::Pending);
    executor.run_one();
    let result = task.as_mut().result_deadline_with(&ThreadParker::current(), past);
    assert_eq!(result.unwrap(), 1);
}

#[test]
fn cancelled_it_leaves_the_queue_and_drops_its_closure() {
    let executor = executor::<0, 0>();
    let held = Arc::new(());
    let also = held.clone();
    let mut task = pin!(PinnedTask::new(move || drop(also)));
    executor.submit_pinned(task.as_mut()).unwrap();
    assert!(task.cancel() && task.cancel() && task.cancelled());
    assert_eq!((executor.queued(), Arc::strong_count(&held)), (0, 1));
    let error = task.as_mut().try_result().unwrap().unwrap_err();
    assert!(error.is_cancelled());
}

#[test]
fn cancelled_before_it_is_submitted_it_never_runs() {
    let executor = executor::<0, 0>();
    let mut task = pin!(PinnedTask::new(|| unreachable!()));
    assert!(task.cancel());
    executor.submit_pinned(task.as_mut()).unwrap();
    executor.run_pending();
    assert!(task.as_mut().try_result().unwrap().unwrap_err().is_cancelled());
}

#[test]
fn cancelled_before_it_is_submitted_it_is_in_nobodys_queue_when_it_is_dropped() {
    let executor = executor::<0, 0>();
    let dropped = std::thread::spawn(move || {
        let mut task = pin!(PinnedTask::new(|| unreachable!()));
        assert!(task.cancel());
        executor.submit_pinned(task.as_mut()).unwrap();
        assert_eq!(executor.queued(), 0);
    });
    wait_until("dropped, with nobody to run it", || dropped.is_finished());
    dropped.join().unwrap();
}

#[test]
fn dropped_before_it_was_submitted_it_drops_its_closure() {
    let held = Arc::new(());
    let also = held.clone();
    drop(PinnedTask::new(move || drop(also)));
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn dropped_while_it_is_queued_it_is_gone() {
    let executor = executor::<0, 0>();
    let held = Arc::new(());
    {
        let also = held.clone();
        let mut task = pin!(PinnedTask::new(move || drop(also)));
        executor.submit_pinned(task.as_mut()).unwrap();
    }
    assert_eq!((executor.queued(), Arc::strong_count(&held)), (0, 1));
    assert_eq!(executor.run_pending(), 0);
}

#[test]
fn dropped_with_its_value_unread_it_drops_that() {
    let executor = executor::<0, 0>();
    let value = Arc::new(());
    {
        let also = value.clone();
        let mut task = pin!(PinnedTask::new(move || also));
        executor.submit_pinned(task.as_mut()).unwrap();
        executor.run_one();
        assert_eq!(Arc::strong_count(&value), 2);
    }
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn dropped_while_it_runs_it_waits_for_that() {
    static STARTED: AtomicBool = AtomicBool::new(false);
    static GO_ON: AtomicBool = AtomicBool::new(false);
    static ENDED: AtomicBool = AtomicBool::new(false);
    let executor = executor::<0, 0>();
    let worker = std::thread::spawn(|| executor.run_forever(&ThreadParker::current()));
    let value = Arc::new(());
    {
        let also = value.clone();
        let mut task = pin!(PinnedTask::new(move || {
            STARTED.store(true, Ordering::Release);
            wait_until("it may go on", || GO_ON.load(Ordering::Acquire));
            ENDED.store(true, Ordering::Release);
            also
        }));
        executor.submit_pinned(task.as_mut()).unwrap();
        wait_until("it runs", || STARTED.load(Ordering::Acquire));
        assert!(task.running() && !task.cancel());
        GO_ON.store(true, Ordering::Release);
    }
    assert!(ENDED.load(Ordering::Acquire));
    assert_eq!(Arc::strong_count(&value), 1, "its value went with it");
    executor.shutdown();
    worker.join().unwrap();
}

#[test]
fn dropped_in_a_race_with_its_end_its_memory_is_not_touched_any_more() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let executor = executor::<0, 0>();
    let worker = std::thread::spawn(|| executor.run_forever(&ThreadParker::current()));
    let rounds = if cfg!(miri) { 30 } else { 3000 };
    for round in 0..rounds {
        let mut task = Box::pin(PinnedTask::new(|| RUNS.fetch_add(1, Ordering::Relaxed)));
        executor.submit_pinned(task.as_mut()).unwrap();
        if round % 3 == 0 {
            wait_until("it is done", || task.done());
        } else if round % 3 == 1 {
            task.cancel();
        }
        drop(task); // and with it the memory
    }
    executor.shutdown();
    worker.join().unwrap();
    let runs = RUNS.load(Ordering::Relaxed);
    assert!((rounds / 3..=rounds).contains(&runs), "{runs}");
}

#[test]
fn it_is_submitted_once() {
    let executor = executor::<0, 0>();
    let one: fn() -> u8 = || 1;
    let mut task = pin!(PinnedTask::new(one));
    executor.submit_pinned(task.as_mut()).unwrap();
    let error = executor.submit_pinned(task.as_mut()).unwrap_err();
    assert_eq!(error.reason(), &RefusedReason::InUse);
    assert_eq!(
        error.to_string(),
        "task not accepted: the task was submitted before: make another one"
    );
    assert_eq!(executor.run_pending(), 1);
    assert!(executor.submit_pinned(task.as_mut()).is_err());

    task.set(PinnedTask::new(|| 2));
    executor.submit_pinned(task.as_mut()).unwrap();
    executor.run_one();
    assert_eq!(task.as_mut().try_result().unwrap().unwrap(), 2);
}

#[test]
fn refused_by_an_executor_that_was_shut_down_it_may_go_to_another() {
    let (ended, other) = (executor::<0, 0>(), executor::<0, 0>());
    ended.shutdown();
    let mut task = pin!(PinnedTask::new(|| 1));
    let error = ended.submit_pinned(task.as_mut()).unwrap_err();
    assert_eq!(error.reason(), &RefusedReason::ShutDown);
    assert_eq!(task.state(), FutureState::Pending);
    other.submit_pinned(task.as_mut()).unwrap();
    other.run_one();
    assert_eq!(task.as_mut().try_result().unwrap().unwrap(), 1);
}

#[test]
fn a_panic_in_it_is_its_result() {
    let executor = executor::<0, 0>();
    let mut task = pin!(PinnedTask::new(|| -> u8 { panic!("too hot") }));
    executor.submit_pinned(task.as_mut()).unwrap();
    executor.run_one();
    let error = task.as_mut().try_result().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.message()), (TaskErrorKind::Panicked, "too hot"));
}

/// Polls it with a waker of its own, drops it, and says how often that was woken and who still holds it.
fn dropped_while_awaited(is_submitted: bool) -> (usize, usize) {
    let executor = executor::<0, 0>();
    let woken = Arc::new(Woken(AtomicUsize::new(0)));
    {
        let mut task = pin!(PinnedTask::new(|| 1));
        if is_submitted {
            executor.submit_pinned(task.as_mut()).unwrap();
        }
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        assert!(std::future::Future::poll(task.as_mut(), &mut context).is_pending());
    }
    assert_eq!(executor.queued(), 0);
    (woken.0.load(Ordering::Relaxed), Arc::strong_count(&woken) - 1)
}

#[test]
fn dropping_it_wakes_nobody_and_keeps_no_waker() {
    assert_eq!(dropped_while_awaited(true), (0, 0));
    assert_eq!(dropped_while_awaited(false), (0, 0));
}

#[test]
fn it_lies_in_a_static_as_well() {
    use std::sync::Mutex;
    type Job = PinnedTask<fn() -> u32, u32>;
    static EXECUTOR: StaticExecutor<0, 0> = StaticExecutor::new();
    static JOB: Mutex<Job> = Mutex::new(PinnedTask::new(|| 5));
    let mut job = JOB.lock().unwrap();
    // SAFETY: in a static, from which nobody moves it.
    let mut job = unsafe { std::pin::Pin::new_unchecked(&mut *job) };
    EXECUTOR.submit_pinned(job.as_mut()).unwrap();
    EXECUTOR.run_one();
    assert_eq!(job.try_result().unwrap().unwrap(), 5);
}

#[test]
fn it_goes_to_other_threads_as_its_parts_do() {
    fn is_send_and_sync<T: Send + Sync>(_: &T) {}
    is_send_and_sync(&PinnedTask::new(|| 1));
}
