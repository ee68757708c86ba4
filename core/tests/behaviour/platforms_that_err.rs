//! Platforms that panic, lose workers or are slow at the wrong moment: what was submitted is resolved or
//! comes back all the same, the pool goes on with whom it has, and ends. Workers are run by hand.

use core::panic::AssertUnwindSafe;
use core::task::Poll;
use std::panic::catch_unwind;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use concurrent_futures_core::{
    Backend, Executor, Future, PoolSettings, Refused, RefusedReason, Shutdown, Task, TaskErrorKind,
    Worker, as_completed, promise,
};

use crate::by_hand::{ByHand, Hand, HandPool, by_hand, settings, when_start_lock_is_released};
use crate::support::{Counts, Held, Wakes, poll, within};

/// What this throws, as text.
fn thrown<R>(f: impl FnOnce() -> R) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).err().expect("a panic");
    payload.downcast_ref::<&str>().map(|text| (*text).to_owned()).expect("text")
}

/// How many workers live, and how many of them sleep.
fn workers(pool: &HandPool) -> (usize, usize) {
    let now = pool.counters();
    (now.live_workers, now.idle_workers)
}

/// Does it in a thread that is no worker.
fn elsewhere<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| scope.spawn(f).join().expect("it does not panic"))
}

// --- starting ---

#[test]
fn a_start_that_panics_gives_the_callable_back() {
    within(|| {
        let (hand, pool) = by_hand(PoolSettings::new(1));
        let counts = Counts::default();
        hand.when_started(|_worker| panic!("no thread"));
        let counted = counts.make();
        let refused = pool.submit(move || drop(counted)).expect_err("no worker");
        let cause = RefusedReason::NoWorker("the platform panicked: no thread".into());
        assert_eq!((refused.reason(), counts.alive()), (&cause, 1));
        assert_eq!((workers(&pool), pool.remaining().tasks), ((0, 0), 0));
        refused.into_inner()();
        counts.assert_each_dropped_once();
        pool.shutdown(Shutdown::wait()).expect("nobody to wait for");
    });
}

#[test]
fn after_a_start_that_panicked_the_next_task_has_a_worker_started() {
    within(|| {
        let (hand, pool) = by_hand(settings(1));
        hand.when_started(|_worker| panic!("no thread"));
        drop(pool.submit(|| 1).expect_err("no worker"));
        let future = pool.submit(|| 2).expect("accepted");
        assert_eq!(hand.run(), 1);
        assert_eq!(future.result().expect("it ran"), 2);
    });
}

#[test]
fn a_worker_whose_help_cannot_be_started_runs_what_it_has_in_hand() {
    within(|| {
        let (hand, pool) = by_hand(settings(2));
        let futures = [1, 2, 3].map(|n| pool.submit(move || n).expect("accepted"));
        hand.when_started(|_worker| panic!("no thread"));
        // It searched when the others came, so it has help started when it has found the first.
        assert_eq!(hand.run(), 1);
        assert_eq!(futures.map(|future| future.result().expect("it ran")), [1, 2, 3]);
        assert_eq!(workers(&pool), (0, 0));
    });
}

#[test]
fn a_scope_ends_although_no_worker_could_be_started() {
    within(|| {
        let (hand, pool) = by_hand(PoolSettings::new(1));
        hand.when_started(|_worker| panic!("no thread"));
        let refused = pool.scope(|scope| scope.submit(|| ()).is_err());
        assert!(refused);
    });
}

/// Loses a worker while the pool is being closed, and says that it was started.
fn lose_while_closing(hand: &Hand, pool: &HandPool) {
    let closing = Arc::downgrade(pool);
    hand.when_started(move |worker| {
        drop(worker);
        closing.upgrade().expect("somebody submits").close();
    });
}

#[test]
fn a_task_whose_worker_is_lost_while_the_pool_is_closed_is_cancelled() {
    within(|| {
        let (hand, pool) = by_hand(PoolSettings::new(1));
        let counts = Counts::default();
        lose_while_closing(&hand, &pool);
        let counted = counts.make();
        let future = pool.submit(move || drop(counted)).expect("accepted before it was closed");
        assert!(future.cancelled());
        counts.assert_each_dropped_once();
        assert_eq!((workers(&pool), pool.remaining().tasks), ((0, 0), 0));
        pool.shutdown(Shutdown::wait()).expect("nobody to wait for");
    });
}

#[test]
fn a_scope_whose_worker_is_lost_while_the_pool_is_closed_ends() {
    within(|| {
        let (hand, pool) = by_hand(PoolSettings::new(1));
        lose_while_closing(&hand, &pool);
        pool.scope(|scope| drop(scope.submit(|| ()).expect("accepted before it was closed")));
        assert_eq!((workers(&pool), pool.remaining().tasks), ((0, 0), 0));
    });
}

