//! Bounded queues: who gets in, who waits, who gets the callable back. Workers are run by hand, so
//! that every order of events is the test's own.

use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::{Arc, Mutex};
use std::thread;

use concurrent_futures_core::{
    Future, Pool, PoolSettings, PoolSettingsError, RefusedReason, Shutdown, SubmitError,
    TaskErrorKind, WhenFull,
};

use crate::by_hand::{ByHand, Hand, HandPool, by_hand, settings};
use crate::support::{Counts, Wakes, within};

const BLOCK_FOR: WhenFull = WhenFull::BlockFor(Duration::from_secs(1));
const POLICIES: [WhenFull; 4] =
    [WhenFull::Block, BLOCK_FOR, WhenFull::Reject, WhenFull::RunInCaller];

/// One worker, and room for so many tasks.
fn bounded(capacity: usize) -> (Hand, HandPool) {
    by_hand(settings(1).queue_capacity(capacity))
}

/// What has run, in order.
#[derive(Clone, Default)]
struct Order(Arc<Mutex<Vec<u32>>>);

impl Order {
    fn task(&self, number: u32) -> impl FnOnce() + Send + 'static {
        let order = self.clone();
        move || order.0.lock().expect("nobody panics here").push(number)
    }

    fn take(&self) -> Vec<u32> {
        core::mem::take(&mut self.0.lock().expect("nobody panics here"))
    }
}

/// A submission that is awaited by hand.
type Awaited<T> = Pin<Box<dyn core::future::Future<Output = Result<Future<T>, Refusal>> + Send>>;
type Refusal = SubmitError<Box<dyn FnOnce() + Send>>;

fn submit_async(pool: &HandPool, task: impl FnOnce() + Send + 'static) -> Awaited<()> {
    let pool = pool.clone();
    Box::pin(async move { pool.submit_async(Box::new(task) as Box<dyn FnOnce() + Send>).await })
}

fn poll<T>(awaited: &mut Awaited<T>, waker: &Waker) -> Poll<Result<Future<T>, Refusal>> {
    awaited.as_mut().poll(&mut Context::from_waker(waker))
}

#[track_caller]
fn reason<F>(submitted: Result<Future<()>, SubmitError<F>>) -> RefusedReason {
    submitted.expect_err("refused").reason().clone()
}

// --- how much room there is ---

#[test]
fn a_queue_without_room_is_an_error() {
    let settings = PoolSettings::new(1).queue_capacity(0);
    let (hand, _pool) = by_hand(PoolSettings::new(1));
    let error = Pool::with_settings(ByHand::of(&hand), settings).expect_err("no room");
    assert_eq!(error, PoolSettingsError::Capacity);
    let text = "a queue capacity of 0 would accept nothing: ask for 1 at least, or for none";
    assert_eq!(error.to_string(), text);
}

#[test]
fn so_many_tasks_wait_and_the_next_comes_back() {
    within(|| {
        for capacity in [1, 2, 7, 100] {
            let (hand, pool) = bounded(capacity);
            let pool_of = pool.when_full(WhenFull::Reject);
            for round in 0..3 {
                let order = Order::default();
                for number in 0..capacity as u32 {
                    drop(pool_of.submit(order.task(number)).expect("there is room"));
                }
                let refused = pool_of.submit(order.task(99)).expect_err("there is none");
                assert_eq!(*refused.reason(), RefusedReason::Full, "round {round}");
                assert_eq!(pool.counters().queued, capacity);
                hand.run();
                assert_eq!(order.take(), (0..capacity as u32).collect::<Vec<_>>());
                refused.into_inner()();
                assert_eq!(order.take(), [99], "unharmed");
            }
        }
    });
}

#[test]
fn room_for_as_many_as_can_be_counted_is_room() {
    within(|| {
        let (hand, pool) = bounded(usize::MAX);
        let futures = [1, 2, 3].map(|n| pool.submit(move || n).expect("there is room"));
        hand.run();
        assert_eq!(futures.map(|future| future.result().expect("it ran")), [1, 2, 3]);
    });
}

#[test]
fn a_task_that_runs_takes_no_room() {
    within(|| {
        let (hand, pool) = bounded(1);
        let inner = pool.clone();
        let outer = pool.submit(move || {
            let only = inner.when_full(WhenFull::Reject);
            let first = only.submit(|| ()).expect("this task takes none");
            assert_eq!(reason(only.submit(|| ())), RefusedReason::Full);
            first
        });
        hand.run();
        assert!(outer.expect("there is room").result().expect("it ran").done());
    });
}

