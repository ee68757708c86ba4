//! Workers of the static executor that sleep, and how it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use concurrent_futures_core::{
    FutureState, Park, Parked, RefusedReason, Spin, TaskErrorKind, ThreadParker, WakeFlag,
};

use crate::{allocations, executor, forever, wait_until};

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Count {
    fn of(self: &Arc<Self>) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// A worker that is polled by hand.
macro_rules! worker {
    ($name:ident, $count:ident, $executor:expr) => {
        let $count = Arc::new(Count::default());
        let mut $name = std::pin::pin!($executor.run());
        let mut $name = || $name.as_mut().poll(&mut Context::from_waker(&$count.clone().into()));
    };
}

#[test]
fn a_worker_runs_what_comes_and_leaves_when_the_executor_is_shut_down() {
    let executor = executor::<4, 32>();
    let worker = std::thread::spawn(|| executor.run_forever(&ThreadParker::current()));
    for n in 0..if cfg!(miri) { 10 } else { 1000 } {
        assert_eq!(executor.submit(move || n * 2).unwrap().result().unwrap(), n * 2);
    }
    executor.shutdown();
    worker.join().unwrap();
    assert_eq!((executor.free_slots(), executor.queued()), (4, 0));
}

#[test]
fn several_workers_share_what_is_submitted() {
    let executor = executor::<8, 32>();
    let workers = [(); 3].map(|()| {
        std::thread::spawn(|| {
            executor.run_forever(&forever(WakeFlag::new(Spin)).parker());
        })
    });
    let mut sum = 0;
    let rounds = if cfg!(miri) { 5 } else { 500 };
    for round in 0..rounds {
        let futures: Vec<_> = (0..8).map(|n| executor.submit(move || round * n).unwrap()).collect();
        sum += futures.into_iter().map(|future| future.result().unwrap()).sum::<u64>();
        wait_until("the workers have let go", || executor.free_slots() == 8);
    }
    assert_eq!(sum, (0..rounds).sum::<u64>() * 28);
    executor.shutdown();
    for worker in workers {
        worker.join().unwrap();
    }
}

#[test]
fn each_submit_wakes_the_worker_that_has_slept_longest() {
    let executor = executor::<4, 32>();
    worker!(first, first_woken, executor);
    worker!(second, second_woken, executor);
    assert!(first().is_pending() && second().is_pending());
    let one = executor.submit(|| 1).unwrap();
    assert_eq!((first_woken.of(), second_woken.of()), (1, 0));
    let two = executor.submit(|| 2).unwrap();
    assert_eq!((first_woken.of(), second_woken.of()), (1, 1));
    let three = executor.submit(|| 3).unwrap();
    assert_eq!((first_woken.of(), second_woken.of()), (1, 1)); // nobody is left who sleeps

    // One task a turn, and another turn at once.
    assert!(first().is_pending());
    assert_eq!((one.state(), two.state()), (FutureState::Finished, FutureState::Pending));
    assert_eq!(first_woken.of(), 2);
    assert!(second().is_pending() && first().is_pending());
    assert!(two.done() && three.done());
}

#[test]
fn a_worker_that_runs_is_not_taken_for_one_that_sleeps() {
    let executor = executor::<4, 32>();
    worker!(busy, busy_woken, executor);
    worker!(idle, idle_woken, executor);
    assert!(busy().is_pending() && idle().is_pending());
    // Polled for no reason just as there is something to do: it runs that, and sleeps no more.
    let running = executor
        .submit(|| {
            let inner = executor.submit(|| 2).unwrap();
            assert!(!inner.done());
            inner
        })
        .unwrap();
    assert_eq!((busy_woken.of(), idle_woken.of()), (1, 0));
    assert!(busy().is_pending());
    assert_eq!(idle_woken.of(), 1, "the inner task went to the one that slept");
    assert!(idle().is_pending());
    assert!(running.result().unwrap().done());
}

#[test]
fn a_worker_that_leaves_hands_its_wake_up_on() {
    let executor = executor::<4, 32>();
    worker!(stays, stays_woken, executor);
    let chosen = Arc::new(Count::default());
    let mut leaves = Box::pin(executor.run());
    let waker = Waker::from(chosen.clone());
    assert!(leaves.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert!(stays().is_pending());
    let future = executor.submit(|| 1).unwrap();
    assert_eq!((chosen.of(), stays_woken.of()), (1, 0));
    drop(leaves); // before it has done anything with that
    assert_eq!(stays_woken.of(), 1);
    drop(waker);
    assert_eq!(Arc::strong_count(&chosen), 1, "no waker is kept");
    assert!(stays().is_pending());
    assert!(future.done());
}

#[test]
fn a_worker_that_sleeps_again_keeps_the_newest_waker_only() {
    let executor = executor::<1, 32>();
    let mut worker = Box::pin(executor.run());
    let counts = [(); 3].map(|()| Arc::new(Count::default()));
    for count in &counts {
        let waker = Waker::from(count.clone());
        assert!(worker.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert!(worker.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    assert_eq!(counts.each_ref().map(Arc::strong_count), [1, 1, 2]);
    drop(executor.submit(|| ()).unwrap());
    assert_eq!(counts.each_ref().map(Count::of), [0, 0, 1]);
    drop(worker);
    assert_eq!(counts.each_ref().map(Arc::strong_count), [1, 1, 1]);
    assert!(executor.run_one());
}

#[test]
fn a_waker_that_panics_costs_the_submitter_nothing() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("a waker's own affair");
        }
    }
    let executor = executor::<1, 32>();
    let mut worker = Box::pin(executor.run());
    let waker = Waker::from(Arc::new(Panics));
    assert!(worker.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let mut future = executor.submit(|| 1).unwrap();
    assert!(worker.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(future.try_result().unwrap().unwrap(), 1);
}

#[test]
fn what_sleeps_and_what_is_woken_costs_no_allocation() {
    let executor = executor::<1, 32>();
    let mut worker = std::pin::pin!(executor.run());
    let mut context = Context::from_waker(Waker::noop());
    let before = allocations();
    for n in 0..10 {
        assert!(worker.as_mut().poll(&mut context).is_pending());
        let mut future = executor.submit(move || n).unwrap();
        assert!(worker.as_mut().poll(&mut context).is_pending());
        assert_eq!(future.try_result().unwrap().unwrap(), n);
    }
    assert_eq!(allocations(), before);
}

#[test]
fn after_a_shutdown_what_is_queued_runs_and_nothing_else_is_accepted() {
    let executor = executor::<4, 32>();
    let queued = executor.submit(|| 1).unwrap();
    executor.shutdown();
    executor.shutdown(); // once more does no harm
    let refused = executor.submit(|| 2).unwrap_err();
    assert_eq!(refused.reason(), &RefusedReason::ShutDown);
    assert_eq!(refused.into_inner()(), 2);
    let refused = executor.submit_fallible(|| Ok(2)).unwrap_err();
    assert_eq!(refused.reason(), &RefusedReason::ShutDown);
    assert_eq!(executor.promise::<u8>().unwrap_err().reason(), &RefusedReason::ShutDown);
    assert_eq!(executor.free_slots(), 3);

    executor.run_forever(&Never); // returns when the queue is empty, and does not park
    assert_eq!(queued.result().unwrap(), 1);
}

/// What must not be parked on.
struct Never;

impl Park for Never {
    type Instant = ();

    fn waker(&self) -> Waker {
        Waker::noop().clone()
    }

    fn park(&self, _: Option<()>) -> Parked {
        panic!("there is nothing to wait for")
    }
}

#[test]
fn a_shutdown_wakes_every_worker() {
    let executor = executor::<1, 32>();
    worker!(first, first_woken, executor);
    worker!(second, second_woken, executor);
    assert!(first().is_pending() && second().is_pending());
    executor.shutdown();
    assert_eq!((first_woken.of(), second_woken.of()), (1, 1));
    assert_eq!((first(), second()), (Poll::Ready(()), Poll::Ready(())));
}

#[test]
fn what_is_submitted_during_a_shutdown_runs_or_comes_back() {
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..if cfg!(miri) { 10 } else { 500 } {
        let executor = executor::<2, 32>();
        let worker = std::thread::spawn(|| executor.run_forever(&ThreadParker::current()));
        let submitter = std::thread::spawn(|| executor.submit(|| 7));
        executor.shutdown();
        match submitter.join().unwrap() {
            Ok(future) => {
                accepted += 1;
                worker.join().unwrap();
                assert_eq!(future.result().unwrap(), 7, "accepted, so it has run");
            }
            Err(error) => {
                refused += 1;
                worker.join().unwrap();
                assert_eq!(error.into_inner()(), 7);
            }
        }
        assert_eq!(executor.free_slots(), 2);
    }
    assert_ne!(accepted + refused, 0);
}

#[test]
fn what_is_queued_can_be_cancelled_at_once() {
    static DROPS: AtomicUsize = AtomicUsize::new(0);
    struct Counted;
    impl Drop for Counted {
        fn drop(&mut self) {
            DROPS.fetch_add(1, Ordering::Relaxed);
        }
    }
    let executor = executor::<4, 32>();
    let futures = [(); 3].map(|()| {
        let held = Counted;
        executor.submit(move || drop(held)).unwrap()
    });
    assert_eq!(executor.cancel_queued(), 3);
    assert!(futures.iter().all(|future| future.cancelled()));
    assert_eq!(DROPS.load(Ordering::Relaxed), 3);
    assert_eq!((executor.cancel_queued(), executor.run_pending()), (0, 0));
    drop(futures);
    assert_eq!(executor.free_slots(), 4);
}

#[test]
fn an_executor_that_nobody_runs_keeps_its_tasks_pending() {
    let executor = executor::<1, 32>();
    static WOKEN: WakeFlag<Spin> = WakeFlag::new(Spin);
    let now = AtomicUsize::new(0);
    let parker = WOKEN.parker_with_clock(|| now.fetch_add(1, Ordering::Relaxed));
    let mut future = executor.submit(|| 1).unwrap();
    let error = future.result_deadline_with(&parker, 10).unwrap_err();
    assert_eq!(error.kind(), TaskErrorKind::TimedOut);
    assert_eq!(future.state(), FutureState::Pending);
    assert!(future.cancel());
    drop(future);
    assert_eq!(executor.free_slots(), 1);
}

#[test]
fn a_future_dropped_while_its_task_runs_elsewhere_leaves_the_slot_to_that() {
    static STARTED: AtomicBool = AtomicBool::new(false);
    static GO_ON: AtomicBool = AtomicBool::new(false);
    let executor = executor::<1, 32>();
    let future = executor
        .submit(|| {
            STARTED.store(true, Ordering::Release);
            wait_until("it may go on", || GO_ON.load(Ordering::Acquire));
            Box::new(1)
        })
        .unwrap();
    let worker = std::thread::spawn(|| executor.run_one());
    wait_until("it runs", || STARTED.load(Ordering::Acquire));
    assert!(!future.cancel() && future.running());
    drop(future);
    assert_eq!(executor.submit(|| 2).unwrap_err().reason(), &RefusedReason::Full);
    GO_ON.store(true, Ordering::Release);
    assert!(worker.join().unwrap());
    assert_eq!(executor.free_slots(), 1);
}
