//! `map` in the order of completion, by polling, and after its time.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll};
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use concurrent_futures_core::{Executor, InlineBackend, MapOptions, TaskErrorKind, ThreadParker};

use crate::support::{Counts, OneThread, Wakes, block_on, held, within};

fn unordered() -> MapOptions {
    MapOptions::new().unordered()
}

#[test]
fn the_first_to_be_done_is_yielded_first() {
    let (held, executor) = held();
    let mut map = executor.map_with(unordered(), |n| n, 0..4_u8);
    let mut tasks: Vec<_> = core::iter::from_fn(|| held.pop()).collect();
    tasks.remove(2).run();
    assert_eq!(map.next().expect("four").ok(), Some(2));
    tasks.remove(0).run();
    tasks.remove(1).run();
    assert_eq!(map.next().expect("four").ok(), Some(0));
    assert_eq!(map.next().expect("four").ok(), Some(3));
    tasks.remove(0).run();
    assert_eq!(map.next().expect("four").ok(), Some(1));
    assert!(map.next().is_none() && map.next().is_none());
}

#[test]
fn chunks_come_as_they_are_done_and_their_items_in_order() {
    let (held, executor) = held();
    let map = executor.map_with(unordered().chunk_size(2), |n| n, 0..5_u8);
    let mut tasks: Vec<_> = core::iter::from_fn(|| held.pop()).collect();
    while let Some(last) = tasks.pop() {
        last.run();
    }
    assert_eq!(map.map(Result::unwrap).collect::<Vec<_>>(), [4, 2, 3, 0, 1]);
}

#[test]
fn each_comes_once_through_a_small_window() {
    const ITEMS: u32 = if cfg!(miri) { 20 } else { 500 };
    let (backend, worker) = OneThread::start();
    let executor = Executor::new(backend);
    for window in [1, 2, 7] {
        let map = executor.map_with(unordered().window(window), |n| n, 0..ITEMS);
        let mut values: Vec<_> = map.map(Result::unwrap).collect();
        values.sort_unstable();
        assert_eq!(values, (0..ITEMS).collect::<Vec<_>>());
    }
    drop(executor);
    worker.join().expect("does not panic");
}

#[test]
fn refused_failed_and_cancelled_items_come_too() {
    let (held, executor) = held();
    let function = |n| assert!(n != 1, "no");
    let map = executor.map_with(unordered().window(3), function, 0..5_u8);
    assert!(held.run_next() && held.run_next());
    executor.close_and_cancel();
    let mut kinds: Vec<_> = map.map(|outcome| outcome.err().map(|error| error.kind())).collect();
    kinds.sort_unstable_by_key(|kind| format!("{kind:?}"));
    use TaskErrorKind::{Cancelled, Panicked, Refused};
    let expected = [None, Some(Cancelled), Some(Panicked), Some(Refused), Some(Refused)];
    assert_eq!(kinds, expected);
}

#[test]
fn dropping_it_cancels_what_has_not_started() {
    let (held, executor) = held();
    let counts = Counts::default();
    let making = counts.clone();
    let items = core::iter::repeat_with(move || making.make()).take(4);
    let map = executor.map_with(unordered(), drop, items);
    assert!(held.run_next());
    drop(map);
    assert_eq!(executor.remaining().tasks, 0);
    counts.assert_each_dropped_once();
    held.run_all();
}

