//! [`FrameHeader`]: the 32 bytes in front of everything that crosses a link.
//!
//! Its documentation is the protocol's.
#![forbid(unsafe_code)]

use core::error::Error;
use core::fmt;

/// The size of a header, in bytes.
pub const HEADER_SIZE: usize = 32;

/// The version of the protocol, first byte of every frame.
pub const VERSION: u8 = 1;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum FrameKind {
    /// From the worker, first of all: who it is and what it can run.
    Hello = 1,
    /// From the worker: it takes calls.
    Ready = 2,
    /// From the worker: its initializer failed, and it will not take calls.
    InitFailed = 3,
    /// From the worker, where places are not shared: the call is about to run.
    Started = 4,
    /// A reply: the call returned.
    Value = 5,
    /// A reply: the call returned an error of its own.
    Raised = 6,
    /// A reply: the call has no result.
    Failure = 7,
    /// From the parent, in answer to `Hello`: under which conditions the worker works.
    Welcome = 16,
    /// From the parent: a function and its arguments.
    Call = 17,
    /// From the parent: finish what you have, then exit with 0.
    Retire = 18,
}

impl FrameKind {
    const ALL: [Self; 10] = [
        Self::Hello,
        Self::Ready,
        Self::InitFailed,
        Self::Started,
        Self::Value,
        Self::Raised,
        Self::Failure,
        Self::Welcome,
        Self::Call,
        Self::Retire,
    ];

    /// The kind with this number, if there is one.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == byte)
    }

    /// Whether it answers a call: nothing more comes for that call.
    pub fn is_reply(self) -> bool {
        matches!(self, Self::Value | Self::Raised | Self::Failure)
    }

    /// Whether it is the parent that sends this kind; otherwise the worker does.
    pub fn is_from_parent(self) -> bool {
        matches!(self, Self::Welcome | Self::Call | Self::Retire)
    }
}

/// What else there is to know about a frame: a set.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FrameFlags(u8);

impl FrameFlags {
    /// The empty set.
    pub const NONE: Self = Self(0);
    /// The payload is a batch: [`BatchWriter`](super::BatchWriter).
    pub const CHUNK: Self = Self(1);
    /// Of a call: a result that is an encoded `Err` is answered as [`Raised`](FrameKind::Raised).
    pub const FALLIBLE: Self = Self(2);

    const KNOWN: u8 = Self::CHUNK.0 | Self::FALLIBLE.0;

    /// The set as it is in the header, if all of it is known.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        if byte & !Self::KNOWN == 0 { Some(Self(byte)) } else { None }
    }

    /// The set as it is in the header.
    pub const fn byte(self) -> u8 {
        self.0
    }

    /// Whether all of `others` are in this set.
    pub const fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// This set and `others`.
    #[must_use]
    pub const fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }
}

impl fmt::Debug for FrameFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.contains(Self::CHUNK), self.contains(Self::FALLIBLE)) {
            (false, false) => "NONE",
            (true, false) => "CHUNK",
            (false, true) => "FALLIBLE",
            (true, true) => "CHUNK | FALLIBLE",
        })
    }
}

/// What stands in front of a payload: the protocol.
///
/// This page is all that the other end needs, in whatever language it is written.
///
/// A link is a pair of byte streams, one in each direction: a socket, two pipes, a UART. Each stream is a
/// sequence of frames with nothing between them; a frame is a header of [`HEADER_SIZE`] bytes and then as
/// many bytes of payload as the header says. Numbers are unsigned and little endian.
///
/// | offset | size | field | meaning |
/// |---|---|---|---|
/// | 0 | 1 | version | 1 |
/// | 1 | 1 | kind | what this frame is: the next table |
/// | 2 | 1 | flags | the sum of those that are set: the table after that |
/// | 3 | 1 | place | the place of the call in its worker's window, from 0; 0 where places are not shared |
/// | 4 | 4 | length | bytes of payload that follow the header |
/// | 8 | 8 | id | the number of the call, chosen by the parent and repeated in the reply; 0 where there is none |
/// | 16 | 4 | task | index of the function in the table that the worker sent in its `Hello`; 0 where there is none |
/// | 20 | 4 | ran | in a reply: how long the call ran, in units of 100 ns, `FF FF FF FF` for longer; otherwise 0 |
/// | 24 | 8 | attached | bytes of large payloads that are outside of the frame, in the memory file that came along |
///
/// | kind | name | sent by | payload |
/// |---|---|---|---|
/// | 1 | `Hello` | worker, first of all | [`Hello`](super::Hello) |
/// | 2 | `Ready` | worker, when it takes calls | none |
/// | 3 | `InitFailed` | worker, instead of `Ready` | [`RemoteFailure`](super::RemoteFailure) |
/// | 4 | `Started` | worker, before a call runs, where places are not shared | none |
/// | 5 | `Value` | worker, the reply of a call | the encoded result |
/// | 6 | `Raised` | worker, the reply of a call that is fallible and failed | the encoded `Result`, which is an `Err` |
/// | 7 | `Failure` | worker, the reply of a call without a result | [`RemoteFailure`](super::RemoteFailure) |
/// | 16 | `Welcome` | parent, in answer to `Hello` | [`Welcome`](super::Welcome) |
/// | 17 | `Call` | parent | the encoded arguments |
/// | 18 | `Retire` | parent: finish what you have, then exit with 0 | none |
///
/// | flag | name | meaning |
/// |---|---|---|
/// | 1 | `CHUNK` | the payload is a batch, see [`BatchWriter`](super::BatchWriter): of arguments in a call, of replies in a `Value` |
/// | 2 | `FALLIBLE` | of a call: a result that is an encoded `Err` is to be answered as `Raised` |
/// | 4 | | reserved, as are all the others: 0 |
///
/// Payloads are in the format of [postcard](https://postcard.jamesmunns.com/wire-format). A version, kind
/// or flag that is not in these tables ends the conversation, as does a length over the limit of the
/// receiver. When the stream from the parent ends, the parent is gone.
///
/// # Examples
/// ```
/// use concurrent_futures_core::calls::{FrameHeader, FrameKind};
///
/// let header = FrameHeader { id: 7, task: 2, length: 5, ..FrameHeader::new(FrameKind::Call) };
/// let bytes = header.to_bytes();
/// assert_eq!(bytes[..9], [1, 17, 0, 0, 5, 0, 0, 0, 7]);
/// assert_eq!(FrameHeader::parse(&bytes)?, header);
/// # Ok::<(), concurrent_futures_core::calls::FrameError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FrameHeader {
    /// What this frame is.
    pub kind: FrameKind,
    /// What else there is to know.
    pub flags: FrameFlags,
    /// The place of the call in its worker's window, where places are shared.
    pub place: u8,
    /// Bytes of payload after the header.
    pub length: u32,
    /// The number of the call.
    pub id: u64,
    /// Index of the function in the worker's table.
    pub task: u32,
    /// How long the call ran, in units of 100 ns, saturating.
    pub ran: u32,
    /// Bytes of large payloads outside of the frame.
    pub attached: u64,
}

