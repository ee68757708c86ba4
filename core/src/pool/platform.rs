//! [`Platform`]: what a pool's workers are.
#![forbid(unsafe_code)]

use core::fmt;
use core::time::Duration;

use super::Worker;
use crate::backend::Text;
use crate::contain::Payload;
use crate::lock::Lock;
use crate::park::Park;

/// Supplies the workers of a [`Pool`](super::Pool), and what they need.
pub trait Platform: Send + Sync + Sized + 'static {
    /// The lock of queues and lists: held for a few instructions.
    type Lock: Lock + Default;
    /// Held while a worker is being started; it may block.
    type StartLock: Lock + Default;
    /// What an idle worker parks on.
    type Park: Park;

    /// Has `worker.run()` called in a new thread, core or RTOS task. Does not wait for it, and does
    /// not submit to this pool.
    ///
    /// # Errors
    /// Why not; `worker` is dropped then. The pool goes on with the workers that it has; with none,
    /// `submit` gives its callable back.
    fn start(&self, worker: Worker<Self>) -> Result<(), StartError>;

    /// A parker for the calling context: a worker, or whoever waits for room in a bounded queue.
    fn parker(&self) -> Self::Park;

    /// The moment that is so far away, on the clock of the parkers. `None` without a clock, and for
    /// moments beyond it: who waits until then waits for ever.
    fn deadline_after(&self, _time: Duration) -> Option<<Self::Park as Park>::Instant> {
        None
    }

    /// Whether `initialize` does anything. While it does, its worker is not counted on.
    fn has_initializer(&self) -> bool {
        false
    }

    /// Called by each worker before its first task.
    ///
    /// # Errors
    /// The pool is broken then: what is queued and what comes fails with this cause.
    fn initialize(&self) -> Result<(), Text> {
        Ok(())
    }
}

/// Why a worker could not be started.
#[derive(Debug, Clone)]
pub struct StartError(Text);

impl StartError {
    /// With a cause in words.
    pub fn new(cause: impl Into<Text>) -> Self {
        Self(cause.into())
    }

    /// A platform that panicked instead.
    #[cfg(feature = "std")]
    pub(super) fn panicked(payload: Payload) -> Self {
        Self(alloc::format!("the platform panicked: {}", payload.message()).into())
    }

    /// A platform that panicked instead, which is not caught here.
    #[cfg(not(feature = "std"))]
    pub(super) fn panicked(payload: Payload) -> Self {
        match payload {}
    }

    pub(super) fn cause(self) -> Text {
        self.0
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no worker could be started: {}", self.0)
    }
}

impl core::error::Error for StartError {}
