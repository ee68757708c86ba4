//! Retries whose policies, backends and callbacks panic, or go at the worst moment: the timer, which
//! all retries share, goes on, and every future is resolved.

use core::panic::AssertUnwindSafe;
use core::time::Duration;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::thread;

use concurrent_futures::{
    Backend, Executor, InlineBackend, Refused, RetryPolicy, Task, TaskErrorKind, submit_retry,
};

use crate::retries::{fails, soon};
use crate::support::{Counter, kind_of, pool, within};

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

/// Runs tasks where they are submitted; panics when another thread than the first one drops it.
struct AtHome(thread::ThreadId);

impl Backend for AtHome {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        task.run();
        Ok(())
    }
}

impl Drop for AtHome {
    fn drop(&mut self) {
        assert_eq!(thread::current().id(), self.0, "a backend that is dropped elsewhere");
    }
}

#[test]
fn the_timer_never_drops_a_backend_whose_end_is_waited_for() {
    within(|| {
        for round in 0..2000 {
            let executor = Executor::new(AtHome(thread::current().id()));
            let delay = if round % 2 == 0 { NEVER } else { Duration::ZERO };
            let policy = RetryPolicy::attempts(3).unwrap().fixed(delay);
            let dropped = Counter::new();
            let (future, _) = submit_retry(&executor, &policy, fails(9, &dropped)).unwrap();
            drop(executor);
            assert_eq!(kind_of(future.result()), TaskErrorKind::Failed);
        }
    });
}
