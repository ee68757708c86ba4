//! `map` over worker processes: each promise of it with single items and with chunks.

use std::collections::HashSet;
use std::future::poll_fn;
use std::time::Duration;

use concurrent_futures::calls::Limits;
use concurrent_futures::{MapOptions, TaskError, TaskErrorKind};

use crate::functions::{
    Picky, PickyReader, add, double, length, make_picky, of_picky, parse, pid_of, tell_and_wait,
    touchy, wait_and_return,
};
use crate::support::{Signs, pool, within, workers};

/// Single items, chunks of a given size, chunks of a learned one.
fn all_ways() -> [MapOptions; 3] {
    let options = MapOptions::new();
    [options, options.chunk_size(3), options.auto_chunk_size()]
}

fn kinds<T: Copy>(outcomes: &[Result<T, TaskError>]) -> Vec<Result<T, TaskErrorKind>> {
    let kind = |outcome: &Result<T, TaskError>| outcome.as_ref().copied().map_err(TaskError::kind);
    outcomes.iter().map(kind).collect()
}

#[test]
fn results_come_in_the_order_of_the_items() {
    within(|| {
        let pool = workers(2);
        for options in all_ways() {
            let doubled = pool.map_with(options, double, 0..100).collect::<Result<Vec<_>, _>>();
            assert_eq!(doubled.unwrap(), (0..100).map(|n| 2 * n).collect::<Vec<_>>());
        }
    });
}

#[test]
fn several_arguments_are_a_tuple() {
    within(|| {
        let sums = workers(1).map(add, [(1, 2), (30, 40)]).into_vec();
        assert_eq!(sums.unwrap(), [3, 70]);
    });
}

#[test]
fn into_vec_and_fold_see_all_values() {
    within(|| {
        let pool = workers(2);
        for options in all_ways() {
            let doubled = pool.map_with(options, double, 0..1000).into_vec().unwrap();
            assert_eq!((doubled.len(), doubled[999]), (1000, 1998));
            let sum = pool.map_with(options, double, 0..1000).map(Result::unwrap).sum::<u64>();
            assert_eq!(sum, 999_000);
        }
    });
}

#[test]
fn results_can_be_awaited() {
    within(|| {
        let pool = workers(2);
        for options in all_ways() {
            let mut doubled = pool.map_with(options, double, 0..10);
            let all = async {
                let mut all = Vec::new();
                while let Some(outcome) = poll_fn(|context| doubled.poll_next(context)).await {
                    all.push(outcome.unwrap());
                }
                all
            };
            let all = futures::executor::block_on(all);
            assert_eq!(all, (0..10).map(|n| 2 * n).collect::<Vec<_>>());
        }
    });
}

#[test]
fn unordered_yields_what_is_done_first() {
    within(|| {
        let pool = workers(2);
        for (chunk, expected) in [(1, [2, 3, 1]), (2, [3, 1, 2])] {
            let signs = Signs::new();
            let items = [(1, Some(signs.path("go"))), (2, None), (3, None)];
            let options = MapOptions::new().unordered().chunk_size(chunk);
            let mut order = Vec::new();
            for outcome in pool.map_with(options, wait_and_return, items) {
                order.push(outcome.unwrap());
                if order.len() + chunk == 3 {
                    signs.give("go"); // nothing else is left
                }
            }
            assert_eq!(order, expected);
        }
    });
}

#[test]
fn a_window_bounds_what_is_drawn() {
    within(|| {
        let pool = workers(1);
        let mut drawn = 0;
        let items = std::iter::repeat_with(|| {
            drawn += 1;
            drawn
        });
        drop(pool.map_with(MapOptions::new().window(3), double, items));
        assert_eq!(drawn, 3);
    });
}

#[test]
fn an_items_error_is_that_items_alone() {
    within(|| {
        let pool = workers(1);
        for options in all_ways() {
            let outcomes: Vec<_> = pool.map_with(options, touchy, 0..5).collect();
            let expected = [Ok(0), Ok(1), Ok(2), Err(TaskErrorKind::Panicked), Ok(4)];
            assert_eq!(kinds(&outcomes), expected);
            assert_eq!(outcomes[3].as_ref().unwrap_err().message(), "three");
            let location = outcomes[3].as_ref().unwrap_err().location();
            assert!(location.is_some_and(|at| at.contains("functions.rs")), "{location:?}");
        }
    });
}

#[test]
fn an_err_is_an_items_failure_where_that_was_asked_for() {
    within(|| {
        let pool = workers(1);
        let texts = ["1", "x", "3"].map(String::from);
        for options in all_ways() {
            let fallible = pool.map_fallible_with(options, parse, texts.clone());
            let outcomes: Vec<_> = fallible.collect();
            assert_eq!(kinds(&outcomes), [Ok(1), Err(TaskErrorKind::Failed), Ok(3)]);
            assert!(outcomes[1].as_ref().unwrap_err().message().starts_with("x: "));
            let values = pool.map_with(options, parse, texts.clone()).into_vec().unwrap();
            assert!(matches!(&values[..], [Ok(1), Err(_), Ok(3)]), "{values:?}");
        }
    });
}

#[test]
fn an_item_that_cannot_be_sent_is_that_items_error() {
    within(|| {
        let pool = workers(1);
        for options in all_ways() {
            let outcomes: Vec<_> = pool.map_with(options, of_picky, (1..7).map(Picky)).collect();
            let (bad, refused) = (TaskErrorKind::Undecodable, TaskErrorKind::Refused);
            assert_eq!(kinds(&outcomes), [Ok(1), Ok(2), Err(bad), Err(refused), Ok(5), Ok(6)]);
            assert!(outcomes[2].as_ref().unwrap_err().message().contains("not three"));
        }
    });
}

