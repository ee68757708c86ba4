//! The executor's list of accepted tasks, for backends that keep none.
#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::task::{Poll, Waker};

use crate::lock::Guarded;
use crate::locked::AnyLock;
use crate::queue::Chain;
use crate::slot::SlotRef;
use crate::storage::heap::SlotLock;
use crate::supervise::{Remaining, Supervise, TaskRef};

/// Homes of tasks in a ledger (I7).
const ACCEPTED: u32 = 1;
const STARTED: u32 = 2;

/// Every accepted task is in it until it is resolved.
pub(crate) struct Ledger {
    inner: Guarded<AnyLock, Inner>,
}

struct Inner {
    closed: bool,
    accepted: Chain,
    /// Those that `close_and_cancel` found started already.
    started: Chain,
    /// Whoever waits for the end.
    waiting: Vec<Waker>,
}

impl Ledger {
    pub(crate) fn new(lock: SlotLock) -> Self {
        let inner = Inner {
            closed: false,
            accepted: Chain::new(ACCEPTED),
            started: Chain::new(STARTED),
            waiting: Vec::new(),
        };
        Self { inner: Guarded::new(lock.into(), inner) }
    }

    /// Enters a task, unless closed.
    pub(crate) fn enter(&self, task: &SlotRef) -> bool {
        let entry = task.clone();
        let refused = self.inner.with(|inner| {
            if inner.closed {
                return Some(entry);
            }
            inner.accepted.push(entry);
            None
        });
        refused.is_none()
    }

    /// Strikes out a task that is resolved.
    pub(crate) fn strike(&self, task: &SlotRef) {
        let (entry, waiting) = self.inner.with(|inner| {
            let entry = inner.accepted.remove(task).or_else(|| inner.started.remove(task));
            let ended = inner.accepted.len() == 0 && inner.started.len() == 0;
            let waiting = if ended { core::mem::take(&mut inner.waiting) } else { Vec::new() };
            (entry, waiting)
        });
        drop(entry);
        for waker in waiting {
            let _ = crate::contain::contain(|| waker.wake());
        }
    }
}

impl Supervise for Ledger {
    fn close(&self) {
        self.inner.with(|inner| inner.closed = true);
    }

    fn close_and_cancel(&self) -> usize {
        self.close();
        let mut cancelled = 0;
        // Moves every task to `started`, from where its resolution strikes it.
        while let Some(task) = self.inner.with(|inner| {
            let task = inner.accepted.pop()?;
            inner.started.push(task.clone());
            Some(task)
        }) {
            if task.snapshot().is_pending() && task.cancel() {
                cancelled += 1;
            }
        }
        cancelled
    }

    fn poll_ended(&self, waker: &Waker) -> Poll<()> {
        let waker = waker.clone();
        let unused = self.inner.with(|inner| {
            if inner.accepted.len() == 0 && inner.started.len() == 0 {
                return Some(waker);
            }
            inner.waiting.push(waker);
            None
        });
        if unused.is_some() { Poll::Ready(()) } else { Poll::Pending }
    }

    fn remaining(&self) -> Remaining {
        self.inner.with(|inner| Remaining {
            tasks: inner.accepted.len() + inner.started.len(),
            workers: 0,
        })
    }

    fn on_worker(&self) -> bool {
        false // the executor knows its tasks' frames
    }

    fn unlink(&self, _task: &TaskRef<'_>) {
        // Struck out when it is resolved; the backend's entry finds it claimed.
    }

    fn enter_wait(&self, _waker: &Waker) {}

    fn all_wait(&self) -> bool {
        true // nobody here knows how many workers there are: perhaps the caller is the only one
    }

    fn leave_wait(&self, _waker: &Waker) {}
}