// --- blocking ---

#[test]
fn who_blocks_goes_on_when_there_is_room() {
    within(|| {
        for policy in [WhenFull::Block, BLOCK_FOR] {
            let (hand, pool) = bounded(1);
            let order = Order::default();
            let pool_of = pool.when_full(policy);
            drop(pool_of.submit(order.task(0)).expect("there is room"));
            for number in 1..20 {
                let worker = hand.clone();
                hand.when_parked(move || assert_eq!(worker.run(), 1));
                drop(pool_of.submit(order.task(number)).expect("there will be room"));
                assert_eq!(hand.steps_left(), 0, "it has slept");
            }
            hand.run();
            assert_eq!(order.take(), (0..20).collect::<Vec<_>>());
        }
    });
}

#[test]
fn a_place_that_was_granted_is_nobody_elses() {
    within(|| {
        let (hand, pool) = bounded(1);
        let order = Order::default();
        let (inner, first) = (pool.clone(), order.task(0));
        let greedy = pool.submit(move || {
            first();
            // Its own place is granted to who waits, who has not taken it yet.
            reason(inner.when_full(WhenFull::Reject).submit(|| ()))
        });
        let worker = hand.clone();
        hand.when_parked(move || assert_eq!(worker.run(), 1));
        drop(pool.submit(order.task(1)).expect("there will be room"));
        assert_eq!(greedy.expect("there is room").result().expect("it ran"), RefusedReason::Full);
        hand.run();
        assert_eq!(order.take(), [0, 1]);
    });
}

#[test]
fn a_deadline_gives_the_callable_back_and_the_turn_to_the_next() {
    within(|| {
        let (hand, pool) = bounded(1);
        let (order, counts) = (Order::default(), Counts::default());
        drop(pool.submit(order.task(0)).expect("there is room"));
        let (wakes, waker) = Wakes::new();
        let awaited = Arc::new(Mutex::new(submit_async(&pool, order.task(2))));
        let behind = (awaited.clone(), waker.clone());
        // In line behind the one that is about to block.
        hand.until_deadline(move || {
            assert!(poll(&mut behind.0.lock().expect("unpoisoned"), &behind.1).is_pending());
        });
        let (counted, task) = (counts.make(), order.task(1));
        let refused = pool.when_full(BLOCK_FOR).submit(move || {
            let _counted = counted;
            task();
        });
        let refused = refused.expect_err("nobody came");
        assert_eq!(*refused.reason(), RefusedReason::Full);
        assert_eq!((counts.alive(), wakes.count()), (1, 0));
        hand.run();
        assert_eq!(wakes.count(), 1, "the turn is the next one's");
        let submitted = poll(&mut awaited.lock().expect("unpoisoned"), &waker);
        assert!(matches!(submitted, Poll::Ready(Ok(_))));
        hand.run();
        refused.into_inner()();
        assert_eq!(order.take(), [0, 2, 1]);
        counts.assert_each_dropped_once();
    });
}

#[test]
fn a_place_that_is_granted_at_the_last_moment_counts() {
    within(|| {
        let (hand, pool) = bounded(1);
        let order = Order::default();
        drop(pool.submit(order.task(0)).expect("there is room"));
        let worker = hand.clone();
        hand.until_deadline(move || assert_eq!(worker.run(), 1));
        drop(pool.when_full(BLOCK_FOR).submit(order.task(1)).expect("granted"));
        hand.run();
        assert_eq!(order.take(), [0, 1]);
    });
}

#[test]
fn without_a_clock_a_deadline_never_passes() {
    within(|| {
        let (hand, pool) = bounded(1);
        let order = Order::default();
        hand.stop_the_clock();
        drop(pool.submit(order.task(0)).expect("there is room"));
        let closing = pool.clone();
        hand.when_parked(move || closing.close());
        let refused = pool.when_full(WhenFull::BlockFor(Duration::ZERO)).submit(order.task(1));
        assert_eq!(reason(refused), RefusedReason::ShutDown);
        hand.run();
        assert_eq!(order.take(), [0]);
    });
}

// --- in the caller ---

