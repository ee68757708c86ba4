//! Work that is attempted again.

use core::time::Duration;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use concurrent_futures::{
    Backend, Executor, Future, FutureState, History, InlineBackend, Refused, RefusedReason,
    RetryPolicy, Shutdown, Task, TaskErrorKind, ThreadPoolExecutor, stop_requested, submit_retry,
};

use crate::support::{
    Blocker, Counter, Gate, OnDrop, end, in_child, is_child, kind_of, pool, receive, within,
};

const SOON: Duration = Duration::from_millis(1);
/// No test waits for it.
const NEVER: Duration = Duration::from_secs(3600);

pub(crate) fn soon(attempts: u32) -> RetryPolicy {
    RetryPolicy::attempts(attempts).unwrap().fixed(SOON)
}

fn never(attempts: u32) -> RetryPolicy {
    RetryPolicy::attempts(attempts).unwrap().fixed(NEVER)
}

/// Fails so often, then returns how often it was called; counts its end.
pub(crate) fn fails(
    times: usize,
    dropped: &Counter,
) -> impl FnMut() -> Result<usize, String> + Send + use<> {
    let end = OnDrop(dropped.clone());
    let mut calls = 0;
    move || {
        let _ = &end;
        calls += 1;
        if calls > times { Ok(calls) } else { Err(format!("failure {calls}")) }
    }
}

fn messages(history: &History) -> Vec<String> {
    history.errors().iter().map(|error| error.message().to_owned()).collect()
}

/// A retry that has failed once and waits for ever.
fn between_attempts(pool: &ThreadPoolExecutor, dropped: &Counter) -> (Future<usize>, History) {
    let (future, history) = pool.submit_retry(&never(3), fails(1, dropped)).unwrap();
    let began = Instant::now();
    while history.failed() == 0 || future.state() != FutureState::Pending {
        assert!(began.elapsed() < Duration::from_secs(30), "the first attempt never ends");
        thread::yield_now();
    }
    (future, history)
}

#[test]
fn it_succeeds_at_the_third_attempt() {
    within(|| {
        let (pool, dropped) = (pool(2), Counter::new());
        let (future, history) = pool.submit_retry(&soon(5), fails(2, &dropped)).unwrap();
        assert_eq!(future.result().unwrap(), 3);
        assert_eq!(messages(&history), ["failure 1", "failure 2"]);
        assert_eq!(dropped.get(), 1);
    });
}

#[test]
fn it_gives_up_with_the_last_error_and_the_whole_history() {
    within(|| {
        let (pool, dropped) = (pool(2), Counter::new());
        let (future, history) = pool.submit_retry(&soon(3), fails(9, &dropped)).unwrap();
        let error = future.result().unwrap_err();
        assert_eq!((error.kind(), error.message()), (TaskErrorKind::Failed, "failure 3"));
        assert_eq!(messages(&history), ["failure 1", "failure 2", "failure 3"]);
        assert_eq!((history.failed(), dropped.get()), (3, 1));
    });
}

#[test]
fn one_attempt_is_no_retry() {
    within(|| {
        let (pool, dropped) = (pool(1), Counter::new());
        let (future, history) = pool.submit_retry(&never(1), fails(9, &dropped)).unwrap();
        assert_eq!(future.result().unwrap_err().message(), "failure 1");
        assert_eq!((history.failed(), dropped.get()), (1, 1));
    });
}

#[test]
fn an_error_that_the_policy_does_not_want_ends_it_at_once() {
    within(|| {
        let (pool, dropped) = (pool(1), Counter::new());
        let policy = soon(9).when(|error| error.message() != "failure 2");
        let (future, history) = pool.submit_retry(&policy, fails(9, &dropped)).unwrap();
        assert_eq!(future.result().unwrap_err().message(), "failure 2");
        assert_eq!((history.failed(), dropped.get()), (2, 1));
    });
}

#[test]
fn zero_attempts_are_an_error() {
    let error = RetryPolicy::attempts(0).unwrap_err();
    assert_eq!(error.to_string(), "a retry policy of zero attempts: ask for 1 at least");
}

#[test]
fn each_delay_is_kept_and_the_last_one_repeated() {
    within(|| {
        let (pool, dropped) = (pool(1), Counter::new());
        let delays = [Duration::from_millis(20), Duration::from_millis(30)];
        let policy = RetryPolicy::attempts(4).unwrap().backoff(move || delays);
        let began = Instant::now();
        let (future, _) = pool.submit_retry(&policy, fails(3, &dropped)).unwrap();
        assert_eq!(future.result().unwrap(), 4);
        assert!(began.elapsed() >= Duration::from_millis(20 + 30 + 30));
    });
}

