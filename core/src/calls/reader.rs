//! [`FrameReader`]: frames out of a stream that arrives in pieces.
//!
//! Small frames are received many at a time into one buffer, whose read end is a cursor: taking a frame
//! moves nothing. A large frame that is not there in full yet gets a buffer of its own, into which the rest
//! of it is received, and which becomes its payload.
#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::fmt;

use super::frame::{FrameError, FrameHeader, HEADER_SIZE};

/// Payloads up to this size, in bytes, wait in the common buffer until they are complete.
const SMALL: usize = 16 << 10;

/// A frame as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it says of itself.
    pub header: FrameHeader,
    /// As many bytes as the header says.
    pub payload: Vec<u8>,
}

/// Makes frames out of the bytes of a stream, however they are cut into pieces.
///
/// Receive into [`space`](Self::space) and say with [`filled`](Self::filled) how much it was, or copy with
/// [`push`](Self::push); then take frames until there are no more. Nothing here waits.
///
/// Memory grows with what has really arrived: a header that announces more than it sends costs nothing,
/// and one that announces more than the limit is an error at once. Taken frame by frame like this, the
/// reader holds at most the largest frame and what was asked of `space`, twice.
///
/// ```
/// use concurrent_futures_core::calls::{FrameHeader, FrameKind, FrameReader};
///
/// let mut reader = FrameReader::new(1 << 20);
/// let bytes = FrameHeader { id: 7, ..FrameHeader::new(FrameKind::Started) }.to_bytes();
/// reader.push(&bytes[..20]);
/// assert_eq!(reader.next_frame()?, None);
/// reader.push(&bytes[20..]);
/// assert_eq!(reader.next_frame()?.map(|frame| frame.header.id), Some(7));
/// assert!(reader.is_between_frames());
/// # Ok::<(), concurrent_futures_core::calls::FrameError>(())
/// ```
pub struct FrameReader {
    /// Largest payload that is taken, in bytes.
    limit: usize,
    /// Received and not yet taken is `start..end`; what is after that is room.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The frame at the front, if it is a large one; `buffer` is what came after it.
    large: Option<Large>,
    failed: Option<FrameError>,
}

/// A payload that is received into a buffer of its own.
struct Large {
    header: FrameHeader,
    /// Received is `..received`, of `length`; what is between them in the vector is room.
    payload: Vec<u8>,
    received: usize,
    length: usize,
}

impl FrameReader {
    /// A reader at the beginning of a stream, which takes payloads of up to `limit` bytes.
    pub const fn new(limit: usize) -> Self {
        Self { limit, buffer: Vec::new(), start: 0, end: 0, large: None, failed: None }
    }

    /// Changes how large payloads may be, in bytes, from the next header on.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Room to receive the next bytes of the stream into.
    ///
    /// At least one byte, and `at_least` bytes except at the end of a large frame, which gets what it
    /// still lacks. Allocates; the content is arbitrary.
    pub fn space(&mut self, at_least: usize) -> &mut [u8] {
        let at_least = at_least.max(1);
        if self.large.as_ref().is_none_or(|large| large.lacks() == 0) {
            self.make_room(at_least);
        }
        match &mut self.large {
            Some(large) if large.lacks() > 0 => large.space(at_least),
            _ => &mut self.buffer[self.end..],
        }
    }

    /// Says that the first `count` bytes of the room given by [`space`](Self::space) have been filled.
    pub fn filled(&mut self, count: usize) {
        match &mut self.large {
            Some(large) if large.lacks() > 0 => large.filled(count),
            _ => self.end = self.end.saturating_add(count).min(self.buffer.len()),
        }
    }

    /// Takes the next bytes of the stream by copying them.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let space = self.space(bytes.len());
            let count = space.len().min(bytes.len());
            let (now, later) = bytes.split_at(count);
            space[..count].copy_from_slice(now);
            self.filled(count);
            bytes = later;
        }
    }

    /// The next frame, if all of it has arrived.
    ///
    /// # Errors
    /// When the stream is not one of frames, or a payload is over the limit. It stays so: whatever comes
    /// after that is not looked at.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        match self.large.take() {
            Some(large) if large.lacks() > 0 => {
                self.large = Some(large);
                Ok(None)
            }
            Some(large) => Ok(Some(large.into_frame())),
            None => self.next_buffered().inspect_err(|error| self.fail(error)),
        }
    }

    /// Whether all that arrived has been taken as frames: the stream may end here.
    pub fn is_between_frames(&self) -> bool {
        self.large.is_none() && self.start == self.end && self.failed.is_none()
    }

    /// # Errors
    /// As for `next_frame`.
    fn next_buffered(&mut self) -> Result<Option<Frame>, FrameError> {
        let arrived = &self.buffer[self.start..self.end];
        let Some((header, rest)) = arrived.split_first_chunk::<HEADER_SIZE>() else {
            return Ok(None);
        };
        let header = FrameHeader::parse(header)?;
        let length = self.allowed(header.length)?;
        if let Some(payload) = rest.get(..length) {
            let payload = payload.to_vec();
            self.start += HEADER_SIZE + length;
            return Ok(Some(Frame { header, payload }));
        }
        if length > SMALL {
            self.large =
                Some(Large { header, payload: rest.to_vec(), received: rest.len(), length });
            self.start = self.end;
        }
        Ok(None)
    }

    /// # Errors
    /// If it is over the limit.
    fn allowed(&self, length: u32) -> Result<usize, FrameError> {
        let limit = self.limit;
        usize::try_from(length)
            .ok()
            .filter(|length| *length <= limit)
            .ok_or(FrameError::TooLarge { length, limit })
    }

    #[cold]
    fn fail(&mut self, error: &FrameError) {
        self.failed = Some(error.clone());
        (self.buffer, self.start, self.end) = (Vec::new(), 0, 0);
    }

    /// Moves what is not yet taken to the front only when there is no room behind it.
    fn make_room(&mut self, at_least: usize) {
        if self.start == self.end || self.failed.is_some() {
            (self.start, self.end) = (0, 0);
        }
        if self.buffer.len() - self.end >= at_least {
            return;
        }
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.buffer.len() - self.end < at_least {
            self.buffer.resize(self.end + at_least, 0);
        }
    }
}

impl Large {
    fn lacks(&self) -> usize {
        self.length - self.received
    }

    /// Room for as much as arrived already: it grows with that, and not with what was announced.
    fn space(&mut self, at_least: usize) -> &mut [u8] {
        let room = self.payload.len() - self.received;
        if room < at_least.min(self.lacks()) {
            let wanted = self.received + self.received.max(at_least).min(self.lacks());
            self.payload.reserve_exact(wanted - self.payload.len());
            self.payload.resize(wanted, 0);
        }
        &mut self.payload[self.received..]
    }

    fn filled(&mut self, count: usize) {
        self.received = self.received.saturating_add(count).min(self.payload.len());
    }

    fn into_frame(self) -> Frame {
        Frame { header: self.header, payload: self.payload }
    }
}

impl fmt::Debug for FrameReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let large = self.large.as_ref().map_or(0, |large| large.received);
        f.debug_struct("FrameReader")
            .field("limit", &self.limit)
            .field("waiting", &(self.end - self.start + large))
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}
