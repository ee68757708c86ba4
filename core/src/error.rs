//! [`TaskError`]: why a task has no value.
#![forbid(unsafe_code)]

use core::fmt;

#[cfg(feature = "alloc")]
use alloc::{boxed::Box, string::String};
#[cfg(feature = "alloc")]
use core::error::Error;

#[cfg(feature = "alloc")]
use crate::contain::Contained;
use crate::contain::Payload;
#[cfg(feature = "alloc")]
use crate::sync::PlainArc;

/// Why a task has no value.
///
/// Cheap to clone and one or two pointers wide; clones share the details. Works with `?` into any
/// error type.
#[derive(Clone)]
pub struct TaskError(Repr);

#[derive(Clone)]
enum Repr {
    Brief(&'static Failure),
    #[cfg(feature = "alloc")]
    Detailed(PlainArc<Details>),
}

/// What sort of failure a [`TaskError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskErrorKind {
    /// Cancelled before it started.
    Cancelled,
    /// The callable panicked.
    Panicked,
    /// The callable returned an error through `submit_fallible`, or the promise was failed.
    Failed,
    /// The promise or task was dropped unfulfilled.
    Abandoned,
    /// The wait reached its deadline; the task goes on.
    TimedOut,
    /// The wait could never end: the task waits for itself, or too many tasks wait for one another.
    WouldDeadlock,
    /// The worker that ran the task died.
    WorkerLost,
    /// Arguments or value went to or came from another process and could not be encoded or decoded.
    Undecodable,
    /// The value is larger than the limit for what comes from another process.
    TooLarge,
    /// The call did not start in time, or ran for too long; in the latter case its worker was killed.
    DeadlinePassed,
    /// The worker that ran the call was killed because somebody asked for it.
    Killed,
    /// The pool gave up on its workers.
    PoolBroken,
    /// The executor did not accept the task.
    Refused,
    /// The result had been taken before.
    Taken,
}

/// A failure that needs no allocator: a code of the user's own and a message, both static.
///
/// ```
/// use concurrent_futures_core::{Failure, TaskError};
/// static OVERRUN: Failure = Failure::new(7, "the converter was read too late");
/// let error = TaskError::from(&OVERRUN);
/// assert_eq!(error.code(), Some(7));
/// ```
#[derive(Debug)]
pub struct Failure {
    kind: TaskErrorKind,
    code: u32,
    message: &'static str,
}

impl Failure {
    /// Names a failure of the user's own.
    pub const fn new(code: u32, message: &'static str) -> Self {
        Self { kind: TaskErrorKind::Failed, code, message }
    }

    pub(crate) const fn of(kind: TaskErrorKind, message: &'static str) -> Self {
        Self { kind, code: 0, message }
    }
}

#[cfg(feature = "alloc")]
struct Details {
    kind: TaskErrorKind,
    message: String,
    /// File, line and column of a panic.
    location: Option<String>,
    source: Option<Contained<Box<dyn Error + Send + Sync>>>,
    #[cfg(feature = "calls")]
    remote: Remote,
    /// In a mutex for the sake of Sync: a payload is only Send.
    #[cfg(feature = "std")]
    payload: std::sync::Mutex<Option<Payload>>,
}

/// What is known of a failure at the other end of a link.
#[cfg(feature = "calls")]
#[derive(Debug, Default)]
pub(crate) struct Remote {
    pub(crate) worker: Option<crate::calls::WorkerReport>,
    pub(crate) backtrace: Option<String>,
}

impl TaskError {
    /// What sort of failure this is.
    pub fn kind(&self) -> TaskErrorKind {
        match &self.0 {
            Repr::Brief(failure) => failure.kind,
            #[cfg(feature = "alloc")]
            Repr::Detailed(details) => details.kind,
        }
    }

    /// The code given to [`Failure::new`], if that is what this is.
    pub fn code(&self) -> Option<u32> {
        match &self.0 {
            Repr::Brief(failure) if failure.kind == TaskErrorKind::Failed => Some(failure.code),
            _ => None,
        }
    }

    /// The message of a panic, the task's own error as text, or what happened in plain words.
    pub fn message(&self) -> &str {
        match &self.0 {
            Repr::Brief(failure) => failure.message,
            #[cfg(feature = "alloc")]
            Repr::Detailed(details) => &details.message,
        }
    }

    /// Whether the task was cancelled before it started.
    pub fn is_cancelled(&self) -> bool {
        self.kind() == TaskErrorKind::Cancelled
    }

    /// Whether the callable panicked.
    pub fn is_panicked(&self) -> bool {
        self.kind() == TaskErrorKind::Panicked
    }

    /// Whether this is a wait that reached its deadline.
    pub fn is_timed_out(&self) -> bool {
        self.kind() == TaskErrorKind::TimedOut
    }

    pub(crate) const fn cancelled() -> Self {
        const F: &Failure = &Failure::of(TaskErrorKind::Cancelled, "cancelled before it started");
        Self(Repr::Brief(F))
    }

    pub(crate) const fn abandoned() -> Self {
        const F: &Failure =
            &Failure::of(TaskErrorKind::Abandoned, "dropped by whoever was to fulfil it");
        Self(Repr::Brief(F))
    }

    pub(crate) const fn timed_out() -> Self {
        const F: &Failure =
            &Failure::of(TaskErrorKind::TimedOut, "not done when the wait reached its deadline");
        Self(Repr::Brief(F))
    }

    pub(crate) const fn would_deadlock() -> Self {
        const F: &Failure = &Failure::of(
            TaskErrorKind::WouldDeadlock,
            "waiting here could never end: the task would wait for itself",
        );
        Self(Repr::Brief(F))
    }

