//! Calls that take too long, and calls that somebody wants ended.

use std::time::{Duration, Instant};

use concurrent_futures::calls::{Exit, WorkerPhase};
use concurrent_futures::{CallOptions, FutureState, TaskErrorKind};

use crate::deeds::Deed;
use crate::kit::{alone, builder, result, until, usable};
use crate::machine;
use crate::tasks::{act, act_at, act_then, stubborn, with_grandchild};

const SOON: Duration = Duration::from_millis(100);

fn soon() -> CallOptions {
    CallOptions::new().run_timeout(SOON)
}

#[test]
fn a_call_that_loops_is_ended_politely_and_its_worker_replaced() {
    alone(|case| {
        let pool = builder(1).build().unwrap();
        let call = pool.submit_with(soon(), act_then, (1, Deed::Loop)).unwrap();
        let call = case.watch("the loop", call);
        let behind = case.watch("behind", pool.submit(act, 2).unwrap());
        let error = result(call).unwrap_err();
        assert_eq!(error.kind(), TaskErrorKind::DeadlinePassed);
        assert_eq!(error.worker().unwrap().exit, Exit::Signal(15), "it was asked first");
        assert!(error.to_string().contains("ran for longer than 100ms"), "{error}");
        assert_eq!(error.worker().unwrap().phase, WorkerPhase::Running);
        assert!(!error.to_string().contains("stopped"), "{error}");
        assert_eq!(result(behind).unwrap(), 2);
        usable(&pool);
    });
}

#[test]
fn a_call_that_does_not_listen_is_killed() {
    alone(|case| {
        let pool = builder(1).grace(SOON).build().unwrap();
        let began = Instant::now();
        let call = case.watch("stubborn", pool.submit_with(soon(), stubborn, 1).unwrap());
        let error = result(call).unwrap_err();
        assert_eq!(error.kind(), TaskErrorKind::DeadlinePassed);
        assert_eq!(error.worker().unwrap().exit, Exit::Signal(9));
        assert!(began.elapsed() >= SOON * 2, "the time to run, and the grace");
        usable(&pool);
    });
}

#[test]
fn a_frozen_worker_is_told_from_a_busy_one() {
    alone(|case| {
        let pool = builder(1).grace(SOON).build().unwrap();
        let call = pool.submit_with(soon(), act_then, (1, Deed::Stop)).unwrap();
        let error = result(case.watch("frozen", call)).unwrap_err();
        assert_eq!(error.kind(), TaskErrorKind::DeadlinePassed);
        assert_eq!(error.worker().unwrap().exit, Exit::Signal(9));
        assert_eq!(error.worker().unwrap().phase, WorkerPhase::Stopped);
        assert!(error.to_string().contains("stopped by a signal"), "{error}");
        usable(&pool);
    });
}

#[test]
fn a_call_blocked_for_ever_is_ended_with_what_it_has_started() {
    alone(|case| {
        let pool = builder(1).build().unwrap();
        let file = case.path("grandchild");
        let options = CallOptions::new().run_timeout(Duration::from_millis(1500));
        let call = pool.submit_with(options, with_grandchild, file.to_str().unwrap().into());
        let call = case.watch("the call", call.unwrap());
        let grandchild: u32 = until("there is a grandchild", || {
            std::fs::read_to_string(&file).ok()?.trim().parse().ok()
        });
        assert_eq!(result(call).unwrap_err().kind(), TaskErrorKind::DeadlinePassed);
        until("it is gone", || machine::is_gone(grandchild).then_some(()));
        usable(&pool);
    });
}

#[test]
fn a_call_that_does_not_start_in_time_never_does() {
    alone(|case| {
        let gate = case.gate();
        let pool = builder(1).build().unwrap();
        let blocking = case.watch("blocking", pool.submit(act_at, (1, gate.name())).unwrap());
        let options = CallOptions::new().queue_timeout(SOON);
        let late = case.watch("late", pool.submit_with(options, act, 2).unwrap());
        let patient = case.watch("patient", pool.submit(act, 3).unwrap());
        let error = result(late).unwrap_err();
        assert_eq!(error.kind(), TaskErrorKind::DeadlinePassed, "{error}");
        assert!(error.worker().is_none(), "nobody was killed for it");
        gate.open();
        assert_eq!(result(blocking).unwrap() + result(patient).unwrap(), 4);
        assert_eq!(case.begun(), [1, 3]);
        drop(pool);
    });
}

#[test]
fn a_call_that_waits_behind_a_frozen_worker_is_pending_until_its_patience_ends() {
    alone(|case| {
        let pool = builder(1).build().unwrap();
        usable(&pool);
        let [pid] = *pool.worker_pids() else { panic!("one worker") };
        machine::signal(pid, rustix::process::Signal::STOP);
        until("it is stopped", || machine::is_stopped(pid).then_some(()));
        let options = CallOptions::new().queue_timeout(SOON);
        let late = case.watch("late", pool.submit_with(options, act, 1).unwrap());
        let call = case.watch("cancelled", pool.submit(act, 2).unwrap());
        assert_eq!(call.state(), FutureState::Pending);
        assert_eq!(result(late).unwrap_err().kind(), TaskErrorKind::DeadlinePassed);
        assert!(call.cancel(), "it has not started");
        machine::signal(pid, rustix::process::Signal::CONT);
        usable(&pool);
        assert!(case.begun().is_empty(), "neither was run after all");
        drop(pool);
    });
}

#[test]
fn a_frozen_worker_that_has_not_started_a_call_costs_none() {
    alone(|case| {
        let pool = builder(1).grace(SOON).build().unwrap();
        usable(&pool);
        let [pid] = *pool.worker_pids() else { panic!("one worker") };
        machine::signal(pid, rustix::process::Signal::STOP);
        until("it is stopped", || machine::is_stopped(pid).then_some(()));
        let call = case.watch("the call", pool.submit_with(soon(), act, 1).unwrap());
        assert_eq!(result(call).unwrap(), 1, "another worker has run it");
        until("the frozen one is gone", || machine::is_gone(pid).then_some(()));
        drop(pool);
    });
}

#[test]
fn a_call_can_be_killed_while_it_runs_and_at_no_other_time() {
    alone(|case| {
        let gate = case.gate();
        let pool = builder(1).build().unwrap();
        let running = case.watch("running", pool.submit(act_at, (1, gate.name())).unwrap());
        let queued = case.watch("queued", pool.submit(act, 2).unwrap());
        until("it runs", || running.running().then_some(()));
        assert!(!pool.kill(queued.id()), "it has not started");
        assert!(pool.kill(running.id()));
        let id = running.id();
        let error = result(running).unwrap_err();
        assert_eq!(error.kind(), TaskErrorKind::Killed);
        assert_eq!(error.worker().unwrap().exit, Exit::Signal(9));
        assert!(error.worker().unwrap().task.ends_with("act_at"));
        assert!(!pool.kill(id), "it is over");
        assert_eq!(result(queued).unwrap(), 2);
        usable(&pool);
    });
}

#[test]
fn kills_on_purpose_do_not_count_as_losses() {
    alone(|case| {
        let pool = builder(2).restart_limit(1, Duration::from_secs(60)).build().unwrap();
        for id in 0..5 {
            let call = case.watch("the loop", pool.submit(act_then, (id, Deed::Loop)).unwrap());
            until("it runs", || call.running().then_some(()));
            assert!(pool.kill(call.id()));
            assert_eq!(result(call).unwrap_err().kind(), TaskErrorKind::Killed);
        }
        usable(&pool);
    });
}