#[test]
fn a_task_without_room_runs_in_the_thread_that_submits_it() {
    within(|| {
        let (hand, pool) = bounded(1);
        let pool_of = pool.when_full(WhenFull::RunInCaller);
        let queued = pool_of.submit(|| thread::current().id()).expect("there is room");
        let mut ran = pool_of.submit(|| thread::current().id()).expect("run here");
        assert!(ran.done() && !queued.done());
        let id = ran.try_result().expect("done").expect("it returned");
        assert_eq!(id, thread::current().id());
        let failed = pool_of.submit_fallible(|| Err::<(), _>("no")).expect("run here");
        assert_eq!(failed.result().expect_err("it failed").kind(), TaskErrorKind::Failed);
        hand.run();
    });
}

#[test]
fn a_panic_of_a_task_that_runs_in_the_caller_stays_in_it() {
    within(|| {
        let (hand, pool) = bounded(1);
        let pool_of = pool.when_full(WhenFull::RunInCaller);
        drop(pool_of.submit(|| ()).expect("there is room"));
        let counts = Counts::default();
        let counted = counts.make();
        let panicked = pool_of.submit(move || {
            let _counted = counted;
            panic!("in the caller");
        });
        let error = panicked.map(Future::<()>::result).expect("run here").expect_err("it panicked");
        assert_eq!(error.kind(), TaskErrorKind::Panicked);
        assert!(error.to_string().contains("in the caller"), "{error}");
        counts.assert_each_dropped_once();
        hand.run();
        pool.shutdown(Shutdown::wait()).expect("nobody runs in a caller any more");
    });
}

#[test]
fn a_task_that_runs_in_the_caller_cannot_wait_for_the_end() {
    within(|| {
        let (hand, pool) = bounded(1);
        drop(pool.submit(|| ()).expect("there is room"));
        let inner = pool.clone();
        let task = move || inner.shutdown(Shutdown::wait()).is_err();
        let refused = pool.when_full(WhenFull::RunInCaller).submit(task).expect("run here");
        assert!(refused.result().expect("it returned"), "it would wait for itself");
        hand.run();
    });
}

#[test]
fn the_end_waits_for_a_task_that_runs_in_a_caller() {
    within(|| {
        let (hand, pool) = bounded(1);
        drop(pool.submit(|| ()).expect("there is room"));
        let (inner, worker) = (pool.clone(), hand.clone());
        let task = move || {
            inner.close();
            worker.run();
            let elsewhere = inner.clone();
            let shutdown = move || elsewhere.shutdown(Shutdown::wait_timeout(Duration::ZERO));
            thread::spawn(shutdown).join().expect("it returned").is_err()
        };
        let caller = pool.when_full(WhenFull::RunInCaller).submit(task).expect("run here");
        assert!(caller.result().expect("it returned"), "it has not ended");
        pool.shutdown(Shutdown::wait()).expect("it has");
    });
}

/// Submits itself into a full queue until it is refused; how many ran in one another, and why no more.
fn nest(pool: &HandPool, policy: WhenFull) -> (usize, RefusedReason) {
    let inner = pool.clone();
    match pool.when_full(policy).submit(move || nest(&inner, policy)) {
        Err(refused) => (0, refused.reason().clone()),
        Ok(future) => {
            let (depth, reason) = future.result().expect("it has run here");
            (depth + 1, reason)
        }
    }
}

#[test]
fn tasks_that_run_in_callers_are_nested_so_deep_and_no_deeper() {
    within(|| {
        let (hand, pool) = bounded(1);
        drop(pool.submit(|| ()).expect("there is room"));
        assert_eq!(nest(&pool, WhenFull::RunInCaller), (128, RefusedReason::Full));
        hand.run();
    });
}

// --- in a worker ---

#[test]
fn a_worker_never_waits_for_room_in_its_own_queue() {
    within(|| {
        for policy in POLICIES {
            let (hand, pool) = by_hand(settings(1).queue_capacity(1).when_full(policy));
            let order = Order::default();
            let (inner, queued, full) = (pool.clone(), order.task(1), order.task(2));
            let outer = pool.submit(move || {
                let queued = inner.submit(queued).expect("there is room");
                let full = inner.submit(full);
                assert!(!queued.done());
                full.map(|full| full.done()).map_err(SubmitError::without_callable)
            });
            hand.run();
            let full = outer.expect("there is room").result().expect("it ran");
            if policy == WhenFull::Reject {
                assert_eq!(*full.expect_err("refused").reason(), RefusedReason::Full);
                assert_eq!(order.take(), [1]);
            } else {
                assert!(full.expect("run by the worker"), "at once");
                assert_eq!(order.take(), [2, 1], "{policy:?}");
            }
        }
    });
}

