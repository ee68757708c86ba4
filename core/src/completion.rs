//! [`Completion`]: what a done callback learns.
#![forbid(unsafe_code)]

use core::fmt;

use crate::error::TaskError;
use crate::slot::SlotRef;
use crate::state::Snapshot;

/// Where a task is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FutureState {
    /// Accepted, not started; may still be cancelled.
    Pending,
    /// Being executed.
    Running,
    /// Ended with a value or an error.
    Finished,
    /// Cancelled before it started.
    Cancelled,
}

impl FutureState {
    pub(crate) fn of(snapshot: Snapshot) -> Self {
        if snapshot.is_running() {
            Self::Running
        } else if snapshot.is_cancelled() {
            Self::Cancelled
        } else if snapshot.is_done() {
            Self::Finished
        } else {
            Self::Pending
        }
    }
}

impl fmt::Display for FutureState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
        })
    }
}

/// Tells one future from another while both exist. Printed as the address of its slot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FutureId(usize);

impl FutureId {
    pub(crate) fn of(slot: &SlotRef) -> Self {
        Self(slot.address().as_ptr().addr())
    }
}

impl fmt::Debug for FutureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// What a done callback is told: which future, how it ended, and the error if it is one. The value
/// stays with the future.
#[derive(Debug, Clone)]
pub struct Completion {
    id: FutureId,
    state: FutureState,
    error: Option<TaskError>,
}

impl Completion {
    pub(crate) fn of_finished(slot: &SlotRef, error: Option<TaskError>) -> Self {
        Self { id: FutureId::of(slot), state: FutureState::Finished, error }
    }

    pub(crate) fn of_cancelled(slot: &SlotRef) -> Self {
        let error = Some(TaskError::cancelled());
        Self { id: FutureId::of(slot), state: FutureState::Cancelled, error }
    }

    /// Which future.
    pub fn id(&self) -> FutureId {
        self.id
    }

    /// [`FutureState::Finished`] or [`FutureState::Cancelled`].
    pub fn state(&self) -> FutureState {
        self.state
    }

    /// Whether it was cancelled.
    pub fn cancelled(&self) -> bool {
        self.state == FutureState::Cancelled
    }

    /// Why there is no value; `None` when there is one.
    pub fn error(&self) -> Option<&TaskError> {
        self.error.as_ref()
    }
}
