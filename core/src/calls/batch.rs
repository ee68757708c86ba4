//! [`BatchWriter`] and [`BatchReader`]: many small values in one payload, each on its own.
#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::iter::FusedIterator;

use super::codec_error::{DecodeError, EncodeError};
use super::limits::Limits;

/// Size of the number of items, in bytes.
const COUNT: usize = 4;
/// What is in front of an item: its kind and its length, in bytes.
const PREFIX: usize = 5;

/// What an item of a batch is; arguments are all `Value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ItemKind {
    /// Encoded arguments, or an encoded result.
    Value = 0,
    /// An encoded `Result`, which is an `Err`.
    Raised = 1,
    /// A [`RemoteFailure`](super::RemoteFailure).
    Failure = 2,
}

impl ItemKind {
    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Value, Self::Raised, Self::Failure].into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// An item of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item<'a> {
    /// What it is.
    pub kind: ItemKind,
    /// Its bytes, which nobody has looked at yet.
    pub bytes: &'a [u8],
}

/// Writes a batch to the end of a vector.
///
/// A batch is the number of its items and then the items, each of which is a byte that says what it is
/// ([`ItemKind`]), its length, and as many bytes. Number and length have four bytes, little endian. What is
/// wrong inside of an item costs that item only.
///
/// The batch is complete after each item. Large payloads of values in a batch are to be written inline:
/// whoever cannot read one item would not find those of the next.
///
/// # Examples
/// ```
/// use concurrent_futures_core::calls::{BatchReader, BatchWriter, ItemKind, Limits, decode, encode_into};
///
/// let limits = Limits::default();
/// let mut payload = Vec::new();
/// let mut batch = BatchWriter::new(&mut payload, &limits);
/// for number in [7_u32, 300] {
///     batch.push_with(|bytes, limits| {
///         encode_into(bytes, &number, limits, None)?;
///         Ok(ItemKind::Value)
///     })?;
/// }
/// assert_eq!(payload, [2, 0, 0, 0, 0, 1, 0, 0, 0, 7, 0, 2, 0, 0, 0, 0xAC, 2]);
///
/// let mut sum = 0;
/// for item in BatchReader::new(&payload)? {
///     sum += decode::<u32>(item?.bytes, &limits, None)?;
/// }
/// assert_eq!(sum, 307);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct BatchWriter<'a> {
    bytes: &'a mut Vec<u8>,
    limits: &'a Limits,
    /// Where the batch begins in `bytes`, and where it ends.
    start: usize,
    end: usize,
    count: u32,
}

impl<'a> BatchWriter<'a> {
    /// Begins a batch without items behind what is in `bytes`.
    ///
    /// The limit of payloads is for all of the batch.
    pub fn new(bytes: &'a mut Vec<u8>, limits: &'a Limits) -> Self {
        let start = bytes.len();
        bytes.extend_from_slice(&[0; COUNT]);
        let end = bytes.len();
        Self { bytes, limits, start, end, count: 0 }
    }

    /// How many items there are.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Bytes of the batch so far.
    pub fn size(&self) -> usize {
        self.end - self.start
    }

    /// Adds an item by copying it.
    ///
    /// # Errors
    /// When the batch would be over the limit, or has as many items as can be counted; it is as before.
    pub fn push(&mut self, item: Item<'_>) -> Result<(), EncodeError> {
        self.push_with(|bytes, limits| {
            let (size, limit) = (item.bytes.len() as u64, limits.payload as u64);
            if size > limit {
                return Err(EncodeError::TooLarge { size, limit });
            }
            bytes.extend_from_slice(item.bytes);
            Ok(item.kind)
        })
    }

