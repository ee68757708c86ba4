//! Waiting for one slot by parking, and claiming it instead where that is possible (D6 of the
//! architecture: a pool cannot starve by waiting for itself).
#![forbid(unsafe_code)]

use core::task::{Poll, Waker};

use crate::context::Waiting;
use crate::error::TaskError;
use crate::park::{Park, Parked};
use crate::slot::{Claimable, SlotRef};
use crate::unique::Unique;

/// Why a wait ended.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Resolved.
    Done,
    /// Not resolved in time.
    DeadlinePassed,
    /// It could never be: the task waits for itself.
    WouldDeadlock,
    /// It might be by running one more task on top of too many others.
    TooDeep,
}

impl Ended {
    /// # Errors
    /// Why the wait ended without a resolution.
    pub(crate) fn into_result(self) -> Result<(), TaskError> {
        match self {
            Self::Done => Ok(()),
            Self::DeadlinePassed => Err(TaskError::timed_out()),
            Self::WouldDeadlock => Err(TaskError::would_deadlock()),
            Self::TooDeep => Err(TaskError::too_deep()),
        }
    }
}

/// Something that is resolved once, and wakes one waiter then.
pub(crate) trait Waitable {
    fn slot(&self) -> &SlotRef;
    fn poll_done(&mut self, waker: &Waker) -> Poll<()>;
    fn stop_waiting(&mut self);
}

impl Waitable for Unique {
    fn slot(&self) -> &SlotRef {
        self.slot()
    }

    fn poll_done(&mut self, waker: &Waker) -> Poll<()> {
        self.poll_done(waker)
    }

    fn stop_waiting(&mut self) {
        self.stop_waiting();
    }
}

/// Waits until the slot is resolved or the deadline has passed.
///
/// Without a deadline, a worker of the slot's own executor runs the task itself if nobody has
/// started it.
pub(crate) fn wait<W: Waitable, P: Park>(
    waitable: &mut W,
    park: &P,
    deadline: Option<P::Instant>,
) -> Ended {
    if waitable.slot().snapshot().is_done() {
        return Ended::Done;
    }
    if deadline.is_none()
        && let Err(ended) = look(waitable.slot())
    {
        return ended;
    }
    if park.spin(&|| waitable.slot().snapshot().is_done()) {
        return Ended::Done;
    }
    let waker = park.waker();
    let mut waiting = None;
    loop {
        if waitable.poll_done(&waker).is_ready() {
            return Ended::Done;
        }
        // What is done in attempts may be queued again: looked at after the waker is known to whoever
        // does that, and not while this worker is counted among those that wait.
        if deadline.is_none() && watch_root(waitable.slot(), &waker) {
            drop(waiting.take());
            match look(waitable.slot()) {
                Ok(Looked::Claimed) => continue,
                Ok(Looked::Nothing) => {}
                Err(ended) => {
                    waitable.stop_waiting();
                    return ended;
                }
            }
        }
        waiting.get_or_insert_with(|| Waiting::enter(&waker));
        match park.park(deadline) {
            Parked::Woken => {}
            Parked::DeadlinePassed => {
                waitable.stop_waiting();
                // Resolved at the last moment counts.
                let done = waitable.slot().snapshot().is_done();
                return if done { Ended::Done } else { Ended::DeadlinePassed };
            }
        }
    }
}

/// What a waiter found that it could run.
enum Looked {
    Claimed,
    Nothing,
}

/// Runs what would have to be run for the slot to be resolved, if this thread may.
///
/// # Errors
/// Why the wait could never end.
fn look(slot: &SlotRef) -> Result<Looked, Ended> {
    if slot.is_chained() { run_here(&slot.root()) } else { run_here(slot) }
}

/// Runs the task if it is pending and this is one of its workers.
///
/// # Errors
/// Why the wait could never end.
fn run_here(task: &SlotRef) -> Result<Looked, Ended> {
    match task.claimable() {
        Claimable::TooDeep => Err(Ended::TooDeep),
        Claimable::Yes => {
            let _ = task.claim_and_run(); // or somebody else does
            Ok(Looked::Claimed)
        }
        // What is pending is not running: only now does this thread have to be searched.
        Claimable::No if task.snapshot().is_running() && crate::context::runs(task) => {
            Err(Ended::WouldDeadlock)
        }
        Claimable::No | Claimable::NotYet => Ok(Looked::Nothing),
    }
}

#[cfg(feature = "std")]
fn watch_root(slot: &SlotRef, waker: &Waker) -> bool {
    slot.is_chained() && slot.watch_root(waker)
}

/// Attempts are made with `std` only.
#[cfg(not(feature = "std"))]
fn watch_root(_: &SlotRef, _: &Waker) -> bool {
    false
}
