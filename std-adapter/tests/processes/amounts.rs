//! Too much of something: memory, arguments, results, printed text.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use concurrent_futures::calls::{EncodeError, Exit, LargeBytes, Limits};
use concurrent_futures::{CallErrorReason, Future, OutputStream, ProcessBuildError, TaskErrorKind};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::kit::{alone, builder, result, until, usable};
use crate::machine;
use crate::tasks::{
    add, allocate, chatter, echo, echo_large, grow, grow_both, grow_large, oom_score,
    panic_at_length, read_input, shout_and_end,
};

#[test]
fn a_call_that_takes_too_much_memory_costs_itself() {
    alone(|case| {
        let pool = builder(1).memory_limit(1 << 30).build().unwrap();
        assert_eq!(result(pool.submit(allocate, 64 << 20).unwrap()).unwrap(), 64 << 20);
        let call = case.watch("the call", pool.submit(allocate, 2 << 30).unwrap());
        let error = result(call).unwrap_err();
        assert_eq!(error.kind(), TaskErrorKind::WorkerLost);
        assert_eq!(error.worker().unwrap().exit, Exit::Signal(6), "{error}");
        usable(&pool);
    });
}

#[test]
fn a_worker_dies_before_its_parent_when_memory_runs_out() {
    alone(|_| {
        let score = std::fs::read_to_string("/proc/self/oom_score_adj").unwrap();
        let score: i32 = score.trim().parse().unwrap();
        let pool = builder(1).build().unwrap();
        let its = result(pool.submit(oom_score, ()).unwrap()).unwrap();
        assert_eq!(its, (score + 300).min(1000));
        drop(pool);
    });
}

#[test]
fn an_argument_over_the_limit_is_refused_at_once() {
    alone(|_| {
        let limits = Limits::default().payload(10_000);
        let pool = builder(1).limits(limits).build().unwrap();
        // Two bytes say how many follow.
        let kept = vec![7; 9_998];
        assert_eq!(result(pool.submit(echo, kept.clone()).unwrap()).unwrap(), kept);
        let refused = pool.submit(echo, vec![7; 9_999]).unwrap_err();
        let CallErrorReason::Arguments(EncodeError::TooLarge { limit, .. }) = refused.reason()
        else {
            panic!("{refused}");
        };
        assert_eq!(*limit, 10_000);
        assert_eq!(refused.into_inner().len(), 9_999, "back");
        assert_eq!(pool.counters().submitted, 1, "nothing was sent");
        usable(&pool);
    });
}

#[test]
fn a_result_over_the_limit_costs_its_own_call() {
    alone(|_| {
        let limits = Limits::default().payload(10_000);
        let pool = builder(1).limits(limits).build().unwrap();
        assert_eq!(result(pool.submit(grow, 9_998).unwrap()).unwrap().len(), 9_998);
        let pid = pool.worker_pids();
        let error = result(pool.submit(grow, 9_999).unwrap()).unwrap_err();
        assert_eq!(error.kind(), TaskErrorKind::TooLarge);
        assert!(error.to_string().contains("10000"), "{error}");
        usable(&pool);
        assert_eq!(pool.worker_pids(), pid, "the worker lives on");
        drop(pool);
    });
}

/// Seen red with a worker that had a limit of its own.
#[test]
fn a_failure_may_say_as_much_as_the_parent_allows() {
    alone(|_| {
        let pool = builder(1).limits(Limits::default().text(200_000)).build().unwrap();
        let error = result(pool.submit(panic_at_length, 150_000).unwrap()).unwrap_err();
        assert_eq!(error.message().len(), 150_000);
        drop(pool);
    });
}

/// Seen red with a worker that sent the file all the same.
#[test]
fn a_result_that_fails_behind_large_bytes_costs_its_own_call() {
    alone(|_| {
        let pool = builder(1).limits(Limits::default().payload(10_000)).build().unwrap();
        usable(&pool);
        let pid = pool.worker_pids();
        for _ in 0..12 {
            let error = result(pool.submit(grow_both, 100_000).unwrap()).unwrap_err();
            assert_eq!(error.kind(), TaskErrorKind::TooLarge);
        }
        usable(&pool);
        assert_eq!(pool.worker_pids(), pid, "the worker lives on");
        drop(pool);
    });
}

/// Seen red with a descriptor for each: workers were killed, and the pool gave up.
#[test]
fn results_that_nobody_takes_and_arguments_that_wait_leave_descriptors_for_others() {
    alone(|_| {
        let pool = builder(2).build().unwrap();
        usable(&pool);
        let before = machine::descriptors().len();
        let results: Vec<_> = (0..=255).map(|n| pool.submit(grow_large, n).unwrap()).collect();
        until("all are done", || results.iter().all(Future::done).then_some(()));
        let echoes: Vec<_> = (0..=255)
            .map(|byte| pool.submit(echo_large, vec![byte; 100_000].into()).unwrap())
            .collect();
        assert!(machine::descriptors().len() < before + 100);
        for (byte, future) in (0..=255).chain(0..=255).zip(results.into_iter().chain(echoes)) {
            assert!(*result(future).unwrap() == vec![byte; 100_000]);
        }
        drop(pool);
    });
}

