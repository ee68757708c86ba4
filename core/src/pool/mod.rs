//! The worker protocol: queues, sleeping and waking, growth and the end, over what a platform
//! supplies.
//!
//! ```text
//!   submit ──► global queue ──► a worker takes a batch ──► its own queue ──► run
//!                  │                                          ▲ steal │
//!                  └── nobody searching? wake one, or start one ──────┘
//! ```
//!
//! Invariants, cited as P1 to P6:
//!
//! - **P1** Whoever makes a task visible in a queue looks at the sleep word afterwards, and wakes or
//!   starts a worker if none is searching.
//! - **P2** A worker that stops searching because it found something, and was the last to search,
//!   looks whether more is visible, and acts as P1.
//! - **P3** A worker that goes to sleep says so in the sleep word first, and looks at the queues
//!   again before it parks.
//! - **P4** Whether the pool is closed is decided under the lock of the global queue: a push is
//!   accepted before or refused after.
//! - **P5** A task is accepted only when at least one worker has been started; until then whoever
//!   submits starts one, one after another.
//! - **P6** A worker accounts for itself when it ends, however it ends; the last one tells those who
//!   wait for the end.

mod ending;
mod inner;
mod platform;
mod sleep;
mod worker;

pub use platform::{Platform, StartError};
pub use worker::Worker;

use alloc::sync::Arc;
use core::fmt;

use crate::backend::{Backend, Refused};
use crate::supervise::{Seal, Supervise};
use crate::task::Task;
use inner::Inner;

/// A pool of workers, as a backend. What the workers are, the platform knows.
pub struct Pool<P: Platform> {
    inner: Arc<Inner<P>>,
}

impl<P: Platform> Pool<P> {
    /// A pool of at most `max_workers`, none of which is started before there is work.
    ///
    /// # Errors
    /// [`PoolSizeError`] for zero workers, and for more than can be counted.
    pub fn new(platform: P, max_workers: usize) -> Result<Self, PoolSizeError> {
        if max_workers == 0 || max_workers > sleep::WORKERS_MAX {
            return Err(PoolSizeError { workers: max_workers });
        }
        Ok(Self { inner: Arc::new(Inner::new(platform, max_workers as u32)) })
    }

    /// The platform.
    pub fn platform(&self) -> &P {
        &self.inner.platform
    }

    /// How many workers there may be.
    pub fn max_workers(&self) -> usize {
        self.inner.desks.len()
    }
}

impl<P: Platform> Backend for Pool<P> {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        let Some(slot) = task.into_slot() else { return Ok(()) };
        self.inner.schedule(slot)
    }

    fn supervise(&self, _: Seal) -> Option<&dyn Supervise> {
        Some(&*self.inner)
    }
}

impl<P: Platform> fmt::Debug for Pool<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Pool");
        debug.field("max_workers", &self.max_workers());
        debug.field("workers", &self.inner.sleep.load().live()).finish_non_exhaustive()
    }
}

/// A pool cannot have that many workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolSizeError {
    /// The number asked for.
    pub workers: usize,
}

impl fmt::Display for PoolSizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (workers, most) = (self.workers, sleep::WORKERS_MAX);
        write!(f, "a pool of {workers} workers: ask for 1 at least and {most} at most")
    }
}

impl core::error::Error for PoolSizeError {}
