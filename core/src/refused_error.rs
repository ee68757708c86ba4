//! A refused task as the error of whoever wanted to submit it.
#![forbid(unsafe_code)]

use crate::backend::{RefusedReason, SubmitError};
use crate::error::{Failure, TaskError, TaskErrorKind};

static SHUT_DOWN: Failure = refusal("not submitted: the executor was shut down");
static FULL: Failure = refusal("not submitted: no slot was free, or the queue was full");
static TOO_DEEP: Failure = refusal("not submitted: too many tasks wait for one another here");
static IN_USE: Failure = refusal("not submitted: the task was submitted before");
static WRONG_TASK: Failure = refusal("not submitted: the backend gave back another task");
#[cfg(not(feature = "alloc"))]
static NO_WORKER: Failure = refusal("not submitted: there is no worker");

const fn refusal(message: &'static str) -> Failure {
    Failure::of(TaskErrorKind::Refused, message)
}

impl<F> From<SubmitError<F>> for TaskError {
    /// For a task that could not submit another one. The callable is dropped.
    ///
    /// Allocates nothing, except to carry the cause where there is no worker.
    fn from(error: SubmitError<F>) -> Self {
        match error.reason() {
            RefusedReason::ShutDown => Self::from(&SHUT_DOWN),
            RefusedReason::Full => Self::from(&FULL),
            RefusedReason::TooDeep => Self::from(&TOO_DEEP),
            RefusedReason::InUse => Self::from(&IN_USE),
            RefusedReason::WrongTask => Self::from(&WRONG_TASK),
            #[cfg(feature = "alloc")]
            reason @ (RefusedReason::NoWorker(_) | RefusedReason::Broken(_)) => {
                Self::refused(reason)
            }
            #[cfg(not(feature = "alloc"))]
            RefusedReason::NoWorker(_) | RefusedReason::Broken(_) => Self::from(&NO_WORKER),
        }
    }
}
