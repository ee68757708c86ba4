//! [`PoolSettings`]: how large a pool is, how much it accepts, how long its idle workers stay.
#![forbid(unsafe_code)]

use core::fmt;
use core::time::Duration;

use super::sleep;
use crate::admission::WhenFull;

/// How a [`Pool`](super::Pool) is to be.
///
/// ```
/// use concurrent_futures_core::{PoolSettings, WhenFull};
/// let settings = PoolSettings::new(4).queue_capacity(100).when_full(WhenFull::Reject);
/// # let _ = settings;
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct PoolSettings {
    pub(super) max_workers: usize,
    pub(super) queue_capacity: Option<usize>,
    pub(super) when_full: WhenFull,
    pub(super) keep_alive: Option<Duration>,
}

impl PoolSettings {
    /// At most so many workers, none of which is started before there is work. As many tasks as
    /// there is memory for may wait, and idle workers stay.
    pub const fn new(max_workers: usize) -> Self {
        let when_full = WhenFull::Block;
        Self { max_workers, queue_capacity: None, when_full, keep_alive: None }
    }

    /// At most so many workers.
    pub const fn max_workers(mut self, workers: usize) -> Self {
        self.max_workers = workers;
        self
    }

    /// At most so many tasks wait to be started; those that run do not count.
    ///
    /// A bounded pool hands tasks to its workers one by one, so that the bound is exact.
    pub const fn queue_capacity(mut self, tasks: usize) -> Self {
        self.queue_capacity = Some(tasks);
        self
    }

    /// What `submit` does when so many tasks wait; blocks, if not said otherwise.
    pub const fn when_full(mut self, when_full: WhenFull) -> Self {
        self.when_full = when_full;
        self
    }

    /// Workers that have been idle for so long end. On a platform without a clock they stay.
    pub const fn keep_alive(mut self, idle: Duration) -> Self {
        self.keep_alive = Some(idle);
        self
    }

    /// # Errors
    /// What is wrong with them.
    pub(super) fn check(&self) -> Result<(), PoolSettingsError> {
        if self.max_workers == 0 || self.max_workers > sleep::WORKERS_MAX {
            return Err(PoolSettingsError::Workers(self.max_workers));
        }
        match self.queue_capacity {
            Some(0) => Err(PoolSettingsError::Capacity),
            _ => Ok(()),
        }
    }
}

/// A pool cannot be like that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PoolSettingsError {
    /// It cannot have that many workers.
    Workers(usize),
    /// A queue without any room accepts nothing.
    Capacity,
}

impl fmt::Display for PoolSettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workers(workers) => {
                let most = sleep::WORKERS_MAX;
                write!(f, "a pool of {workers} workers: ask for 1 at least and {most} at most")
            }
            Self::Capacity => f.write_str(
                "a queue capacity of 0 would accept nothing: ask for 1 at least, or for none",
            ),
        }
    }
}

impl core::error::Error for PoolSettingsError {}
