//! [`Hello`], [`Welcome`] and [`RemoteFailure`]: what the two ends of a link say about themselves.
#![forbid(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::codec::{decode, encode};
use super::codec_error::{DecodeError, EncodeError};
use super::large_bytes::{AsBytes, BytesVisitor};
use super::limits::Limits;

/// Longest name of a function, in bytes; longer ones are cut.
pub const NAME_SIZE: usize = 256;

/// Largest `Hello`, in bytes: tens of thousands of functions.
pub(super) const HELLO_SIZE: usize = 4 << 20;

/// The first words of a worker: which program it is, and what it can run.
///
/// Sent in postcard's format, as all messages are: the fields in the order in which they stand here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Which build of the program this is; the parent works only with its own.
    pub build: u64,
    /// The process that speaks; 0 where there are no processes.
    pub pid: u32,
    /// The functions that can be called, in the order of their indices.
    pub tasks: Vec<TaskName>,
}

/// What a function is known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskName {
    /// Its name, cut to [`NAME_SIZE`] bytes.
    pub name: String,
    /// A hash of the types of its arguments and result.
    pub signature: u64,
}

/// The parent's answer: under which conditions the worker works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// How many pools of processes this worker is inside of, one in another; from 1.
    pub nesting: u32,
    /// How many places of calls are shared in memory; 0: none, announce each start by a frame.
    pub places: u8,
    /// How much of anything is written or taken, by both.
    pub limits: Limits,
    /// What the worker may use of the machine.
    pub resources: ResourceLimits,
    /// What is to be run before the first call.
    pub initializer: Option<InitialCall>,
}

/// What a worker may use of the machine; `None` is as much as it inherits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ResourceLimits {
    /// Address space, in bytes.
    pub memory: Option<u64>,
    /// Processor time over its whole life, in seconds.
    pub cpu_seconds: Option<u64>,
    /// Open files at a time.
    pub open_files: Option<u64>,
}

/// A function that a worker runs before its first call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitialCall {
    /// Its index in the worker's table.
    pub task: u32,
    /// Its encoded arguments.
    #[serde(serialize_with = "as_bytes", deserialize_with = "from_bytes")]
    pub arguments: Vec<u8>,
}

/// Why a call has no result, or a worker is not ready, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteFailure {
    /// What sort of failure it is.
    pub kind: RemoteFailureKind,
    /// What a panic said, or what happened in plain words.
    pub message: String,
    /// Where it panicked, as `file:line:column`.
    pub location: Option<String>,
    /// Which functions called one another there, where that was asked for.
    pub backtrace: Option<String>,
}

/// What sort of failure a [`RemoteFailure`] is; sent as its number in this order, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RemoteFailureKind {
    /// The function panicked, or an impl of its argument or result did.
    Panicked,
    /// The arguments could not be decoded.
    UndecodableArguments,
    /// The result could not be encoded.
    UnencodableResult,
    /// The result is over the limits.
    ResultTooLarge,
    /// The worker has no function with this index.
    UnknownTask,
    /// The initializer failed.
    Initializer,
}

impl Hello {
    /// The payload of a `Hello`, with names cut to [`NAME_SIZE`] bytes.
    ///
    /// # Errors
    /// When there are so many functions that it is over the limit, or over 4 MiB.
    pub fn to_bytes(&self, limits: &Limits) -> Result<Vec<u8>, EncodeError> {
        let cut = self.tasks.iter().map(|task| (head(&task.name, NAME_SIZE), task.signature));
        let tasks: Vec<(&str, u64)> = cut.collect();
        encode(&(self.build, self.pid, tasks), &Self::bounds(limits), None)
    }

    /// Reads the payload of a `Hello`.
    ///
    /// # Errors
    /// When it is not one, or over the limit or 4 MiB.
    pub fn from_bytes(bytes: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        let mut hello: Self = decode(bytes, &Self::bounds(limits), None)?;
        for task in &mut hello.tasks {
            cut(&mut task.name, NAME_SIZE);
        }
        Ok(hello)
    }

    fn bounds(limits: &Limits) -> Limits {
        limits.payload(limits.payload.min(HELLO_SIZE))
    }
}

impl Welcome {
    /// The payload of a `Welcome`.
    ///
    /// # Errors
    /// When the initializer's arguments are over the limit.
    pub fn to_bytes(&self, limits: &Limits) -> Result<Vec<u8>, EncodeError> {
        encode(self, limits, None)
    }

    /// Reads the payload of a `Welcome`.
    ///
    /// # Errors
    /// When it is not one, or over the limit.
    pub fn from_bytes(bytes: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        decode(bytes, limits, None)
    }
}

impl RemoteFailure {
    /// A failure without location and backtrace.
    pub fn new(kind: RemoteFailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), location: None, backtrace: None }
    }

    /// The payload of a `Failure` or `InitFailed`, whose texts are cut to what the limits allow.
    ///
    /// No failure is too large to be told: the texts are cut further where payloads are so small.
    pub fn to_bytes(&self, limits: &Limits) -> Vec<u8> {
        let most = Self::text(limits);
        let location = self.location.as_ref().map(|text| head(text, most));
        let backtrace = self.backtrace.as_ref().map(|text| head(text, most));
        let cut = (self.kind, head(&self.message, most), location, backtrace);
        // Three texts, within limits that are above their sum: nothing can go wrong.
        encode(&cut, &limits.payload(Self::size(limits)).depth(8), None).unwrap_or_default()
    }

    /// Reads the payload of a `Failure` or `InitFailed`.
    ///
    /// # Errors
    /// When it is not one, or larger than three texts of the limit.
    pub fn from_bytes(bytes: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        let mut failure: Self = decode(bytes, &limits.payload(Self::size(limits)).depth(8), None)?;
        let Self { kind: _, message, location, backtrace } = &mut failure;
        for text in [Some(message), location.as_mut(), backtrace.as_mut()].into_iter().flatten() {
            cut(text, Self::text(limits));
        }
        Ok(failure)
    }

    /// Kind, lengths and options.
    const FRAMING: usize = 64;

    /// How long each text may be for all of them to fit into a payload.
    fn text(limits: &Limits) -> usize {
        limits.text.min(limits.payload.saturating_sub(Self::FRAMING) / 3)
    }

    fn size(limits: &Limits) -> usize {
        Self::text(limits) * 3 + Self::FRAMING
    }
}

/// The first bytes of a text, not more than `most`, and whole characters.
fn head(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

fn cut(text: &mut String, most: usize) {
    text.truncate(text.floor_char_boundary(most));
}

/// Copied as a whole, not byte by byte; what is sent is the same.
///
/// # Errors
/// Those of the serializer.
fn as_bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    AsBytes(bytes).serialize(serializer)
}

/// # Errors
/// Those of the deserializer.
fn from_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    deserializer.deserialize_byte_buf(BytesVisitor)
}
