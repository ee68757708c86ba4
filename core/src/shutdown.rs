//! [`Shutdown`]: how an executor is to end.
#![forbid(unsafe_code)]

use core::fmt;
use core::time::Duration;

use crate::account::Remaining;

/// How [`Executor::shutdown`](crate::Executor::shutdown) ends an executor.
///
/// ```
/// use concurrent_futures_core::{Executor, InlineBackend, Shutdown};
/// let executor = Executor::new(InlineBackend);
/// executor.shutdown(Shutdown::wait().cancel_futures())?;
/// # Ok::<(), concurrent_futures_core::ShutdownError>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Shutdown {
    pub(crate) wait: bool,
    pub(crate) cancel_futures: bool,
    pub(crate) timeout: Option<Duration>,
}

impl Shutdown {
    /// Waits until everything accepted has ended (Python's `wait=True`).
    pub fn wait() -> Self {
        Self { wait: true, cancel_futures: false, timeout: None }
    }

    /// Waits for at most so long.
    pub fn wait_timeout(timeout: Duration) -> Self {
        Self { wait: true, cancel_futures: false, timeout: Some(timeout) }
    }

    /// Does not wait: what was accepted goes on in the background (Python's `wait=False`).
    pub fn detach() -> Self {
        Self { wait: false, cancel_futures: false, timeout: None }
    }

    /// Whether the end is waited for.
    pub fn waits(&self) -> bool {
        self.wait
    }

    /// Whether it waits for so long at most.
    pub fn has_timeout(&self) -> bool {
        self.timeout.is_some()
    }

    /// For how long it waits at most, if there is an end to that.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Whether what has not started is cancelled.
    pub fn cancels_futures(&self) -> bool {
        self.cancel_futures
    }

    /// Cancels what has not started.
    pub fn cancel_futures(self) -> Self {
        Self { cancel_futures: true, ..self }
    }
}

/// Why the end was not waited for. The executor is closed all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShutdownError {
    /// Called in a task of the executor itself, whose end it would have to wait for.
    WouldDeadlock,
    /// Not ended in time; this is left.
    TimedOut(Remaining),
}

impl fmt::Display for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WouldDeadlock => f.write_str(
                "a task cannot wait for the end of its own executor: detach, or shut down outside",
            ),
            Self::TimedOut(left) => write!(
                f,
                "not ended in time: {} tasks and {} workers remain",
                left.tasks, left.workers
            ),
        }
    }
}

impl core::error::Error for ShutdownError {}
