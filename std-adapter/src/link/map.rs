//! `LinkExecutor::map` and its kin.
#![forbid(unsafe_code)]

use std::fmt;
use std::marker::PhantomData;

use concurrent_futures_core::calls::{
    Callee, ChunkOf, Decode, FallibleCallee, FrameFlags, Portable,
};
use concurrent_futures_core::{
    Flight, Future, Map, MapOptions, MapSource, Outcomes, Pace, TaskError,
};

use super::caller::{Called, LinkCaller};
use super::executor::LinkExecutor;
use crate::contain::contain;
use crate::{AsFallible, AsValue, CallErrorReason};

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
        let source = |pace| LinkCalls::new(self.caller().clone(), called, pace);
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
        let source = |pace| LinkCalls::new(self.caller().clone(), called, pace);
        Map::over(options, items.into_iter(), || Some(1), source)
    }
}

/// Items of type `A`, with which a registered function is called over a link, and whose results `D` decodes: what
/// [`LinkExecutor::map`] works on.
pub struct LinkCalls<A, D> {
    caller: LinkCaller,
    /// Or why it cannot be called.
    called: Result<Called, CallErrorReason>,
    pace: Pace,
    function: PhantomData<fn(A) -> D>,
}

impl<A, D> LinkCalls<A, D> {
    fn new(caller: LinkCaller, called: Result<Called, CallErrorReason>, pace: Pace) -> Self {
        Self { caller, called, pace, function: PhantomData }
    }
}

impl<A, D> MapSource for LinkCalls<A, D>
where
    A: Portable,
    D: Decode<Output: Send + 'static>,
{
    type Item = A;
    type Output = D::Output;

    fn pace(&self) -> &Pace {
        &self.pace
    }

    fn one(&self, item: A) -> Flight<D::Output> {
        let called = self.called.clone();
        let future = called.and_then(|called| self.caller.call::<D, A>(called, &item));
        contain(|| drop(item));
        match future {
            Ok(future) => Flight::One(future),
            Err(reason) => Flight::Refused { error: TaskError::from(reason), items: 1 },
        }
    }

    /// An item that does not fit into a chunk with others begins the next one.
    fn chunk(&self, items: &mut Vec<A>) -> Flight<D::Output> {
        let (payload, count) = self.caller.pack_chunk(items);
        if count == 0 {
            return self.one(items.remove(0));
        }
        let submit = |called: Called| -> Result<Future<Outcomes<D::Output>>, CallErrorReason> {
            self.caller.submit::<ChunkOf<D>>(called.in_chunks(), payload)
        };
        let future = self.called.clone().and_then(submit);
        for item in items.drain(..count) {
            contain(|| drop(item)); // the worker has them
        }
        match future {
            Ok(future) => Flight::Chunk { future, items: count },
            Err(reason) => Flight::Refused { error: TaskError::from(reason), items: count },
        }
    }

    /// What the worker has is worked on to the end of its chunk.
    fn stop(&self) {}
}

impl<A, D> fmt::Debug for LinkCalls<A, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkCalls").finish_non_exhaustive()
    }
}
