//! Calls that are attempted again.

use std::time::Duration;

use concurrent_futures::{
    Future, FutureState, History, ProcessPoolExecutor, RetryPolicy, Shutdown, TaskErrorKind,
};

use crate::functions::{How, attempt, double};
use crate::support::{Signs, until, within, workers};

fn soon(attempts: u32) -> RetryPolicy {
    RetryPolicy::attempts(attempts).unwrap().fixed(Duration::from_millis(1))
}

/// No test waits for it.
fn never(attempts: u32) -> RetryPolicy {
    RetryPolicy::attempts(attempts).unwrap().fixed(Duration::from_secs(3600))
}

fn submit(
    pool: &ProcessPoolExecutor,
    policy: &RetryPolicy,
    signs: &Signs,
    fails: usize,
    how: How,
) -> (Future<usize>, History) {
    let arguments = (signs.path("attempt"), fails, how);
    pool.submit_retry(policy, attempt, arguments).unwrap()
}

fn messages(history: &History) -> Vec<String> {
    history.errors().iter().map(|error| error.message().to_owned()).collect()
}

/// One that has failed once and waits for ever.
fn between_attempts(pool: &ProcessPoolExecutor, signs: &Signs) -> (Future<usize>, History) {
    let (future, history) = submit(pool, &never(3), signs, 1, How::Err);
    until("the first attempt has failed", || history.failed() == 1);
    (future, history)
}

#[test]
fn it_succeeds_at_the_third_attempt() {
    within(|| {
        let (pool, signs) = (workers(1), Signs::new());
        let (future, history) = submit(&pool, &soon(5), &signs, 2, How::Err);
        assert_eq!(future.result().unwrap(), 3);
        assert_eq!(messages(&history), ["failure 1", "failure 2"]);
    });
}

#[test]
fn the_last_error_is_the_futures() {
    within(|| {
        let (pool, signs) = (workers(1), Signs::new());
        let (future, history) = submit(&pool, &soon(3), &signs, 9, How::Err);
        let error = future.result().unwrap_err();
        assert_eq!((error.kind(), error.message()), (TaskErrorKind::Failed, "failure 3"));
        assert_eq!(history.failed(), 3);
    });
}

#[test]
fn the_policy_is_asked_after_which_errors() {
    within(|| {
        let (pool, signs) = (workers(1), Signs::new());
        let policy = soon(9).when(|error| error.message() == "failure 1");
        let (future, history) = submit(&pool, &policy, &signs, 9, How::Err);
        assert_eq!(future.result().unwrap_err().message(), "failure 2");
        assert_eq!(history.failed(), 2);
        let panics = soon(9).when(|_| panic!("a policy that panics"));
        let signs = Signs::new();
        let (future, _) = submit(&pool, &panics, &signs, 9, How::Err);
        assert_eq!(future.result().unwrap_err().message(), "failure 1");
    });
}

#[test]
fn after_a_panic_only_if_the_policy_says_so() {
    within(|| {
        let pool = workers(1);
        let signs = Signs::new();
        let (future, _) = submit(&pool, &soon(3), &signs, 1, How::Panic);
        assert_eq!(future.result().unwrap_err().kind(), TaskErrorKind::Panicked);
        let signs = Signs::new();
        let (future, history) = submit(&pool, &soon(3).after_panics(), &signs, 1, How::Panic);
        assert_eq!(future.result().unwrap(), 2);
        assert_eq!(messages(&history), ["panic 1"]);
    });
}

/// Seen red without the policy's own word for it.
#[test]
fn after_a_lost_worker_only_if_the_policy_says_so() {
    within(|| {
        let pool = workers(1);
        let signs = Signs::new();
        let (future, history) = submit(&pool, &soon(3), &signs, 1, How::Exit);
        assert_eq!(future.result().unwrap_err().kind(), TaskErrorKind::WorkerLost);
        assert_eq!(history.failed(), 1);
        let policy = soon(3).after_lost_workers();
        let signs = Signs::new();
        let (future, history) = submit(&pool, &policy, &signs, 2, How::Exit);
        assert_eq!(future.result().unwrap(), 3);
        assert_eq!(history.failed(), 2);
    });
}

/// Seen red with a limit of four.
#[test]
fn a_call_that_three_workers_were_lost_with_is_not_attempted_again() {
    within(|| {
        let (pool, signs) = (workers(1), Signs::new());
        let policy = soon(9).after_lost_workers();
        let (future, history) = submit(&pool, &policy, &signs, 9, How::Exit);
        assert_eq!(future.result().unwrap_err().kind(), TaskErrorKind::WorkerLost);
        assert_eq!((history.failed(), signs.count("attempt")), (3, 3));
        assert_eq!(pool.submit(double, 1).unwrap().result().unwrap(), 2, "and the pool goes on");
    });
}

