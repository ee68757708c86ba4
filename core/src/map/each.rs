//! [`Each`]: values of a user in a row, dropped one by one.

use alloc::vec::{self, Vec};

use crate::contain::contain;

/// As `vec::IntoIter`, except that the values left are dropped one by one: of several that panic
/// when dropped, the second would end the program.
pub(super) struct Each<T>(vec::IntoIter<T>);

impl<T> Each<T> {
    #[inline]
    pub(super) fn next(&mut self) -> Option<T> {
        self.0.next()
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.0.len()
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
