//! A worker that does what it should: the futures are the usual ones.

use std::sync::mpsc;
use std::thread;

use concurrent_futures::calls::{Limits, ServeError, ServeSettings, TaskEntry};
use concurrent_futures::{
    CallErrorReason, FutureState, LinkBuildError, LinkExecutor, MapOptions, TaskErrorKind,
    as_completed,
};

use crate::support::{
    Gate, area, builder, fails, half, hold, length, link, link_with, pipes, unknown, unregistered,
    until_running, within, zeros,
};

#[test]
fn a_call_returns_what_the_function_returns() {
    within(|| {
        let (link, worker) = link();
        assert_eq!(link.submit(area, (6, 7)).expect("accepted").result().expect("a value"), 42);
        drop(link);
        worker.join().expect("it was told to go");
    });
}

#[test]
fn calls_of_many_threads_have_their_own_results() {
    within(|| {
        let (link, _worker) = link();
        let calls = &|base: u32| {
            let submit = |n| (base * n, link.submit(area, (base, n)).expect("accepted"));
            for (expected, future) in as_completed((0..100).map(submit)) {
                assert_eq!(future.result().expect("a value"), expected);
            }
        };
        thread::scope(|scope| {
            for base in 1..5 {
                scope.spawn(move || calls(base));
            }
        });
        let counters = link.counters();
        assert_eq!((counters.submitted, counters.started, counters.finished), (400, 400, 400));
    });
}

#[test]
fn calls_run_in_the_order_in_which_they_were_submitted() {
    within(|| {
        let (link, _worker) = link();
        let (sender, receiver) = mpsc::channel();
        let futures: Vec<_> =
            (0..50).map(|n| link.submit(area, (n, 1)).expect("accepted")).collect();
        for (n, future) in futures.iter().enumerate() {
            let sender = sender.clone();
            future.add_done_callback(move |_| sender.send(n).expect("somebody listens"));
        }
        let order: Vec<_> = receiver.iter().take(50).collect();
        assert!(order.is_sorted(), "{order:?}");
    });
}

#[test]
fn calls_that_are_sent_ahead_have_their_own_results_too() {
    within(|| {
        let (link, worker) = link_with(builder().calls_ahead(7), ServeSettings::new());
        let futures: Vec<_> =
            (0..200).map(|n| link.submit(area, (n, 2)).expect("accepted")).collect();
        for (n, future) in (0..).zip(futures) {
            assert_eq!(future.result().expect("a value"), 2 * n);
        }
        drop(link);
        worker.join().expect("it was told to go");
    });
}

#[test]
fn futures_of_two_links_go_into_one_set() {
    within(|| {
        let [(one, _first), (other, _second)] = [link(), link()];
        let futures = [one.submit(area, (1, 1)), other.submit(area, (2, 2))]
            .map(|future| future.expect("accepted"));
        let mut areas: Vec<_> =
            as_completed(futures).map(|future| future.result().expect("a value")).collect();
        areas.sort_unstable();
        assert_eq!(areas, [1, 4]);
    });
}

#[test]
fn a_call_can_be_awaited() {
    within(|| {
        let (link, _worker) = link();
        let future = link.submit(area, (3, 5)).expect("accepted");
        assert_eq!(futures::executor::block_on(future).expect("a value"), 15);
    });
}

#[test]
fn an_error_is_a_value_or_a_failure_as_one_likes() {
    within(|| {
        let (link, _worker) = link();
        assert_eq!(
            link.submit(half, 3).expect("accepted").result().expect("a value"),
            Err("3 is odd".into())
        );
        assert_eq!(link.submit_fallible(half, 8).expect("accepted").result().expect("a value"), 4);
        let error = link.submit_fallible(half, 3).expect("accepted").result().expect_err("odd");
        assert_eq!((error.kind(), error.message()), (TaskErrorKind::Failed, "3 is odd"));
    });
}

#[test]
fn a_panic_in_the_worker_is_an_error_of_its_call() {
    within(|| {
        let (link, _worker) = link();
        let error = link.submit(fails, ()).expect("accepted").result().expect_err("it panicked");
        assert_eq!((error.kind(), error.message()), (TaskErrorKind::Panicked, "on purpose"));
        assert!(error.location().is_some_and(|place| place.contains("support.rs")));
        assert_eq!(link.submit(area, (2, 2)).expect("accepted").result().expect("a value"), 4);
    });
}

#[test]
fn what_waits_here_can_be_cancelled_and_what_runs_cannot() {
    within(|| {
        let (link, _worker) = link();
        let gate = Gate::closed();
        let running = link.submit(hold, gate.number()).expect("accepted");
        let waiting = link.submit(hold, gate.number()).expect("accepted");
        until_running(&running);
        assert_eq!(waiting.state(), FutureState::Pending);
        assert!(!running.cancel());
        assert!(waiting.cancel());
        assert!(waiting.result().expect_err("cancelled").is_cancelled());
        let number = gate.number();
        drop(gate);
        assert_eq!(running.result().expect("a value"), number);
        assert_eq!(link.counters().started, 1);
    });
}

