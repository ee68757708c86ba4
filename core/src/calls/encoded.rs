//! [`Encoded`]: a value as it came from the other end, decoded by whoever takes it.
#![forbid(unsafe_code)]

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::sync::OnceLock;

use serde::de::DeserializeOwned;

use super::attach::Detach;
use super::codec;
use super::limits::Limits;
use crate::body::Keep;
use crate::contain::contain;
use crate::error::{Remote, TaskError, TaskErrorKind};

/// Large payloads outside of the frame: may be read several times, from the beginning.
pub trait LargeSource: fmt::Debug + Send + Sync + 'static {
    /// Begins to read.
    fn open(&self) -> Box<dyn Detach + '_>;
}

/// A value in bytes.
#[derive(Debug, Clone)]
pub struct Encoded {
    bytes: Vec<u8>,
    large: Option<Arc<dyn LargeSource>>,
    limits: Limits,
    /// The header said that it is an error.
    raised: bool,
    ran: Duration,
}

impl Encoded {
    /// The payload of a frame, with what came beside it.
    pub fn new(bytes: Vec<u8>, large: Option<Arc<dyn LargeSource>>, limits: Limits) -> Self {
        Self { bytes, large, limits, raised: false, ran: Duration::ZERO }
    }

    /// How long it took to make it, as the header said.
    pub fn after(self, ran: Duration) -> Self {
        Self { ran, ..self }
    }

    pub(super) fn ran(&self) -> Duration {
        self.ran
    }

    /// One of the values in it, for all of them: to be refilled.
    pub(super) fn part(&self) -> Self {
        Self::new(Vec::new(), None, self.limits)
    }

    pub(super) fn refill(&mut self, bytes: &[u8]) {
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn into_raised(self) -> Self {
        Self { raised: true, ..self }
    }

    /// The payload.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the bounds are for whoever reads it.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Decodes all of it as a `T`.
    ///
    /// # Errors
    /// `Undecodable`, if it is none, or the implementation of `Deserialize` fails or panics.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, TaskError> {
        let decoded = contain(|| match &self.large {
            Some(large) => codec::decode(&self.bytes, &self.limits, Some(&mut *large.open())),
            None => codec::decode(&self.bytes, &self.limits, None),
        });
        match decoded {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(undecodable::<T>(&alloc::format!("{error}"))),
            Err(payload) => {
                let said = alloc::format!("its Deserialize panicked: {}", payload.message());
                Err(undecodable::<T>(&said))
            }
        }
    }
}

pub(super) fn undecodable<T>(why: &str) -> TaskError {
    let name = core::any::type_name::<T>();
    let message: String = alloc::format!("the result cannot be decoded as {name}: {why}");
    TaskError::remote(TaskErrorKind::Undecodable, message, None, Remote::default())
}

/// What makes a value of what came.
pub trait Decode: 'static {
    /// The value of the future.
    type Output;

    /// Makes it.
    ///
    /// # Errors
    /// The task's own error, if that is what came; `Undecodable`.
    fn decode(encoded: &Encoded) -> Result<Self::Output, TaskError>;
}

/// What came, and what was made of it.
pub(crate) struct Arrived<D: Decode> {
    /// Gone when somebody has the future for himself and the value was made.
    encoded: Option<Encoded>,
    decoded: OnceLock<Result<D::Output, TaskError>>,
}

impl<D: Decode> Arrived<D> {
    pub(crate) fn new(encoded: Encoded) -> Self {
        Self { encoded: Some(encoded), decoded: OnceLock::new() }
    }

    /// # Errors
    /// As the decoder; `Taken`, if there is nothing.
    fn make(encoded: Option<&Encoded>) -> Result<D::Output, TaskError> {
        let made = encoded.map(|encoded| contain(|| D::decode(encoded)));
        match made {
            Some(Ok(outcome)) => outcome,
            Some(Err(payload)) => Err(undecodable::<D::Output>(payload.message())),
            None => Err(TaskError::taken()),
        }
    }
}

impl<D: Decode> From<Result<D::Output, TaskError>> for Arrived<D> {
    fn from(outcome: Result<D::Output, TaskError>) -> Self {
        Self { encoded: None, decoded: OnceLock::from(outcome) }
    }
}

impl<D: Decode> Keep<D::Output> for Arrived<D> {
    fn outcome(&mut self) -> &Result<D::Output, TaskError> {
        // Moved out by the caller, who forgets the rest: nothing but the outcome may be left.
        let encoded = self.encoded.take();
        self.decoded.get_or_init(|| Self::make(encoded.as_ref()))
    }

    fn look(&self) -> &Result<D::Output, TaskError> {
        self.decoded.get_or_init(|| Self::make(self.encoded.as_ref()))
    }

    fn error(&self) -> Option<&TaskError> {
        let raised = self.encoded.as_ref().is_some_and(|encoded| encoded.raised);
        let outcome = if raised { self.look() } else { self.decoded.get()? };
        outcome.as_ref().err()
    }
}
