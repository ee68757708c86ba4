//! What went wrong in a worker, in the words that its parent gets.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::String;

use super::codec_error::{DecodeError, EncodeError};
use super::messages::{RemoteFailure, RemoteFailureKind};
use super::panic_report::PanicReport;
use super::run::{Phase, RunError};
#[cfg(feature = "std")]
use crate::error::{Remote, TaskError, TaskErrorKind};

/// What a failure is for whoever has the future. `said` makes a message of all but panics, which have their
/// own.
#[cfg(feature = "std")]
pub(super) fn error_of(failure: RemoteFailure, said: impl FnOnce(String) -> String) -> TaskError {
    let RemoteFailure { kind, message, location, backtrace } = failure;
    let (kind, message) = match kind {
        RemoteFailureKind::Panicked => (TaskErrorKind::Panicked, message),
        RemoteFailureKind::ResultTooLarge => (TaskErrorKind::TooLarge, said(message)),
        _ => (TaskErrorKind::Undecodable, said(message)),
    };
    TaskError::remote(kind, message, location, Remote { worker: None, backtrace })
}

pub(super) fn initializer_failed(message: String) -> RemoteFailure {
    RemoteFailure::new(RemoteFailureKind::Initializer, message)
}

pub(super) fn no_such_task(task: u32, tasks: usize) -> RemoteFailure {
    let message = format!("there is no function {task} among the {tasks} that this worker knows");
    RemoteFailure::new(RemoteFailureKind::UnknownTask, message)
}

pub(super) fn unreadable(error: DecodeError) -> RemoteFailure {
    let message = format!("the arguments could not be read: {error}");
    RemoteFailure::new(RemoteFailureKind::UndecodableArguments, message)
}

pub(super) fn too_many_results(error: EncodeError) -> RemoteFailure {
    let message = format!("the results of a batch do not fit into one frame: {error}");
    RemoteFailure::new(RemoteFailureKind::ResultTooLarge, message)
}

pub(super) fn of_run(error: RunError) -> RemoteFailure {
    match error {
        RunError::Arguments(error) => unreadable(error),
        RunError::Result(error) => unwritable(error),
        RunError::Panicked(phase, report) => panicked(phase, report),
    }
}

fn unwritable(error: EncodeError) -> RemoteFailure {
    let kind = match error {
        EncodeError::UnknownLength | EncodeError::Custom(_) | EncodeError::Attach(_) => {
            RemoteFailureKind::UnencodableResult
        }
        _ => RemoteFailureKind::ResultTooLarge,
    };
    RemoteFailure::new(kind, format!("the result could not be written: {error}"))
}

fn panicked(phase: Phase, report: PanicReport) -> RemoteFailure {
    let PanicReport { message, location, backtrace } = report;
    let message = match phase {
        Phase::Arguments => format!("while its arguments were read: {message}"),
        Phase::Run => message,
        Phase::Result => format!("while its result was written: {message}"),
    };
    let failure = RemoteFailure::new(RemoteFailureKind::Panicked, message);
    RemoteFailure { location, backtrace, ..failure }
}
