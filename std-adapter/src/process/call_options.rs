//! [`CallOptions`]: for how long a call may wait and run.
#![forbid(unsafe_code)]

use std::time::Duration;

/// For how long a call may wait to be started, and run. Without limits it may do both for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[must_use]
pub struct CallOptions {
    pub(crate) queue_timeout: Option<Duration>,
    pub(crate) run_timeout: Option<Duration>,
}

impl CallOptions {
    /// No limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// A call that has not started within this time, from when it was submitted, never will: its future
    /// fails as [`DeadlinePassed`](crate::TaskErrorKind::DeadlinePassed).
    pub fn queue_timeout(self, time: Duration) -> Self {
        Self { queue_timeout: Some(time), ..self }
    }

    /// A call that runs for longer fails as [`DeadlinePassed`](crate::TaskErrorKind::DeadlinePassed), and
    /// its worker is killed, with all that it started, and replaced.
    ///
    /// The time counts from when the call was sent to a worker that had nothing else to do. One that has not begun
    /// with it by then is given another tenth of a second; after that it is replaced, and the call, which has
    /// not run, is sent to another.
    ///
    /// A worker behind a [link](crate::LinkExecutor) cannot be killed: it is busy until it answers, and nobody hears that.
    pub fn run_timeout(self, time: Duration) -> Self {
        Self { run_timeout: Some(time), ..self }
    }
}
