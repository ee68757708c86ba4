//! `map`: order, errors, window, timeout, dropping.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::Arc;

use concurrent_futures_core::{Executor, InlineBackend, MapOptions, TaskErrorKind};

use crate::support::{Counts, OneThread, held, held_that_claims};

#[test]
fn map_yields_in_the_order_of_the_items() {
    let (backend, worker) = OneThread::start();
    let executor = Executor::new(backend);
    let squares: Result<Vec<u64>, _> = executor.map(|n| n * n, 0..5_u64).collect();
    assert_eq!(squares.expect("none fails"), [0, 1, 4, 9, 16]);
    drop(executor);
    worker.join().expect("does not panic");
}

#[test]
fn map_yields_in_order_whatever_ends_first() {
    let (held, executor) = held();
    let mut map = executor.map(|n| n, 0..3_u8);
    let mut tasks: Vec<_> = core::iter::from_fn(|| held.pop()).collect();
    while let Some(last) = tasks.pop() {
        last.run();
    }
    assert_eq!(map.next().expect("three").ok(), Some(0));
    assert_eq!(map.next().expect("three").ok(), Some(1));
    assert_eq!(map.next().expect("three").ok(), Some(2));
    assert!(map.next().is_none());
    assert!(map.next().is_none(), "again");
}

#[test]
fn map_submits_before_it_is_asked() {
    let (held, executor) = held();
    let map = executor.map(|n| n, 0..3_u8);
    assert_eq!(held.len(), 3);
    drop(map);
}

#[test]
fn map_of_nothing_yields_nothing() {
    let executor = Executor::new(InlineBackend);
    assert!(executor.map(|n: u8| n, []).next().is_none());
}

#[test]
fn an_error_in_one_item_ends_nothing_else() {
    let executor = Executor::new(InlineBackend);
    let parsed: Vec<_> = executor
        .map_fallible(
            |text: &str| if text == "!" { panic!("no number") } else { text.parse::<u8>() },
            ["1", "x", "!", "4"],
        )
        .map(|outcome| outcome.map_err(|error| error.kind()))
        .collect();
    assert_eq!(parsed, [Ok(1), Err(TaskErrorKind::Failed), Err(TaskErrorKind::Panicked), Ok(4)]);
}

#[test]
fn map_makes_a_result_a_value_and_map_fallible_does_not() {
    let executor = Executor::new(InlineBackend);
    let values: Result<Vec<_>, _> = executor.map(|text: &str| text.parse::<u8>(), ["x"]).collect();
    assert!(values.expect("no failure")[0].is_err());
}

#[test]
fn map_on_a_closed_executor_yields_an_error_an_item() {
    let (_held, executor) = held();
    executor.close();
    let kinds: Vec<_> =
        executor.map(|n| n, 0..3_u8).map(|outcome| outcome.map_err(|error| error.kind())).collect();
    assert_eq!(kinds, [Err(TaskErrorKind::Refused); 3]);
}

#[test]
fn a_window_bounds_how_many_are_in_flight_from_the_first() {
    let (held, executor) = held();
    let counts = Counts::default();
    let making = counts.clone();
    let items = core::iter::repeat_with(move || making.make()).take(50);
    let map = executor.map_with(MapOptions::new().window(3), drop, items);
    assert!(counts.made() <= 3, "{} in flight", counts.made());
    assert!(held.len() <= 3);
    drop(map);
    counts.assert_each_dropped_once();
    held.run_all();
}

#[test]
fn a_window_bounds_how_many_are_in_flight_to_the_last() {
    let (held, executor) = held();
    let counts = Counts::default();
    let most = Arc::new(AtomicUsize::new(0));
    let (making, seen) = (counts.clone(), most.clone());
    let items = core::iter::repeat_with(move || {
        let item = making.make();
        seen.fetch_max(making.alive(), Ordering::Relaxed);
        item
    });
    // Nobody runs them: each is in flight until its wait has timed out and it is cancelled.
    let options = MapOptions::new().window(2).timeout(Duration::from_micros(1));
    let mut map = executor.map_with(options, drop, items); // without end
    assert_eq!(counts.made(), 2, "submitted by the call");
    for _ in 0..3 {
        assert!(map.next().expect("without end").expect_err("nobody runs it").is_timed_out());
    }
    assert_eq!(most.load(Ordering::Relaxed), 2);
    drop(map);
    counts.assert_each_dropped_once();
    held.run_all();
}

#[test]
#[cfg_attr(miri, ignore = "a thousand tasks take an interpreter a minute")]
fn the_window_is_bounded_by_default() {
    let (held, executor) = held();
    let pulled = Arc::new(AtomicUsize::new(0));
    let pulling = pulled.clone();
    let items = core::iter::repeat_with(move || pulling.fetch_add(1, Ordering::Relaxed));
    let map = executor.map(|_| (), items); // without end
    let first = pulled.load(Ordering::Relaxed);
    assert!((1..10_000).contains(&first), "{first}");
    drop(map);
    assert_eq!(pulled.load(Ordering::Relaxed), first);
    held.run_all();
}

#[test]
fn a_window_of_none_is_a_window_of_one() {
    let executor = Executor::new(InlineBackend);
    let values: Result<Vec<u8>, _> =
        executor.map_with(MapOptions::new().window(0), |n| n, 0..4_u8).collect();
    assert_eq!(values.expect("none fails"), [0, 1, 2, 3]);
}

#[test]
fn a_timeout_counts_from_the_call_and_cancels_what_has_not_started() {
    let (held, executor) = held();
    let options = MapOptions::new().timeout(Duration::from_micros(1));
    let mut map = executor.map_with(options, |n| n, 0..3_u8);
    assert!(held.run_next());
    assert_eq!(map.next().expect("three").ok(), Some(0), "done before");
    assert!(map.next().expect("three").expect_err("late").is_timed_out());
    assert!(map.next().expect("three").expect_err("late").is_timed_out());
    assert!(map.next().is_none());
    assert_eq!(executor.remaining().tasks, 0);
    held.run_all();
}

#[test]
fn dropping_a_map_cancels_what_has_not_started() {
    let (held, executor) = held();
    let ran = Arc::new(AtomicUsize::new(0));
    let counting = ran.clone();
    let map = executor.map(move |_| counting.fetch_add(1, Ordering::Relaxed), 0..4);
    assert!(held.run_next());
    drop(map);
    assert_eq!(executor.remaining().tasks, 0);
    held.run_all();
    assert_eq!(ran.load(Ordering::Relaxed), 1);
}

#[test]
fn a_map_outlives_its_executor() {
    let executor = Executor::new(InlineBackend);
    let mut map = executor.map_with(MapOptions::new().window(1), |n| n, 0..3_u8);
    drop(executor);
    assert_eq!(map.next().expect("three").ok(), Some(0), "submitted before");
    assert!(map.all(|outcome| {
        outcome.map_or_else(|error| error.kind() == TaskErrorKind::Refused, |_| true)
    }));
}

#[test]
fn a_task_maps_over_its_own_pool_of_one() {
    let (held, executor) = held_that_claims();
    let executor = Arc::new(executor);
    let ours = executor.clone();
    let future = executor
        .submit(move || ours.map(|n| n + 1, 0..5_u32).map(|n| n.expect("claimed")).sum::<u32>())
        .expect("accepted");
    assert!(held.run_next());
    assert_eq!(future.result().expect("it returned"), 15);
    held.run_all();
}
