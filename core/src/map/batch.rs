//! [`Batch`]: what has come of items and has not been yielded yet.

use alloc::vec::{self, Vec};

use super::each::Each;
use crate::error::TaskError;

/// What came of a chunk: the values, and the errors with their places among them.
pub(super) struct Outcomes<R> {
    values: Each<R>,
    failures: vec::IntoIter<Failed>,
    /// How many values were yielded.
    yielded: usize,
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
        Self { values: values.into(), failures: failures.into_iter(), yielded: 0 }
    }

    fn len(&self) -> usize {
        self.values.len() + self.failures.len()
    }

    /// In the order of the items.
    fn next(&mut self) -> Option<Result<R, TaskError>> {
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

/// What the iterator yields before it looks at any flight again.
pub(super) struct Batch<R> {
    /// Of a chunk in which nothing failed: nothing else is looked at while there are any.
    values: Each<R>,
    /// Of a chunk in which something did.
    mixed: Outcomes<R>,
    /// So many more items, all with the same error.
    failed: Option<(TaskError, usize)>,
}

impl<R> Batch<R> {
    pub(super) fn empty() -> Self {
        Self { values: Each::default(), mixed: Outcomes::default(), failed: None }
    }

    /// So many items with one error.
    pub(super) fn failed(error: TaskError, items: usize) -> Self {
        Self { failed: Some((error, items)), ..Self::empty() }
    }

    /// The outcomes of a chunk of so many items; those it was stopped before were too late.
    pub(super) fn landed(outcomes: Outcomes<R>, items: usize) -> Self {
        let missing = items.saturating_sub(outcomes.len());
        let failed = (missing > 0).then(|| (TaskError::timed_out(), missing));
        match outcomes.failures.len() {
            0 => Self { values: outcomes.values, failed, ..Self::empty() },
            _ => Self { mixed: outcomes, failed, ..Self::empty() },
        }
    }

    pub(super) fn len(&self) -> usize {
        let failed = self.failed.as_ref().map_or(0, |(_, items)| *items);
        self.values.len().saturating_add(self.mixed.len()).saturating_add(failed)
    }

    /// The next one, if that is a value of a chunk in which nothing failed.
    #[inline]
    pub(super) fn next_value(&mut self) -> Option<R> {
        self.values.next()
    }

    /// Takes the values of a chunk in which nothing failed.
    pub(super) fn take_values(&mut self) -> Each<R> {
        core::mem::take(&mut self.values)
    }

    pub(super) fn next(&mut self) -> Option<Result<R, TaskError>> {
        if let Some(value) = self.values.next() {
            return Some(Ok(value));
        }
        if self.mixed.len() > 0 {
            return self.mixed.next();
        }
        let (error, items) = self.failed.as_mut().filter(|(_, items)| *items > 0)?;
        *items -= 1;
        Some(Err(error.clone()))
    }
}