#[test]
fn a_result_that_cannot_be_read_is_that_items_error() {
    within(|| {
        let pool = workers(1);
        for options in all_ways() {
            let outcomes: Vec<_> = pool.map_with(options, make_picky, 1..5).collect();
            let known = |n| Ok(PickyReader(n));
            let bad = Err(TaskErrorKind::Undecodable);
            assert_eq!(kinds(&outcomes), [known(1), known(2), bad, known(4)]);
        }
    });
}

#[test]
fn a_death_costs_one_item_or_its_chunk() {
    within(|| {
        let pool = workers(1);
        let outcomes: Vec<_> = pool.map(touchy, [4, 5, 6, 7]).collect();
        assert_eq!(kinds(&outcomes), [Ok(4), Err(TaskErrorKind::WorkerLost), Ok(6), Ok(7)]);
        let options = MapOptions::new().chunk_size(2);
        let outcomes: Vec<_> = pool.map_with(options, touchy, [4, 5, 6, 7]).collect();
        let lost = TaskErrorKind::WorkerLost;
        assert_eq!(kinds(&outcomes), [Err(lost), Err(lost), Ok(6), Ok(7)]);
    });
}

#[test]
fn items_that_do_not_fit_into_one_chunk_go_in_several() {
    within(|| {
        let pool = pool().max_workers(1).limits(Limits::default().payload(2000)).build().unwrap();
        let items = [500, 600, 700, 1900, 3000, 10, 900].map(|size| vec![7_u8; size]);
        let options = MapOptions::new().chunk_size(100);
        let outcomes: Vec<_> = pool.map_with(options, length, items).collect();
        let too_large = Err(TaskErrorKind::TooLarge);
        let expected = [Ok(500), Ok(600), Ok(700), Ok(1900), too_large, Ok(10), Ok(900)];
        assert_eq!(kinds(&outcomes), expected);
    });
}

#[test]
fn a_chunk_is_one_call() {
    within(|| {
        let pool = workers(1);
        let options = MapOptions::new().chunk_size(50);
        pool.map_with(options, double, 0..100).into_vec().unwrap();
        assert_eq!(pool.counters().submitted, 2);
        pool.map(double, 0..10).into_vec().unwrap();
        assert_eq!(pool.counters().submitted, 12, "and by default a call has one item");
    });
}

#[test]
fn a_learned_size_grows_with_small_items() {
    within(|| {
        let pool = workers(1);
        let options = MapOptions::new().auto_chunk_size();
        pool.map_with(options, double, 0..100_000).into_vec().unwrap();
        let calls = pool.counters().submitted;
        assert!(calls < 10_000, "{calls} calls for 100,000 tiny items");
    });
}

#[test]
fn a_timeout_ends_what_is_not_done() {
    within(|| {
        let signs = Signs::new();
        let pool = workers(1);
        let items = vec![(signs.path("started"), signs.path("go")); 3];
        for chunk in [1, 2] {
            let options = MapOptions::new().timeout(Duration::from_millis(20)).chunk_size(chunk);
            let outcomes: Vec<_> = pool.map_with(options, tell_and_wait, items.clone()).collect();
            assert_eq!(kinds(&outcomes), [Err(TaskErrorKind::TimedOut); 3]);
        }
        signs.give("go");
    });
}

#[test]
fn dropping_it_cancels_what_has_not_started() {
    within(|| {
        let signs = Signs::new();
        let pool = workers(1);
        let item = |name: &str| (signs.path(name), signs.path("go"));
        let map = pool.map(tell_and_wait, [item("first"), item("second"), item("third")]);
        signs.wait_for("first");
        drop(map);
        signs.give("go");
        pool.shutdown(concurrent_futures::Shutdown::wait()).unwrap();
        assert_eq!((signs.count("second"), signs.count("third")), (0, 0));
        assert_eq!(pool.counters().cancelled, 2);
    });
}

#[test]
fn all_workers_take_part() {
    within(|| {
        let signs = Signs::new();
        let pool = workers(2);
        // Each waits for the other.
        let (one, other) = (signs.path("one"), signs.path("other"));
        let items = [(one.clone(), other.clone()), (other, one)];
        pool.map(tell_and_wait, items).into_vec().unwrap();
        let pids: HashSet<_> = pool.map(pid_of, 0..50).map(Result::unwrap).collect();
        assert!(!pids.contains(&std::process::id()));
    });
}

#[test]
fn after_a_shutdown_items_are_refused_one_by_one() {
    within(|| {
        let pool = workers(1);
        pool.shutdown(concurrent_futures::Shutdown::wait()).unwrap();
        for options in all_ways() {
            let outcomes: Vec<_> = pool.map_with(options, double, 0..4).collect();
            assert_eq!(kinds(&outcomes), [Err(TaskErrorKind::Refused); 4]);
        }
    });
}

#[test]
fn a_function_that_is_not_registered_is_each_items_error() {
    within(|| {
        let outcomes: Vec<_> = workers(1).map(|n: u64| n, 0..2).collect();
        assert_eq!(kinds(&outcomes), [Err(TaskErrorKind::Refused); 2]);
        assert!(outcomes[0].as_ref().unwrap_err().message().contains("not registered"));
    });
}

#[test]
fn it_may_outlive_the_pool() {
    within(|| {
        let pool = workers(1);
        let map = pool.map_with(MapOptions::new().window(2), double, 0..4);
        drop(pool); // waits for what was accepted
        let outcomes: Vec<_> = map.collect();
        let refused = Err(TaskErrorKind::Refused);
        assert_eq!(kinds(&outcomes), [Ok(0), Ok(2), refused, refused]);
    });
}
