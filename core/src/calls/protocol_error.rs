//! [`ProtocolError`]: a parent that does not keep to the protocol.
#![forbid(unsafe_code)]

use core::error::Error;
use core::fmt;

use super::codec_error::DecodeError;
use super::frame::FrameKind;
use super::worker::WorkerState;

/// How a parent did not keep to the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A frame that has no meaning now.
    Unexpected {
        /// What it is.
        kind: FrameKind,
        /// How far the worker is.
        state: WorkerState,
    },
    /// A welcome that cannot be read.
    Welcome(DecodeError),
    /// A payload that is not as long as its header says.
    Length {
        /// What the header says, in bytes.
        announced: u32,
        /// What there is, in bytes.
        there: usize,
    },
    /// A payload over the limit that both ends agreed on.
    TooLarge {
        /// Its length, in bytes.
        size: usize,
        /// The limit, in bytes.
        limit: usize,
    },
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unexpected { kind, state } => {
                let state = match state {
                    WorkerState::Introduced => "has not been welcomed",
                    WorkerState::Ready => "is ready",
                    WorkerState::Ended => "has ended",
                };
                write!(f, "a frame of kind {kind:?} for a worker that {state}")
            }
            Self::Welcome(error) => write!(f, "the welcome could not be read: {error}"),
            Self::Length { announced, there } => {
                write!(f, "a payload of {there} bytes whose header says {announced}")
            }
            Self::TooLarge { size, limit } => {
                write!(f, "a payload of {size} bytes, over the limit of {limit}")
            }
        }
    }
}

impl Error for ProtocolError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Welcome(error) => Some(error),
            _ => None,
        }
    }
}