    /// Adds the item that `write` appends to the bytes, within the limits given to it, and says what it is.
    ///
    /// When `write` panics, the panic goes through, and the next item takes the place of this one; without a
    /// next item, the payload is worth nothing.
    ///
    /// # Panics
    /// When `write` takes bytes away that it did not append.
    ///
    /// # Errors
    /// Those of `write`; when the batch would be over the limit, or has as many items as can be counted. The
    /// batch is as before.
    pub fn push_with(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>, &Limits) -> Result<ItemKind, EncodeError>,
    ) -> Result<(), EncodeError> {
        let outcome = self.try_push(write);
        if outcome.is_err() {
            self.bytes.truncate(self.end);
        }
        outcome
    }

    /// # Errors
    /// As for `push_with`, and then there may be bytes too many.
    fn try_push(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>, &Limits) -> Result<ItemKind, EncodeError>,
    ) -> Result<(), EncodeError> {
        let limits = self.limits.payload(self.limits.payload.saturating_sub(self.size() + PREFIX));
        let full = EncodeError::TooManyItems { limit: u32::MAX };
        let count = self.count.checked_add(1).ok_or(full)?;
        // What a panic has left behind goes.
        self.bytes.truncate(self.end);
        self.bytes.extend_from_slice(&[0; PREFIX]);
        let kind = write(self.bytes, &limits)?;
        self.seal(kind, count)
    }

    /// Says in front of the last item what it is, and in front of all how many they are.
    ///
    /// # Errors
    /// If the batch is over the limit.
    fn seal(&mut self, kind: ItemKind, count: u32) -> Result<(), EncodeError> {
        let length = self.bytes.len().saturating_sub(self.end + PREFIX);
        let size = self.size() as u64 + PREFIX as u64 + length as u64;
        let limit = self.limits.payload.min(u32::MAX as usize) as u64;
        let short = u32::try_from(length).ok().filter(|_| size <= limit);
        let length = short.ok_or(EncodeError::TooLarge { size, limit })?;
        self.bytes[self.end] = kind as u8;
        self.bytes[self.end + 1..self.end + PREFIX].copy_from_slice(&length.to_le_bytes());
        self.bytes[self.start..self.start + COUNT].copy_from_slice(&count.to_le_bytes());
        (self.end, self.count) = (self.bytes.len(), count);
        Ok(())
    }
}

/// The items of a batch, one after another, without copying them.
///
/// Ends after the first error, and with one if there are bytes left after the last item.
#[derive(Debug, Clone)]
pub struct BatchReader<'a> {
    bytes: &'a [u8],
    /// Items that are still to come, as the batch claims.
    left: u32,
    /// Whether there is nothing more to be said.
    ended: bool,
}

impl<'a> BatchReader<'a> {
    /// A reader of this payload.
    ///
    /// # Errors
    /// When there cannot be so many items in so few bytes as it claims.
    pub fn new(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let (count, bytes) = bytes.split_first_chunk::<COUNT>().ok_or(DecodeError::Truncated)?;
        let left = u32::from_le_bytes(*count);
        match usize::try_from(left) {
            Ok(count) if count <= bytes.len() / PREFIX => Ok(Self { bytes, left, ended: false }),
            _ => Err(DecodeError::Truncated),
        }
    }

    /// How many items are still to come, if all is well: never more than a fifth of the bytes.
    pub fn left(&self) -> u32 {
        self.left
    }

    /// # Errors
    /// If the bytes do not begin with an item.
    fn take(&mut self) -> Result<Item<'a>, DecodeError> {
        let (prefix, rest) =
            self.bytes.split_first_chunk::<PREFIX>().ok_or(DecodeError::Truncated)?;
        let [kind, length @ ..] = *prefix;
        let malformed = DecodeError::Malformed { expected: "a kind of item: 0, 1 or 2" };
        let kind = ItemKind::from_byte(kind).ok_or(malformed)?;
        let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        let (bytes, rest) = rest.split_at_checked(length).ok_or(DecodeError::Truncated)?;
        self.bytes = rest;
        Ok(Item { kind, bytes })
    }
}

impl<'a> Iterator for BatchReader<'a> {
    type Item = Result<Item<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            let item = self.take();
            self.ended = item.is_err();
            return Some(item);
        }
        self.ended = true;
        let left = self.bytes.len();
        (left > 0).then_some(Err(DecodeError::TrailingBytes { left }))
    }
}

impl FusedIterator for BatchReader<'_> {}
