//! [`EncodeError`] and [`DecodeError`]: why a value has no bytes, or bytes no value.
#![forbid(unsafe_code)]

use alloc::string::{String, ToString};
use core::error::Error;
use core::fmt;

use super::attach::{AttachError, DetachError};
use crate::error::{Remote, TaskError, TaskErrorKind};

/// Why a value could not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// It takes more bytes than a payload may have.
    TooLarge {
        /// Bytes at the point where it went over the limit: all of it may be more.
        size: u64,
        /// Bytes that it may have.
        limit: u64,
    },
    /// It is nested too deeply.
    TooDeep {
        /// Levels that it may have.
        limit: u32,
    },
    /// Too many items of its sequences and maps take no bytes.
    TooManyEmptyItems {
        /// How many may.
        limit: u32,
    },
    /// A batch has as many items as can be counted.
    TooManyItems {
        /// How many that is.
        limit: u32,
    },
    /// A sequence or map does not know its length before its end.
    UnknownLength,
    /// The value's own `Serialize` said so.
    Custom(String),
    /// A large payload could not be attached.
    Attach(AttachError),
}

/// Why bytes could not be read as a value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// There are more bytes, or more large payloads beside them, than is allowed.
    TooLarge {
        /// Bytes that there are, or that the value claims at least.
        size: u64,
        /// Bytes that are allowed.
        limit: u64,
    },
    /// It is nested too deeply.
    TooDeep {
        /// Levels that it may have.
        limit: u32,
    },
    /// Too many items of its sequences and maps take no bytes.
    TooManyEmptyItems {
        /// How many may.
        limit: u32,
    },
    /// The bytes end inside of the value.
    Truncated,
    /// The value ends before the bytes do.
    TrailingBytes {
        /// How many there are after it.
        left: usize,
    },
    /// These bytes can mean nothing where they are.
    Malformed {
        /// What they should have been.
        expected: &'static str,
    },
    /// The type asks what comes next, and this format does not say.
    NotSelfDescribing,
    /// The value's own `Deserialize` said so.
    Custom(String),
    /// A large payload could not be detached.
    Detach(DetachError),
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { size, limit } => {
                write!(f, "takes at least {size} bytes, over the limit of {limit}")
            }
            Self::TooDeep { limit } => write!(f, "nested deeper than the limit of {limit} levels"),
            Self::TooManyEmptyItems { limit } => {
                write!(f, "more than the limit of {limit} items without content")
            }
            Self::TooManyItems { limit } => write!(f, "more than {limit} items in one batch"),
            Self::UnknownLength => f.write_str(
                "a sequence or map does not know its length beforehand: collect it, or avoid `flatten`",
            ),
            Self::Custom(message) => f.write_str(message),
            Self::Attach(error) => write!(f, "a large payload could not be attached: {error}"),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { size, limit } => {
                write!(f, "at least {size} bytes, over the limit of {limit}")
            }
            Self::TooDeep { limit } => write!(f, "nested deeper than the limit of {limit} levels"),
            Self::TooManyEmptyItems { limit } => {
                write!(f, "more than the limit of {limit} items without content")
            }
            Self::Truncated => f.write_str("the bytes end inside of the value"),
            Self::TrailingBytes { left } => write!(f, "{left} bytes too many after the value"),
            Self::Malformed { expected } => write!(f, "malformed: expected {expected}"),
            Self::NotSelfDescribing => f.write_str(
                "the type asks what comes next, which this format does not say: avoid `untagged` and `flatten`",
            ),
            Self::Custom(message) => f.write_str(message),
            Self::Detach(error) => write!(f, "a large payload could not be detached: {error}"),
        }
    }
}

impl Error for EncodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Attach(error) => Some(error),
            _ => None,
        }
    }
}

impl Error for DecodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Detach(error) => Some(error),
            _ => None,
        }
    }
}

impl From<&EncodeError> for TaskError {
    /// For arguments that could not be sent.
    fn from(error: &EncodeError) -> Self {
        let kind = match error {
            EncodeError::TooLarge { .. } => TaskErrorKind::TooLarge,
            _ => TaskErrorKind::Undecodable,
        };
        let message = alloc::format!("the arguments cannot be sent: {error}");
        Self::remote(kind, message, None, Remote::default())
    }
}

impl serde::ser::Error for EncodeError {
    #[cold]
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Custom(message.to_string())
    }
}

impl serde::de::Error for DecodeError {
    #[cold]
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Custom(message.to_string())
    }
}

impl DecodeError {
    /// What postcard's refusal means; a conversion by `?` would show postcard in our interface.
    #[cold]
    pub(super) fn of_postcard(error: postcard::Error) -> Self {
        use postcard::Error as Postcard;
        let expected = match error {
            Postcard::DeserializeUnexpectedEnd => return Self::Truncated,
            Postcard::DeserializeBadVarint => "a number of this width",
            Postcard::DeserializeBadBool => "a bool, which is 0 or 1",
            Postcard::DeserializeBadChar => "a character",
            Postcard::DeserializeBadUtf8 => "text in UTF-8",
            _ => "a value of another kind",
        };
        Self::Malformed { expected }
    }
}