#[test]
fn what_is_done_in_time_comes_before_what_is_late() {
    let (held, executor) = held();
    let options = unordered().timeout(Duration::from_micros(1));
    let map = executor.map_with(options, |n| n, 0..4_u8);
    let tasks: Vec<_> = core::iter::from_fn(|| held.pop()).collect();
    let last = tasks.into_iter().next_back().expect("four");
    last.run(); // the others are dropped: abandoned, and done as well
    let outcomes: Vec<_> = map.map(|outcome| outcome.map_err(|error| error.kind())).collect();
    let abandoned = Err(TaskErrorKind::Abandoned);
    assert!(outcomes.contains(&Ok(3)), "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == abandoned).count(), 3);
}

#[test]
fn late_ones_are_errors_and_are_cancelled() {
    let (held, executor) = held();
    let options = unordered().timeout(Duration::from_micros(1));
    let map = executor.map_with(options, |n| n, 0..4_u8);
    assert!(held.run_next());
    let outcomes: Vec<_> = map.map(|outcome| outcome.map_err(|error| error.kind())).collect();
    let late = Err(TaskErrorKind::TimedOut);
    assert_eq!(outcomes, [Ok(0), late, late, late]);
    assert_eq!(executor.remaining().tasks, 0);
    held.run_all();
}

// --- after its time ---

#[test]
fn an_endless_map_ends_when_its_time_is_up() {
    let (held, executor) = held();
    for options in [MapOptions::new(), unordered(), MapOptions::new().chunk_size(2)] {
        let drawn = Arc::new(AtomicUsize::new(0));
        let drawing = drawn.clone();
        let items = core::iter::repeat_with(move || drawing.fetch_add(1, Ordering::Relaxed));
        let options = options.window(4).timeout(Duration::from_micros(1));
        let map = executor.map_with(options, |n| n, items);
        let outcomes: Vec<_> = map.collect();
        assert!(outcomes.iter().all(|outcome| outcome.as_ref().is_err_and(|e| e.is_timed_out())));
        // Those in flight, and one for all that were never drawn.
        assert_eq!((outcomes.len(), drawn.load(Ordering::Relaxed)), (5, 5));
        held.run_all();
    }
}

#[test]
fn a_list_has_an_outcome_for_each_item_when_its_time_is_up() {
    let (held, executor) = held();
    let options = MapOptions::new().window(2).timeout(Duration::from_micros(1));
    let mut map = executor.map_with(options, |n| n, 0..100_u8);
    assert_eq!(map.len(), 100);
    assert!(map.next().expect("a hundred").is_err());
    assert_eq!(map.len(), 99);
    assert_eq!(map.filter(Result::is_err).count(), 99);
    held.run_all();
}

#[test]
fn a_list_of_unknown_length_that_is_done_in_time_has_no_error() {
    let executor = Executor::new(InlineBackend);
    let options = MapOptions::new().window(3).timeout(Duration::ZERO);
    // The call has drawn three, which are all, but cannot know that.
    let map = executor.map_with(options, |n| n, (0..6_u8).filter(|n| n % 2 == 0));
    assert_eq!(map.map(Result::unwrap).collect::<Vec<_>>(), [0, 2, 4]);
}

// --- by polling ---

#[test]
fn polling_wakes_when_the_next_is_there() {
    for options in [MapOptions::new(), unordered()] {
        let (held, executor) = held();
        let mut map = executor.map_with(options.window(2), |n| n, 0..3_u8);
        let (wakes, waker) = Wakes::new();
        let mut context = Context::from_waker(&waker);
        assert!(map.poll_next(&mut context).is_pending());
        assert_eq!(wakes.count(), 0);
        assert!(held.run_next());
        assert_eq!(wakes.count(), 1);
        assert!(matches!(map.poll_next(&mut context), Poll::Ready(Some(Ok(0)))));
        assert!(map.poll_next(&mut context).is_pending());
        held.run_all();
        assert_eq!(wakes.count(), 2);
        assert!(matches!(map.poll_next(&mut context), Poll::Ready(Some(Ok(1)))));
        assert!(matches!(map.poll_next(&mut context), Poll::Ready(Some(Ok(2)))));
        assert!(matches!(map.poll_next(&mut context), Poll::Ready(None)));
    }
}

#[test]
fn a_map_is_awaited_item_by_item() {
    for options in [MapOptions::new(), unordered(), MapOptions::new().chunk_size(7)] {
        within(move || {
            let (backend, worker) = OneThread::start();
            let executor = Executor::new(backend);
            let mut map = executor.map_with(options, |n| n, 0..100_u32);
            let total = block_on(async {
                let mut total = 0;
                while let Some(next) = core::future::poll_fn(|c| map.poll_next(c)).await {
                    total += next.expect("none fails");
                }
                total
            });
            assert_eq!(total, 4950);
            drop((map, executor));
            worker.join().expect("does not panic");
        });
    }
}

#[test]
fn a_map_may_be_waited_for_by_any_parker() {
    within(|| {
        let (backend, worker) = OneThread::start();
        let executor = Executor::new(backend);
        let park = ThreadParker::new();
        for options in [MapOptions::new(), unordered()] {
            let mut map = executor.map_with(options, |n| n, 0..10_u32);
            let values = core::iter::from_fn(|| map.next_with(&park)).map(Result::unwrap);
            assert_eq!(values.sum::<u32>(), 45);
        }
        drop(executor);
        worker.join().expect("does not panic");
    });
}

// --- a map in its own hands ---

#[test]
fn a_map_that_waits_for_the_task_it_is_in_says_so() {
    for options in [MapOptions::new(), unordered()] {
        within(move || {
            let (held, executor) = held();
            let map = Arc::new(Mutex::new(None));
            let there = map.clone();
            let function = move |_: u8| {
                let mine = there.lock().expect("nobody panics here").take();
                let mut mine: Box<dyn Iterator<Item = TaskErrorKind> + Send> = mine.expect("once");
                mine.next()
            };
            let (found, finds) = std::sync::mpsc::channel();
            let outcomes = executor.map_with(options, function, [0]);
            let kinds = outcomes.map(move |outcome| {
                let kind = outcome.expect_err("it is still running").kind();
                found.send(kind).expect("the test listens");
                kind
            });
            *map.lock().expect("unpoisoned") = Some(Box::new(kinds) as _);
            assert!(held.run_next());
            assert_eq!(finds.recv().expect("one"), TaskErrorKind::WouldDeadlock);
        });
    }
}

#[test]
fn an_iterator_that_panics_in_the_middle_leaves_the_map_as_it_was() {
    let (held, executor) = held();
    for options in [MapOptions::new(), unordered()] {
        let items = (0..6_u8).inspect(|n| assert!(*n != 3, "no such item"));
        let mut map = executor.map_with(options.window(2), |n| n, items);
        let (mut yielded, mut thrown) = (Vec::new(), 0);
        loop {
            held.run_all();
            match catch_unwind(AssertUnwindSafe(|| map.next())) {
                Ok(Some(outcome)) => yielded.push(outcome.expect("none fails")),
                Ok(None) => break,
                Err(_) => thrown += 1,
            }
        }
        assert_eq!((yielded, thrown), (vec![0, 1, 2, 4, 5], 1));
    }
    assert_eq!(executor.remaining().tasks, 0);
}
