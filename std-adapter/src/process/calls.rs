//! [`Calls`]: items of a `map`, worked on in worker processes or at the other end of a link.
#![forbid(unsafe_code)]

use std::fmt;
use std::marker::PhantomData;

use concurrent_futures_core::calls::{ChunkOf, Decode, Portable};
use concurrent_futures_core::{Flight, Future, MapSource, Outcomes, Pace, TaskError};

use super::call_error::CallErrorReason;
use super::called::Called;
use crate::contain::contain;

/// Whoever makes calls with the items of a `map`: a pool of processes, or a link.
pub trait Calling: Clone {
    /// Arguments in bytes, with what goes along.
    type Packed;

    /// Calls a function with these arguments.
    ///
    /// # Errors
    /// Why the call was not accepted.
    fn call<D, A>(
        &self,
        called: Called,
        arguments: &A,
    ) -> Result<Future<D::Output>, CallErrorReason>
    where
        D: Decode<Output: Send + 'static>,
        A: Portable;

    /// As many items as fit into one chunk and can be sent at all, from the first on, and how many they are.
    fn pack_chunk<A: Portable>(&self, items: &[A]) -> (Self::Packed, usize);

    /// Calls a function with arguments that are packed.
    ///
    /// # Errors
    /// Why the call was not accepted.
    fn submit<D>(
        &self,
        called: Called,
        packed: Self::Packed,
    ) -> Result<Future<D::Output>, CallErrorReason>
    where
        D: Decode<Output: Send + 'static>;
}

/// Items of type `A`, with which `C` calls a registered function, and whose results `D` decodes: what `map` of a
/// pool of processes works on, and `map` of a link.
pub struct Calls<A, D, C> {
    caller: C,
    /// Or why it cannot be called.
    called: Result<Called, CallErrorReason>,
    pace: Pace,
    function: PhantomData<fn(A) -> D>,
}

impl<A, D, C> Calls<A, D, C> {
    pub(crate) fn new(caller: C, called: Result<Called, CallErrorReason>, pace: Pace) -> Self {
        Self { caller, called, pace, function: PhantomData }
    }
}

impl<A, D, C> MapSource for Calls<A, D, C>
where
    A: Portable,
    C: Calling,
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
    /// any goes by itself, with large payloads beside the call, where something can.
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

impl<A, D, C> fmt::Debug for Calls<A, D, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls").finish_non_exhaustive()
    }
}
