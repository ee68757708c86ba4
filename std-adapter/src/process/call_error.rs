//! [`CallError`]: why a call was not accepted.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;

use concurrent_futures_core::calls::EncodeError;
use concurrent_futures_core::{Future, RefusedReason, SubmitError, TaskError};

use super::registration::NotRegistered;
use crate::contain::contain;

/// A call that was not accepted: its arguments, to be had back, and why.
pub struct CallError<A> {
    arguments: A,
    reason: CallErrorReason,
}

/// Why a call was not accepted.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum CallErrorReason {
    /// The function is not one that workers can run.
    NotRegistered(NotRegistered),
    /// The arguments cannot be sent: they are too large, too deep, or their `Serialize` says no.
    Arguments(EncodeError),
    /// The `Serialize` of the arguments panicked, and said this.
    ArgumentsPanicked,
    /// The pool takes no calls, or has no room.
    Refused(RefusedReason),
}

impl<A> CallError<A> {
    pub(crate) fn new(arguments: A, reason: CallErrorReason) -> Self {
        Self { arguments, reason }
    }

    /// Of an executor in this process.
    pub(crate) fn refused(error: SubmitError<A>) -> Self {
        let reason = error.reason().clone();
        Self::new(error.into_inner(), CallErrorReason::Refused(reason))
    }

    /// The arguments.
    pub fn into_inner(self) -> A {
        self.arguments
    }

    /// Why it was not accepted.
    pub fn reason(&self) -> &CallErrorReason {
        &self.reason
    }

    /// The error without the arguments, for `?` where those are not `'static`, `Send` and `Sync`.
    pub fn without_arguments(self) -> CallError<()> {
        CallError { arguments: (), reason: self.reason }
    }
}

/// # Errors
/// The arguments, and why they were not sent.
pub(crate) fn given_back<T, A>(
    future: Result<Future<T>, CallErrorReason>,
    arguments: A,
) -> Result<Future<T>, CallError<A>> {
    match future {
        Ok(future) => {
            contain(|| drop(arguments)); // the worker has them
            Ok(future)
        }
        Err(reason) => Err(CallError::new(arguments, reason)),
    }
}

impl fmt::Display for CallErrorReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRegistered(error) => error.fmt(f),
            Self::Arguments(error) => write!(f, "the arguments cannot be sent: {error}"),
            Self::ArgumentsPanicked => {
                f.write_str("the arguments cannot be sent: their Serialize panicked")
            }
            Self::Refused(reason) => reason.fmt(f),
        }
    }
}

impl<A> fmt::Debug for CallError<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallError").field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl<A> fmt::Display for CallError<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call not accepted: {}", self.reason)
    }
}

impl<A> Error for CallError<A> {}

impl<A> From<CallError<A>> for TaskError {
    /// For a task that could not make a call.
    fn from(error: CallError<A>) -> Self {
        Self::failed(error.to_string())
    }
}

impl From<CallErrorReason> for TaskError {
    /// For an item of a `map` that was not accepted.
    fn from(reason: CallErrorReason) -> Self {
        match &reason {
            CallErrorReason::Arguments(error) => Self::from(error),
            other => Self::refused(other),
        }
    }
}
