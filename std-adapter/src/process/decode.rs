//! What makes values of the replies to calls.
#![forbid(unsafe_code)]

use std::error::Error;
use std::marker::PhantomData;

use concurrent_futures_core::TaskError;
use concurrent_futures_core::calls::{Decode, Encoded, Portable};

/// Decodes what a call returned: all of it is a value.
#[derive(Debug)]
pub struct AsValue<T>(PhantomData<fn() -> T>);

impl<T: Portable> Decode for AsValue<T> {
    type Output = T;

    fn decode(encoded: &Encoded) -> Result<T, TaskError> {
        encoded.decode()
    }
}

/// Decodes what a call returned: an `Err` is a failure.
#[derive(Debug)]
pub struct AsFallible<T, E>(PhantomData<fn() -> (T, E)>);

impl<T, E> Decode for AsFallible<T, E>
where
    T: Portable,
    E: Portable + Into<Box<dyn Error + Send + Sync>>,
{
    type Output = T;

    fn decode(encoded: &Encoded) -> Result<T, TaskError> {
        encoded.decode::<Result<T, E>>()?.map_err(TaskError::failed)
    }
}
