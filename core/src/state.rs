//! The state word: one atomic, one owner, and every transition by name.
//!
//! ```text
//!                    1 claim                    3 publish_finished
//!       ┌─────────┐ ─────────────► ┌─────────┐ ─────────────────────► ┌──────────┐
//!   ──► │ PENDING │                │ RUNNING │                        │ FINISHED │
//!       └─────────┘ ◄───────────── └─────────┘                        └──────────┘
//!            │        5 suspend
//!            │ 2 claim_to_cancel   ┌────────────┐ 4 publish_cancelled ┌───────────┐
//!            └───────────────────► │ CANCELLING │ ──────────────────► │ CANCELLED │
//!                                  └────────────┘                     └───────────┘
//! ```
//!
//! | arrow | by whom | ordering |
//! |---|---|---|
//! | 1 | a worker, a promise that starts, a waiter that claims | Acquire on success: the callable was written before the slot was shared |
//! | 2 | whoever cancels | as 1 |
//! | 3 | whoever took arrow 1 | AcqRel: publishes the outcome, sees the waiter; Release together with giving up the reference, which nobody registered makes possible |
//! | 4 | whoever took arrow 2 | AcqRel: publishes that the callable is gone, sees the waiter |
//! | 5 | a promise that took arrow 1, between two attempts | Release: the next to take arrow 1 or 2 sees what the attempt did |
//!
//! Nobody waits for RUNNING or CANCELLING to end by spinning: a waiter registers and is woken.
//!
//! | RUNNING | FINISHED | CANCELLED | means |
//! |---|---|---|---|
//! | 0 | 0 | 0 | PENDING: the callable, if any, is in the room |
//! | 1 | 0 | 0 | RUNNING: the callable belongs to whoever claimed it; the room is theirs |
//! | 1 | 0 | 1 | CANCELLING: as RUNNING, but it will never start |
//! | 0 | 1 | 0 | FINISHED: the outcome is in the room unless TAKEN |
//! | 0 | 0 | 1 | CANCELLED: the room is empty |
//! | . | 1 | 1 | impossible |
//! | 1 | 1 | . | impossible |
//!
//! Invariants, cited elsewhere as I1 to I8:
//!
//! - **I1** Whoever takes arrow 1 or 2 is the only one who may touch the room until it takes another
//!   arrow, and must take one: 4 after 2, 3 or 5 after 1. Arrow 5 is a promise's alone, whose
//!   callable is nothing: it leaves the room as arrow 1 found it. So 2, 3 and 4 are taken once at
//!   most, 1 once more than 5 at most, and nothing is taken after 3 or 4.
//! - **I2** The waker cell belongs to the future while WAITER is clear, to whoever publishes once
//!   WAITER is set and arrow 3 or 4 taken; while WAITER is set and neither is taken, to nobody.
//! - **I3** After arrow 3 the outcome belongs to the future; with FUTURE_GONE set before arrow 3,
//!   to whoever took arrow 3. TAKEN says that the room is empty.
//! - **I4** Nodes are linked into the slot's list under its lock and only before arrow 3 or 4;
//!   LISTED is set before the first is linked.
//! - **I5** Memory is given back by whoever releases the last reference, and touched by nobody
//!   who holds none.
//! - **I6** The keeper that accepted a slot lives until its resolution is settled; the keeper's address
//!   stays in the slot afterwards, for comparison only. Either the slot counts a reference, which
//!   whoever resolved it gives up, once. Or the keeper is kept alive by whoever has the slot's queue
//!   entry: who claims a slot without its entry counts a reference before it publishes, and who
//!   comes upon an entry that is claimed and not published keeps the keeper alive until it is.
//! - **I7** A slot's links belong to the list that its `home` names, under that list's lock; with
//!   no home they belong to whoever unlinked it. A task in the ledger of its executor has a second
//!   pair of links and a second home, for the ledger alone.
//! - **I8** A reference is counted for each handle, each queue entry and each frame that runs it.
//!
//! AWAY is PENDING's alone: the task is a call that was sent to a worker and has not started, as far as
//! is known here. Who wants to cancel it has to call it back first, by way of its keeper. Arrow 1 takes
//! the flag away; arrow 2 is not open while it is set.
//!
//! Four flags say nothing of where the slot is in its life. STOP is a wish, and stays. FAILED comes
//! with arrow 3, and stays when the outcome has been taken. READ is set by whoever tells somebody of
//! an error without taking it, or is bound to tell; nobody reports such a failure. LEAKED is about
//! references alone.
#![forbid(unsafe_code)]

