//! `map` over a pool.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::Arc;

use concurrent_futures::{MapOptions, TaskErrorKind};

use crate::support::{Blocker, Counter, Gate, OnDrop, end, kind_of, pool, within};

#[test]
fn results_come_in_the_order_of_the_items() {
    within(|| {
        let pool = pool(3);
        let squares: Vec<_> = pool.map(|n: u64| n * n, 0..5000).map(Result::unwrap).collect();
        assert_eq!(squares, (0..5000).map(|n| n * n).collect::<Vec<_>>());
        assert_eq!(pool.map(|n: u8| n, []).count(), 0);
    });
}

#[test]
fn items_that_finish_out_of_order_come_in_order() {
    within(|| {
        let pool = pool(2);
        let gate = Gate::new();
        let closed = gate.clone();
        let mut values = pool.map(
            move |n: u8| {
                match n {
                    0 => closed.pass(),
                    5 => closed.open(),
                    _ => {}
                }
                n
            },
            0..6,
        );
        assert_eq!(values.by_ref().map(Result::unwrap).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
        assert!(values.next().is_none() && values.next().is_none());
    });
}

#[test]
fn an_endless_iterator_is_drawn_from_as_far_as_the_window() {
    within(|| {
        let pool = pool(2);
        let drawn = Counter::new();
        let counted = drawn.clone();
        let items = (0_u64..).inspect(move |_| counted.count());
        let first: Vec<_> = pool
            .map_with(MapOptions::new().window(100), |n| n + 1, items)
            .take(10)
            .map(Result::unwrap)
            .collect();
        assert_eq!(first, (1..=10).collect::<Vec<_>>());
        assert!((100..=110).contains(&drawn.get()), "{}", drawn.get());
        end(&pool);
        assert_eq!(pool.remaining().tasks, 0);
    });
}

#[test]
fn no_more_items_are_in_flight_than_the_window_says() {
    const WINDOW: usize = 3;
    within(|| {
        let pool = pool(8);
        let (finished, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (ends, peak) = (finished.clone(), most.clone());
        let items = (0_usize..5000).inspect(move |n| {
            // What is drawn is submitted at once; what has finished has left the flight.
            let in_flight = n + 1 - finished.load(Ordering::SeqCst);
            peak.fetch_max(in_flight, Ordering::SeqCst);
        });
        let work = move |n: usize| {
            ends.fetch_add(1, Ordering::SeqCst);
            n
        };
        let values = pool.map_with(MapOptions::new().window(WINDOW), work, items);
        assert_eq!(values.map(Result::unwrap).sum::<usize>(), 4999 * 5000 / 2);
        let most = most.load(Ordering::SeqCst);
        assert!(most <= WINDOW, "{most} were in flight");
    });
}

#[test]
fn with_a_window_of_one_items_are_worked_on_one_by_one() {
    within(|| {
        let pool = pool(4);
        let running = Arc::new(AtomicUsize::new(0));
        let alone = move |n: usize| {
            let others = running.fetch_add(1, Ordering::SeqCst);
            std::thread::yield_now();
            running.fetch_sub(1, Ordering::SeqCst);
            (n, others)
        };
        let values = pool.map_with(MapOptions::new().window(1), alone, 0..1000);
        for (expected, value) in values.enumerate() {
            assert_eq!(value.unwrap(), (expected, 0));
        }
        // None at all is taken for one.
        let values = pool.map_with(MapOptions::new().window(0), |n| n, 0..10);
        assert_eq!(values.map(Result::unwrap).sum::<usize>(), 45);
    });
}

#[test]
fn by_default_a_bounded_number_is_in_flight() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let drawn = Counter::new();
        let counted = drawn.clone();
        let values = pool.map(|n: u64| n, (0..).inspect(move |_| counted.count()));
        assert_eq!(drawn.get(), 1024);
        assert_eq!(pool.remaining().tasks, 1024);
        drop(values);
        assert_eq!(pool.remaining().tasks, 0);
        blocker.release();
    });
}

