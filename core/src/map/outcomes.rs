//! [`Outcomes`]: what came of a chunk.

use alloc::vec::{self, Vec};
use core::fmt;
use core::time::Duration;

use super::each::Each;
use crate::error::TaskError;

/// What came of a chunk of the items of a [`Map`](crate::Map), in their order.
pub struct Outcomes<R> {
    values: Each<R>,
    failures: vec::IntoIter<Failed>,
    /// How many values were yielded.
    yielded: usize,
    /// What became of items of which nothing is said; otherwise it was too late for them.
    rest: Option<TaskError>,
    /// How long it took, where the task itself does not tell the pace.
    took: Option<Duration>,
}

/// One item's error.
#[derive(Debug)]
pub struct Failed {
    /// How many values come before it.
    pub(super) after: usize,
    pub(super) error: TaskError,
}

impl<R> Outcomes<R> {
    pub(super) fn new(values: Vec<R>, failures: Vec<Failed>) -> Self {
        Self {
            values: values.into(),
            failures: failures.into_iter(),
            yielded: 0,
            rest: None,
            took: None,
        }
    }

    /// So many as are there, and what became of the others. `took` is the time that the chunk was worked
    /// on, from which the size of the next is learned.
    #[cfg(all(feature = "calls", feature = "std"))]
    pub(crate) fn of_chunk(
        outcomes: impl Iterator<Item = Result<R, TaskError>>,
        rest: TaskError,
        took: Duration,
    ) -> Self {
        let mut values = Vec::with_capacity(outcomes.size_hint().0);
        let mut failures = Vec::new();
        for outcome in outcomes {
            match outcome {
                Ok(value) => values.push(value),
                Err(error) => failures.push(Failed { after: values.len(), error }),
            }
        }
        Self { rest: Some(rest), took: Some(took), ..Self::new(values, failures) }
    }

    pub(super) fn took(&self) -> Option<Duration> {
        self.took
    }

    pub(super) fn len(&self) -> usize {
        self.values.len() + self.failures.len()
    }

    /// What became of items that are not among them.
    #[cold]
    pub(super) fn missing(&self) -> TaskError {
        self.rest.clone().unwrap_or_else(TaskError::timed_out)
    }

    /// What to say of all when there are more than items.
    #[cold]
    pub(super) fn too_many() -> TaskError {
        TaskError::failed("a chunk came back with more results than it had items")
    }

    /// All of them, if nothing failed.
    pub(super) fn take_all_values(&mut self) -> Option<Each<R>> {
        (self.failures.len() == 0).then(|| core::mem::take(&mut self.values))
    }

    /// In the order of the items.
    pub(crate) fn next(&mut self) -> Option<Result<R, TaskError>> {
        let failed = self.failures.as_slice().first();
        if failed.is_some_and(|failed| failed.after == self.yielded) {
            return self.failures.next().map(|failed| Err(failed.error));
        }
        self.yielded += 1;
        self.values.next().map(Ok)
    }
}

impl<R> Default for Outcomes<R> {
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new())
    }
}

impl<R> fmt::Debug for Outcomes<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Outcomes");
        debug.field("values", &self.values.len()).field("failures", &self.failures.len());
        debug.finish_non_exhaustive()
    }
}