#[test]
fn exponential_delays_are_kept() {
    within(|| {
        let (pool, dropped) = (pool(1), Counter::new());
        let (first, most) = (Duration::from_millis(4), Duration::from_millis(8));
        let policy = RetryPolicy::attempts(4).unwrap().exponential(first, most);
        let began = Instant::now();
        let (future, _) = pool.submit_retry(&policy, fails(3, &dropped)).unwrap();
        assert_eq!(future.result().unwrap(), 4);
        assert!(began.elapsed() >= Duration::from_millis(4 + 8 + 8));
    });
}

#[test]
fn a_delay_longer_than_the_clock_goes_ends_it() {
    within(|| {
        let (pool, dropped) = (pool(1), Counter::new());
        let policy = RetryPolicy::attempts(4).unwrap().fixed(Duration::MAX);
        let (future, _) = pool.submit_retry(&policy, fails(3, &dropped)).unwrap();
        assert_eq!(future.result().unwrap_err().message(), "failure 1");
        assert_eq!(dropped.get(), 1);
    });
}

#[test]
fn between_attempts_no_worker_is_occupied() {
    within(|| {
        let (pool, dropped) = (pool(1), Counter::new());
        let (future, _) = between_attempts(&pool, &dropped);
        assert!(!future.running() && !future.done());
        assert_eq!(pool.submit(|| 5).unwrap().result().unwrap(), 5);
        assert!(future.cancel());
    });
}

#[test]
fn a_queued_attempt_can_be_cancelled() {
    within(|| {
        let (pool, dropped) = (pool(1), Counter::new());
        let blocker = Blocker::occupy(&pool);
        let (future, history) = pool.submit_retry(&soon(3), fails(0, &dropped)).unwrap();
        assert_eq!(pool.remaining().tasks, 1);
        assert!(future.cancel() && future.cancelled());
        assert_eq!(dropped.get(), 1, "dropped by whoever cancels");
        assert_eq!(pool.remaining().tasks, 0, "unlinked");
        assert_eq!(kind_of(future.result()), TaskErrorKind::Cancelled);
        blocker.release();
        assert_eq!(history.failed(), 0);
    });
}

#[test]
fn a_running_attempt_cannot_be_cancelled() {
    within(|| {
        let pool = pool(1);
        let (started, has_started) = mpsc::channel();
        let gate = Gate::new();
        let closed = gate.clone();
        let attempt = move || {
            started.send(()).unwrap();
            closed.pass();
            Ok::<_, String>(7)
        };
        let (future, _) = pool.submit_retry(&soon(3), attempt).unwrap();
        receive(&has_started);
        assert!(future.running() && !future.cancel());
        gate.open();
        assert_eq!(future.result().unwrap(), 7);
    });
}

#[test]
fn between_attempts_it_can_be_cancelled() {
    within(|| {
        let (pool, dropped) = (pool(1), Counter::new());
        let (future, history) = between_attempts(&pool, &dropped);
        assert!(future.cancel() && future.cancelled());
        assert_eq!(dropped.get(), 1, "dropped by whoever cancels");
        assert_eq!(messages(&history), ["failure 1"]);
        assert_eq!(kind_of(future.result()), TaskErrorKind::Cancelled);
        assert_eq!(dropped.handles(), 1);
    });
}

#[test]
fn a_dropped_future_goes_on() {
    within(|| {
        let (pool, dropped) = (pool(1), Counter::new());
        let (done, is_done) = mpsc::channel();
        let mut attempt = fails(2, &dropped);
        let attempt = move || attempt().inspect(|calls| done.send(*calls).unwrap());
        let (future, history) = pool.submit_retry(&soon(5), attempt).unwrap();
        drop(future);
        assert_eq!(receive(&is_done), 3);
        end(&pool);
        // The timer's thread settles an attempt that has ended before it was told who is to do that.
        while dropped.get() == 0 {
            thread::yield_now();
        }
        assert_eq!((history.failed(), dropped.get()), (2, 1));
    });
}

#[test]
fn a_queued_attempt_is_run_after_a_shutdown_and_no_other() {
    within(|| {
        let (pool, dropped) = (pool(1), Counter::new());
        let blocker = Blocker::occupy(&pool);
        let (future, history) = pool.submit_retry(&soon(9), fails(9, &dropped)).unwrap();
        pool.shutdown(Shutdown::detach()).unwrap();
        blocker.release();
        assert_eq!(future.result().unwrap_err().message(), "failure 1");
        assert_eq!((history.failed(), dropped.get()), (1, 1));
    });
}

#[test]
fn a_shutdown_that_cancels_cancels_a_queued_attempt() {
    within(|| {
        let (pool, dropped) = (pool(1), Counter::new());
        let blocker = Blocker::occupy(&pool);
        let (future, _) = pool.submit_retry(&soon(9), fails(9, &dropped)).unwrap();
        pool.close_and_cancel();
        assert_eq!(kind_of(future.result()), TaskErrorKind::Cancelled);
        assert_eq!(dropped.get(), 1);
        blocker.release();
    });
}

