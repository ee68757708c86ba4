//! The executor's list of accepted tasks, for backends that keep none.

use alloc::vec::Vec;
use core::ptr::NonNull;
use core::task::{Poll, Waker};

use crate::account::{Account, Counters, Remaining};
use crate::lock::Guarded;
use crate::locked::AnyLock;
use crate::queue::{Chain, Links, Place};
use crate::slot::{Header, LedgerEntry, SlotRef};
use crate::storage::heap::SlotLock;
use crate::sync::{UnsafeCell, atomic::AtomicU32};
use crate::tally::Tally;

/// Homes of tasks in a ledger (I7).
const ACCEPTED: u32 = 1;
const STARTED: u32 = 2;

/// The entry of a task that was allocated with room for one.
struct Ledgered;

impl Place for Ledgered {
    unsafe fn home<'a>(slot: NonNull<Header>) -> &'a AtomicU32 {
        // SAFETY: as the caller promises.
        &unsafe { entry(slot) }.home
    }

    unsafe fn links<'a>(slot: NonNull<Header>) -> &'a UnsafeCell<Links> {
        // SAFETY: as the caller promises.
        &unsafe { entry(slot) }.links
    }
}

/// # Safety
/// The slot is alive, and was allocated with room for an entry.
unsafe fn entry<'a>(slot: NonNull<Header>) -> &'a LedgerEntry {
    // SAFETY: alive, as the caller promises.
    let table = unsafe { slot.as_ref() }.table();
    // SAFETY: the table is this slot's.
    let entry = unsafe { (table.ledger_entry)(slot) };
    // SAFETY: there is one, as the caller promises.
    let entry = unsafe { entry.unwrap_unchecked() };
    // SAFETY: it lives in the slot.
    unsafe { entry.as_ref() }
}

/// Every accepted task is in it until it is resolved and has let its executor go.
pub(crate) struct Ledger {
    inner: Guarded<AnyLock, Inner>,
    tally: Tally,
}

struct Inner {
    closed: bool,
    accepted: Chain<Ledgered>,
    /// Those that `close_and_cancel` found started already.
    started: Chain<Ledgered>,
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
        Self { inner: Guarded::new(lock.into(), inner), tally: Tally::default() }
    }

    /// Where its tasks are counted.
    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Enters a task, unless closed. Counted as submitted either way: whoever is given its callable
    /// back takes that back.
    ///
    /// # Safety
    /// The task was allocated with room for an entry, and is in no ledger.
    pub(crate) unsafe fn enter(&self, task: &SlotRef) -> bool {
        let entry = task.clone();
        let refused = self.inner.with(|inner| {
            if inner.closed {
                return Some(entry);
            }
            inner.accepted.push(entry);
            None
        });
        self.tally.submitted.add();
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

impl Account for Ledger {
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
            let ended = inner.accepted.len() == 0 && inner.started.len() == 0;
            if ended || inner.waiting.iter().any(|other| other.will_wake(&waker)) {
                return Some((waker, ended));
            }
            inner.waiting.push(waker);
            None
        });
        if matches!(unused, Some((_, true))) { Poll::Ready(()) } else { Poll::Pending }
    }

    fn stop_waiting(&self, waker: &Waker) {
        // Clones are sure to be told to be the same; an original and its clone may not be.
        let waker = waker.clone();
        let entry = self.inner.with(|inner| {
            let at = inner.waiting.iter().position(|other| other.will_wake(&waker))?;
            Some(inner.waiting.swap_remove(at))
        });
        drop(entry);
    }

    fn remaining(&self) -> Remaining {
        self.inner.with(|inner| Remaining {
            tasks: inner.accepted.len() + inner.started.len(),
            workers: 0,
        })
    }

    fn counters(&self) -> Counters {
        let accepted = self.remaining().tasks;
        let (started, finished) = (self.tally.started.get(), self.tally.finished.get());
        // Of those that were started, as far as a snapshot of several counts goes.
        let ended = finished.wrapping_sub(self.tally.failed_unstarted.get());
        Counters {
            submitted: self.tally.submitted.get(),
            started,
            finished,
            failed: self.tally.failed.get(),
            cancelled: self.tally.cancelled.get(),
            queued: accepted.saturating_sub(started.wrapping_sub(ended)),
            idle_workers: 0,
            live_workers: 0,
        }
    }
}
