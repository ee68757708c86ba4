//! What the pools do meanwhile.
#![forbid(unsafe_code)]

use std::time::Duration;

use concurrent_futures_core::calls::supervisor::Kill;
use concurrent_futures_core::calls::{ATTACH_FROM, LargeBytes};

use super::tasks::{die, double, length, longer, never_end, zeros};
use super::watch::until;
use super::with_each_fault;
use crate::TaskErrorKind;

/// What libtest calls the tests here.
macro_rules! name {
    ($test:ident) => {
        concat!("process::injected::scenarios::", stringify!($test))
    };
}

#[test]
fn calls() {
    with_each_fault(name!(calls), |trial| {
        let futures: Vec<_> = (0..3).map(|n| trial.submit(double, n)).collect();
        for (n, future) in (0..).zip(futures) {
            trial.has_value(future, &(2 * n));
        }
        trial.is_usable();
    });
}

#[test]
fn calls_with_large_bytes() {
    with_each_fault(name!(calls_with_large_bytes), |trial| {
        let sent = LargeBytes::from(vec![0; ATTACH_FROM]);
        let there_and_back = trial.submit(longer, sent.clone());
        let back = trial.submit(zeros, ATTACH_FROM as u64);
        let mut answer = sent.clone().into_vec();
        answer.push(1);
        trial.has_value(there_and_back, &answer.into());
        trial.has_value(back, &sent);
        trial.is_usable();
    });
}

#[test]
fn calls_that_fill_the_socket() {
    with_each_fault(name!(calls_that_fill_the_socket), |trial| {
        let text = "x".repeat(400_000);
        let [one, other] = [(), ()].map(|()| trial.submit(length, text.clone()));
        trial.has_value(one, &400_000);
        trial.has_value(other, &400_000);
        trial.is_usable();
    });
}

#[test]
fn a_worker_dies() {
    with_each_fault(name!(a_worker_dies), |trial| {
        let before = trial.submit(double, 4);
        let death = trial.submit(die, ());
        let after = trial.submit(double, 5);
        trial.has_value(before, &8);
        trial.fails(death, TaskErrorKind::WorkerLost);
        trial.has_value(after, &10);
        trial.is_usable();
    });
}

#[test]
fn calls_are_cancelled_and_killed() {
    with_each_fault(name!(calls_are_cancelled_and_killed), |trial| {
        let endless = trial.submit(never_end, ());
        let id = trial.runs(endless.as_ref());
        let behind = trial.submit(double, 1);
        if let Some(behind) = &behind {
            assert!(behind.cancel() || trial.has_failed());
        }
        if let Some(id) = id {
            assert!(trial.pool().desk().kill(id) || trial.has_failed());
        }
        trial.fails(endless, TaskErrorKind::Killed);
        trial.fails(behind, TaskErrorKind::Cancelled);
        trial.is_usable();
    });
}

#[test]
fn a_call_runs_for_too_long() {
    with_each_fault(name!(a_call_runs_for_too_long), |trial| {
        let hour = Duration::from_secs(3600);
        let endless = trial.submit_for(Some(hour), never_end, ());
        trial.runs(endless.as_ref());
        if let Some(endless) = &endless {
            // More than once: the manager may have looked at the clock before, and sleep after.
            until("its time is over", || {
                trial.pool().desk().sys.advance(hour / 2);
                endless.done()
            });
        }
        trial.fails(endless, TaskErrorKind::DeadlinePassed);
        trial.is_usable();
    });
}

#[test]
fn all_workers_are_killed() {
    with_each_fault(name!(all_workers_are_killed), |trial| {
        let endless = trial.submit(never_end, ());
        trial.runs(endless.as_ref());
        let behind = trial.submit(double, 1);
        trial.pool().kill_all(Kill::AtOnce);
        trial.fails(endless, TaskErrorKind::Killed);
        trial.fails(behind, TaskErrorKind::Cancelled);
    });
}

#[test]
fn all_workers_are_asked_to_end() {
    with_each_fault(name!(all_workers_are_asked_to_end), |trial| {
        let endless = trial.submit(never_end, ());
        trial.runs(endless.as_ref());
        trial.pool().kill_all(Kill::Politely);
        trial.fails(endless, TaskErrorKind::Killed);
    });
}

#[test]
fn a_pool_with_work_left_is_dropped() {
    with_each_fault(name!(a_pool_with_work_left_is_dropped), |trial| {
        let futures: Vec<_> = (0..3).map(|n| trial.submit(double, n)).collect();
        trial.drop_pool();
        for (n, future) in (0..).zip(futures) {
            trial.has_value(future, &(2 * n));
        }
    });
}