#[test]
fn a_running_attempt_is_the_last_after_a_shutdown() {
    within(|| {
        let pool = pool(1);
        let (started, has_started) = mpsc::channel();
        let gate = Gate::new();
        let closed = gate.clone();
        let attempt = move || {
            started.send(()).unwrap();
            closed.pass();
            Err::<u8, _>("no")
        };
        let (future, history) = pool.submit_retry(&never(9), attempt).unwrap();
        receive(&has_started);
        pool.close();
        gate.open();
        assert_eq!(future.result().unwrap_err().message(), "no");
        assert_eq!(history.failed(), 1);
    });
}

#[test]
fn between_attempts_a_shutdown_ends_it_at_once_with_the_last_error() {
    within(|| {
        let (pool, dropped) = (pool(1), Counter::new());
        let (future, _) = between_attempts(&pool, &dropped);
        end(&pool);
        assert_eq!(future.result().unwrap_err().message(), "failure 1");
        assert_eq!(dropped.get(), 1);
    });
}

#[test]
fn between_attempts_the_drop_of_the_pool_ends_it_at_once() {
    within(|| {
        let (pool, dropped) = (pool(1), Counter::new());
        let (future, _) = between_attempts(&pool, &dropped);
        let (other, _) = between_attempts(&pool, &dropped);
        drop(pool);
        assert_eq!(future.result().unwrap_err().message(), "failure 1");
        assert_eq!(other.result().unwrap_err().message(), "failure 1");
        assert_eq!(dropped.get(), 2);
    });
}

#[test]
fn the_end_of_one_pool_does_not_end_what_waits_for_another() {
    within(|| {
        let (kept, dropped) = (pool(1), Counter::new());
        let (future, _) = between_attempts(&kept, &dropped);
        let other = pool(1);
        let (ended, _) = between_attempts(&other, &dropped);
        drop(other);
        assert!(ended.result().is_err());
        assert!(!future.done());
        assert!(future.cancel());
    });
}

#[test]
fn after_a_shutdown_the_closure_comes_back() {
    within(|| {
        let (pool, dropped) = (pool(1), Counter::new());
        end(&pool);
        let refused = pool.submit_retry(&soon(3), fails(0, &dropped)).unwrap_err();
        assert_eq!(dropped.get(), 0);
        let mut closure = refused.into_inner();
        assert_eq!(closure(), Ok(1));
        drop(closure);
        assert_eq!((dropped.get(), dropped.handles()), (1, 1));
    });
}

fn panics_once(calls: &Counter) -> impl FnMut() -> Result<usize, String> + Send + use<> {
    let calls = calls.clone();
    move || {
        calls.count();
        assert!(calls.get() > 1, "the first call panics");
        Ok(calls.get())
    }
}

#[test]
fn a_panic_is_not_retried() {
    within(|| {
        let (pool, calls) = (pool(1), Counter::new());
        let (future, history) = pool.submit_retry(&soon(3), panics_once(&calls)).unwrap();
        let error = future.result().unwrap_err();
        assert_eq!(error.message(), "the first call panics");
        assert!(error.location().unwrap().contains("retries.rs"));
        assert_eq!((calls.get(), history.failed()), (1, 1));
    });
}

#[test]
fn a_panic_is_retried_if_the_policy_says_so() {
    within(|| {
        let (pool, calls) = (pool(1), Counter::new());
        let policy = soon(3).after_panics();
        let (future, history) = pool.submit_retry(&policy, panics_once(&calls)).unwrap();
        assert_eq!(future.result().unwrap(), 2);
        assert!(history.errors()[0].is_panicked());
    });
}

#[test]
fn a_policy_that_panics_ends_it_with_the_last_error() {
    within(|| {
        let (pool, dropped) = (pool(1), Counter::new());
        let policy = soon(3).when(|_| panic!("which errors?"));
        let (future, _) = pool.submit_retry(&policy, fails(9, &dropped)).unwrap();
        assert_eq!(future.result().unwrap_err().message(), "failure 1");
        let policy = RetryPolicy::attempts(3).unwrap();
        let policy = policy.backoff(|| std::iter::from_fn(|| panic!("how long?")));
        let (future, _) = pool.submit_retry(&policy, fails(9, &dropped)).unwrap();
        assert_eq!(future.result().unwrap_err().message(), "failure 1");
        assert_eq!(dropped.get(), 2);
    });
}

