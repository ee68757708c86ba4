//! The function of a [`Map`](crate::Map), and what it makes of an item.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::error::Error;

use super::each::Each;
use super::outcomes::Failed;
use crate::error::TaskError;

/// The function of a [`Map`](crate::Map).
#[derive(Debug)]
pub struct MapFn<F>(pub(super) F);

/// The function of a [`Map`](crate::Map) whose `Err` is a failure.
#[derive(Debug)]
pub struct MapFallibleFn<F>(pub(super) F);

/// Makes an outcome of an item.
pub trait MapFunction<I, R>: Send + Sync + 'static {
    /// Calls the user's function.
    ///
    /// # Errors
    /// Its own.
    fn call(&self, item: I) -> Result<R, TaskError>;

    /// Calls it with so many items, or with those that are left. There is room for their values.
    #[inline]
    fn call_each(
        &self,
        items: &mut Each<I>,
        count: usize,
        values: &mut Vec<R>,
        failures: &mut Vec<Failed>,
    ) {
        for item in items.first(count) {
            match self.call(item) {
                Ok(value) => values.push(value),
                Err(error) => failures.push(Failed { after: values.len(), error }),
            }
        }
    }
}

impl<F, I, R> MapFunction<I, R> for MapFn<F>
where
    F: Fn(I) -> R + Send + Sync + 'static,
{
    #[inline]
    fn call(&self, item: I) -> Result<R, TaskError> {
        Ok((self.0)(item))
    }

    /// Nothing fails, so that the length is written back and the room looked at once for all of them.
    #[inline]
    fn call_each(
        &self,
        items: &mut Each<I>,
        count: usize,
        values: &mut Vec<R>,
        _failures: &mut Vec<Failed>,
    ) {
        values.extend(items.first(count).map(|item| (self.0)(item)));
    }
}

impl<F, I, R, E> MapFunction<I, R> for MapFallibleFn<F>
where
    F: Fn(I) -> Result<R, E> + Send + Sync + 'static,
    E: Into<Box<dyn Error + Send + Sync>> + 'static,
{
    #[inline]
    fn call(&self, item: I) -> Result<R, TaskError> {
        (self.0)(item).map_err(TaskError::failed)
    }
}
