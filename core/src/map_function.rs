//! What a [`Map`](crate::Map) makes of an item: a task.
#![forbid(unsafe_code)]

use alloc::boxed::Box;
use core::error::Error;
use core::fmt;

use crate::backend::{Backend, RefusedReason};
use crate::body::{Plain, Raising};
use crate::executor::Shared;
use crate::future::Future;
use crate::sync::Arc;

/// The function of a [`Map`](crate::Map).
#[derive(Debug)]
pub struct MapFn<F>(pub(crate) Arc<F>);

/// The function of a [`Map`](crate::Map) whose `Err` is a failure.
#[derive(Debug)]
pub struct MapFallibleFn<F>(pub(crate) Arc<F>);

/// Makes a task of an item.
pub trait MapFunction<I, R> {
    /// Submits the item.
    ///
    /// # Errors
    /// Why it was refused; the item is gone.
    fn submit<B: Backend>(&self, to: &MapTarget<B>, item: I) -> Result<Future<R>, RefusedReason>;
}

/// Where a [`Map`](crate::Map) submits.
pub struct MapTarget<B>(pub(crate) Arc<Shared<B>>);

impl<B> fmt::Debug for MapTarget<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MapTarget")
    }
}

impl<F, I, R> MapFunction<I, R> for MapFn<F>
where
    F: Fn(I) -> R + Send + Sync + 'static,
    I: Send + 'static,
    R: Send + 'static,
{
    fn submit<B: Backend>(&self, to: &MapTarget<B>, item: I) -> Result<Future<R>, RefusedReason> {
        let function = self.0.clone();
        Shared::submit(&to.0, Plain(move || function(item))).map_err(|(_, reason)| reason)
    }
}

impl<F, I, R, E> MapFunction<I, R> for MapFallibleFn<F>
where
    F: Fn(I) -> Result<R, E> + Send + Sync + 'static,
    I: Send + 'static,
    R: Send + 'static,
    E: Into<Box<dyn Error + Send + Sync>> + 'static,
{
    fn submit<B: Backend>(&self, to: &MapTarget<B>, item: I) -> Result<Future<R>, RefusedReason> {
        let function = self.0.clone();
        Shared::submit(&to.0, Raising(move || function(item))).map_err(|(_, reason)| reason)
    }
}