#[test]
fn a_worker_runs_so_many_in_one_another_and_no_more() {
    within(|| {
        for policy in [WhenFull::Block, BLOCK_FOR, WhenFull::RunInCaller] {
            let (hand, pool) = bounded(1);
            let inner = pool.clone();
            let outer = pool.submit(move || {
                drop(inner.submit(|| ()).expect("there is room"));
                nest(&inner, policy)
            });
            hand.run();
            let nested = outer.expect("there is room").result().expect("it ran");
            assert_eq!(nested, (127, RefusedReason::Full), "{policy:?}");
        }
    });
}

// --- how room becomes free ---

#[test]
fn cancelling_makes_room() {
    within(|| {
        let (hand, pool) = bounded(2);
        let order = Order::default();
        let [first, _second] = [0, 1].map(|n| pool.submit(order.task(n)).expect("there is room"));
        let canceller = first.canceller();
        hand.when_parked(move || assert!(canceller.cancel()));
        drop(pool.submit(order.task(2)).expect("there will be room"));
        hand.run();
        assert_eq!(order.take(), [1, 2]);
    });
}

#[test]
fn a_task_that_is_run_by_who_waits_for_it_makes_room() {
    within(|| {
        let (hand, pool) = bounded(1);
        let (wakes, waker) = Wakes::new();
        let inner = pool.clone();
        let order = Order::default();
        let (claimed, awaited) = (order.task(1), order.task(2));
        let (seen, wakes_seen) = (wakes.clone(), wakes);
        let outer = pool.submit(move || {
            let queued = inner.submit(claimed).expect("there is room");
            let mut awaited = submit_async(&inner, awaited);
            assert!(poll(&mut awaited, &waker).is_pending());
            queued.result().expect("run here");
            assert_eq!(seen.count(), 1);
            assert!(matches!(poll(&mut awaited, &waker), Poll::Ready(Ok(_))));
        });
        hand.run();
        outer.expect("there is room").result().expect("it ran");
        assert_eq!((order.take(), wakes_seen.count()), (vec![1, 2], 1));
    });
}

// --- awaiting ---

#[test]
fn many_in_line_come_in_one_by_one_and_in_order() {
    within(|| {
        const LINE: usize = 10;
        let (hand, pool) = bounded(1);
        let order = Order::default();
        drop(pool.submit(order.task(0)).expect("there is room"));
        let mut line: Vec<_> = (1..=LINE as u32)
            .map(|number| (submit_async(&pool, order.task(number)), Wakes::new()))
            .collect();
        for (awaited, (_, waker)) in &mut line {
            assert!(poll(awaited, waker).is_pending());
        }
        for next in 0..LINE {
            assert_eq!(hand.run(), 1);
            let woken: Vec<_> = line.iter().map(|(_, (wakes, _))| wakes.count()).collect();
            let expected: Vec<_> = (0..LINE).map(|at| usize::from(at <= next)).collect();
            assert_eq!(woken, expected, "one place, one wake-up");
            let (awaited, (_, waker)) = &mut line[next];
            assert!(matches!(poll(awaited, waker), Poll::Ready(Ok(_))));
        }
        hand.run();
        assert_eq!(order.take(), (0..=LINE as u32).collect::<Vec<_>>());
    });
}

#[test]
fn who_leaves_the_line_is_passed_over() {
    within(|| {
        let (hand, pool) = bounded(1);
        let order = Order::default();
        drop(pool.submit(order.task(0)).expect("there is room"));
        let wakes: Vec<_> = (0..3).map(|_| Wakes::new()).collect();
        let mut line: Vec<_> = (1..4).map(|n| submit_async(&pool, order.task(n))).collect();
        for (awaited, (_, waker)) in line.iter_mut().zip(&wakes) {
            assert!(poll(awaited, waker).is_pending());
        }
        let count = |at: usize| wakes[at].0.count();
        drop(line.remove(0)); // in line
        hand.run();
        assert_eq!((count(0), count(1), count(2)), (0, 1, 0));
        drop(line.remove(0)); // with a place that was granted to it
        assert_eq!((count(0), count(1), count(2)), (0, 1, 1), "passed to the next");
        assert!(matches!(poll(&mut line[0], &wakes[2].1), Poll::Ready(Ok(_))));
        hand.run();
        assert_eq!(order.take(), [0, 3]);
        drop(pool.when_full(WhenFull::Reject).submit(|| ()).expect("no place was lost"));
        hand.run();
    });
}