use crate::sync::{atomic::AtomicU32, atomic::Ordering, const_unless_modeled};

const RUNNING: u32 = 1 << 0;
const FINISHED: u32 = 1 << 1;
const CANCELLED: u32 = 1 << 2;
const LIFE: u32 = RUNNING | FINISHED | CANCELLED;
/// The waker cell holds a waker (I2).
const WAITER: u32 = 1 << 3;
/// The list of the slot is, or was, not empty (I4).
const LISTED: u32 = 1 << 4;
/// The outcome has been moved out of the room (I3).
const TAKEN: u32 = 1 << 5;
/// The unique future was dropped: nobody will ask for the outcome (I3).
const FUTURE_GONE: u32 = 1 << 6;
/// Reference counting has given up: the slot is never freed.
const LEAKED: u32 = 1 << 7;
/// Somebody wishes that the task would stop.
const STOP: u32 = 1 << 8;
/// The outcome is, or was, an error.
const FAILED: u32 = 1 << 9;
/// Somebody has been told of the error, or will be.
const READ: u32 = 1 << 10;
/// The call was sent to a worker: the keeper knows whether it has started. No bit where there are no calls: nothing is
/// ever away there, and whoever asks costs nothing.
const AWAY: u32 = if cfg!(feature = "calls") { 1 << 11 } else { 0 };
/// One reference (I5); the count is all that lies above. A slot has as many as it has handles: the
/// future, a promise or a task, a queue entry, and one for each `Canceller`. Half a million of
/// those for one future is more than anybody keeps; whoever does leaks one slot.
const REFERENCE: u32 = 1 << 12;
/// Half of the room for counting. Past it the slot leaks rather than overflow; the other half is
/// for the threads that are between counting and noticing, of which no system has half a million.
const REFERENCES_MAX: u32 = 1 << 31;

/// The atomic state of a slot.
#[derive(Debug)]
pub(crate) struct State(AtomicU32);

/// A value that the state had at some moment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Snapshot(u32);

/// What came of arrow 1.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The room is the caller's; it must publish (I1).
    Claimed,
    /// Somebody else was first.
    TooLate,
}

/// What came of arrow 2.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CancelClaim {
    /// The callable is the caller's to drop; it must publish (I1).
    Claimed,
    /// Somebody else has cancelled it, or is about to.
    Already,
    /// It has to be called back first.
    Away,
    /// It has started, or finished.
    TooLate,
}

/// What came of sending a call away.
#[cfg(feature = "calls")]
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Departure {
    /// Nobody cancels it any more without calling it back.
    Away,
    /// It was resolved before.
    Resolved,
}

/// What whoever took arrow 3 or 4 has to do next.
#[must_use]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Published {
    /// Take the waker and wake it (I2).
    pub(crate) waiter: bool,
    /// Empty the slot's list (I4).
    pub(crate) listed: bool,
    /// Drop the outcome (I3).
    pub(crate) future_gone: bool,
}

/// What came of arrow 3 together with the release of a reference.
#[must_use]
#[derive(Debug, Clone, Copy)]
pub(crate) enum PublishedAndReleased {
    /// Nobody had registered. The slot is not the caller's any more.
    Gone,
    /// Arrow 3 is taken and has to be attended to, with the reference still held.
    Held(Published),
}

/// How the outcome is to be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A value.
    Value,
    /// An error.
    Error,
}

/// Whether a waker is now registered.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arm {
    /// It is: whoever publishes will wake it.
    Armed,
    /// Already resolved: the cell is still the future's, nobody will wake.
    Resolved,
}

/// Whether a registered waker is the future's again.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disarm {
    /// It is (I2).
    Disarmed,
    /// Resolved: the cell is the publisher's.
    Resolved,
}

/// Whether a node may be linked.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    /// Yes, under the lock that is held (I4).
    Open,
    /// Resolved: nobody would visit it.
    Resolved,
}

/// Who drops the outcome that the dropped future will not take.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// The caller, now: the outcome is in the room.
    DropOutcome,
    /// Nobody here: there is none, or whoever publishes will.
    Nothing,
}

/// What came of releasing a reference.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Release {
    /// The caller frees the slot (I5), which was last like this.
    Last(Snapshot),
    /// Others hold it.
    Held,
}