impl FrameHeader {
    /// A header of this kind in which all else is 0.
    pub const fn new(kind: FrameKind) -> Self {
        let flags = FrameFlags::NONE;
        Self { kind, flags, place: 0, length: 0, id: 0, task: 0, ran: 0, attached: 0 }
    }

    /// The header as it is sent.
    pub fn to_bytes(&self) -> [u8; HEADER_SIZE] {
        let mut bytes = [0; HEADER_SIZE];
        bytes[..4].copy_from_slice(&[VERSION, self.kind as u8, self.flags.0, self.place]);
        bytes[4..8].copy_from_slice(&self.length.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.id.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.task.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.ran.to_le_bytes());
        bytes[24..].copy_from_slice(&self.attached.to_le_bytes());
        bytes
    }

    /// Reads a header.
    ///
    /// # Errors
    /// The first of these bytes that means nothing here: version, kind, flags.
    pub fn parse(bytes: &[u8; HEADER_SIZE]) -> Result<Self, FrameError> {
        let [version, kind, flags, place, rest @ ..] = *bytes;
        if version != VERSION {
            return Err(FrameError::Version { version });
        }
        let [l0, l1, l2, l3, rest @ ..] = rest;
        let [i0, i1, i2, i3, i4, i5, i6, i7, rest @ ..] = rest;
        let [t0, t1, t2, t3, r0, r1, r2, r3, attached @ ..] = rest;
        Ok(Self {
            kind: FrameKind::from_byte(kind).ok_or(FrameError::Kind { kind })?,
            flags: FrameFlags::from_byte(flags).ok_or(FrameError::Flags { flags })?,
            place,
            length: u32::from_le_bytes([l0, l1, l2, l3]),
            id: u64::from_le_bytes([i0, i1, i2, i3, i4, i5, i6, i7]),
            task: u32::from_le_bytes([t0, t1, t2, t3]),
            ran: u32::from_le_bytes([r0, r1, r2, r3]),
            attached: u64::from_le_bytes(attached),
        })
    }
}

/// Why bytes are not a frame.
///
/// There is no way to find the next one in a stream that once went wrong: close the link.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// The other end speaks another version, or something else altogether.
    Version {
        /// What came instead of [`VERSION`].
        version: u8,
    },
    /// No kind has this number.
    Kind {
        /// What came.
        kind: u8,
    },
    /// Flags are set that mean nothing in this version.
    Flags {
        /// All that are set.
        flags: u8,
    },
    /// The payload is longer than what is taken here.
    TooLarge {
        /// What the header says, in bytes.
        length: u32,
        /// What is taken, in bytes.
        limit: usize,
    },
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { version } => write!(
                f,
                "version {version} of the protocol instead of {VERSION}: the other end is another build, or \
                 something else wrote to the link"
            ),
            Self::Kind { kind } => write!(f, "a frame of the unknown kind {kind}"),
            Self::Flags { flags } => write!(f, "a frame with unknown flags: {flags:#04x}"),
            Self::TooLarge { length, limit } => {
                write!(
                    f,
                    "a frame of {length} bytes, over the limit of {limit}: raise the limit on both ends"
                )
            }
        }
    }
}

impl Error for FrameError {}
