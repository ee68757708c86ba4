//! A task in its caller's own memory.
#![forbid(unsafe_code)]

use core::cell::RefCell;
use core::future::Future as _;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;

use concurrent_futures_core::{PinnedTask, TaskError};

use crate::life::{Bell, Kind, Life, Ticket, Value};
use crate::world::{Executor, Hand};

pub(crate) type Task = Pin<Box<PinnedTask<Box<dyn FnOnce() -> Value + Send>, Value>>>;

/// The task, and what became of it.
#[derive(Debug)]
pub(crate) struct Pinned {
    pub(crate) life: Arc<Life>,
    pub(crate) task: Hand<Task>,
    /// Of the last poll that found it pending.
    bell: RefCell<Option<Arc<Bell>>>,
}

impl Pinned {
    pub(crate) fn new(name: &'static str) -> Self {
        let life = Life::new(name, Kind::Task);
        let ticket = Ticket::new(&life);
        let task = Box::pin(PinnedTask::new(Box::new(move || ticket.run()) as _));
        Self { life, task: Hand::of(task), bell: RefCell::default() }
    }

    /// Submits it, or is refused: it was before, or the executor is shut down.
    pub(crate) fn submit(&self, executor: &'static Executor) -> bool {
        self.task.with_mut(|task| drop(executor.submit_pinned(task.as_mut()))).is_some()
    }

    /// Polls it, with a new waker.
    pub(crate) fn poll(&self) -> bool {
        let (bell, waker) = Bell::new();
        let poll = |task: &mut Task| {
            let polled = task.as_mut().poll(&mut Context::from_waker(&waker));
            self.bell.replace(polled.is_pending().then_some(bell));
            if let Poll::Ready(outcome) = polled {
                self.life.note_outcome(outcome);
            }
        };
        self.task.with_mut(poll).is_some()
    }

    /// Takes the outcome, or what `f` makes of it, if there is one.
    pub(crate) fn look(
        &self,
        f: impl FnOnce(Pin<&mut PinnedTask<Box<dyn FnOnce() -> Value + Send>, Value>>) -> Outcome,
    ) -> bool {
        let looked = self.task.with_mut(|task| f(task.as_mut()));
        looked.map(|outcome| outcome.map(|outcome| self.life.note_outcome(outcome))).is_some()
    }

    /// Another waker has taken the place of the last poll's.
    pub(crate) fn forget_poll(&self) {
        self.bell.take();
    }

    /// # Panics
    /// If it is queued and not done, or its waker was forgotten.
    pub(crate) fn end(&self) {
        if let Some(mut task) = self.task.take() {
            if !task.done() {
                assert!(task.cancel(), "{task:?} cannot be cancelled");
            }
            let bell = self.bell.take();
            assert!(bell.is_none_or(|bell| bell.has_rung()), "{task:?}: nobody was woken");
            let outcome = task.as_mut().try_result();
            self.life.note_outcome(outcome.unwrap_or_else(|| panic!("{task:?} has no outcome")));
        }
        self.life.assert_ended_well();
    }
}

/// What a look gives.
pub(crate) type Outcome = Option<Result<Value, TaskError>>;