#[test]
fn a_waker_whose_drop_panics_costs_nobody_else_anything() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a waker's end");
        }
    }
    within(|| {
        let (hand, pool) = bounded(1);
        drop(pool.submit(|| ()).expect("there is room"));
        let mut awaited = submit_async(&pool, || ());
        let bomb = Bomb;
        let waker = crate::support::Calls::waker(move || {
            let _captured = &bomb;
        });
        assert!(poll(&mut awaited, &waker).is_pending());
        drop(waker);
        drop(awaited);
        let (wakes, waker) = Wakes::new();
        let mut next = submit_async(&pool, || ());
        assert!(poll(&mut next, &waker).is_pending());
        hand.run();
        assert_eq!(wakes.count(), 1);
        assert!(matches!(poll(&mut next, &waker), Poll::Ready(Ok(_))));
        hand.run();
    });
}

#[test]
fn who_is_polled_with_another_waker_is_woken_by_that() {
    within(|| {
        let (hand, pool) = bounded(1);
        drop(pool.submit(|| ()).expect("there is room"));
        let mut awaited = submit_async(&pool, || ());
        let [(before, first), (after, second)] = [Wakes::new(), Wakes::new()];
        assert!(poll(&mut awaited, &first).is_pending());
        assert!(poll(&mut awaited, &second).is_pending());
        drop(first);
        assert_eq!(Arc::strong_count(&before), 1, "and the first is dropped");
        hand.run();
        assert_eq!((before.count(), after.count()), (0, 1));
        assert!(matches!(poll(&mut awaited, &second), Poll::Ready(Ok(_))));
        hand.run();
    });
}

#[test]
fn who_awaits_and_who_blocks_are_in_one_line() {
    within(|| {
        let (hand, pool) = bounded(1);
        let order = Order::default();
        drop(pool.submit(order.task(0)).expect("there is room"));
        let (wakes, waker) = Wakes::new();
        let mut first = submit_async(&pool, order.task(1));
        assert!(poll(&mut first, &waker).is_pending());
        // The one that blocks now comes second: it sleeps on when the first place is free.
        let worker = hand.clone();
        hand.when_parked(move || {
            worker.run();
            assert_eq!(wakes.count(), 1);
            assert!(matches!(poll(&mut first, &waker), Poll::Ready(Ok(_))));
        });
        let worker = hand.clone();
        hand.when_parked(move || assert_eq!(worker.run(), 1));
        drop(pool.submit(order.task(2)).expect("there will be room"));
        hand.run();
        assert_eq!(order.take(), [0, 1, 2]);
    });
}

#[test]
fn a_waker_that_submits_is_answered() {
    within(|| {
        // Called wherever room becomes free: no lock is held there.
        let (hand, pool) = bounded(1);
        let order = Order::default();
        let queued = pool.submit(order.task(0)).expect("there is room");
        let (inner, task) = (pool.clone(), Mutex::new(Some(order.task(2))));
        let waker = crate::support::Calls::waker(move || {
            let task = task.lock().expect("unpoisoned").take().expect("woken once");
            drop(inner.when_full(WhenFull::RunInCaller).submit(task).expect("run here"));
        });
        let mut awaited = submit_async(&pool, order.task(1));
        assert!(poll(&mut awaited, &waker).is_pending());
        assert!(queued.cancel());
        assert_eq!(order.take(), [2], "the place is granted already");
        assert!(matches!(poll(&mut awaited, &waker), Poll::Ready(Ok(_))));
        hand.run();
        assert_eq!(order.take(), [1]);
    });
}

#[test]
fn where_there_is_room_nothing_is_awaited() {
    within(|| {
        for settings in [settings(1), settings(1).queue_capacity(1)] {
            let (hand, pool) = by_hand(settings);
            let order = Order::default();
            let mut awaited = submit_async(&pool, order.task(1));
            assert!(matches!(poll(&mut awaited, Waker::noop()), Poll::Ready(Ok(_))));
            hand.run();
            assert_eq!(order.take(), [1]);
        }
    });
}

// --- the end ---

