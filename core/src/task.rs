//! [`Task`]: a callable with its slot, type-erased.
#![forbid(unsafe_code)]

use core::fmt;

use crate::completion::FutureId;
use crate::error::TaskError;
use crate::slot::SlotRef;

/// A task that a backend has accepted and is to run, once.
///
/// One pointer wide. Dropping it resolves its future as abandoned, so that nobody waits for ever.
/// A task may have been cancelled, or run by whoever waits for it, while it was queued: then
/// [`run`](Self::run) and dropping it do nothing.
#[must_use = "dropping a task abandons it"]
pub struct Task {
    slot: Option<SlotRef>,
}

impl Task {
    pub(crate) fn from_slot(slot: SlotRef) -> Self {
        Self { slot: Some(slot) }
    }

    pub(crate) fn into_slot(mut self) -> Option<SlotRef> {
        self.slot.take()
    }

    /// Runs the callable, resolves the future, wakes whoever waits and calls the done callbacks.
    ///
    /// # Panics
    /// With feature `std` never: what the callable throws becomes the future's error. Without, an
    /// unwind goes on to the caller, and the future is resolved as abandoned.
    #[inline]
    pub fn run(self) {
        if let Some(slot) = self.into_slot() {
            let _ = slot.run(&()); // too late: whoever claimed it resolves it
        }
    }

    /// Which future will be resolved.
    pub fn id(&self) -> Option<FutureId> {
        self.slot.as_ref().map(FutureId::of)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            let _ = slot.resolve_pending(TaskError::abandoned()); // too late: it is resolved
        }
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.slot {
            Some(slot) => write!(f, "<Task {slot:?}>"),
            None => f.write_str("<Task>"),
        }
    }
}
