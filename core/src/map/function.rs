//! The function of a [`Map`](crate::Map), and what it makes of an item.

use alloc::boxed::Box;
use core::error::Error;

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
}

impl<F, I, R> MapFunction<I, R> for MapFn<F>
where
    F: Fn(I) -> R + Send + Sync + 'static,
{
    #[inline]
    fn call(&self, item: I) -> Result<R, TaskError> {
        Ok((self.0)(item))
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
