//! `Executor::map` and its kin.

use alloc::boxed::Box;
use core::error::Error;

use super::closures::{ClosureMap, Closures};
use super::function::{MapFallibleFn, MapFn, MapFunction};
use super::iterator::Map;
use super::options::MapOptions;
use crate::backend::Backend;
use crate::executor::Executor;

impl<B: Backend> Executor<B> {
    /// Calls `function` with each item, and yields the results in the order of the items.
    ///
    /// At most 1024 items are in flight ([`map_with`](Self::map_with) takes another number); the
    /// first are submitted by this call. An error in one item ends nothing else. Dropping the
    /// iterator cancels what has not started.
    pub fn map<F, I, R>(&self, function: F, items: I) -> ClosureMap<B, MapFn<F>, I::IntoIter, R>
    where
        F: Fn(I::Item) -> R + Send + Sync + 'static,
        I: IntoIterator,
        I::Item: Send + 'static,
        R: Send + 'static,
    {
        self.map_with(MapOptions::new(), function, items)
    }

    /// As [`map`](Self::map), in the way that [`MapOptions`] say: window, chunks, order, timeout.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "std")] {
    /// use concurrent_futures_core::{Executor, InlineBackend, MapOptions};
    /// let executor = Executor::new(InlineBackend);
    /// let options = MapOptions::new().window(2); // of an endless iterator, two are ahead
    /// let squares = executor.map_with(options, |n| n * n, 0u64..).take(3);
    /// assert_eq!(squares.collect::<Result<Vec<_>, _>>()?, [0, 1, 4]);
    /// # }
    /// # Ok::<(), concurrent_futures_core::TaskError>(())
    /// ```
    pub fn map_with<F, I, R>(
        &self,
        options: MapOptions,
        function: F,
        items: I,
    ) -> ClosureMap<B, MapFn<F>, I::IntoIter, R>
    where
        F: Fn(I::Item) -> R + Send + Sync + 'static,
        I: IntoIterator,
        I::Item: Send + 'static,
        R: Send + 'static,
    {
        self.map_over(options, MapFn(function), items.into_iter())
    }

    /// As [`map`](Self::map); an `Err` of the function is a failure of that item.
    pub fn map_fallible<F, I, R, E>(
        &self,
        function: F,
        items: I,
    ) -> ClosureMap<B, MapFallibleFn<F>, I::IntoIter, R>
    where
        F: Fn(I::Item) -> Result<R, E> + Send + Sync + 'static,
        I: IntoIterator,
        I::Item: Send + 'static,
        R: Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + 'static,
    {
        self.map_fallible_with(MapOptions::new(), function, items)
    }

    /// As [`map_fallible`](Self::map_fallible), in the way that [`MapOptions`] say.
    pub fn map_fallible_with<F, I, R, E>(
        &self,
        options: MapOptions,
        function: F,
        items: I,
    ) -> ClosureMap<B, MapFallibleFn<F>, I::IntoIter, R>
    where
        F: Fn(I::Item) -> Result<R, E> + Send + Sync + 'static,
        I: IntoIterator,
        I::Item: Send + 'static,
        R: Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + 'static,
    {
        self.map_over(options, MapFallibleFn(function), items.into_iter())
    }

    fn map_over<F, I, R>(
        &self,
        options: MapOptions,
        function: F,
        items: I,
    ) -> ClosureMap<B, F, I, R>
    where
        F: MapFunction<I::Item, R>,
        I: Iterator<Item: Send + 'static>,
        R: Send + 'static,
    {
        let workers = || self.backend().parallelism();
        Map::over(options, items, workers, |pace| {
            Closures::new(self.shared.clone(), function, pace)
        })
    }
}