#[test]
fn arguments_that_are_too_large_come_back() {
    within(|| {
        let (link, _worker) =
            link_with(builder().limits(Limits::default().payload(100)), ServeSettings::new());
        let refused = link.submit(length, vec![7; 200]).expect_err("too large");
        assert!(matches!(refused.reason(), CallErrorReason::Arguments(_)), "{refused}");
        assert_eq!(refused.into_inner(), [7; 200]);
        assert_eq!(
            link.submit(length, vec![7; 90]).expect("accepted").result().expect("a value"),
            90
        );
    });
}

#[test]
fn a_result_that_is_too_large_is_an_error_of_its_call() {
    within(|| {
        let small = Limits::default().payload(1000);
        let (link, _worker) = link_with(builder(), ServeSettings::new().limits(small));
        let error = link.submit(zeros, 2000).expect("accepted").result().expect_err("too large");
        assert_eq!(error.kind(), TaskErrorKind::TooLarge, "{error}");
        assert_eq!(link.submit(zeros, 20).expect("accepted").result().expect("a value"), [0; 20]);
    });
}

#[test]
fn arguments_over_the_limits_of_the_worker_end_the_link_and_say_so() {
    within(|| {
        let small = Limits::default().payload(1000);
        let (link, worker) = link_with(builder(), ServeSettings::new().limits(small));
        let error = link.submit(length, vec![7; 2000]).expect("accepted").result();
        assert_eq!(error.expect_err("too large for it").kind(), TaskErrorKind::WorkerLost);
        assert!(matches!(worker.join(), Err(ServeError::Frame(_))));
    });
}

#[test]
fn large_values_go_both_ways() {
    within(|| {
        let (link, _worker) = link();
        assert_eq!(
            link.submit(length, vec![7; 3_000_000]).expect("accepted").result().expect("a value"),
            3_000_000
        );
        assert_eq!(
            link.submit(zeros, 3_000_000).expect("accepted").result().expect("a value").len(),
            3_000_000
        );
    });
}

#[test]
fn only_functions_of_the_link_are_accepted() {
    within(|| {
        let (link, _worker) = link();
        let refused = link.submit(unregistered, ()).expect_err("nobody knows it");
        assert!(matches!(refused.reason(), CallErrorReason::NotRegistered(_)), "{refused}");
        let error =
            link.submit(unknown, ()).expect("accepted").result().expect_err("the worker does not");
        assert_eq!(error.kind(), TaskErrorKind::Refused, "{error}");
        assert_eq!(link.submit(area, (2, 2)).expect("accepted").result().expect("a value"), 4);
    });
}

#[test]
fn functions_that_contradict_each_other_are_no_link() {
    let [(reader, writer), _] = pipes();
    let entries = [TaskEntry::new("area", &area), TaskEntry::new("area", &half)];
    let built = LinkExecutor::builder().tasks(entries).build(reader, writer);
    assert!(matches!(built, Err(LinkBuildError::Registry(_))), "{built:?}");
}

#[test]
fn a_map_yields_in_order_one_by_one_or_in_chunks() {
    within(|| {
        let (link, _worker) = link();
        let sizes = || (0..100).map(|n| (n, 3));
        let expected: Vec<u32> = (0..100).map(|n| 3 * n).collect();
        assert_eq!(link.map(area, sizes()).into_vec().expect("values"), expected);
        assert_eq!(link.counters().submitted, 100);
        let chunks = MapOptions::new().chunk_size(30);
        assert_eq!(link.map_with(chunks, area, sizes()).into_vec().expect("values"), expected);
        assert_eq!(link.counters().submitted, 104);
    });
}

#[test]
fn an_item_of_a_map_fails_for_itself() {
    within(|| {
        let (link, _worker) = link();
        let halves = |options| -> Vec<_> { link.map_fallible_with(options, half, 0..4).collect() };
        for options in [MapOptions::new(), MapOptions::new().chunk_size(4)] {
            let outcomes: Vec<_> = halves(options).into_iter().map(Result::ok).collect();
            assert_eq!(outcomes, [Some(0), None, Some(1), None]);
        }
        let refused: Vec<_> = link.map(unregistered, [()]).collect();
        assert!(matches!(&refused[..], [Err(error)] if error.kind() == TaskErrorKind::Refused));
    });
}

#[test]
fn items_that_do_not_fit_into_one_chunk_go_in_several() {
    within(|| {
        let limits = Limits::default().payload(100);
        let (link, _worker) = link_with(builder().limits(limits), ServeSettings::new());
        let items = [40, 40, 40, 200, 10].map(|size| vec![7; size]);
        let outcomes: Vec<_> =
            link.map_with(MapOptions::new().chunk_size(5), length, items).collect();
        let lengths: Vec<_> = outcomes.into_iter().map(Result::ok).collect();
        assert_eq!(lengths, [Some(40), Some(40), Some(40), None, Some(10)]);
    });
}
