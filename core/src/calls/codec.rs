//! Values as bytes: postcard's format, within [`Limits`], with large payloads beside it.
#![forbid(unsafe_code)]

use alloc::vec::Vec;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::attach::{Attach, Detach};
use super::codec_error::{DecodeError, EncodeError};
use super::decoder::Decoder;
use super::encoder::Encoder;
use super::limits::Limits;

/// Writes a value in [postcard's format](https://postcard.jamesmunns.com/wire-format).
///
/// Large payloads ([`LargeBytes`](super::LargeBytes)) go to `attach`, if there is one. A panic of the value's
/// own `Serialize` goes through to the caller.
///
/// # Errors
/// When the value does not keep to the limits, says itself that it cannot be written, or does not know the
/// length of a sequence before its end; when `attach` could not take a payload.
///
/// # Examples
/// ```
/// use concurrent_futures_core::calls::{Limits, decode, encode};
///
/// let limits = Limits::default();
/// let bytes = encode(&(300_u64, "abc"), &limits, None)?;
/// assert_eq!(bytes, [0xAC, 0x02, 3, b'a', b'b', b'c']);
/// let (number, text): (u64, String) = decode(&bytes, &limits, None)?;
/// assert_eq!((number, text.as_str()), (300, "abc"));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub fn encode<T: Serialize + ?Sized>(
    value: &T,
    limits: &Limits,
    attach: Option<&mut dyn Attach>,
) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::new();
    encode_into(&mut bytes, value, limits, attach)?;
    Ok(bytes)
}

/// Appends a value to `bytes`, as [`encode`] writes it: for those who want something in front of it.
///
/// The limits are for what is appended. After an error `bytes` is as long as before; after a panic of the
/// value's own it may be longer.
///
/// # Errors
/// As for [`encode`].
pub fn encode_into<T: Serialize + ?Sized>(
    bytes: &mut Vec<u8>,
    value: &T,
    limits: &Limits,
    attach: Option<&mut dyn Attach>,
) -> Result<(), EncodeError> {
    let before = bytes.len();
    // The cast shortens the life of what the trait object may borrow: an Option does not by itself.
    let attach = attach.map(|attach| attach as &mut dyn Attach);
    let outcome = value.serialize(&mut Encoder::new(bytes, limits, attach));
    if outcome.is_err() {
        bytes.truncate(before);
    }
    outcome
}

/// Reads a value that [`encode`] wrote: all of `bytes`, and nothing else.
///
/// Large payloads are taken from `detach`, in the order in which they were attached. What is allocated is
/// bounded by what `bytes` really holds, whatever lengths it claims. A panic of the value's own
/// `Deserialize` goes through to the caller.
///
/// # Errors
/// When the bytes are not such a value, do not keep to the limits, end too early or too late; when the value
/// says itself that it cannot be read; when `detach` has not got a payload.
pub fn decode<T: DeserializeOwned>(
    bytes: &[u8],
    limits: &Limits,
    detach: Option<&mut dyn Detach>,
) -> Result<T, DecodeError> {
    if bytes.len() > limits.payload {
        return Err(DecodeError::TooLarge {
            size: bytes.len() as u64,
            limit: limits.payload as u64,
        });
    }
    // As in `encode_into`.
    let detach = detach.map(|detach| detach as &mut dyn Detach);
    let mut decoder = Decoder::new(bytes, limits, detach);
    let value = T::deserialize(&mut decoder)?;
    match decoder.left() {
        0 => Ok(value),
        left => Err(DecodeError::TrailingBytes { left }),
    }
}