#[test]
fn one_that_was_killed_is_not_attempted_again() {
    within(|| {
        let (pool, signs) = (workers(1), Signs::new());
        let policy = soon(9).after_lost_workers();
        let (future, history) = submit(&pool, &policy, &signs, 9, How::Wait(signs.path("go")));
        signs.wait_for("attempt1");
        assert!(pool.kill(future.id()));
        assert_eq!(future.result().unwrap_err().kind(), TaskErrorKind::Killed);
        assert_eq!(history.failed(), 1);
    });
}

#[test]
fn between_two_attempts_it_is_pending_and_can_be_cancelled() {
    within(|| {
        let (pool, signs) = (workers(1), Signs::new());
        let (mut future, history) = between_attempts(&pool, &signs);
        until("it waits", || future.state() == FutureState::Pending && !future.running());
        assert_eq!(pool.submit(double, 1).unwrap().result().unwrap(), 2, "the worker is free");
        assert!(future.cancel());
        assert_eq!(future.exception().unwrap().kind(), TaskErrorKind::Cancelled);
        assert_eq!((history.failed(), signs.count("attempt")), (1, 1));
    });
}

#[test]
fn an_attempt_that_runs_cannot_be_cancelled() {
    within(|| {
        let (pool, signs) = (workers(1), Signs::new());
        let (future, _) = submit(&pool, &soon(2), &signs, 1, How::Wait(signs.path("go")));
        signs.wait_for("attempt1");
        assert!(!future.cancel() && future.running());
        signs.give("go");
        assert_eq!(future.result().unwrap(), 2);
    });
}

#[test]
fn one_that_waits_for_a_worker_can_be_cancelled() {
    within(|| {
        let (pool, signs, others) = (workers(1), Signs::new(), Signs::new());
        let (busy, _) = submit(&pool, &soon(1), &others, 1, How::Wait(others.path("go")));
        others.wait_for("attempt1");
        let (future, _) = submit(&pool, &soon(2), &signs, 1, How::Err);
        assert!(future.cancel());
        others.give("go");
        assert!(busy.result().is_err());
        drop(pool);
        assert_eq!(signs.count("attempt"), 0);
    });
}

#[test]
fn after_a_request_to_stop_there_is_no_other_attempt() {
    within(|| {
        let (pool, signs) = (workers(1), Signs::new());
        let (future, _) = submit(&pool, &soon(9), &signs, 9, How::Wait(signs.path("go")));
        signs.wait_for("attempt1");
        future.request_stop();
        signs.give("go");
        assert_eq!(future.result().unwrap_err().message(), "failure 1");
        assert_eq!(signs.count("attempt"), 1);
    });
}

#[test]
fn a_shutdown_between_two_attempts_is_the_end_at_once() {
    within(|| {
        for how in [Shutdown::wait(), Shutdown::wait().cancel_futures()] {
            let (pool, signs) = (workers(1), Signs::new());
            let (future, _) = between_attempts(&pool, &signs);
            pool.shutdown(how).unwrap();
            assert_eq!(future.result().unwrap_err().message(), "failure 1");
        }
        let signs = Signs::new();
        let (future, _) = between_attempts(&workers(1), &signs); // the pool is dropped
        assert_eq!(future.result().unwrap_err().message(), "failure 1");
    });
}

#[test]
fn a_future_that_is_dropped_lets_the_attempts_go_on() {
    within(|| {
        let (pool, signs) = (workers(1), Signs::new());
        let (future, history) = submit(&pool, &soon(9), &signs, 2, How::Err);
        drop(future);
        until("the third attempt", || signs.count("attempt3") == 1);
        assert_eq!(history.failed(), 2);
    });
}

#[test]
fn a_first_attempt_that_is_refused_gives_the_arguments_back() {
    within(|| {
        let pool = workers(1);
        pool.shutdown(Shutdown::wait()).unwrap();
        let refused = pool.submit_retry(&soon(2), |n: u64| Ok::<_, String>(n), 7).unwrap_err();
        assert_eq!(refused.into_inner(), 7, "not registered");
        let arguments = (String::from("x"), 1, How::Err);
        let refused = pool.submit_retry(&soon(2), attempt, arguments).unwrap_err();
        assert_eq!(refused.into_inner().0, "x");
    });
}

#[test]
fn callbacks_and_waiters_hear_of_the_end_only() {
    within(|| {
        let (pool, signs) = (workers(1), Signs::new());
        let (future, history) = submit(&pool, &soon(3), &signs, 2, How::Err);
        let (sender, told) = std::sync::mpsc::channel();
        let seen = history.clone();
        future.add_done_callback(move |done| {
            sender.send((done.error().is_none(), seen.failed())).unwrap();
        });
        assert_eq!(future.result().unwrap(), 3);
        assert_eq!(told.iter().collect::<Vec<_>>(), [(true, 2)]);
    });
}
