//! Executors in which nothing is queued, and their workers, which sleep.
#![forbid(unsafe_code)]

use core::cell::RefCell;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Waker};
use std::sync::Arc;

use crate::life::{Bell, Kind};
use crate::world::{Executor, Hand, SLOTS, Subject};

/// An executor, workers of it, and what was submitted to them.
#[derive(Debug)]
pub(crate) struct Workers {
    pub(crate) executor: &'static Executor,
    workers: Vec<Worker>,
    submitted: RefCell<Vec<Subject>>,
}

/// A worker that is an async task.
struct Worker {
    task: Hand<Pin<Box<dyn Future<Output = ()>>>>,
    bell: RefCell<Arc<Bell>>,
}

impl Workers {
    pub(crate) fn new(count: usize) -> Self {
        let executor: &'static Executor = Box::leak(Box::new(Executor::new()));
        let worker =
            |_| Worker { task: Hand::of(Box::pin(executor.run())), bell: RefCell::default() };
        Self { executor, workers: (0..count).map(worker).collect(), submitted: RefCell::default() }
    }

    pub(crate) fn fall_asleep(&self) {
        let turned = (0..self.workers.len()).all(|index| self.turn(index));
        assert!(turned && self.sleepers() == self.workers.len(), "nothing is queued");
    }

    pub(crate) fn submit(&self) -> bool {
        let subject = Subject::nothing("submitted to workers", Kind::Task);
        let accepted = subject.submit(self.executor);
        self.submitted.borrow_mut().push(subject);
        accepted
    }

    /// One turn of a worker.
    pub(crate) fn turn(&self, index: usize) -> bool {
        let worker = &self.workers[index];
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(Arc::clone(&bell));
        let mut over = false;
        let turn = |task: &mut Pin<Box<dyn Future<Output = ()>>>| {
            over = task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
            worker.bell.replace(bell);
        };
        let turned = worker.task.with_mut(turn).is_some();
        if over {
            drop(worker.task.take());
        }
        turned
    }

    pub(crate) fn leave(&self, index: usize) -> bool {
        self.workers[index].task.take().is_some()
    }

    /// Those that are there and were not woken since their last turn.
    fn sleepers(&self) -> usize {
        let sleeps = |worker: &&Worker| worker.is_there() && !worker.bell.borrow().has_rung();
        self.workers.iter().filter(sleeps).count()
    }

    fn there(&self) -> usize {
        self.workers.iter().filter(|worker| worker.is_there()).count()
    }

    /// Everybody is asleep or not there, the caller too.
    ///
    /// # Panics
    /// If there is something to do.
    pub(crate) fn assert_rightly_asleep(&self) {
        let awake = self.there() - self.sleepers();
        assert!(
            awake > 0 || self.executor.queued() == 0,
            "all workers sleep, and a task is queued"
        );
    }

    /// # Panics
    /// If a worker sleeps that should not.
    pub(crate) fn end(&self) {
        if self.there() > 0 {
            self.assert_rightly_asleep();
        }
        self.executor.shutdown();
        assert_eq!(self.sleepers(), 0, "workers that nobody told of the end");
        self.executor.run_pending();
        for index in 0..self.workers.len() {
            self.turn(index);
        }
        assert_eq!(self.there(), 0, "workers that do not end");
        let submitted = self.submitted.take();
        submitted.iter().for_each(Subject::end);
        assert_eq!(self.executor.free_slots(), SLOTS, "free slots of the workers' executor");
        submitted.iter().for_each(|subject| subject.life.assert_ended_well());
    }
}

impl Worker {
    /// Not in its turn, nor gone.
    fn is_there(&self) -> bool {
        self.task.with(|_| ()).is_some()
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("bell", &self.bell).finish_non_exhaustive()
    }
}
