//! Workers that end for want of work, and are started again.

use core::time::Duration;
use std::sync::{Arc, Mutex};

use concurrent_futures_core::{PoolSettings, RefusedReason, Shutdown};

use crate::by_hand::{by_hand, settings};
use crate::support::within;

#[test]
fn an_idle_worker_ends_and_the_next_task_has_one_started() {
    within(|| {
        let (hand, pool) = by_hand(settings(1));
        for round in 0..100 {
            let future = pool.submit(move || round).expect("accepted");
            assert_eq!(pool.counters().live_workers, 1);
            assert_eq!(hand.run(), 1, "one, which ends");
            assert_eq!(future.result().expect("it ran"), round);
            let now = pool.counters();
            assert_eq!((now.live_workers, now.idle_workers), (0, 0));
            assert_eq!(pool.remaining().workers, 0);
        }
    });
}

#[test]
fn a_worker_that_is_called_before_its_time_stays() {
    within(|| {
        let (hand, pool) = by_hand(settings(1));
        let first = pool.submit(|| 1).expect("accepted");
        let (inner, later) = (pool.clone(), Arc::new(Mutex::new(None)));
        let second = later.clone();
        hand.when_parked(move || {
            assert_eq!(inner.counters().idle_workers, 1);
            let future = inner.submit(|| 2).expect("accepted");
            *second.lock().expect("unpoisoned") = Some(future);
        });
        hand.start().expect("started").run();
        assert!(hand.start().is_none(), "no other is needed");
        assert_eq!(first.result().expect("it ran"), 1);
        let second = later.lock().expect("unpoisoned").take().expect("submitted");
        assert_eq!(second.result().expect("it ran"), 2);
    });
}

#[test]
fn a_worker_that_is_called_at_the_last_moment_stays() {
    within(|| {
        let (hand, pool) = by_hand(settings(1));
        drop(pool.submit(|| ()).expect("accepted"));
        let (inner, later) = (pool.clone(), Arc::new(Mutex::new(None)));
        let second = later.clone();
        hand.until_deadline(move || {
            let future = inner.submit(|| 2).expect("accepted");
            *second.lock().expect("unpoisoned") = Some(future);
        });
        hand.start().expect("started").run();
        assert!(hand.start().is_none(), "no other is needed");
        let second = later.lock().expect("unpoisoned").take().expect("submitted");
        assert_eq!(second.result().expect("it ran"), 2);
    });
}

#[test]
fn without_keep_alive_and_without_a_clock_workers_stay() {
    within(|| {
        let timeless = by_hand(settings(1));
        timeless.0.stop_the_clock();
        for (hand, pool) in [by_hand(PoolSettings::new(1)), timeless] {
            drop(pool.submit(|| ()).expect("accepted"));
            let closing = pool.clone();
            hand.when_parked(move || {
                assert_eq!(closing.counters().idle_workers, 1);
                closing.close(); // or it would sleep for ever
            });
            hand.start().expect("started").run();
            assert_eq!((hand.steps_left(), pool.counters().live_workers), (0, 0));
        }
    });
}

#[test]
fn when_all_have_ended_and_none_can_be_started_the_callable_comes_back() {
    within(|| {
        let (hand, pool) = by_hand(settings(2));
        drop(pool.submit(|| ()).expect("accepted"));
        hand.run();
        hand.refuse_workers(true);
        for _ in 0..3 {
            let refused = pool.submit(|| 5).expect_err("no worker");
            let cause = RefusedReason::NoWorker("no worker to be had".into());
            assert_eq!(*refused.reason(), cause);
            assert_eq!(refused.into_inner()(), 5, "unharmed");
            let now = pool.counters();
            assert_eq!((now.submitted, now.queued, now.live_workers), (1, 0, 0));
        }
        hand.refuse_workers(false);
        let future = pool.submit(|| 6).expect("accepted again");
        hand.run();
        assert_eq!(future.result().expect("it ran"), 6);
    });
}

#[test]
fn when_all_have_ended_a_shutdown_waits_for_nobody() {
    within(|| {
        for how in [
            Shutdown::wait(),
            Shutdown::wait_timeout(Duration::from_secs(5)),
            Shutdown::wait().cancel_futures(),
            Shutdown::detach(),
        ] {
            let (hand, pool) = by_hand(settings(1));
            drop(pool.submit(|| ()).expect("accepted"));
            hand.run();
            pool.shutdown(how).expect("ended");
            assert_eq!(pool.submit(|| ()).expect_err("closed").reason(), &RefusedReason::ShutDown);
        }
    });
}

#[test]
fn a_task_that_was_queued_before_the_end_gets_a_worker_although_all_had_ended() {
    within(|| {
        let (hand, pool) = by_hand(settings(1));
        drop(pool.submit(|| ()).expect("accepted"));
        hand.run();
        let future = pool.submit(|| 5).expect("accepted");
        pool.close();
        assert_eq!(hand.run(), 1);
        assert_eq!(future.result().expect("it ran"), 5);
        pool.shutdown(Shutdown::wait()).expect("ended");
    });
}

#[test]
fn workers_that_come_again_have_the_numbers_of_those_that_ended() {
    within(|| {
        let (hand, pool) = by_hand(settings(2));
        for _ in 0..10 {
            let futures = [1, 2].map(|n| pool.submit(move || n).expect("accepted"));
            let worker = hand.start().expect("started");
            assert!(worker.index() < 2);
            worker.run();
            hand.run();
            assert_eq!(futures.map(|future| future.result().expect("it ran")), [1, 2]);
        }
    });
}
