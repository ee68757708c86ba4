//! Limits on the time of calls.

use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use concurrent_futures::calls::ServeSettings;
use concurrent_futures::{CallOptions, TaskErrorKind};

use crate::support::{
    Gate, area, builder, hold, link, link_with, pipes, until, until_running, within,
};

const SOON: Duration = Duration::from_millis(20);

#[test]
fn who_waits_for_a_time_is_told_when_it_is_over() {
    within(|| {
        let (link, _worker) = link();
        let gate = Gate::closed();
        let mut future = link.submit(hold, gate.number()).expect("accepted");
        assert!(future.result_timeout(SOON).expect_err("it is held").is_timed_out());
        drop(gate);
        assert!(future.result().is_ok());
    });
}

#[test]
fn a_call_that_never_returns_fails_in_time_and_the_next_waits_for_the_worker() {
    within(|| {
        let (link, _worker) = link();
        let gate = Gate::closed();
        let options = CallOptions::new().run_timeout(SOON);
        let late = link.submit_with(options, hold, gate.number()).expect("accepted");
        let next = link.submit(area, (2, 3)).expect("accepted");
        assert_eq!(late.result().expect_err("late").kind(), TaskErrorKind::DeadlinePassed);
        assert!(!next.done(), "the worker is busy");
        drop(gate);
        assert_eq!(next.result().expect("a value"), 6);
    });
}

#[test]
fn the_limits_of_the_link_are_those_of_each_call() {
    within(|| {
        let options = CallOptions::new().run_timeout(SOON);
        let (link, _worker) = link_with(builder().call_options(options), ServeSettings::new());
        let gate = Gate::closed();
        let late = link.submit(hold, gate.number()).expect("accepted");
        assert_eq!(late.result().expect_err("late").kind(), TaskErrorKind::DeadlinePassed);
    });
}

#[test]
fn a_call_that_is_not_started_in_time_never_is() {
    within(|| {
        let (link, _worker) = link();
        let gate = Gate::closed();
        let running = link.submit(hold, gate.number()).expect("accepted");
        until_running(&running);
        let options = CallOptions::new().queue_timeout(SOON);
        let late = link.submit_with(options, area, (1, 1)).expect("accepted");
        assert_eq!(late.result().expect_err("late").kind(), TaskErrorKind::DeadlinePassed);
        drop(gate);
        assert!(running.result().is_ok());
        assert_eq!(link.counters().started, 1);
    });
}

#[test]
fn a_worker_that_says_nothing_is_given_up() {
    within(|| {
        let [(reader, writer), _silent] = pipes();
        let link = builder().start_timeout(SOON).build(reader, writer).expect("threads");
        let error =
            link.submit(area, (1, 1)).expect("accepted").result().expect_err("nobody is there");
        assert_eq!(error.kind(), TaskErrorKind::PoolBroken);
        assert!(error.message().contains("not said a word"), "{error}");
    });
}

/// A pipe takes 64 KiB; more than that waits for who does not read.
#[test]
fn a_worker_that_stops_reading_is_late_too() {
    within(|| {
        let [(reader, writer), (mut worker_reader, mut worker_writer)] = pipes();
        let link = builder().build(reader, writer).expect("threads");
        worker_writer.write_all(&crate::hostile::hello()).expect("room");
        worker_writer.write_all(&crate::hostile::ready()).expect("room");
        let mut welcome = [0; 32];
        worker_reader.read_exact(&mut welcome).expect("it is welcomed");
        let options = CallOptions::new().run_timeout(SOON);
        let late =
            link.submit_with(options, crate::support::length, vec![0; 1 << 20]).expect("accepted");
        assert_eq!(late.result().expect_err("late").kind(), TaskErrorKind::DeadlinePassed);
        let waiting = link.submit(area, (1, 1)).expect("accepted");
        link.disconnect();
        assert!(waiting.result().expect_err("over").is_cancelled());
        drop(link); // while its writer is stuck
        drop((worker_reader, worker_writer));
    });
}

#[test]
fn many_calls_with_limits_leave_nothing_behind() {
    within(|| {
        let options = CallOptions::new()
            .run_timeout(Duration::from_secs(3600))
            .queue_timeout(Duration::from_secs(3600));
        let (link, _worker) = link_with(builder().call_options(options), ServeSettings::new());
        for n in 0..200 {
            assert_eq!(link.submit(area, (n, 1)).expect("accepted").result().expect("a value"), n);
        }
        until("all is quiet", || link.counters().idle_workers == 1);
        thread::yield_now();
    });
}
