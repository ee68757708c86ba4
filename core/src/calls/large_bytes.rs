//! [`LargeBytes`]: bytes that serde does not touch one by one, and that need not go through the link.
#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::fmt;
use core::ops::{Deref, DerefMut};

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// The name by which our codec knows a `LargeBytes` among newtypes.
pub(super) const LARGE_BYTES: &str = "concurrent_futures::LargeBytes";

/// Where the payload of a `LargeBytes` is: the first byte of one that was written.
#[repr(u8)]
pub(super) enum Whereabouts {
    /// Length and bytes follow.
    Inline = 0,
    /// The length follows; the bytes were attached.
    Attached = 1,
}

impl Whereabouts {
    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Inline),
            1 => Some(Self::Attached),
            _ => None,
        }
    }
}

/// Many bytes as an argument or result: an image, a file, an array of numbers.
///
/// serde goes through a `Vec<u8>` byte by byte, which takes longer than everything else. This is copied as
/// a whole, and from [`ATTACH_FROM`](super::ATTACH_FROM) on it does not even go through the link, if the
/// two ends share memory. It is a `Vec<u8>` in all else. In any other format it is what serde calls bytes.
///
/// In this crate's format: 0, then length and bytes; or 1 and the length, if the bytes were attached. The
/// length is a varint.
///
/// # Examples
/// ```
/// use concurrent_futures_core::calls::{LargeBytes, Limits, decode, encode};
///
/// let limits = Limits::default();
/// let mut beside = Vec::new();
/// let image = LargeBytes::from(vec![7; 1 << 20]);
/// let bytes = encode(&image, &limits, Some(&mut beside))?;
/// assert_eq!((bytes.len(), beside.len()), (4, 1 << 20));
///
/// let image: LargeBytes = decode(&bytes, &limits, Some(&mut beside.as_slice()))?;
/// assert_eq!(image.into_vec(), vec![7; 1 << 20]);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct LargeBytes(Vec<u8>);

impl LargeBytes {
    /// The bytes, without copying them.
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }
}

impl From<Vec<u8>> for LargeBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<LargeBytes> for Vec<u8> {
    fn from(bytes: LargeBytes) -> Self {
        bytes.0
    }
}

impl Deref for LargeBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for LargeBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl AsRef<[u8]> for LargeBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The length and the first bytes: nobody reads a million.
impl fmt::Debug for LargeBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = &self.0[..self.0.len().min(8)];
        let more = if first.len() < self.0.len() { ", .." } else { "" };
        write!(f, "LargeBytes({} bytes: {first:02x?}{more})", self.0.len())
    }
}

impl Serialize for LargeBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(LARGE_BYTES, &AsBytes(&self.0))
    }
}

impl<'de> Deserialize<'de> for LargeBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(LARGE_BYTES, BytesVisitor).map(Self)
    }
}

/// What serde calls bytes.
pub(super) struct AsBytes<'a>(pub(super) &'a [u8]);

impl Serialize for AsBytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// Takes bytes in whatever way a format has them.
pub(super) struct BytesVisitor;

impl<'de> Visitor<'de> for BytesVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Vec<u8>, D::Error> {
        inner.deserialize_byte_buf(self)
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
        Ok(text.as_bytes().to_vec())
    }

    /// A format without bytes, such as JSON. The hint is only a claim: room comes with the bytes.
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<u8>, A::Error> {
        let mut bytes = Vec::with_capacity(items.size_hint().unwrap_or(0).min(4096));
        while let Some(byte) = items.next_element()? {
            bytes.push(byte);
        }
        Ok(bytes)
    }
}
