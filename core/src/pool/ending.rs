//! How a pool ends: closed, cancelled or broken, its workers accounted for.
#![forbid(unsafe_code)]

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ptr::NonNull;
use core::task::{Poll, Waker};

use super::inner::{GLOBAL, Inner};
use super::{Platform, sleep};
use crate::backend::Text;
use crate::contain::contain;
use crate::error::TaskError;
use crate::queue::{Queued, home_of};
use crate::slot::SlotRef;
use crate::supervise::{Remaining, Supervise, TaskRef};
use crate::sync::atomic::Ordering;

/// Why nothing is accepted, and what becomes of what is queued.
#[derive(Clone)]
pub(super) enum Closed {
    Run,
    Cancel,
    Break(Text),
}

impl<P: Platform> Inner<P> {
    pub(super) fn is_closed(&self) -> bool {
        self.global.with(|global| global.closed.is_some())
    }

    /// P4. Cancelling after running, breaking after both: what was said last and is worse counts.
    pub(super) fn close_as(&self, how: Closed) {
        let before = self.global.with(|global| {
            let worse = match (&global.closed, &how) {
                (None, _) | (Some(Closed::Run), Closed::Cancel | Closed::Break(_)) => true,
                (Some(Closed::Cancel), Closed::Break(_)) => true,
                (Some(_), _) => false,
            };
            if worse { global.closed.replace(how) } else { None }
        });
        drop(before);
        self.wake_all();
    }

    /// Resolves all that is queued, now and by whoever moves tasks from queue to queue later.
    pub(super) fn purge(&self) -> usize {
        // ORDERING: Relaxed; the locks of the queues order it: a task that is pushed to a desk after
        // it was purged, is pushed by somebody who sees the flag then.
        self.purging.store(true, Ordering::Relaxed);
        let fate = self.global.with(|global| global.closed.clone());
        let mut purged = 0;
        while let Some(slot) = self.global.with(|global| global.chain.pop()) {
            purged += resolve(slot, &fate);
        }
        for desk in &self.desks {
            while let Some(slot) = desk.queue.pop() {
                purged += resolve(slot, &fate);
            }
        }
        purged
    }

    /// Resolves a task that a worker took, and is not to run any more.
    pub(super) fn resolve_purged(&self, slot: SlotRef) {
        let fate = self.global.with(|global| global.closed.clone());
        resolve(slot, &fate);
    }

    /// The pool gives up: what is queued fails with the cause, what comes is refused with it.
    pub(super) fn break_down(&self, cause: Text) {
        self.close_as(Closed::Break(cause));
        self.purge();
    }

    /// P6: a worker has ended; `now` is the word after it said so.
    pub(super) fn worker_ended(&self, now: sleep::Counts) {
        if now.live() == 0 {
            return self.tell_joiners();
        }
        if now.searching() == 0 && now.idle() > 0 && self.has_work() {
            // It was the last to search, and others relied on it (P2).
            self.wake_one();
        }
        self.wake_if_all_wait(|_| ());
    }

    /// Wakes those who wait for the end, to look again.
    pub(super) fn tell_joiners(&self) {
        for waker in self.joiners.with(core::mem::take) {
            let _ = contain(|| waker.wake());
        }
    }

    /// Changes the list of workers that wait, and wakes them all if that is every worker there is:
    /// one of them has to claim.
    fn wake_if_all_wait(&self, change: impl FnOnce(&mut Vec<Arc<Waker>>)) {
        let all = self.waiting.with(|waiting| {
            change(waiting);
            let all = waiting.len() >= self.sleep.load().live();
            if all { waiting.clone() } else { Vec::new() }
        });
        for waker in all {
            let _ = contain(|| waker.wake_by_ref());
        }
    }
}

/// Ends a task that was popped: 1 if this did.
fn resolve(slot: SlotRef, fate: &Option<Closed>) -> usize {
    if !slot.snapshot().is_pending() {
        return 0;
    }
    match fate {
        Some(Closed::Break(cause)) => {
            let resolved = slot.resolve_pending(TaskError::pool_broken(cause));
            usize::from(resolved == crate::state::Claim::Claimed)
        }
        _ => usize::from(slot.cancel()),
    }
}

impl<P: Platform> Supervise for Inner<P> {
    fn close(&self) {
        self.close_as(Closed::Run);
    }

    fn close_and_cancel(&self) -> usize {
        self.close_as(Closed::Cancel);
        self.purge()
    }

    fn poll_ended(&self, waker: &Waker) -> Poll<()> {
        let entry = waker.clone();
        let repeated = self.joiners.with(|joiners| {
            if joiners.iter().any(|other| other.will_wake(&entry)) {
                return Some(entry);
            }
            joiners.push(entry);
            None
        });
        drop(repeated);
        // Looked at after that: the last worker accounts for itself before it takes the list. A task
        // without any worker is one whose submitter is about to start the first, or to take it back.
        // The queues first: what was taken from them since is in the hand of a worker that lives.
        let ended = self.queued() == 0 && self.sleep.load().live() == 0;
        if ended { Poll::Ready(()) } else { Poll::Pending }
    }

    fn stop_waiting(&self, waker: &Waker) {
        // Clones are sure to be told to be the same; an original and its clone may not be.
        let waker = waker.clone();
        let entry = self.joiners.with(|joiners| {
            let at = joiners.iter().position(|other| other.will_wake(&waker))?;
            Some(joiners.swap_remove(at))
        });
        drop(entry);
    }

    fn remaining(&self) -> Remaining {
        Remaining { tasks: self.queued(), workers: self.sleep.load().live() }
    }

    fn on_worker(&self) -> bool {
        crate::context::works_for(NonNull::from(self).cast())
    }

    fn unlink(&self, task: &TaskRef<'_>) {
        loop {
            let entry = match home_of::<Queued>(task.0) {
                0 => return, // popped, or between two queues: whoever holds it finds it claimed
                GLOBAL => self.global.with(|global| global.chain.remove(task.0)),
                home => match self.desks.get((home - GLOBAL - 1) as usize) {
                    Some(desk) => desk.queue.remove(task.0),
                    None => return,
                },
            };
            if entry.is_some() {
                return; // and the entry's reference is dropped here, outside the lock
            }
        }
    }

    fn enter_wait(&self, waker: &Waker) {
        let entry = Arc::new(waker.clone());
        self.wake_if_all_wait(|waiting| waiting.push(entry));
    }

    fn all_wait(&self) -> bool {
        let waiting = self.waiting.with(|waiting| waiting.len());
        waiting >= self.sleep.load().live()
    }

    fn leave_wait(&self, waker: &Waker) {
        let waker = waker.clone(); // as in `stop_waiting`
        let entry = self.waiting.with(|waiting| {
            let at = waiting.iter().position(|other| other.will_wake(&waker))?;
            Some(waiting.swap_remove(at))
        });
        drop(entry);
    }
}
