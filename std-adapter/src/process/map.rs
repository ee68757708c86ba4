//! `ProcessPoolExecutor::map` and its kin.
#![forbid(unsafe_code)]

use concurrent_futures_core::calls::{Callee, FallibleCallee, FrameFlags, Portable};
use concurrent_futures_core::{Map, MapOptions, Pace};

use super::called::Called;
use super::caller::Caller;
use super::calls::Calls;
use super::decode::{AsFallible, AsValue};
use super::executor::ProcessPoolExecutor;

/// Items with which a function is called in worker processes: what [`ProcessPoolExecutor::map`] works on.
pub type ProcessCalls<A, D> = Calls<A, D, Caller>;

/// The iterator of [`ProcessPoolExecutor::map`].
pub type ProcessMap<I, T> = Map<ProcessCalls<<I as Iterator>::Item, AsValue<T>>, I>;

/// The iterator of [`ProcessPoolExecutor::map_fallible`].
pub type ProcessMapFallible<I, T, E> =
    Map<ProcessCalls<<I as Iterator>::Item, AsFallible<T, E>>, I>;

impl ProcessPoolExecutor {
    /// Calls a registered function with each item, and yields the results in the order of the items.
    ///
    /// Several arguments are a tuple. At most 1024 items are in flight ([`map_with`](Self::map_with) takes
    /// another number); the first are submitted by this call. An error in one item ends nothing else: an item
    /// that cannot be sent is that item's error too. Dropping the iterator cancels what has not started.
    ///
    /// Each item is a call of its own, as in Python, so that a worker's death costs one item. Many small items
    /// go much faster in chunks: see there.
    pub fn map<F, M, I>(&self, function: F, items: I) -> ProcessMap<I::IntoIter, F::Output>
    where
        F: Callee<I::Item, M>,
        I: IntoIterator<Item: Portable>,
    {
        self.map_with(MapOptions::new(), function, items)
    }

    /// As [`map`](Self::map), in the way that [`MapOptions`] say: window, chunks, order, timeout.
    ///
    /// A chunk is one call: it is sent to one worker at once, and its results come back together. Errors and
    /// panics are those of their items alone. But if the worker is lost, killed, or over its
    /// [`run_timeout`](crate::CallOptions::run_timeout), all items of the chunk fail, those too that it had
    /// worked on. Sizes that are [learned](MapOptions::auto_chunk_size) keep what is lost within a
    /// millisecond's work, as far as items are alike. Items that do not fit into one chunk's
    /// [limit](crate::calls::Limits) go in several; results that do not are errors of their items.
    ///
    /// # Examples
    /// ```standalone_crate
    /// use concurrent_futures::{MapOptions, ProcessPoolExecutor, task};
    ///
    /// #[task]
    /// fn square(n: u64) -> u64 {
    ///     n * n
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     concurrent_futures::init();
    ///     let processes = ProcessPoolExecutor::new(2)?;
    ///     let options = MapOptions::new().auto_chunk_size();
    ///     let squares = processes.map_with(options, square, 0..1000).into_vec()?;
    ///     assert_eq!(squares[999], 998_001);
    ///     Ok(())
    /// }
    /// ```
    pub fn map_with<F, M, I>(
        &self,
        options: MapOptions,
        function: F,
        items: I,
    ) -> ProcessMap<I::IntoIter, F::Output>
    where
        F: Callee<I::Item, M>,
        I: IntoIterator<Item: Portable>,
    {
        let _ = function; // its type says which it is
        let source = |pace| self.map_source::<F, _, _>(pace);
        Map::over(options, items.into_iter(), || Some(self.max_workers()), source)
    }

    /// As [`map`](Self::map); an `Err` of the function is a failure of that item.
    pub fn map_fallible<F, M, I>(
        &self,
        function: F,
        items: I,
    ) -> ProcessMapFallible<I::IntoIter, F::Value, F::Error>
    where
        F: FallibleCallee<I::Item, M>,
        I: IntoIterator<Item: Portable>,
    {
        self.map_fallible_with(MapOptions::new(), function, items)
    }

    /// As [`map_fallible`](Self::map_fallible), in the way that [`MapOptions`] say; of chunks see
    /// [`map_with`](Self::map_with).
    pub fn map_fallible_with<F, M, I>(
        &self,
        options: MapOptions,
        function: F,
        items: I,
    ) -> ProcessMapFallible<I::IntoIter, F::Value, F::Error>
    where
        F: FallibleCallee<I::Item, M>,
        I: IntoIterator<Item: Portable>,
    {
        let _ = function; // its type says which it is
        let source = |pace| self.map_source_fallible::<F, _, _>(pace);
        Map::over(options, items.into_iter(), || Some(self.max_workers()), source)
    }

    /// Has its workers call a function with the items of a map.
    pub(crate) fn map_source<F, A, M>(&self, pace: Pace) -> ProcessCalls<A, AsValue<F::Output>>
    where
        F: Callee<A, M>,
    {
        let called = Called::find::<F>(FrameFlags::NONE, self.options());
        Calls::new(self.caller().for_map(), called, pace)
    }

    /// As `map_source`; an `Err` is a failure.
    pub(crate) fn map_source_fallible<F, A, M>(
        &self,
        pace: Pace,
    ) -> ProcessCalls<A, AsFallible<F::Value, F::Error>>
    where
        F: FallibleCallee<A, M>,
    {
        let called = Called::find::<F>(FrameFlags::FALLIBLE, self.options());
        Calls::new(self.caller().for_map(), called, pace)
    }
}
