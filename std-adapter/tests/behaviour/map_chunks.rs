//! `map` over a pool, in chunks and as they come.

use core::time::Duration;

use concurrent_futures::{MapOptions, TaskErrorKind};

use crate::support::{Blocker, Counter, Gate, end, kind_of, pool, within};

#[test]
fn chunks_of_any_size_yield_what_a_loop_would() {
    within(|| {
        let pool = pool(3);
        let expected: Vec<u64> = (0..20_000).map(|n| n * n).collect();
        for options in [
            MapOptions::new().chunk_size(7),
            MapOptions::new().chunk_size(5000),
            MapOptions::new().chunk_size(100).window(250),
            MapOptions::new().auto_chunk_size(),
            MapOptions::new().auto_chunk_size().window(50),
        ] {
            let squares = pool.map_with(options, |n| n * n, 0..20_000_u64);
            assert_eq!(squares.collect::<Result<Vec<_>, _>>().unwrap(), expected);
            // Of a length that nobody knows.
            let evens = pool.map_with(options, |n| n, (0..20_000_u64).filter(|n| n % 2 == 0));
            assert_eq!(evens.map(Result::unwrap).sum::<u64>(), 9999 * 10_000);
            let squares = pool.map_with(options.unordered(), |n| n * n, 0..20_000_u64);
            let mut squares: Vec<_> = squares.map(Result::unwrap).collect();
            squares.sort_unstable();
            assert_eq!(squares, expected);
        }
    });
}

#[test]
fn a_slow_item_holds_up_no_other_without_order() {
    within(|| {
        let pool = pool(2);
        let gate = Gate::new();
        let closed = gate.clone();
        let function = move |n: usize| {
            if n == 0 {
                closed.pass();
            }
            n
        };
        let mut values = pool.map_with(MapOptions::new().unordered(), function, 0..3000);
        let quick: Vec<_> = values.by_ref().take(2999).map(Result::unwrap).collect();
        assert!(!quick.contains(&0));
        gate.open();
        assert_eq!(values.next().unwrap().unwrap(), 0);
        assert!(values.next().is_none());
    });
}

#[test]
fn a_panic_in_a_chunk_is_that_items_alone() {
    within(|| {
        let pool = pool(2);
        for options in
            [MapOptions::new().chunk_size(64), MapOptions::new().auto_chunk_size().unordered()]
        {
            let function = |n: u32| if n % 100 == 7 { panic!("item {n}") } else { n };
            let outcomes: Vec<_> = pool.map_with(options, function, 0..5000).collect();
            let (values, errors): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
            assert_eq!((values.len(), errors.len()), (4950, 50));
            assert!(errors.into_iter().all(|item| kind_of(item) == TaskErrorKind::Panicked));
        }
    });
}

#[test]
fn tasks_map_over_their_own_pool_of_one() {
    within(|| {
        for options in [
            MapOptions::new().chunk_size(10),
            MapOptions::new().auto_chunk_size(),
            MapOptions::new().unordered(),
            MapOptions::new().unordered().window(1),
        ] {
            let pool = std::sync::Arc::new(pool(1));
            let inner = pool.clone();
            let outer = pool.map(
                move |n: u32| {
                    let items = inner.map_with(options, move |m| n + m, 0..100_u32);
                    items.map(Result::unwrap).sum::<u32>()
                },
                0..20,
            );
            assert_eq!(
                outer.map(Result::unwrap).sum::<u32>(),
                (0..20).map(|n| 100 * n + 4950).sum::<u32>()
            );
        }
    });
}

#[test]
fn dropping_it_ends_the_chunk_that_is_worked_on() {
    within(|| {
        let pool = pool(1);
        let (started, gate, ran) = (Gate::new(), Gate::new(), Counter::new());
        let (starts, closed, counted) = (started.clone(), gate.clone(), ran.clone());
        let function = move |_: u32| {
            starts.open();
            closed.pass();
            counted.count();
        };
        let values = pool.map_with(MapOptions::new().chunk_size(1000), function, 0..3000);
        started.pass();
        drop(values);
        gate.open();
        end(&pool);
        assert!((1..=33).contains(&ran.get()), "{}", ran.get());
    });
}

#[test]
fn late_items_of_chunks_are_errors_and_an_endless_list_ends() {
    within(|| {
        let pool = pool(1);
        for options in [MapOptions::new(), MapOptions::new().unordered()] {
            let blocker = Blocker::occupy(&pool);
            let options = options.chunk_size(2).window(6).timeout(Duration::from_millis(5));
            let values = pool.map_with(options, |n| n, 0_u64..);
            let kinds: Vec<_> = values.map(kind_of).collect();
            assert_eq!(kinds, [TaskErrorKind::TimedOut; 7]);
            assert_eq!(pool.remaining().tasks, 0);
            blocker.release();
        }
    });
}

#[test]
fn an_unordered_map_goes_from_thread_to_thread() {
    within(|| {
        let pool = pool(2);
        let mut values = pool.map_with(MapOptions::new().unordered().window(8), |n| n, 0..400_u32);
        let mut total = 0;
        while let Some(value) = std::thread::scope(|scope| {
            let next = scope.spawn(|| values.next());
            next.join().unwrap()
        }) {
            total += value.unwrap();
        }
        assert_eq!(total, 399 * 200);
    });
}