impl State {
    const_unless_modeled! {
    /// PENDING, with so many references.
    pub(crate) const fn pending(references: u32) -> Self {
        Self(AtomicU32::new(references * REFERENCE))
    }
    }

    #[inline]
    pub(crate) fn load(&self) -> Snapshot {
        // ORDERING: Acquire; pairs with the Release of arrows 3 and 4; whoever sees FINISHED sees
        // the outcome.
        Snapshot(self.0.load(Ordering::Acquire))
    }

    /// Arrow 1.
    #[inline]
    pub(crate) fn claim(&self) -> Claim {
        // ORDERING: Acquire; the callable was published with the slot itself, by the lock of the
        // queue or whatever carried the task; Relaxed on failure: the loser touches nothing.
        let claimed = self.update(Ordering::Acquire, Ordering::Relaxed, |now| {
            now.is_pending().then_some((now.0 | RUNNING) & !AWAY)
        });
        if claimed.is_ok() { Claim::Claimed } else { Claim::TooLate }
    }

    /// Arrow 2.
    #[inline]
    pub(crate) fn claim_to_cancel(&self) -> CancelClaim {
        // ORDERING: as arrow 1.
        let claimed = self.update(Ordering::Acquire, Ordering::Relaxed, |now| {
            (now.0 & (LIFE | AWAY) == 0).then_some(now.0 | RUNNING | CANCELLED)
        });
        match claimed {
            Ok(_) => CancelClaim::Claimed,
            Err(now) if now.0 & CANCELLED != 0 => CancelClaim::Already,
            Err(now) if now.is_away() => CancelClaim::Away,
            Err(_) => CancelClaim::TooLate,
        }
    }

    /// Arrow 3. The caller took arrow 1 and has written the outcome, which is that.
    #[inline]
    pub(crate) fn publish_finished(&self, ending: Ending) -> Published {
        let failed = if ending == Ending::Error { FAILED } else { 0 };
        // ORDERING: Release publishes the outcome, pairs with the Acquire in `load`, `arm` and
        // `farewell`; Acquire sees the waker, pairs with the Release in `arm`.
        self.publish(RUNNING | FINISHED | failed)
    }

    /// Arrow 3 for a value and `release` in one step, if nobody has registered: then there is nobody to wake, and
    /// whoever comes later finds the outcome.
    #[inline]
    pub(crate) fn publish_finished_and_release(&self) -> PublishedAndReleased {
        // ORDERING: Release publishes the outcome, as in `publish_finished`, and all that this holder
        // did, as in `release`. Nothing is acquired: no waker is read, and the future's reference is
        // left, so that this is not the last.
        let gone = self.update(Ordering::Release, Ordering::Relaxed, |now| {
            debug_assert!(now.0 & RUNNING != 0, "published without a claim (I1)");
            (now.0 & (WAITER | LISTED | FUTURE_GONE) == 0)
                .then_some((now.0 - RUNNING + FINISHED).wrapping_sub(REFERENCE)) // as `release`: it may have leaked
        });
        match gone {
            Ok(_) => PublishedAndReleased::Gone,
            Err(_) => PublishedAndReleased::Held(self.publish_finished(Ending::Value)),
        }
    }

    /// Arrow 4. The caller took arrow 2 and has dropped the callable.
    #[inline]
    pub(crate) fn publish_cancelled(&self) -> Published {
        // ORDERING: as arrow 3; there is no outcome, but the callable's end is published.
        self.publish(RUNNING)
    }

    #[inline]
    fn publish(&self, flip: u32) -> Published {
        let before = self.0.fetch_xor(flip, Ordering::AcqRel);
        debug_assert!(before & RUNNING != 0, "published without a claim (I1)");
        Published {
            waiter: before & WAITER != 0,
            listed: before & LISTED != 0,
            future_gone: before & FUTURE_GONE != 0,
        }
    }

    /// Arrow 5. The caller is a promise that took arrow 1, and has not touched the room.
    pub(crate) fn suspend(&self) {
        // ORDERING: Release; pairs with the Acquire of arrows 1 and 2: the next attempt, and whoever
        // cancels, see what this one did.
        let before = self.0.fetch_and(!RUNNING, Ordering::Release);
        debug_assert!(before & LIFE == RUNNING, "suspended without a claim (I1)");
    }

