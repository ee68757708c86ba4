//! What has been done so far, counted where it happens: by each worker of a pool for itself, and in one
//! place for everybody else.
#![forbid(unsafe_code)]

use crate::resolve::{Ended, Observe};
use crate::sync::unmodeled::{AtomicUsize, Ordering};

/// Counts of tasks; they wrap around.
///
/// All orderings are Relaxed: nothing is published by a count, and a snapshot of several is of about
/// the same moment only.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) submitted: Count,
    pub(crate) started: Count,
    pub(crate) finished: Count,
    pub(crate) failed: Count,
    /// Those of them that were never started.
    pub(crate) failed_unstarted: Count,
    pub(crate) cancelled: Count,
}

/// The tally of the worker that runs on this thread: nobody else writes to it.
pub(crate) struct Own<'a>(pub(crate) &'a Tally);

impl Observe for Own<'_> {
    #[inline]
    fn started(&self) {
        self.0.started.add_own();
    }

    #[inline]
    fn ended(&self, ended: Ended) {
        match ended {
            Ended::Returned => self.0.finished.add_own(),
            Ended::Failed => {
                self.0.finished.add_own();
                self.0.failed.add_own();
            }
            Ended::FailedUnstarted => {
                self.ended(Ended::Failed);
                self.0.failed_unstarted.add_own();
            }
            Ended::Cancelled => self.0.cancelled.add_own(),
        }
    }
}

impl Observe for Tally {
    fn started(&self) {
        self.started.add();
    }

    fn ended(&self, ended: Ended) {
        match ended {
            Ended::Returned => self.finished.add(),
            Ended::Failed => {
                self.finished.add();
                self.failed.add();
            }
            Ended::FailedUnstarted => {
                self.ended(Ended::Failed);
                self.failed_unstarted.add();
            }
            Ended::Cancelled => self.cancelled.add(),
        }
    }
}

/// One number.
#[derive(Debug)]
pub(crate) struct Count(AtomicUsize);

impl Default for Count {
    fn default() -> Self {
        Self(AtomicUsize::new(0))
    }
}

impl Count {
    /// By the one context that ever changes it: no RMW is needed.
    #[inline]
    pub(crate) fn add_own(&self) {
        // ORDERING: Relaxed; see `Tally`.
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    /// By anybody.
    pub(crate) fn add(&self) {
        // ORDERING: Relaxed; see `Tally`.
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Undoes `add`.
    pub(crate) fn take_back(&self) {
        // ORDERING: Relaxed; see `Tally`.
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> usize {
        // ORDERING: Relaxed; see `Tally`.
        self.0.load(Ordering::Relaxed)
    }
}