#[test]
fn a_first_worker_that_retires_before_its_submitter_looks_is_not_lost() {
    within(|| {
        let (hand, pool) = by_hand(settings(1));
        for round in 0..3 {
            let worker = hand.clone();
            when_start_lock_is_released(move || assert_eq!(worker.run(), 1));
            let future = pool.submit(move || round).expect("the pool is not broken");
            assert_eq!(workers(&pool), (0, 0), "it has retired");
            assert_eq!(future.result().expect("it ran"), round);
        }
    });
}

// --- parking ---

/// Runs the worker, which panics when it parks, having done that first.
fn run_until_it_panics(
    hand: &Hand,
    worker: Worker<ByHand>,
    before: impl FnOnce() + Send + 'static,
) {
    hand.when_parked(move || {
        before();
        panic!("no parker");
    });
    assert_eq!(thrown(|| worker.run()), "no parker");
    assert_eq!(hand.steps_left(), 0);
}

#[test]
fn a_worker_that_unwinds_out_of_its_parker_does_not_count_as_idle() {
    within(|| {
        let (hand, pool) = by_hand(settings(2));
        let futures = [1, 2].map(|n| pool.submit(move || n).expect("accepted"));
        // It has the second worker started for the second task, and runs both.
        let inner = pool.clone();
        let asleep = move || assert_eq!(workers(&inner), (2, 1));
        run_until_it_panics(&hand, hand.start().expect("started"), asleep);
        assert_eq!(futures.map(|future| future.result().expect("it ran")), [1, 2]);
        assert_eq!(workers(&pool), (1, 0));
        for round in 0..3 {
            let future = pool.submit(move || round).expect("accepted");
            assert_eq!(hand.run(), 1);
            assert_eq!(future.result().expect("it ran"), round);
            assert_eq!(workers(&pool), (0, 0));
        }
    });
}

/// A pool of two, of whom one is busy until the sender is dropped, in that thread.
fn with_one_busy() -> (Hand, HandPool, mpsc::Sender<()>, thread::JoinHandle<()>) {
    let (hand, pool) = by_hand(settings(2));
    let (begun, begins) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let task = move || {
        begun.send(()).expect("the test waits");
        let _ = released.recv();
    };
    drop(pool.submit(task).expect("accepted"));
    let worker = hand.start().expect("started");
    let busy = thread::spawn(move || worker.run());
    begins.recv().expect("it runs");
    (hand, pool, release, busy)
}

/// The other worker runs a task and goes to sleep, is called for another, and panics.
fn call_one_that_panics(hand: &Hand, pool: &HandPool) -> Future<u32> {
    drop(pool.submit(|| ()).expect("accepted"));
    let (inner, later) = (pool.clone(), Arc::new(Mutex::new(None)));
    let called_for = later.clone();
    run_until_it_panics(hand, hand.start().expect("started"), move || {
        assert_eq!(workers(&inner), (2, 1));
        let future = elsewhere(|| inner.submit(|| 3)).expect("accepted");
        *called_for.lock().expect("unpoisoned") = Some(future);
        assert_eq!(workers(&inner), (2, 0), "it was called");
    });
    later.lock().expect("unpoisoned").take().expect("submitted")
}

#[test]
fn a_worker_that_is_called_and_unwinds_is_replaced() {
    within(|| {
        let (hand, pool, release, busy) = with_one_busy();
        for _ in 0..3 {
            let future = call_one_that_panics(&hand, &pool);
            let worker = hand.start().expect("started for the task that nobody came for");
            assert!(worker.index() < 2);
            worker.run();
            assert_eq!(future.result().expect("it ran"), 3);
            assert_eq!(workers(&pool), (1, 0));
        }
        drop(release);
        busy.join().expect("it retires");
        assert_eq!(workers(&pool), (0, 0));
    });
}

#[test]
fn a_pool_whose_last_worker_unwinds_out_of_its_parker_is_broken() {
    within(|| {
        let (hand, pool) = by_hand(settings(1));
        drop(pool.submit(|| ()).expect("accepted"));
        let (inner, later) = (pool.clone(), Arc::new(Mutex::new(None)));
        let queued = later.clone();
        run_until_it_panics(&hand, hand.start().expect("started"), move || {
            *queued.lock().expect("unpoisoned") = Some(inner.submit(|| ()).expect("accepted"));
        });
        let queued = later.lock().expect("unpoisoned").take().expect("submitted");
        let error = queued.result().expect_err("nobody can run it");
        assert_eq!(error.kind(), TaskErrorKind::PoolBroken);
        let refused = pool.submit(|| ()).expect_err("broken");
        assert!(matches!(refused.reason(), RefusedReason::Broken(_)), "{refused}");
        assert_eq!((workers(&pool), pool.remaining().tasks), ((0, 0), 0));
        pool.shutdown(Shutdown::wait()).expect("nobody to wait for");
    });
}

// --- waiting for room ---