#[test]
fn an_attempt_that_was_asked_to_stop_is_the_last() {
    within(|| {
        let pool = pool(1);
        let (started, has_started) = mpsc::channel();
        let attempt = move || {
            started.send(()).unwrap();
            while !stop_requested() {
                thread::yield_now();
            }
            Err::<u8, _>("stopped")
        };
        let (future, history) = pool.submit_retry(&soon(9), attempt).unwrap();
        receive(&has_started);
        future.request_stop();
        assert_eq!(future.result().unwrap_err().message(), "stopped");
        assert_eq!(history.failed(), 1);
    });
}

#[test]
fn any_executor_can_retry() {
    within(|| {
        let (executor, dropped) = (Executor::new(InlineBackend), Counter::new());
        let (future, history) = submit_retry(&executor, &soon(3), fails(2, &dropped)).unwrap();
        assert_eq!(future.result().unwrap(), 3);
        assert_eq!((history.failed(), dropped.get()), (2, 1));
    });
}

/// Runs the first so many tasks, and drops the others.
struct LosesAfter(std::sync::Mutex<usize>);

impl Backend for LosesAfter {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        let mut left = self.0.lock().unwrap();
        if *left > 0 {
            *left -= 1;
            drop(left);
            task.run();
        }
        Ok(())
    }
}

#[test]
fn an_attempt_that_the_backend_loses_is_abandoned() {
    within(|| {
        for runs in 0..2 {
            let executor = Executor::new(LosesAfter(runs.into()));
            let dropped = Counter::new();
            let (future, history) = submit_retry(&executor, &soon(3), fails(9, &dropped)).unwrap();
            assert_eq!(kind_of(future.result()), TaskErrorKind::Abandoned);
            assert_eq!((history.failed(), dropped.get()), (runs, 1));
        }
    });
}

/// Runs the first task at once; has no room for the second, and runs the others.
struct FullOnce(std::sync::atomic::AtomicUsize);

impl Backend for FullOnce {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        if self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 1 {
            return Err(Refused::new(task, RefusedReason::Full));
        }
        task.run();
        Ok(())
    }
}

#[test]
fn an_attempt_for_which_there_is_no_room_comes_later() {
    within(|| {
        let (executor, dropped) = (Executor::new(FullOnce(0.into())), Counter::new());
        let (future, history) = submit_retry(&executor, &soon(3), fails(2, &dropped)).unwrap();
        assert_eq!(future.result().unwrap(), 3);
        assert_eq!((history.failed(), dropped.get()), (2, 1), "a refusal is no attempt");
    });
}

#[test]
fn many_retries_at_once_all_end() {
    within(|| {
        let (pool, dropped) = (pool(4), Counter::new());
        let policy = RetryPolicy::attempts(6).unwrap().exponential(SOON / 10, SOON);
        let futures: Vec<_> = (0..200)
            .map(|n| pool.submit_retry(&policy, fails(n % 8, &dropped)).unwrap().0)
            .collect();
        for (n, future) in futures.into_iter().enumerate() {
            match future.result() {
                Ok(calls) => assert_eq!(calls, n % 8 + 1),
                Err(error) => assert!(n % 8 >= 6 && error.message() == "failure 6", "{error}"),
            }
        }
        end(&pool);
        assert_eq!(dropped.get(), 200);
    });
}

#[test]
fn cancelling_races_with_the_next_attempt() {
    within(|| {
        let (pool, dropped) = (pool(2), Counter::new());
        for _ in 0..200 {
            let policy = RetryPolicy::attempts(u32::MAX).unwrap().fixed(Duration::ZERO);
            let (future, history) =
                pool.submit_retry(&policy, fails(usize::MAX, &dropped)).unwrap();
            while history.failed() == 0 || !future.cancel() {
                thread::yield_now();
            }
            assert_eq!(kind_of(future.result()), TaskErrorKind::Cancelled);
        }
        end(&pool);
        assert_eq!(dropped.get(), 200);
    });
}

#[test]
#[cfg(target_os = "linux")]
fn the_timer_ends_when_nobody_waits() {
    if !is_child() {
        let ended = in_child(&[], "retries::the_timer_ends_when_nobody_waits");
        assert!(ended.status.success(), "{}", ended.printed);
        return;
    }
    let named = || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let names =
            tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
        names.filter(|name| name.trim() == "retry-timer").count()
    };
    let (pool, dropped) = (pool(1), Counter::new());
    let (future, _) = between_attempts(&pool, &dropped);
    let began = Instant::now();
    while named() != 1 {
        // It is started after the future is pending again, and then gives itself its name.
        assert!(began.elapsed() < Duration::from_secs(20), "there is no timer");
        thread::yield_now();
    }
    assert!(future.cancel());
    let began = Instant::now();
    while named() > 0 {
        assert!(began.elapsed() < Duration::from_secs(20), "the timer stays");
        thread::sleep(SOON);
    }
    let (future, _) = pool.submit_retry(&soon(3), fails(1, &dropped)).unwrap();
    assert_eq!(future.result().unwrap(), 2, "it is started again");
}
