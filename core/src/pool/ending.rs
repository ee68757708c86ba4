//! How a pool ends: closed, cancelled or broken, its workers accounted for.
#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::task::{Poll, Waker};

use super::inner::{Desk, Inner, PoolRef};
use super::{Platform, sleep};
use crate::account::{Account, Counters, Remaining};
use crate::backend::{Refused, RefusedReason, Text};
use crate::contain::contain;
use crate::error::TaskError;
use crate::slot::SlotRef;
use crate::sync::{PlainArc, atomic::Ordering};
use crate::tally::Count;
use crate::task::Task;

/// Why nothing is accepted, and what becomes of what is queued.
#[derive(Clone)]
pub(super) enum Closed {
    Run,
    Cancel,
    Break(Text),
}

impl Closed {
    /// Gives a task back that came too late.
    pub(super) fn refuse(self, slot: SlotRef) -> Refused {
        let reason = match self {
            Self::Run | Self::Cancel => RefusedReason::ShutDown,
            Self::Break(cause) => RefusedReason::Broken(cause),
        };
        Refused::new(Task::from_slot(slot), reason)
    }
}

impl<P: Platform> Inner<P> {
    pub(super) fn is_closed(&self) -> bool {
        self.global(|global| global.closed.is_some())
    }

    /// P4. Cancelling after running, breaking after both: what was said last and is worse counts.
    pub(super) fn close_as(&self, how: Closed) {
        // ORDERING: Relaxed; see `own_desk`.
        self.closed.store(true, Ordering::Relaxed);
        let (before, dismissed) = self.global(|global| {
            let worse = match (&global.closed, &how) {
                (None, _) | (Some(Closed::Run), Closed::Cancel | Closed::Break(_)) => true,
                (Some(Closed::Cancel), Closed::Break(_)) => true,
                (Some(_), _) => false,
            };
            let before = if worse { global.closed.replace(how) } else { None };
            (before, global.room.dismiss())
        });
        drop(before);
        for (_, waker) in dismissed {
            let _ = contain(|| waker.wake());
        }
        self.wake_all();
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
    pub(super) fn wake_if_all_wait(&self, change: impl FnOnce(&mut Vec<PlainArc<Waker>>)) {
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

impl<P: Platform> PoolRef<P> {
    /// Resolves all that is queued, now and by whoever moves tasks from queue to queue later.
    pub(super) fn purge(&self) -> usize {
        // ORDERING: Relaxed; the locks of the queues order it: a task that is pushed to a desk after
        // it was purged, is pushed by somebody who sees the flag then.
        self.purging.store(true, Ordering::Relaxed);
        let fate = self.global(|global| global.closed.clone());
        let mut purged = 0;
        while let Some(slot) = self.global(|global| global.chain.pop()) {
            purged += usize::from(self.resolve(slot, &fate));
        }
        for desk in &self.desks {
            while let Some(slot) = desk.queue.pop() {
                purged += usize::from(self.resolve(slot, &fate));
            }
        }
        purged
    }

    /// Resolves a task that a worker took, and is not to run any more.
    pub(super) fn resolve_purged(&self, slot: SlotRef) {
        let fate = self.global(|global| global.closed.clone());
        self.resolve(slot, &fate);
    }

    /// Ends a task that was popped; whether this did.
    fn resolve(&self, slot: SlotRef, fate: &Option<Closed>) -> bool {
        let resolved = slot.snapshot().is_pending()
            && match fate {
                Some(Closed::Break(cause)) => {
                    let error = TaskError::pool_broken(cause);
                    slot.resolve_pending(error) == crate::state::Claim::Claimed
                }
                _ => slot.cancel(),
            };
        self.discard(slot);
        resolved
    }

    /// The pool gives up: what is queued fails with the cause, what comes is refused with it.
    pub(super) fn break_down(&self, cause: Text) {
        self.close_as(Closed::Break(cause));
        self.purge();
    }
}

impl<P: Platform> Account for PoolRef<P> {
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
        let in_callers = self.global(|global| global.in_callers);
        let ended = in_callers == 0 && self.queued() == 0 && self.sleep.load().live() == 0;
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

    fn counters(&self) -> Counters {
        let now = self.sleep.load();
        let outside = &self.outside;
        let mut counters = Counters {
            submitted: self.global(|global| global.submitted),
            started: outside.started.get(),
            finished: outside.finished.get(),
            failed: outside.failed.get(),
            cancelled: outside.cancelled.get(),
            queued: self.queued(),
            idle_workers: now.idle(),
            live_workers: now.live(),
        };
        for Desk { tally, .. } in &self.desks {
            let add = |sum: &mut usize, count: &Count| *sum = sum.wrapping_add(count.get());
            add(&mut counters.submitted, &tally.submitted);
            add(&mut counters.started, &tally.started);
            add(&mut counters.finished, &tally.finished);
            add(&mut counters.failed, &tally.failed);
            add(&mut counters.cancelled, &tally.cancelled);
        }
        counters
    }
}
