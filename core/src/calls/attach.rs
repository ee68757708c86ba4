//! [`Attach`] and [`Detach`]: where large payloads go instead of into the bytes of a value.
#![forbid(unsafe_code)]

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;

/// From how many bytes on a [`LargeBytes`](super::LargeBytes) is attached: 64 KiB.
///
/// Shorter ones are cheaper inside of the frame.
pub const ATTACH_FROM: usize = 64 << 10;

/// Takes large payloads while a value is written, such as into a file that both ends share.
///
/// For links that have no such thing, `Vec<u8>` takes them one after another.
pub trait Attach {
    /// Takes a payload, to be detached in the same order at the other end.
    ///
    /// Called by [`encode`](super::encode), whose error is then this one.
    ///
    /// # Errors
    /// When there is no place for it; what was attached for this value before is then worth nothing.
    fn attach(&mut self, bytes: &[u8]) -> Result<(), AttachError>;
}

/// Gives large payloads back while a value is read.
///
/// What [`Attach`] for `Vec<u8>` took, `&[u8]` gives back, and is then what remains of it.
pub trait Detach {
    /// Gives the next payload, which is `length` bytes long, as the sender claims.
    ///
    /// Called by [`decode`](super::decode), which has checked the total against its limit. Look whether
    /// there are so many bytes before allocating for them.
    ///
    /// # Errors
    /// When there are not so many bytes, or they could not be read.
    fn detach(&mut self, length: u64) -> Result<Vec<u8>, DetachError>;
}

impl Attach for Vec<u8> {
    fn attach(&mut self, bytes: &[u8]) -> Result<(), AttachError> {
        self.try_reserve(bytes.len()).map_err(|_| AttachError::new("out of memory"))?;
        self.extend_from_slice(bytes);
        Ok(())
    }
}

impl Detach for &[u8] {
    fn detach(&mut self, length: u64) -> Result<Vec<u8>, DetachError> {
        let there = usize::try_from(length).ok().and_then(|length| self.split_at_checked(length));
        let (payload, rest) = there.ok_or(DetachError::new("it is shorter than announced"))?;
        *self = rest;
        Ok(payload.to_vec())
    }
}

/// Why a large payload could not be attached: a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachError(Cow<'static, str>);

/// Why a large payload could not be detached: a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachError(Cow<'static, str>);

impl AttachError {
    /// Says why, in lower case and without a full stop.
    pub fn new(why: impl Into<Cow<'static, str>>) -> Self {
        Self(why.into())
    }
}

impl DetachError {
    /// Says why, in lower case and without a full stop.
    pub fn new(why: impl Into<Cow<'static, str>>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for AttachError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for DetachError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for AttachError {}
impl Error for DetachError {}