#[test]
fn a_shutdown_gives_the_callable_back_to_who_waits_for_room() {
    type End = fn(&HandPool);
    let ends: [(End, &[u32]); 4] = [
        (|pool| pool.close(), &[0]),
        (|pool| assert_eq!(pool.close_and_cancel(), 1), &[]),
        (|pool| pool.shutdown(Shutdown::detach()).expect("nothing is waited for"), &[0]),
        (
            |pool| {
                let now = Shutdown::wait_timeout(Duration::ZERO).cancel_futures();
                let _ = pool.shutdown(now); // the worker has not been run
            },
            &[],
        ),
    ];
    within(move || {
        for (end, ran) in ends {
            for policy in [WhenFull::Block, BLOCK_FOR] {
                let (hand, pool) = bounded(1);
                let order = Order::default();
                drop(pool.submit(order.task(0)).expect("there is room"));
                let (wakes, waker) = Wakes::new();
                let mut awaited = submit_async(&pool, order.task(1));
                assert!(poll(&mut awaited, &waker).is_pending());
                let ending = pool.clone();
                hand.when_parked(move || end(&ending));
                let refused = pool.when_full(policy).submit(order.task(2)).expect_err("too late");
                assert_eq!(*refused.reason(), RefusedReason::ShutDown);
                assert_eq!(wakes.count(), 1);
                let Poll::Ready(Err(awaited)) = poll(&mut awaited, &waker) else {
                    panic!("not refused")
                };
                assert_eq!(*awaited.reason(), RefusedReason::ShutDown);
                hand.run();
                assert_eq!(order.take(), ran);
                awaited.into_inner()();
                refused.into_inner()();
                assert_eq!(order.take(), [1, 2], "unharmed");
                pool.shutdown(Shutdown::wait()).expect("ended");
            }
        }
    });
}

#[test]
fn a_place_that_was_granted_before_the_end_is_of_no_use_after_it() {
    within(|| {
        let (hand, pool) = bounded(1);
        drop(pool.submit(|| ()).expect("there is room"));
        let (wakes, waker) = Wakes::new();
        let mut awaited = submit_async(&pool, || unreachable!("refused"));
        assert!(poll(&mut awaited, &waker).is_pending());
        hand.run();
        assert_eq!(wakes.count(), 1);
        pool.close();
        let Poll::Ready(Err(refused)) = poll(&mut awaited, &waker) else { panic!("not refused") };
        assert_eq!(*refused.reason(), RefusedReason::ShutDown);
        pool.shutdown(Shutdown::wait()).expect("ended");
    });
}

#[test]
fn after_the_end_every_policy_gives_the_callable_back() {
    within(|| {
        for policy in POLICIES {
            let (hand, pool) = bounded(1);
            drop(pool.submit(|| ()).expect("there is room"));
            pool.close();
            let refused = pool.when_full(policy).submit(|| ());
            assert_eq!(reason(refused), RefusedReason::ShutDown, "{policy:?}");
            hand.run();
        }
    });
}

#[test]
fn a_pool_that_breaks_tells_who_waits_for_room() {
    within(|| {
        for policy in [WhenFull::Block, BLOCK_FOR] {
            let (hand, pool) = bounded(1);
            hand.fail_to_initialize();
            let order = Order::default();
            let queued = pool.submit(order.task(0)).expect("there is room");
            let worker = hand.clone();
            hand.when_parked(move || assert_eq!(worker.run(), 1));
            let refused = pool.when_full(policy).submit(order.task(1)).expect_err("broken");
            assert_eq!(*refused.reason(), RefusedReason::Broken("it does not begin".into()));
            let error = queued.result().expect_err("broken");
            assert_eq!(error.kind(), TaskErrorKind::PoolBroken);
            refused.into_inner()();
            assert_eq!(order.take(), [1], "unharmed");
            for policy in POLICIES {
                let refused = reason(pool.when_full(policy).submit(|| ()));
                assert!(matches!(refused, RefusedReason::Broken(_)), "{policy:?}");
            }
        }
    });
}

#[test]
fn a_pool_whose_platform_loses_its_worker_tells_who_waits_for_room() {
    within(|| {
        let (hand, pool) = bounded(1);
        drop(pool.submit(|| ()).expect("there is room"));
        let worker = hand.clone();
        hand.when_parked(move || drop(worker.start().expect("started")));
        let refused = reason(pool.submit(|| ()));
        assert!(matches!(refused, RefusedReason::Broken(_)), "{refused:?}");
    });
}

#[test]
fn a_task_that_panics_makes_room_as_any_other() {
    within(|| {
        let (hand, pool) = bounded(1);
        let panics = pool.submit(|| panic!("as it should")).expect("there is room");
        let worker = hand.clone();
        hand.when_parked(move || assert_eq!(worker.run(), 1));
        let next = pool.submit(|| 5).expect("there will be room");
        hand.run();
        let error = Future::<()>::result(panics).expect_err("it panicked");
        assert_eq!((error.kind(), next.result().ok()), (TaskErrorKind::Panicked, Some(5)));
    });
}
