//! [`Batch`]: what has come of items and has not been yielded yet.

use super::each::Each;
use super::outcomes::Outcomes;
use crate::error::TaskError;

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

    /// The outcomes of a chunk of so many items.
    pub(super) fn landed(mut outcomes: Outcomes<R>, items: usize) -> Self {
        if outcomes.len() > items {
            return Self::failed(Outcomes::<R>::too_many(), items);
        }
        let missing = items - outcomes.len();
        let failed = (missing > 0).then(|| (outcomes.missing(), missing));
        match outcomes.take_all_values() {
            Some(values) => Self { values, failed, ..Self::empty() },
            None => Self { mixed: outcomes, failed, ..Self::empty() },
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