    /// The call is about to be sent to a worker.
    #[cfg(feature = "calls")]
    pub(crate) fn depart(&self) -> Departure {
        // ORDERING: Relaxed; a flag for who cancels, who then asks under the keeper's lock, under which
        // this is called. Nothing else is read or published.
        let departed = self.update(Ordering::Relaxed, Ordering::Relaxed, |now| {
            now.is_pending().then_some(now.0 | AWAY)
        });
        if departed.is_ok() { Departure::Away } else { Departure::Resolved }
    }

    /// The call is back, not started: whoever likes may cancel it.
    #[cfg(feature = "calls")]
    pub(crate) fn come_home(&self) {
        // ORDERING: Relaxed; as above.
        self.0.fetch_and(!AWAY, Ordering::Relaxed);
    }

    /// Somebody wishes that the task would stop.
    pub(crate) fn request_stop(&self) {
        // ORDERING: Release; pairs with the Acquire in `load`: a task that sees the wish sees what
        // was written before it.
        self.0.fetch_or(STOP, Ordering::Release);
    }

    /// Somebody is told of the error, or will be.
    pub(crate) fn mark_read(&self) {
        // ORDERING: Relaxed; whoever drops the outcome is ordered after this by arrow 3, by a lock
        // or by owning the future; at worst a failure is reported that somebody was just told of.
        self.0.fetch_or(READ, Ordering::Relaxed);
    }

    /// The future has written a waker into its cell and offers it (I2).
    #[inline]
    pub(crate) fn arm(&self) -> Arm {
        // ORDERING: Release publishes the waker, pairs with the Acquire of arrows 3 and 4; Acquire
        // on failure sees the outcome.
        let armed = self.update(Ordering::Release, Ordering::Acquire, |now| {
            (!now.is_done()).then_some(now.0 | WAITER)
        });
        if armed.is_ok() { Arm::Armed } else { Arm::Resolved }
    }

    /// The future wants its waker cell back (I2).
    #[inline]
    pub(crate) fn disarm(&self) -> Disarm {
        // ORDERING: Relaxed on success: the cell was last written by this future itself, and no
        // publisher has read it; Acquire on failure sees the outcome.
        let disarmed = self.update(Ordering::Relaxed, Ordering::Acquire, |now| {
            (!now.is_done()).then_some(now.0 & !WAITER)
        });
        if disarmed.is_ok() { Disarm::Disarmed } else { Disarm::Resolved }
    }

    /// The caller holds the list's lock and wants to link a node (I4).
    pub(crate) fn open_list(&self) -> List {
        // ORDERING: Relaxed on success: nodes are published by the list's lock; Acquire on failure
        // sees the outcome.
        let open = self.update(Ordering::Relaxed, Ordering::Acquire, |now| {
            (!now.is_done()).then_some(now.0 | LISTED)
        });
        if open.is_ok() { List::Open } else { List::Resolved }
    }

    /// The outcome is being moved out by the one to whom it belongs (I3).
    #[inline]
    pub(crate) fn mark_taken(&self) {
        // ORDERING: Relaxed; read again by the same owner, or by whoever frees the slot, to whom
        // `release` orders it.
        let before = self.0.fetch_or(TAKEN, Ordering::Relaxed);
        debug_assert!(before & FINISHED != 0 && before & TAKEN == 0, "taken twice (I3)");
    }

    /// The unique future is being dropped, and was not resolved when last seen.
    pub(crate) fn farewell(&self) -> Farewell {
        // ORDERING: Acquire sees the outcome that the caller may have to drop, pairs with the
        // Release of arrow 3. Nothing is published: the flag alone speaks.
        let before = Snapshot(self.0.fetch_or(FUTURE_GONE, Ordering::Acquire));
        if before.has_outcome() { Farewell::DropOutcome } else { Farewell::Nothing }
    }

    /// The unique future goes, and has moved the outcome out of the room: `mark_taken`, `farewell` and
    /// `release` in one step, or in none.
    #[inline]
    pub(crate) fn leave_with_outcome(&self) -> Release {
        // ORDERING: Acquire; pairs with the Release of whoever gave up the other references: nobody
        // else is left, nor can come, and who frees sees all that they did.
        let now = self.0.load(Ordering::Acquire);
        debug_assert!(now & (TAKEN | FUTURE_GONE) == 0, "left twice (I3)");
        if Snapshot(now).is_last() {
            return Release::Last(Snapshot(now));
        }
        // ORDERING: as in `release`. Both flags are clear, and nobody else sets them.
        let before = self.0.fetch_sub(REFERENCE - (TAKEN | FUTURE_GONE), Ordering::AcqRel);
        Self::released(before)
    }

