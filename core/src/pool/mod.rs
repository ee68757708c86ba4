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
//!   accepted before or refused after. A worker that pushes to its own queue looks there again before
//!   it ends.
//! - **P5** A task is accepted only when there is a worker that was started; until then whoever submits
//!   starts one, one after another. Starting and retiring exclude each other.
//! - **P6** A worker accounts for itself when it ends, however it ends; the last one tells those who
//!   wait for the end.

mod ending;
mod inner;
mod padded;
mod platform;
mod room;
mod settings;
mod sleep;
mod staff;
mod submitting;
mod supervision;
mod worker;

pub use platform::{Platform, StartError};
pub use room::{Room, Ticket};
pub use settings::{PoolSettings, PoolSettingsError};
pub use worker::Worker;

use core::fmt;

use crate::backend::{Backend, Refused};
use crate::supervise::{Seal, Supervise};
use crate::task::Task;
use inner::{Inner, PoolRef};

/// A pool of workers, as a backend. What the workers are, the platform knows.
pub struct Pool<P: Platform> {
    inner: PoolRef<P>,
}

impl<P: Platform> Pool<P> {
    /// A pool of at most `max_workers`, none of which is started before there is work.
    ///
    /// # Errors
    /// [`PoolSettingsError::Workers`] for zero workers, and for more than can be counted.
    pub fn new(platform: P, max_workers: usize) -> Result<Self, PoolSettingsError> {
        Self::with_settings(platform, PoolSettings::new(max_workers))
    }

    /// A pool as it is described.
    ///
    /// # Errors
    /// What is wrong with the description.
    pub fn with_settings(platform: P, settings: PoolSettings) -> Result<Self, PoolSettingsError> {
        settings.check()?;
        Ok(Self { inner: PoolRef::new(Inner::new(platform, settings)) })
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
        self.inner.schedule_task(task, self.inner.settings.when_full)
    }

    fn parallelism(&self) -> Option<usize> {
        Some(self.max_workers())
    }

    fn supervise(&self, _: Seal) -> Option<&dyn Supervise> {
        Some(&self.inner)
    }
}

impl<P: Platform> fmt::Debug for Pool<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Pool");
        debug.field("max_workers", &self.max_workers());
        debug.field("workers", &self.inner.sleep.load().live()).finish_non_exhaustive()
    }
}
