//! The reference of a slot's one future: it alone waits inline and takes the outcome.

use core::fmt;
use core::mem::ManuallyDrop;
use core::task::{Poll, Waker};

use crate::contain::contain;
use crate::error::TaskError;
use crate::slot::{Access, SlotRef};
use crate::state::{Arm, Disarm, Farewell, Snapshot};

/// The reference of the one future that may wait inline and take the outcome.
pub(crate) struct Unique(ManuallyDrop<SlotRef>);

impl Unique {
    /// # Safety
    /// There is at most one for a slot, at any time, and no `Unique` for it was dropped before.
    pub(crate) unsafe fn new(slot: SlotRef) -> Self {
        Self(ManuallyDrop::new(slot))
    }

    pub(crate) fn slot(&self) -> &SlotRef {
        &self.0
    }

    /// Registers the waker, replacing the one before, or says that the slot is resolved.
    pub(crate) fn poll_done(&mut self, waker: &Waker) -> Poll<()> {
        let snapshot = self.0.snapshot();
        if snapshot.is_done() {
            return Poll::Ready(());
        }
        let cell = &self.0.header().waker;
        // While armed, a publisher may be about to take it: not even looked at before it is ours.
        if snapshot.has_waiter() && self.0.header().state.disarm() == Disarm::Resolved {
            return Poll::Ready(());
        }
        // SAFETY: not armed, so the cell is ours (I2).
        let current =
            cell.with(|cell| unsafe { (*cell).as_ref() }.is_some_and(|old| old.will_wake(waker)));
        if !current {
            // Clone and drop may panic: the old one is gone first, and its panic contained.
            self.drop_waker();
            let new = waker.clone();
            // SAFETY: as above, and empty.
            cell.with_mut(|cell| unsafe { *cell = Some(new) });
        }
        match self.0.header().state.arm() {
            Arm::Armed => Poll::Pending,
            Arm::Resolved => {
                self.drop_waker();
                Poll::Ready(())
            }
        }
    }

    /// Takes the waker back, so that nothing of the waiter is kept.
    pub(crate) fn stop_waiting(&mut self) {
        let waker = self.take_waker_back(self.0.snapshot());
        if waker.is_some() {
            let _ = contain(|| drop(waker));
        }
    }

    /// As `stop_waiting`, of a slot that was last seen like this; the waker is the caller's to drop.
    pub(crate) fn take_waker_back(&mut self, seen: Snapshot) -> Option<Waker> {
        let is_back = seen.has_waiter() && self.0.header().state.disarm() == Disarm::Disarmed;
        if is_back { self.take_waker() } else { None } // or whoever publishes has it
    }

    /// As `stop_waiting` where a waker is registered; says whether whoever publishes has it instead.
    pub(crate) fn take_back(&mut self) -> Disarm {
        let disarmed = self.0.header().state.disarm();
        if disarmed == Disarm::Disarmed {
            self.drop_waker();
        }
        disarmed
    }

    /// The caller has seen that the cell is the future's (I2).
    fn take_waker(&self) -> Option<Waker> {
        // SAFETY: not armed, or armed too late to be seen: the cell is ours (I2).
        self.0.header().waker.with_mut(|cell| unsafe { (*cell).take() })
    }

    /// As `take_waker`.
    fn drop_waker(&self) {
        let waker = self.take_waker();
        let _ = contain(|| drop(waker));
    }

    /// A clone of the error, if the outcome is one, or was before it was taken; the slot is resolved.
    pub(crate) fn error(&self) -> Option<TaskError> {
        let snapshot = self.0.snapshot();
        if snapshot.is_cancelled() {
            Some(TaskError::cancelled())
        } else if snapshot.has_outcome() && self.may_have_error(snapshot) {
            // SAFETY: there is an outcome, it is ours (I3), and only a `&mut self` moves it out.
            unsafe { (self.0.table().error)(self.0.as_raw()) }
        } else if snapshot.is_failed() {
            Some(TaskError::taken())
        } else {
            None
        }
    }

    #[cfg(all(feature = "calls", feature = "std"))]
    fn may_have_error(&self, snapshot: Snapshot) -> bool {
        // Of a value that came in bytes it may have turned out that it cannot be decoded.
        snapshot.is_failed() || self.0.table().arrive.is_some()
    }

    #[cfg(not(all(feature = "calls", feature = "std")))]
    fn may_have_error(&self, snapshot: Snapshot) -> bool {
        snapshot.is_failed()
    }

    /// Whether the outcome is an error; being cancelled is none.
    pub(crate) fn failed(&self) -> bool {
        self.0.snapshot().is_failed()
    }

    /// Sees to it that a value which came in bytes is known to be one, or not.
    #[cfg(all(feature = "calls", feature = "std"))]
    fn decode(&self) {
        if self.0.table().arrive.is_some() && self.0.snapshot().has_outcome() {
            // SAFETY: the table is this slot's; there is an outcome, which only a `&mut self` moves out
            // (I3).
            let _ = unsafe { (self.0.table().outcome)(self.0.as_raw(), Access::Shared) };
        }
    }

    /// As `error`, for somebody who is then told.
    #[cfg(feature = "std")]
    pub(crate) fn read_error(&self) -> Option<TaskError> {
        #[cfg(feature = "calls")]
        self.decode();
        let error = self.error();
        if error.is_some() {
            self.0.header().state.mark_read();
        }
        error
    }