    /// Counts another reference. The caller holds one.
    #[inline]
    pub(crate) fn retain(&self) {
        // ORDERING: Relaxed; the reference that the caller holds keeps the slot alive.
        let before = self.0.fetch_add(REFERENCE, Ordering::Relaxed);
        if before >= REFERENCES_MAX {
            self.leak();
        }
    }

    #[cold]
    fn leak(&self) {
        // ORDERING: Relaxed; only ever set, and any reader may see it late: half of the count is
        // left.
        self.0.fetch_or(LEAKED, Ordering::Relaxed);
    }

    /// Gives up a reference.
    #[inline]
    pub(crate) fn release(&self) -> Release {
        // ORDERING: Release hands over all that this holder did; Acquire lets whoever frees see it.
        // Not a fence: ThreadSanitizer does not understand those.
        Self::released(self.0.fetch_sub(REFERENCE, Ordering::AcqRel))
    }

    /// What came of giving up one of the references that were counted `before`.
    #[inline]
    fn released(before: u32) -> Release {
        let before = Snapshot(before);
        if before.is_last() { Release::Last(before) } else { Release::Held }
    }

    /// # Errors
    /// The value of which `next` made nothing.
    #[inline]
    fn update(
        &self,
        success: Ordering,
        failure: Ordering,
        mut next: impl FnMut(Snapshot) -> Option<u32>,
    ) -> Result<Snapshot, Snapshot> {
        self.0
            .fetch_update(success, failure, |now| next(Snapshot(now)))
            .map(Snapshot)
            .map_err(Snapshot)
    }
}

impl Snapshot {
    /// Nobody has claimed it.
    #[inline]
    pub(crate) fn is_pending(self) -> bool {
        self.0 & LIFE == 0
    }

    /// Pending, and at a worker: it may have started.
    #[inline]
    pub(crate) fn is_away(self) -> bool {
        AWAY != 0 && self.0 & (LIFE | AWAY) == AWAY
    }

    /// Started, not resolved. A slot that is being cancelled is not running.
    #[inline]
    pub(crate) fn is_running(self) -> bool {
        self.0 & LIFE == RUNNING
    }

    /// Resolved, either way; stable.
    #[inline]
    pub(crate) fn is_done(self) -> bool {
        self.0 & (FINISHED | CANCELLED) != 0 && self.0 & RUNNING == 0
    }

    /// Resolved as cancelled; stable.
    #[inline]
    pub(crate) fn is_cancelled(self) -> bool {
        self.0 & LIFE == CANCELLED
    }

    /// The outcome is in the room.
    #[inline]
    pub(crate) fn has_outcome(self) -> bool {
        self.0 & (FINISHED | TAKEN) == FINISHED
    }

    /// The outcome is, or was, an error; stable once it is done. Being cancelled is none.
    #[inline]
    pub(crate) fn is_failed(self) -> bool {
        self.0 & FAILED != 0
    }

    /// Somebody was told of the error, if it is one, or will be.
    pub(crate) fn is_read(self) -> bool {
        self.0 & READ != 0
    }

    /// The outcome is an error of which nobody was told.
    #[cfg(feature = "std")]
    pub(crate) fn is_unread_failure(self) -> bool {
        self.0 & (FINISHED | TAKEN | FAILED | READ) == FINISHED | FAILED
    }

    /// Somebody wishes that the task would stop.
    pub(crate) fn is_stop_requested(self) -> bool {
        self.0 & STOP != 0
    }

    /// One reference is left, and its holder is alone with the slot.
    #[inline]
    fn is_last(self) -> bool {
        self.0 & (!(REFERENCE - 1) | LEAKED) == REFERENCE
    }

    /// Finished, its outcome taken, and one reference is left: nothing of this changes any more. Of a slot that
    /// was cancelled the same could be said, but that is no common end, and would be a second comparison.
    #[inline]
    pub(crate) fn is_spent(self) -> bool {
        self.0 & (!(REFERENCE - 1) | LEAKED | LIFE | TAKEN) == REFERENCE | FINISHED | TAKEN
    }

    /// A waker is registered, or was when it resolved.
    #[inline]
    pub(crate) fn has_waiter(self) -> bool {
        self.0 & WAITER != 0
    }
}

impl core::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self.0 & LIFE {
            0 => "pending",
            RUNNING => "running",
            FINISHED => "finished",
            _ => "cancelled",
        })
    }
}