#[test]
fn an_error_in_one_item_ends_nothing_else() {
    within(|| {
        let pool = pool(2);
        let texts = ["1", "x", "3", "", "5"];
        let parsed: Vec<_> = pool.map_fallible(|text: &str| text.parse::<u8>(), texts).collect();
        let values: Vec<_> = parsed.iter().map(|item| item.as_ref().ok().copied()).collect();
        assert_eq!(values, [Some(1), None, Some(3), None, Some(5)]);
        let error = parsed[1].as_ref().unwrap_err();
        assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());

        let divided = pool.map(|n: u32| 12 / n, [4, 0, 3]).collect::<Vec<_>>();
        assert_eq!(*divided[0].as_ref().unwrap(), 3);
        assert!(divided[1].as_ref().unwrap_err().is_panicked());
        assert_eq!(*divided[2].as_ref().unwrap(), 4);
        // An `Err` of plain `map` is a value.
        assert_eq!(pool.map(|_| Err::<(), _>(7), [()]).next().unwrap().unwrap(), Err(7));
    });
}

#[test]
fn dropping_it_cancels_what_has_not_started() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let (ran, dropped) = (Counter::new(), Counter::new());
        let counted = ran.clone();
        let items: Vec<_> = (0..100).map(|_| OnDrop(dropped.clone())).collect();
        let values = pool.map(move |_: OnDrop| counted.count(), items);
        drop(values);
        assert_eq!((pool.remaining().tasks, dropped.get()), (0, 100));
        blocker.release();
        end(&pool);
        assert_eq!(ran.get(), 0);
    });
}

#[test]
fn the_function_is_dropped_with_the_last_task() {
    within(|| {
        let pool = pool(2);
        let dropped = Counter::new();
        let guard = OnDrop(dropped.clone());
        let values = pool.map(
            move |n: u8| {
                let _ = &guard;
                n
            },
            0..100,
        );
        assert_eq!(values.map(Result::unwrap).count(), 100);
        assert_eq!(dropped.get(), 1);
    });
}

#[test]
fn items_that_are_late_are_errors_and_are_cancelled() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let ran = Counter::new();
        let counted = ran.clone();
        let options = MapOptions::new().timeout(Duration::from_millis(5));
        let values = pool.map_with(options, move |_| counted.count(), 0..3);
        let kinds: Vec<_> = values.map(kind_of).collect();
        assert_eq!(kinds, [TaskErrorKind::TimedOut; 3]);
        assert_eq!(pool.remaining().tasks, 0);
        blocker.release();
        end(&pool);
        assert_eq!(ran.get(), 0);
    });
}

#[test]
fn a_timeout_that_is_long_enough_changes_nothing() {
    within(|| {
        let pool = pool(2);
        for timeout in [Duration::from_secs(3600), Duration::MAX] {
            let values: Vec<_> = pool
                .map_with(MapOptions::new().timeout(timeout), |n: u8| n, 0..50)
                .map(Result::unwrap)
                .collect();
            assert_eq!(values, (0..50).collect::<Vec<_>>());
        }
    });
}

#[test]
fn the_pool_may_be_closed_between_two_items() {
    within(|| {
        let pool = pool(2);
        let mut values = pool.map(|n: usize| n, 0..2000);
        assert_eq!(values.next().unwrap().unwrap(), 0);
        pool.close();
        let rest: Vec<_> = values.collect();
        let (run, refused): (Vec<_>, Vec<_>) = rest.into_iter().partition(Result::is_ok);
        assert_eq!(run.len() + refused.len(), 1999);
        assert!(run.len() >= 1023);
        assert!(refused.into_iter().all(|item| kind_of(item) == TaskErrorKind::Refused));
    });
}

#[test]
fn the_iterator_outlives_the_pool() {
    within(|| {
        let pool = pool(2);
        let values = pool.map(|n: usize| n, 0..100);
        drop(pool);
        assert_eq!(values.map(Result::unwrap).sum::<usize>(), 4950);
    });
}
