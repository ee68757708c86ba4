//! `map` in chunks: what one item does is its own affair.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};

use concurrent_futures_core::{
    Backend, Executor, InlineBackend, MapOptions, Refused, Task, TaskErrorKind,
};

use crate::support::{Counts, Held, held, held_that_claims};

/// Items, values and payloads that panic when dropped; counted.
struct Bomb(Arc<AtomicUsize>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        resume_unwind(Box::new(())); // past the hook, and of no size: it may have to be leaked
    }
}

fn chunks(items: usize) -> MapOptions {
    MapOptions::new().chunk_size(items)
}

#[test]
fn a_chunk_is_one_task() {
    let (held, executor) = held();
    let map = executor.map_with(chunks(4), |n| n, 0..10_u8);
    assert_eq!(held.len(), 3);
    held.run_all();
    assert_eq!(map.map(Result::unwrap).collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
}

#[test]
fn chunks_come_in_order_whatever_ends_first() {
    let (held, executor) = held();
    let map = executor.map_with(chunks(3), |n| n, 0..9_u8);
    let mut tasks: Vec<_> = core::iter::from_fn(|| held.pop()).collect();
    while let Some(last) = tasks.pop() {
        last.run();
    }
    assert_eq!(map.map(Result::unwrap).collect::<Vec<_>>(), (0..9).collect::<Vec<_>>());
}

#[test]
fn a_panic_in_a_chunk_is_that_items_alone_wherever_it_is() {
    let executor = Executor::new(InlineBackend);
    for bad in [&[0_usize][..], &[3], &[6], &[0, 1, 2, 3, 4, 5, 6], &[2, 3, 6], &[]] {
        let bad: Vec<usize> = bad.to_vec();
        let throws = bad.clone();
        let function = move |n| if throws.contains(&n) { panic!("item {n}") } else { 10 * n };
        let outcomes: Vec<_> = executor.map_with(chunks(7), function, 0..7_usize).collect();
        assert_eq!(outcomes.len(), 7);
        for (n, outcome) in outcomes.into_iter().enumerate() {
            match outcome {
                Ok(value) => assert_eq!((value, bad.contains(&n)), (10 * n, false)),
                Err(error) => {
                    assert!(error.is_panicked() && bad.contains(&n));
                    assert_eq!(error.message(), format!("item {n}"));
                    assert!(error.location().is_some_and(|at| at.contains("map_chunks.rs")));
                }
            }
        }
    }
}

#[test]
fn an_error_in_a_chunk_is_that_items_alone() {
    let executor = Executor::new(InlineBackend);
    let texts = ["x", "1", "", "!", "4", "y"];
    let function = |text: &str| if text == "!" { panic!("no number") } else { text.parse::<u8>() };
    let outcomes: Vec<_> = executor
        .map_fallible_with(chunks(4), function, texts)
        .map(|outcome| outcome.map_err(|error| error.kind()))
        .collect();
    let (failed, panicked) = (Err(TaskErrorKind::Failed), Err(TaskErrorKind::Panicked));
    assert_eq!(outcomes, [failed, Ok(1), failed, panicked, Ok(4), failed]);
}

#[test]
fn a_chunk_of_none_is_a_chunk_of_one() {
    let (held, executor) = held();
    let map = executor.map_with(chunks(0), |n| n, 0..3_u8);
    assert_eq!(held.len(), 3);
    drop(map);
}

#[test]
fn a_window_counts_the_items_of_chunks() {
    let (held, executor) = held();
    let counts = Counts::default();
    let making = counts.clone();
    let items = core::iter::repeat_with(move || making.make()); // without end
    let mut map = executor.map_with(chunks(4).window(10), drop, items);
    assert_eq!((counts.made(), held.len()), (8, 2));
    held.run_all();
    for _ in 0..4 {
        assert!(map.next().expect("without end").is_ok());
        assert_eq!(counts.made(), 8, "the first chunk is not all yielded");
    }
    assert!(map.next().expect("without end").is_ok());
    assert_eq!(counts.made(), 12);
    drop(map);
    counts.assert_each_dropped_once();
    held.run_all();
}

#[test]
fn a_chunk_is_not_larger_than_its_window() {
    let (held, executor) = held();
    let map = executor.map_with(chunks(usize::MAX).window(3), |n| n, 0_u64..);
    assert_eq!(held.len(), 1);
    held.run_all();
    assert_eq!(map.take(3).map(Result::unwrap).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn a_chunk_as_large_as_can_be_is_the_whole_list() {
    let (held, executor) = held();
    let map = executor.map_with(chunks(usize::MAX), |n| n, 0..100_u64);
    assert_eq!(held.len(), 1);
    held.run_all();
    assert_eq!(map.count(), 100);
}

#[test]
fn dropping_a_map_cancels_chunks_that_have_not_started() {
    let (held, executor) = held();
    let counts = Counts::default();
    let making = counts.clone();
    let items = core::iter::repeat_with(move || making.make()).take(12);
    let ran = Arc::new(AtomicUsize::new(0));
    let counting = ran.clone();
    let function = move |_| counting.fetch_add(1, Ordering::Relaxed);
    let map = executor.map_with(chunks(4), function, items);
    assert!(held.run_next());
    drop(map);
    assert_eq!(executor.remaining().tasks, 0);
    held.run_all();
    assert_eq!(ran.load(Ordering::Relaxed), 4);
    counts.assert_each_dropped_once();
}

#[test]
fn a_chunk_that_is_worked_on_ends_soon_when_the_map_is_dropped() {
    let (held, executor) = held();
    let map: Arc<Mutex<Option<Box<dyn Send>>>> = Arc::default();
    let ran = Arc::new(AtomicUsize::new(0));
    let (there, counting) = (map.clone(), ran.clone());
    let function = move |n: usize| {
        if n == 10 {
            drop(there.lock().expect("nobody panics here").take());
        }
        counting.fetch_add(1, Ordering::Relaxed);
    };
    let itself = executor.map_with(chunks(1000), function, 0..1000_usize);
    *map.lock().expect("unpoisoned") = Some(Box::new(itself));
    assert!(held.run_next());
    assert!((11..=11 + 32).contains(&ran.load(Ordering::Relaxed)), "{ran:?}");
}

#[test]
fn a_closed_executor_refuses_each_item_of_a_chunk() {
    let (_held, executor) = held();
    executor.close();
    let counts = Counts::default();
    let items: Vec<_> = (0..7).map(|_| counts.make()).collect();
    let kinds: Vec<_> = executor
        .map_with(chunks(3), drop, items)
        .map(|outcome| outcome.map_err(|error| error.kind()))
        .collect();
    assert_eq!(kinds, [Err(TaskErrorKind::Refused); 7]);
    counts.assert_each_dropped_once();
}

#[test]
fn an_executor_may_be_closed_between_two_chunks() {
    let (held, executor) = held();
    let mut map = executor.map_with(chunks(2).window(4), |n| n, 0..8_u8);
    held.run_all();
    assert_eq!(map.next().expect("eight").ok(), Some(0));
    executor.close();
    let rest: Vec<_> = map.map(|outcome| outcome.map_err(|error| error.kind())).collect();
    let refused = Err(TaskErrorKind::Refused);
    assert_eq!(rest, [Ok(1), Ok(2), Ok(3), refused, refused, refused, refused]);
}

#[test]
fn each_item_of_a_cancelled_chunk_is_cancelled() {
    let (_held, executor) = held();
    let map = executor.map_with(chunks(2), |n| n, 0..4_u8);
    assert_eq!(executor.close_and_cancel(), 2);
    let kinds: Vec<_> = map.map(|outcome| outcome.map_err(|error| error.kind())).collect();
    assert_eq!(kinds, [Err(TaskErrorKind::Cancelled); 4]);
}

#[test]
fn each_item_of_an_abandoned_chunk_is_abandoned() {
    /// Accepts, and drops.
    struct Careless;
    impl Backend for Careless {
        fn schedule(&self, task: Task) -> Result<(), Refused> {
            drop(task);
            Ok(())
        }
    }
    let executor = Executor::new(Careless);
    let map = executor.map_with(chunks(2), |n| n, 0..3_u8);
    let kinds: Vec<_> = map.map(|outcome| outcome.map_err(|error| error.kind())).collect();
    assert_eq!(kinds, [Err(TaskErrorKind::Abandoned); 3]);
}

#[test]
fn items_that_panic_when_dropped_cost_nothing_more() {
    let exploded = Arc::new(AtomicUsize::new(0));
    let bombs = || (0..5).map(|_| Bomb(exploded.clone())).collect::<Vec<_>>();
    let (held, executor) = held();
    // By the function, each in its own outcome.
    let map = executor.map_with(chunks(5), drop, bombs());
    held.run_all();
    assert!({ map }.all(|outcome| outcome.expect_err("it drops one").is_panicked()));
    // By being cancelled, and by being refused.
    drop(executor.map_with(chunks(5), core::mem::forget, bombs()));
    executor.close();
    assert_eq!(executor.map_with(chunks(5), core::mem::forget, bombs()).count(), 5);
    assert_eq!(exploded.load(Ordering::Relaxed), 15);
    assert_eq!(executor.remaining().tasks, 0);
}

#[test]
fn values_that_panic_when_dropped_cost_nothing_more() {
    let exploded = Arc::new(AtomicUsize::new(0));
    let counting = exploded.clone();
    let (held, executor) = held();
    let mut map = executor.map_with(chunks(3), move |_| Bomb(counting.clone()), 0..6);
    held.run_all();
    let mine = map.next();
    assert!(std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| drop(mine))).is_err());
    drop(map);
    assert_eq!(exploded.load(Ordering::Relaxed), 6);
}

#[test]
fn payloads_that_panic_when_dropped_cost_nothing_more() {
    let exploded = Arc::new(AtomicUsize::new(0));
    let counting = exploded.clone();
    let (held, executor) = held();
    let function = move |n: u8| match n {
        1 => resume_unwind(Box::new(Bomb(counting.clone()))),
        _ => n,
    };
    let map = executor.map_with(chunks(3), function, 0..3);
    held.run_all();
    assert_eq!(map.map(|outcome| outcome.is_ok()).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(exploded.load(Ordering::Relaxed), 1);
}

#[test]
#[cfg_attr(miri, ignore = "thousands of items, minutes")]
fn values_of_no_size_are_counted() {
    let executor = Executor::new(InlineBackend);
    let function = |n: u32| assert!(n != 2);
    let outcomes = executor.map_with(chunks(4), function, 0..6).map(|outcome| outcome.is_ok());
    assert_eq!(outcomes.collect::<Vec<_>>(), [true, true, false, true, true, true]);
    let options = MapOptions::new().auto_chunk_size();
    assert_eq!(executor.map_with(options, |()| (), [(); 1000]).filter(Result::is_ok).count(), 1000);
}

#[test]
fn an_iterator_that_panics_loses_nothing_of_a_chunk() {
    let (held, executor) = held();
    let counts = Counts::default();
    let making = counts.clone();
    let items = (0..6).map(move |n| if n == 2 { panic!("no such item") } else { making.make() });
    let call = || executor.map_with(chunks(4).window(8), drop, items);
    assert!(catch_unwind(AssertUnwindSafe(call)).is_err(), "in the call");
    counts.assert_each_dropped_once();
    assert_eq!((counts.made(), executor.remaining().tasks), (2, 0));

    let making = counts.clone();
    let items = (0..12).map(move |n| if n == 10 { panic!("no such item") } else { making.make() });
    let mut map = executor.map_with(chunks(4).window(8), |_| (), items);
    let mut thrown = 0;
    let mut yielded = 0;
    loop {
        held.run_all();
        match catch_unwind(AssertUnwindSafe(|| map.next())) {
            Ok(Some(outcome)) => yielded += usize::from(outcome.is_ok()),
            Ok(None) => break,
            Err(_) => thrown += 1,
        }
    }
    assert_eq!((thrown, yielded), (1, 11), "all but the one that was never made");
    drop(map);
    counts.assert_each_dropped_once();
}

/// Says that it has two workers.
struct Two(Held);

impl Backend for Two {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        self.0.schedule(task)
    }

    fn parallelism(&self) -> Option<usize> {
        Some(2)
    }
}

#[test]
fn a_boxed_backend_has_as_many_workers_as_the_one_in_the_box() {
    let held = Held::default();
    let boxed: Box<dyn Backend> = Box::new(Two(held.clone()));
    assert_eq!(Backend::parallelism(&boxed), Some(2));
    let executor = Executor::new(boxed);
    let options = MapOptions::new().auto_chunk_size();
    let map = executor.map_with(options, |n| n, 0..4000_u32);
    assert_eq!(held.len(), 8, "four for each");
    held.run_all();
    drop(map);
    held.run_all();
}

#[test]
#[cfg_attr(miri, ignore = "thousands of items, minutes")]
fn a_learned_size_begins_with_single_items_and_ends_with_all_of_them() {
    let held = Held::default();
    let executor = Executor::new(Two(held.clone()));
    let options = MapOptions::new().auto_chunk_size();
    let mut map = executor.map_with(options, |n| n, 0..4000_u32);
    assert_eq!(held.len(), 8, "four for each");
    let (mut yielded, mut tasks) = (Vec::new(), 0);
    loop {
        tasks += held.len();
        held.run_all();
        let Some(outcome) = map.next() else { break };
        yielded.push(outcome.expect("none fails"));
    }
    assert_eq!(yielded, (0..4000).collect::<Vec<_>>());
    // An eighth of the list at most; nobody promises how quickly a machine works.
    assert!((8 + 8..=4000).contains(&tasks), "{tasks}");
}

#[test]
fn a_chunk_that_is_late_is_an_error_an_item() {
    let (held, executor) = held();
    let options = chunks(2).timeout(Duration::from_micros(1));
    let mut map = executor.map_with(options, |n| n, 0..6_u8);
    assert!(held.run_next());
    assert_eq!(map.next().expect("six").ok(), Some(0), "done before");
    assert_eq!(map.next().expect("six").ok(), Some(1), "done before");
    assert!(map.by_ref().all(|outcome| outcome.expect_err("late").is_timed_out()));
    assert!(map.next().is_none());
    assert_eq!(executor.remaining().tasks, 0);
    held.run_all();
}

#[test]
fn a_task_maps_chunks_over_its_own_pool_of_one() {
    for options in [chunks(3), chunks(3).unordered(), MapOptions::new().unordered()] {
        let (held, executor) = held_that_claims();
        let executor = Arc::new(executor);
        let ours = executor.clone();
        let total = move || {
            let outcomes = ours.map_with(options, |n| n + 1, 0..8_u32);
            outcomes.map(|n| n.expect("claimed")).sum::<u32>()
        };
        let future = executor.submit(total).expect("accepted");
        assert!(held.run_next());
        assert_eq!(future.result().expect("it returned"), 36);
        held.run_all();
    }
}

#[test]
fn the_number_of_outcomes_is_known() {
    let (held, executor) = held();
    let mut map = executor.map_with(chunks(4).window(8), |n| assert!(n != 1), 0..10_u8);
    held.run_all();
    for left in (0..10).rev() {
        assert!(map.next().is_some());
        held.run_all();
        assert_eq!((map.len(), map.size_hint()), (left, (left, Some(left))));
    }
    let endless = executor.map_with(chunks(4), |n| n, core::iter::repeat(1));
    assert_eq!(endless.size_hint().1, None);
    drop(endless);
    held.run_all();
}

#[test]
fn folding_yields_what_next_does() {
    let executor = Executor::new(InlineBackend);
    let function = |n: u32| if n % 5 == 3 { panic!("no") } else { n };
    for options in [chunks(1), chunks(4), MapOptions::new().auto_chunk_size()] {
        let mut folded = Vec::new();
        let mut map = executor.map_with(options, function, 0..23);
        assert_eq!(map.next().expect("twenty-three").ok(), Some(0));
        map.for_each(|outcome| folded.push(outcome.ok()));
        let expected: Vec<_> = (1..23).map(|n| (n % 5 != 3).then_some(n)).collect();
        assert_eq!(folded, expected);
    }
}
