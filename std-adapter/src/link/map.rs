//! `LinkExecutor::map` and its kin.
#![forbid(unsafe_code)]

use concurrent_futures_core::calls::{Callee, FallibleCallee, FrameFlags, Portable};
use concurrent_futures_core::{Map, MapOptions};

use super::caller::LinkCaller;
use super::executor::LinkExecutor;
use crate::{AsFallible, AsValue, Calls};

/// Items with which a function is called over a link: what [`LinkExecutor::map`] works on.
pub type LinkCalls<A, D> = Calls<A, D, LinkCaller>;

/// The iterator of [`LinkExecutor::map`].
pub type LinkMap<I, T> = Map<LinkCalls<<I as Iterator>::Item, AsValue<T>>, I>;

/// The iterator of [`LinkExecutor::map_fallible`].
pub type LinkMapFallible<I, T, E> = Map<LinkCalls<<I as Iterator>::Item, AsFallible<T, E>>, I>;

impl LinkExecutor {
    /// Calls a registered function with each item, and yields the results in the order of the items.
    ///
    /// Several arguments are a tuple. An error in one item ends nothing else. Each item is a call of its own, and each call
    /// a round trip: small items go faster in [chunks](MapOptions::chunk_size).
    pub fn map<F, M, I>(&self, function: F, items: I) -> LinkMap<I::IntoIter, F::Output>
    where
        F: Callee<I::Item, M>,
        I: IntoIterator<Item: Portable>,
    {
        self.map_with(MapOptions::new(), function, items)
    }

    /// As [`map`](Self::map), in the way that [`MapOptions`] say: window, chunks, order, timeout.
    ///
    /// A chunk is one call, of as many items as fit into the [limits](super::LinkBuilder::limits). If the worker is lost,
    /// all items of the chunk fail.
    pub fn map_with<F, M, I>(
        &self,
        options: MapOptions,
        function: F,
        items: I,
    ) -> LinkMap<I::IntoIter, F::Output>
    where
        F: Callee<I::Item, M>,
        I: IntoIterator<Item: Portable>,
    {
        let _ = function; // its type says which it is
        let called = self.caller().find::<F>(FrameFlags::NONE, self.options());
        let source = |pace| Calls::new(self.caller().clone(), called, pace);
        Map::over(options, items.into_iter(), || Some(1), source)
    }

    /// As [`map`](Self::map); an `Err` of the function is a failure of that item.
    pub fn map_fallible<F, M, I>(
        &self,
        function: F,
        items: I,
    ) -> LinkMapFallible<I::IntoIter, F::Value, F::Error>
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
    ) -> LinkMapFallible<I::IntoIter, F::Value, F::Error>
    where
        F: FallibleCallee<I::Item, M>,
        I: IntoIterator<Item: Portable>,
    {
        let _ = function; // its type says which it is
        let called = self.caller().find::<F>(FrameFlags::FALLIBLE, self.options());
        let source = |pace| Calls::new(self.caller().clone(), called, pace);
        Map::over(options, items.into_iter(), || Some(1), source)
    }
}
