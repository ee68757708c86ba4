//! Retries whose policies, backends and callbacks panic, or go at the worst moment: the timer, which
//! all retries share, goes on, and every future is resolved.

use core::panic::AssertUnwindSafe;
use core::time::Duration;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;

use concurrent_futures::{
    Backend, Executor, InlineBackend, Refused, RetryPolicy, Task, TaskErrorKind, submit_retry,
};

use crate::retries::{fails, soon};
use crate::support::{Counter, pool, receive, within};

/// No test waits for it.
const NEVER: Duration = Duration::from_secs(3600);

fn assert_that_the_timer_goes_on() {
    let (executor, dropped) = (Executor::new(InlineBackend), Counter::new());
    let (future, _) = submit_retry(&executor, &soon(3), fails(2, &dropped)).unwrap();
    assert_eq!(future.result().unwrap(), 3);
}

/// Its drop panics.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the drop of a bomb");
    }
}

#[test]
fn a_policy_that_panics_as_it_is_dropped_leaves_the_timer_alone() {
    within(|| {
        let (first, second, dropped) = (pool(1), pool(1), Counter::new());
        let never = RetryPolicy::attempts(3).unwrap().fixed(NEVER);
        let bomb = Bomb;
        let fragile = never.clone().when(move |_| {
            let _ = &bomb;
            true
        });
        let (overtaken, _) = first.submit_retry(&never, fails(1, &dropped)).unwrap();
        first.submit(|| ()).unwrap().result().unwrap(); // the timer has it
        let (kept, _) = second.submit_retry(&fragile, fails(1, &dropped)).unwrap();
        second.submit(|| ()).unwrap().result().unwrap(); // this one too, behind the other
        drop(fragile);
        // In the timer's thread, which holds both in its hands: its reference is the last.
        overtaken.add_done_callback(move |_| {
            assert!(kept.cancel());
            drop(kept);
        });
        drop(first);
        assert!(overtaken.result().is_err());
        assert_that_the_timer_goes_on();
    });
}

/// Runs the first task; panics at the second, which it may run before.
struct PanicsAtTheSecond {
    runs_it: bool,
    tasks: Mutex<usize>,
}

impl Backend for PanicsAtTheSecond {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        let number = {
            let mut tasks = self.tasks.lock().unwrap();
            *tasks += 1;
            *tasks
        };
        if number == 1 || self.runs_it {
            task.run();
        }
        assert_ne!(number, 2, "a backend that panics");
        Ok(())
    }
}

#[test]
fn a_backend_that_panics_at_an_attempt_ends_the_retry() {
    within(|| {
        for runs_it in [false, true] {
            let executor = Executor::new(PanicsAtTheSecond { runs_it, tasks: Mutex::new(0) });
            let dropped = Counter::new();
            let (future, history) = submit_retry(&executor, &soon(5), fails(9, &dropped)).unwrap();
            let error = future.result().unwrap_err();
            if runs_it {
                assert_eq!(error.kind(), TaskErrorKind::Abandoned);
            } else {
                assert_eq!(error.message(), "failure 1");
            }
            assert_eq!((history.failed(), dropped.get()), (1, 1));
            assert_that_the_timer_goes_on();
        }
    });
}

#[test]
fn a_backend_that_panics_at_the_first_attempt_keeps_nothing() {
    within(|| {
        for runs_it in [false, true] {
            let executor = Executor::new(PanicsAtTheSecond { runs_it, tasks: Mutex::new(1) });
            let dropped = Counter::new();
            let submit = || submit_retry(&executor, &soon(5), fails(9, &dropped)).map(drop);
            assert!(catch_unwind(AssertUnwindSafe(submit)).is_err());
            assert_eq!((dropped.get(), dropped.handles()), (1, 1));
        }
    });
}

/// Runs tasks where they are submitted; after the second says so, and stays for a while.
struct Stays {
    tasks: AtomicUsize,
    has_run: mpsc::Sender<()>,
    gone: mpsc::Sender<thread::ThreadId>,
}

impl Backend for Stays {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        task.run();
        if self.tasks.fetch_add(1, Ordering::Relaxed) == 1 {
            self.has_run.send(()).unwrap();
            // For an end that does not wait to be seen not to; one that does lets this time pass.
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}

impl Drop for Stays {
    fn drop(&mut self) {
        self.gone.send(thread::current().id()).unwrap();
    }
}

#[test]
fn the_timer_never_drops_a_backend_whose_end_is_waited_for() {
    within(|| {
        let (has_run, ran) = mpsc::channel();
        let (gone, is_gone) = mpsc::channel();
        let executor = Executor::new(Stays { tasks: 0.into(), has_run, gone });
        let dropped = Counter::new();
        let (future, _) = submit_retry(&executor, &soon(2), fails(9, &dropped)).unwrap();
        receive(&ran);
        drop(executor);
        assert_eq!(is_gone.try_recv(), Ok(thread::current().id()));
        assert_eq!(future.result().unwrap_err().message(), "failure 2");
    });
}
