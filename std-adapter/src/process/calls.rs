//! [`Calls`]: items of a `map`, worked on in worker processes.
#![forbid(unsafe_code)]

use std::fmt;
use std::marker::PhantomData;

use concurrent_futures_core::calls::{ChunkOf, Decode, Portable};
use concurrent_futures_core::{Flight, Future, MapSource, Outcomes, Pace, TaskError};

use super::call_error::CallErrorReason;
use super::caller::{Called, Caller};
use crate::contain::contain;

/// Items of type `A`, with which a registered function is called in worker processes, and whose results `D`
/// decodes: what [`ProcessPoolExecutor::map`](crate::ProcessPoolExecutor::map) works on.
pub struct Calls<A, D> {
    caller: Caller,
    /// Or why it cannot be called.
    called: Result<Called, CallErrorReason>,
    pace: Pace,
    function: PhantomData<fn(A) -> D>,
}

impl<A, D> Calls<A, D> {
    pub(super) fn new(caller: Caller, called: Result<Called, CallErrorReason>, pace: Pace) -> Self {
        Self { caller, called, pace, function: PhantomData }
    }
}

impl<A, D> MapSource for Calls<A, D>
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

    /// An item that does not fit into a chunk with others begins the next one. One that does not fit into
    /// any goes by itself, with large payloads beside the call.
    fn chunk(&self, items: &mut Vec<A>) -> Flight<D::Output> {
        let (packed, count) = self.caller.pack_chunk(items);
        if count == 0 {
            return self.one(items.remove(0));
        }
        let submit = |called: Called| -> Result<Future<Outcomes<D::Output>>, CallErrorReason> {
            self.caller.submit::<ChunkOf<D>>(called.in_chunks(), packed)
        };
        let future = self.called.clone().and_then(submit);
        for item in items.drain(..count) {
            contain(|| drop(item)); // the workers have them
        }
        match future {
            Ok(future) => Flight::Chunk { future, items: count },
            Err(reason) => Flight::Refused { error: TaskError::from(reason), items: count },
        }
    }

    /// What is in a worker is worked on to the end of its chunk.
    fn stop(&self) {}
}

impl<A, D> fmt::Debug for Calls<A, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls").finish_non_exhaustive()
    }
}