#[test]
fn a_blocked_submit_that_unwinds_drops_its_callable_and_leaves_the_line() {
    within(|| {
        let (hand, pool) = by_hand(settings(1).queue_capacity(1));
        let counts = Counts::default();
        drop(pool.submit(|| ()).expect("there is room"));
        let (wakes, waker) = Wakes::new();
        let behind = pool.clone();
        let behind = Box::pin(async move { behind.submit_async(|| 5).await.map_err(drop) });
        let behind = Arc::new(Mutex::new(behind));
        let next = (behind.clone(), waker.clone());
        hand.when_parked(move || {
            // In line behind the one that has blocked.
            assert!(poll(&mut *next.0.lock().expect("unpoisoned"), &next.1).is_pending());
            panic!("no parker");
        });
        let counted = counts.make();
        let text = thrown(|| pool.submit(move || drop(counted)));
        assert_eq!(text, "no parker");
        counts.assert_each_dropped_once();
        assert_eq!((pool.counters().queued, wakes.count()), (1, 0));
        hand.run();
        assert_eq!(wakes.count(), 1, "the turn is the next one's");
        let mut behind = behind.lock().expect("unpoisoned");
        let Poll::Ready(Ok(future)) = poll(&mut *behind, &waker) else {
            panic!("there is room");
        };
        hand.run();
        assert_eq!(future.result().expect("it ran"), 5);
    });
}

#[test]
fn a_scope_ends_although_a_blocked_submit_unwound() {
    within(|| {
        let (hand, pool) = by_hand(settings(1).queue_capacity(1));
        drop(pool.submit(|| ()).expect("there is room"));
        hand.when_parked(|| panic!("no parker"));
        let text = thrown(|| pool.scope(|scope| scope.submit(|| ()).is_ok()));
        assert_eq!(text, "no parker");
        hand.run();
    });
}

// --- waiting for a scope ---

/// Keeps its tasks, and says when somebody who waits asks whether one of them may be run there.
struct Observed {
    tasks: Held,
    asked: mpsc::Sender<()>,
}

impl Backend for Observed {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        self.tasks.schedule(task)
    }

    fn may_claim(&self) -> bool {
        let _ = self.asked.send(()); // to a test that has failed
        false
    }
}

/// Waits in a task for what has not started, until it has been run right here: as nobody else does,
/// every other worker waits then.
fn until_the_others_wait(pool: &HandPool) {
    let here = thread::current().id();
    let (_promise, never) = promise();
    let last = pool.submit(|| thread::current().id()).expect("accepted");
    let first = as_completed([last, never]).next().expect("one of them");
    assert_eq!(first.result().expect("it ran"), here);
}

/// Waits in a task for a slow one that has not started and for a quick one, which is completed as soon
/// as the wait has refrained from running the slow one; which was first.
fn slow_or_quick(pool: &HandPool) -> &'static str {
    let (asked, asks) = mpsc::channel();
    let tasks = Held::default();
    let observed = Executor::new(Observed { tasks: tasks.clone(), asked });
    let (promise, quick) = promise();
    let completer = thread::spawn(move || {
        if asks.recv().is_ok() {
            let _ = promise.complete("quick");
        }
    });
    // Looked at in this order.
    let slow = pool.submit(|| "slow").expect("accepted");
    let other = observed.submit(|| "never").expect("accepted");
    let first = as_completed([slow, other, quick]).next().expect("one of them");
    drop(tasks.pop()); // or its executor would wait for it
    drop(observed);
    completer.join().expect("it does not panic");
    first.result().expect("it ran")
}

#[test]
fn the_owner_of_a_scope_does_not_wait_while_it_runs_a_task_of_it() {
    within(|| {
        let (hand, pool) = by_hand(settings(2));
        let (workers, inner) = (hand.clone(), pool.clone());
        let owner = pool.submit(move || {
            let (begun, begins) = mpsc::channel();
            let pool = &inner;
            inner.scope(|scope| {
                let other = scope.submit(move || {
                    begun.send(()).expect("the owner waits for it");
                    until_the_others_wait(pool);
                    let (running, runs) = mpsc::channel();
                    let (over, ends) = mpsc::channel::<()>();
                    let task = move || {
                        running.send(thread::current().id()).expect("the other waits for it");
                        let _ = ends.recv();
                    };
                    drop(scope.submit(task).expect("accepted"));
                    let owner = runs.recv().expect("the owner runs it");
                    let first = slow_or_quick(pool);
                    drop(over);
                    (owner, first)
                });
                let second = workers.start().expect("for that task");
                let second = thread::spawn(move || second.run());
                begins.recv().expect("it runs there");
                (thread::current().id(), other.expect("accepted"), second)
            })
        });
        hand.start().expect("started").run();
        let (here, other, second) = owner.expect("accepted").result().expect("it ran");
        second.join().expect("it retires");
        assert_eq!(other.result().expect("it ran"), (here, "quick"));
        hand.run();
    });
}
