//! Who lets a backend go when a handle that keeps nothing alive is in use as the executor ends.

use core::time::Duration;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, ThreadId};

use concurrent_futures_core::{
    Backend, Executor, QueuedTask, Refused, RefusedReason, Task, TaskHook, TaskSpan,
};

use crate::support::within;

/// The threads that dropped a backend.
type DroppedIn = Arc<Mutex<Vec<ThreadId>>>;

/// Runs tasks where they are submitted, then does what the test wants.
struct Ends<F> {
    after: F,
    dropped_in: DroppedIn,
}

impl<F: Fn() + Send + Sync + 'static> Backend for Ends<F> {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        task.run();
        (self.after)();
        Ok(())
    }
}

impl<F> Drop for Ends<F> {
    fn drop(&mut self) {
        self.dropped_in.lock().expect("nobody panics here").push(thread::current().id());
    }
}

#[test]
fn the_end_of_an_executor_waits_for_whoever_submits_to_it() {
    within(|| {
        let dropped_in = DroppedIn::default();
        let (has_run, ran) = mpsc::channel();
        let (has_ended, ended) = mpsc::channel();
        let ended = Mutex::new(ended);
        let after = move || {
            has_run.send(()).expect("somebody waits");
            // Long enough for an end that does not wait; one that does lets this time pass.
            let early = ended.lock().expect("nobody else").recv_timeout(Duration::from_millis(200));
            assert!(early.is_err(), "the executor's end did not wait");
        };
        let executor = Executor::new(Ends { after, dropped_in: dropped_in.clone() });
        let weak = executor.downgrade();
        let submits = thread::spawn(move || weak.submit(|| 5).expect("accepted").result());
        ran.recv().expect("it runs");
        drop(executor);
        let dropped = std::mem::take(&mut *dropped_in.lock().expect("nobody panics here"));
        let _ = has_ended.send(()); // received only by who does not expect it
        assert_eq!(submits.join().expect("no panic").expect("it ran"), 5);
        assert_eq!(dropped, [thread::current().id()], "before the drop of the executor returned");
    });
}

#[test]
fn whoever_asks_whether_it_is_closed_never_drops_the_backend() {
    within(|| {
        const ROUNDS: usize = if cfg!(miri) { 10 } else { 2000 };
        let dropped_in = DroppedIn::default();
        for _ in 0..ROUNDS {
            let executor = Executor::new(Ends { after: || {}, dropped_in: dropped_in.clone() });
            let weak = executor.downgrade();
            let (is_asking, asks) = mpsc::channel();
            let asking = thread::spawn(move || {
                is_asking.send(()).expect("somebody waits");
                while !weak.is_closed() {}
            });
            asks.recv().expect("it asks");
            drop(executor);
            asking.join().expect("no panic");
        }
        let dropped_in = dropped_in.lock().expect("nobody panics here");
        assert_eq!(dropped_in.len(), ROUNDS);
        assert!(dropped_in.iter().all(|thread| *thread == thread::current().id()));
    });
}

/// Drops its own executor when it hears of a task.
#[derive(Clone)]
struct DropsIt(Arc<Mutex<Option<Executor<Fragile>>>>);

impl TaskHook for DropsIt {
    fn queued(&self, _task: &QueuedTask) -> Option<Box<dyn TaskSpan>> {
        let executor = self.0.lock().expect("nobody panics here").take();
        drop(executor);
        None
    }
}

/// Its drop panics.
struct Fragile;

impl Backend for Fragile {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        task.run();
        Ok(())
    }
}

impl Drop for Fragile {
    fn drop(&mut self) {
        panic!("the drop of a backend");
    }
}

#[test]
fn an_executor_that_is_dropped_by_whoever_submits_to_it_goes_when_that_ends() {
    within(|| {
        let hook = DropsIt(Arc::default());
        let executor = Executor::with_hook(Fragile, hook.clone());
        let weak = executor.downgrade();
        *hook.0.lock().expect("nobody panics here") = Some(executor);
        let refused = weak.submit(|| 5).expect_err("closed meanwhile");
        assert_eq!(*refused.reason(), RefusedReason::ShutDown);
        assert_eq!(refused.into_inner()(), 5);
        assert_eq!(Arc::strong_count(&hook.0), 1, "the backend is gone, and its panic contained");
    });
}