/// Seen red with a pool that waited for the end of a thread that had not begun.
#[test]
fn a_pool_that_gets_no_threads_says_so() {
    alone(|_| {
        for more in [1, 3] {
            let memory = machine::address_space() + (more << 20);
            let before = getrlimit(Resource::As);
            setrlimit(Resource::As, Rlimit { current: Some(memory), ..before }).unwrap();
            let built = builder(1).build();
            setrlimit(Resource::As, before).unwrap();
            assert!(matches!(built, Err(ProcessBuildError::System(_))), "{built:?}");
        }
        usable(&builder(1).build().unwrap());
    });
}

#[test]
fn large_arguments_and_large_results_cross_each_other() {
    alone(|case| {
        // Sent ahead if anything is: what is known of this function is that it takes no time.
        let pool = builder(1).build().unwrap();
        (0..50).for_each(|_| drop(result(pool.submit(echo, vec![1]).unwrap())));
        let sent: Vec<Vec<u8>> = (0..4).map(|byte| vec![byte; 4 << 20]).collect();
        let calls: Vec<_> = sent
            .iter()
            .map(|bytes| case.watch("crossing", pool.submit(echo, bytes.clone()).unwrap()))
            .collect();
        for (call, sent) in calls.into_iter().zip(&sent) {
            assert!(result(call).unwrap() == *sent);
        }
        drop(pool);
    });
}

#[test]
fn large_bytes_cross_each_other_and_no_file_is_left() {
    alone(|case| {
        let pool = builder(2).build().unwrap();
        let calls: Vec<_> = (0..8_u8)
            .map(|byte| LargeBytes::from(vec![byte; 4 << 20]))
            .map(|bytes| case.watch("crossing", pool.submit(echo_large, bytes).unwrap()))
            .collect();
        for (byte, call) in (0..).zip(calls) {
            assert!(result(call).unwrap().iter().all(|other| *other == byte));
        }
        drop(pool);
    });
}

#[test]
fn what_a_function_prints_corrupts_nothing_and_arrives() {
    alone(|_| {
        let printed = Arc::new(Mutex::new((Vec::new(), Vec::new())));
        let listener = printed.clone();
        let pool = builder(1).capture_output(move |output| {
            let mut printed = listener.lock().unwrap();
            match output.stream {
                OutputStream::Stdout => printed.0.extend(output.bytes),
                OutputStream::Stderr => printed.1.extend(output.bytes),
            }
        });
        let pool = pool.build().unwrap();
        const LINES: usize = 20_000;
        assert_eq!(result(pool.submit(chatter, LINES).unwrap()).unwrap(), LINES);
        assert_eq!(result(pool.submit(add, (1, 2)).unwrap()).unwrap(), 3);
        drop(pool);
        let printed = printed.lock().unwrap();
        let lines = |bytes: &[u8], line: &str| {
            String::from_utf8_lossy(bytes).lines().filter(|other| *other == line).count()
        };
        assert_eq!(lines(&printed.0, "out"), LINES);
        assert_eq!(lines(&printed.1, "err"), LINES);
    });
}

#[test]
fn what_a_worker_prints_last_arrives() {
    alone(|case| {
        const BYTES: usize = 60_000; // less than a pipe holds, more than is read at once
        let printed = Arc::new(Mutex::new(0));
        let listener = printed.clone();
        let pool = builder(1).capture_output(move |output| {
            *listener.lock().unwrap() += output.bytes.iter().filter(|byte| **byte == b'!').count();
        });
        let pool = pool.build().unwrap();
        let call = case.watch("the call", pool.submit(shout_and_end, BYTES).unwrap());
        drop(pool);
        assert_eq!(*printed.lock().unwrap(), BYTES);
        assert_eq!(result(call).unwrap_err().kind(), TaskErrorKind::WorkerLost);
    });
}

#[test]
fn a_function_that_reads_its_input_finds_nothing() {
    alone(|_| {
        let pool = builder(1).build().unwrap();
        assert_eq!(result(pool.submit(read_input, ()).unwrap()).unwrap(), "");
        usable(&pool);
    });
}

#[test]
fn a_function_that_closes_our_descriptors_costs_its_own_call() {
    alone(|case| {
        let pool = builder(1).restart_limit(100, Duration::from_secs(1)).build().unwrap();
        let call = case.watch("the call", pool.submit(crate::tasks::close_all, ()).unwrap());
        let error = result(call).unwrap_err();
        assert_eq!(error.kind(), TaskErrorKind::WorkerLost, "{error}");
        usable(&pool);
        drop(pool);
        assert!(machine::children().is_empty());
    });
}
