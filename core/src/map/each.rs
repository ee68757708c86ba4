//! [`Each`]: values of a user in a row, dropped one by one.

use alloc::vec::{self, Vec};

use crate::contain::contain;

/// As `vec::IntoIter`, except that the values left are dropped one by one: of several that panic
/// when dropped, the second would end the program.
pub struct Each<T>(vec::IntoIter<T>);

impl<T> Each<T> {
    /// So many of them, or those that are left.
    #[inline]
    pub(super) fn first(&mut self, count: usize) -> impl Iterator<Item = T> {
        self.0.by_ref().take(count)
    }

    #[inline]
    pub(super) fn next(&mut self) -> Option<T> {
        self.0.next()
    }

    /// Moves them to the end of a vector, all at once.
    #[cfg(feature = "std")]
    pub(super) fn append_to(mut self, values: &mut Vec<T>) {
        values.extend(core::mem::take(&mut self.0));
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T> core::fmt::Debug for Each<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Each").field("left", &self.len()).finish()
    }
}

impl<T> From<Vec<T>> for Each<T> {
    fn from(values: Vec<T>) -> Self {
        Self(values.into_iter())
    }
}

impl<T> Default for Each<T> {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl<T> Drop for Each<T> {
    fn drop(&mut self) {
        if core::mem::needs_drop::<T>() {
            while let Some(value) = self.next() {
                let _ = contain(|| drop(value));
            }
        }
    }
}