    /// Moves the outcome out, if the slot is resolved.
    ///
    /// # Errors
    /// The outcome may be one.
    ///
    /// # Safety
    /// `T` is the type of the slot's value.
    pub(crate) unsafe fn take<T>(&mut self) -> Option<Result<T, TaskError>> {
        let snapshot = self.0.snapshot();
        if !snapshot.has_outcome() {
            return if snapshot.is_done() { Some(Err(Self::why_empty(snapshot))) } else { None };
        }
        self.0.header().state.mark_taken();
        // SAFETY: the table is this slot's.
        let outcome = unsafe { (self.0.table().outcome)(self.0.as_raw(), Access::Exclusive) };
        // SAFETY: there was an outcome, it is ours (I3) and now marked as taken; `T` is its type.
        Some(unsafe { outcome.cast::<Result<T, TaskError>>().read() })
    }

    /// Why a slot that is resolved has no outcome.
    fn why_empty(snapshot: Snapshot) -> TaskError {
        if snapshot.is_cancelled() { TaskError::cancelled() } else { TaskError::taken() }
    }

    /// Looks at the outcome where it is, if the slot is resolved and has one.
    ///
    /// # Safety
    /// `T` is the type of the slot's value.
    pub(crate) unsafe fn peek<T>(&self) -> Option<&Result<T, TaskError>> {
        if !self.0.snapshot().has_outcome() {
            return None;
        }
        // SAFETY: the table is this slot's.
        let outcome = unsafe { (self.0.table().outcome)(self.0.as_raw(), Access::Shared) };
        // SAFETY: there is an outcome; only a `&mut self` moves it out (I3).
        Some(unsafe { outcome.cast::<Result<T, TaskError>>().as_ref() })
    }
}

impl Unique {
    /// Moves the outcome out and gives the future up, if the slot is resolved and has one.
    ///
    /// # Errors
    /// This future, if there is nothing to take.
    ///
    /// # Safety
    /// `T` is the type of the slot's value.
    #[inline]
    pub(crate) unsafe fn into_outcome<T>(self) -> Result<Result<T, TaskError>, Self> {
        if !self.0.snapshot().has_outcome() {
            return Err(self);
        }
        // SAFETY: the table is this slot's.
        let outcome = unsafe { (self.0.table().outcome)(self.0.as_raw(), Access::Exclusive) };
        // SAFETY: there is an outcome, it is ours (I3), and `T` is its type.
        let outcome = unsafe { outcome.cast::<Result<T, TaskError>>().read() };
        let mut this = ManuallyDrop::new(self);
        // SAFETY: `this` is not used again, nor dropped.
        let slot = unsafe { ManuallyDrop::take(&mut this.0) };
        // SAFETY: the future's own reference, and the outcome was moved out just now.
        unsafe { slot.leave_with_outcome() };
        Ok(outcome)
    }

    /// As Python prints it: `<Future at 0x… state=finished returned u64>`.
    ///
    /// # Errors
    /// The formatter's.
    pub(crate) fn print(&self, f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
        write!(f, "<{name} {:?}", self.slot())?;
        if self.0.snapshot().has_outcome() {
            match self.error() {
                None => write!(f, " returned {}", (self.0.table().type_name)())?,
                Some(error) => write!(f, " raised {:?}", error.kind())?,
            }
        }
        f.write_str(">")
    }
}

impl Unique {
    /// Gives up a slot that is not spent, and was last seen like this.
    ///
    /// # Safety
    /// Called once, at the end: it takes the reference.
    unsafe fn leave(&mut self, seen: Snapshot) {
        if !seen.is_done() {
            // SAFETY: as the caller promises.
            return unsafe { self.leave_unresolved(seen) };
        }
        // A user's drop may unwind, where nothing catches that: the reference goes all the same.
        // SAFETY: not used again, as the caller promises.
        let slot = unsafe { ManuallyDrop::take(&mut self.0) };
        // Of a slot that is resolved nobody asks whether its future is there: what is in it is ours (I3).
        if seen.has_outcome() {
            slot.drop_outcome();
        }
    }

    /// # Safety
    /// As for `leave`.
    unsafe fn leave_unresolved(&mut self, seen: Snapshot) {
        let waker = self.take_waker_back(seen);
        let farewell = self.0.header().state.farewell();
        // SAFETY: not used again, as the caller promises; from here on, as there, a drop may unwind.
        let slot = unsafe { ManuallyDrop::take(&mut self.0) };
        if farewell == Farewell::DropOutcome {
            slot.drop_outcome();
        }
        if let Some(waker) = waker {
            let _ = contain(|| drop(waker));
        }
    }
}

impl Drop for Unique {
    fn drop(&mut self) {
        let seen = self.0.snapshot();
        if seen.is_spent() {
            // SAFETY: dropped, so not used again.
            let slot = unsafe { ManuallyDrop::take(&mut self.0) };
            // SAFETY: seen as spent by the holder of the one reference.
            unsafe { slot.end() };
        } else {
            // SAFETY: dropped, so this is the end.
            unsafe { self.leave(seen) };
        }
    }
}