    pub(crate) const fn too_deep() -> Self {
        const F: &Failure = &Failure::of(
            TaskErrorKind::WouldDeadlock,
            "too many tasks wait for one another on this thread: split the work less deeply",
        );
        Self(Repr::Brief(F))
    }

    pub(crate) const fn taken() -> Self {
        const F: &Failure = &Failure::of(TaskErrorKind::Taken, "the result has been taken before");
        Self(Repr::Brief(F))
    }
}

#[cfg(feature = "alloc")]
impl TaskError {
    /// A task's own error. One that is a `TaskError` already, of a task that this one waited for,
    /// stays what it is.
    pub fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let source = match error.into().downcast::<Self>() {
            Ok(error) => return *error,
            Err(source) => source,
        };
        let message = alloc::string::ToString::to_string(&source);
        Self::detailed(TaskErrorKind::Failed, message, Some(source))
    }

    /// A pool that gave up on its workers, and why.
    pub(crate) fn pool_broken(cause: &str) -> Self {
        let message = alloc::format!("the pool gave up on its workers: {cause}");
        Self::detailed(TaskErrorKind::PoolBroken, message, None)
    }

    /// A task that was not submitted, and why.
    pub fn refused(reason: impl fmt::Display) -> Self {
        let message = alloc::format!("not submitted: {reason}");
        Self::detailed(TaskErrorKind::Refused, message, None)
    }

    /// The task's own error, if it is an `E`.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        match &self.0 {
            Repr::Detailed(details) => details.source.as_ref()?.get()?.downcast_ref(),
            Repr::Brief(_) => None,
        }
    }

    /// Where it panicked, as `file:line:column`, where that is known.
    pub fn location(&self) -> Option<&str> {
        match &self.0 {
            Repr::Detailed(details) => details.location.as_deref(),
            Repr::Brief(_) => None,
        }
    }

    fn detailed(
        kind: TaskErrorKind,
        message: String,
        source: Option<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self(Repr::Detailed(PlainArc::new(Details {
            kind,
            message,
            location: None,
            source: source.map(Contained::new),
            #[cfg(feature = "calls")]
            remote: Remote::default(),
            #[cfg(feature = "std")]
            payload: std::sync::Mutex::new(None),
        })))
    }
}

#[cfg(feature = "calls")]
impl TaskError {
    /// A failure at the other end of a link, or of the link.
    pub(crate) fn remote(
        kind: TaskErrorKind,
        message: String,
        location: Option<String>,
        remote: Remote,
    ) -> Self {
        Self(Repr::Detailed(PlainArc::new(Details {
            kind,
            message,
            location,
            source: None,
            remote,
            #[cfg(feature = "std")]
            payload: std::sync::Mutex::new(None),
        })))
    }

    /// The worker process that this is about: of a call that was running when its worker ended, was
    /// killed, or broke the protocol.
    pub fn worker(&self) -> Option<&crate::calls::WorkerReport> {
        match &self.0 {
            Repr::Detailed(details) => details.remote.worker.as_ref(),
            Repr::Brief(_) => None,
        }
    }

    /// The backtrace of a panic in a worker process, as text, where that process was asked for
    /// backtraces (`RUST_BACKTRACE=1`).
    pub fn backtrace_text(&self) -> Option<&str> {
        match &self.0 {
            Repr::Detailed(details) => details.remote.backtrace.as_deref(),
            Repr::Brief(_) => None,
        }
    }
}

#[cfg(feature = "std")]
impl TaskError {
    pub(crate) fn panicked(payload: Payload) -> Self {
        Self(Repr::Detailed(PlainArc::new(Details {
            kind: TaskErrorKind::Panicked,
            message: payload.message().into(),
            location: payload.with(crate::panic_site::take),
            source: None,
            #[cfg(feature = "calls")]
            remote: Remote::default(),
            payload: std::sync::Mutex::new(Some(payload)),
        })))
    }

    /// What the task panicked with, for [`std::panic::resume_unwind`].
    ///
    /// # Errors
    /// The error itself, if it is not a panic or a clone of it has given the payload away.
    pub fn into_panic(self) -> Result<Box<dyn core::any::Any + Send>, Self> {
        let payload = match &self.0 {
            Repr::Detailed(details) => {
                details.payload.lock().unwrap_or_else(|poison| poison.into_inner()).take()
            }
            Repr::Brief(_) => None,
        };
        payload.map(Payload::into_inner).ok_or(self)
    }
}

#[cfg(not(feature = "std"))]
impl TaskError {
    pub(crate) fn panicked(payload: Payload) -> Self {
        match payload {}
    }
}

impl From<&'static Failure> for TaskError {
    fn from(failure: &'static Failure) -> Self {
        Self(Repr::Brief(failure))
    }
}

impl fmt::Debug for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("TaskError");
        debug.field("kind", &self.kind()).field("message", &self.message());
        #[cfg(feature = "alloc")]
        if let Some(location) = self.location() {
            debug.field("location", &location);
        }
        debug.finish()
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            TaskErrorKind::Panicked => write!(f, "task panicked: {}", self.message())?,
            TaskErrorKind::Failed => write!(f, "task failed: {}", self.message())?,
            _ => f.write_str(self.message())?,
        }
        #[cfg(feature = "alloc")]
        if let Some(location) = self.location() {
            write!(f, " at {location}")?;
        }
        Ok(())
    }
}

impl core::error::Error for TaskError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.0 {
            #[cfg(feature = "alloc")]
            Repr::Detailed(details) => match details.source.as_ref()?.get() {
                Some(source) => Some(source.as_ref()),
                None => None,
            },
            Repr::Brief(_) => None,
        }
    }
}
