//! [`Closures`]: items worked on by a closure, in an executor.
#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::marker::PhantomData;
use core::{fmt, mem};

use super::chunk::{Chunk, OneItem, Recipe};
use super::flight::Flight;
use super::function::MapFunction;
use super::iterator::Map;
use super::pace::Pace;
use super::source::MapSource;
use crate::backend::{Backend, RefusedReason};
use crate::body::Callable;
use crate::contain::contain;
use crate::error::TaskError;
use crate::executor::Shared;
use crate::future::Future;
use crate::sync::Arc;

/// Items of type `I`, of which a function makes an `R`: what [`Executor::map`](crate::Executor::map) works on.
pub struct Closures<B: Backend, F, I, R> {
    executor: Arc<Shared<B>>,
    recipe: Arc<Recipe<F>>,
    function: PhantomData<fn(I) -> R>,
}

/// The iterator of [`Executor::map`](crate::Executor::map), over a backend, of a function and items.
pub type ClosureMap<B, F, I, R> = Map<Closures<B, F, <I as Iterator>::Item, R>, I>;

impl<B: Backend, F, I, R> Closures<B, F, I, R> {
    pub(crate) fn new(executor: Arc<Shared<B>>, function: F, pace: Pace) -> Self {
        Self { executor, recipe: Arc::new(Recipe::new(function, pace)), function: PhantomData }
    }

    /// # Errors
    /// Why it was refused; its items are gone.
    fn submit<C>(&self, callable: C) -> Result<Future<C::Output>, RefusedReason>
    where
        C: Callable + Send + 'static,
        C::Output: Send + 'static,
    {
        Shared::submit(&self.executor, callable).map_err(|(callable, reason)| {
            let _ = contain(|| drop(callable)); // the items of a user
            reason
        })
    }
}

impl<B, F, I, R> MapSource for Closures<B, F, I, R>
where
    B: Backend,
    F: MapFunction<I, R>,
    I: Send + 'static,
    R: Send + 'static,
{
    type Item = I;
    type Output = R;

    fn pace(&self) -> &Pace {
        &self.recipe.pace
    }

    fn one(&self, item: I) -> Flight<R> {
        match self.submit(OneItem::new(self.recipe.clone(), item)) {
            Ok(future) => Flight::One(future),
            Err(reason) => Flight::Refused { error: TaskError::refused(reason), items: 1 },
        }
    }

    fn chunk(&self, items: &mut Vec<I>) -> Flight<R> {
        let count = items.len();
        match self.submit(Chunk::new(self.recipe.clone(), mem::take(items))) {
            Ok(future) => Flight::Chunk { future, items: count },
            Err(reason) => Flight::Refused { error: TaskError::refused(reason), items: count },
        }
    }

    fn stop(&self) {
        self.recipe.stop();
    }
}

impl<B: Backend, F, I, R> fmt::Debug for Closures<B, F, I, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closures").finish_non_exhaustive()
    }
}
