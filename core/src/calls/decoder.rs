//! [`Decoder`]: postcard's deserializer within limits.
//!
//! postcard reads the numbers, lengths and texts. The visitors of values are called from here, so that what
//! they say of an error is not lost, as are the levels of what holds other values, which are counted.
#![forbid(unsafe_code)]

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, IntoDeserializer, Visitor};

use super::attach::Detach;
use super::codec_error::DecodeError;
use super::large_bytes::{LARGE_BYTES, Whereabouts};
use super::limits::Limits;

/// Reads one value.
pub(super) struct Decoder<'de, 'a> {
    /// What is still to be read.
    bytes: &'de [u8],
    detach: Option<&'a mut dyn Detach>,
    limits: &'a Limits,
    /// Bytes detached so far.
    attached: u64,
    /// Levels that may still be entered.
    depth: u32,
    /// Items without bytes that there may still be.
    empty_items: u32,
}

impl<'de, 'a> Decoder<'de, 'a> {
    pub(super) fn new(
        bytes: &'de [u8],
        limits: &'a Limits,
        detach: Option<&'a mut dyn Detach>,
    ) -> Self {
        Self {
            bytes,
            detach,
            limits,
            attached: 0,
            depth: limits.depth,
            empty_items: limits.zero_sized,
        }
    }

    /// Bytes that are still to be read.
    pub(super) fn left(&self) -> usize {
        self.bytes.len()
    }

    /// Takes what postcard can read without our help: nothing that holds other values.
    ///
    /// # Errors
    /// If the bytes do not begin with such a value.
    #[inline]
    fn leaf<T: Deserialize<'de>>(&mut self) -> Result<T, DecodeError> {
        let (value, rest) =
            postcard::take_from_bytes(self.bytes).map_err(DecodeError::of_postcard)?;
        self.bytes = rest;
        Ok(value)
    }

    /// A byte, of which there may be millions in one value.
    ///
    /// # Errors
    /// If there is none left.
    #[inline]
    fn byte(&mut self) -> Result<u8, DecodeError> {
        let (byte, rest) = self.bytes.split_first().ok_or(DecodeError::Truncated)?;
        self.bytes = rest;
        Ok(*byte)
    }

    /// A length that is only claimed. One that does not fit in here is more than there can be.
    ///
    /// # Errors
    /// If the bytes do not begin with one.
    #[inline]
    fn length(&mut self) -> Result<usize, DecodeError> {
        let length: u64 = self.leaf()?;
        Ok(usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// Reads what holds other values, one level deeper.
    ///
    /// # Errors
    /// If there are too many levels; those of `read`.
    #[inline]
    fn within<R>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<R, DecodeError>,
    ) -> Result<R, DecodeError> {
        match self.depth.checked_sub(1) {
            Some(depth) => self.depth = depth,
            None => return Err(DecodeError::TooDeep { limit: self.limits.depth }),
        }
        let outcome = read(self);
        self.depth += 1;
        outcome
    }

    /// # Errors
    /// If there are too many levels; those of the fields.
    fn fields<V: Visitor<'de>>(
        &mut self,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.within(|decoder| visitor.visit_seq(Items { decoder, left: count, claimed: false }))
    }

    /// An item after which as much is left as `before` it is paid for from the budget.
    ///
    /// # Errors
    /// If the budget is spent.
    #[inline]
    fn count_item(&mut self, before: usize) -> Result<(), DecodeError> {
        if self.left() == before {
            self.empty_items = self
                .empty_items
                .checked_sub(1)
                .ok_or(DecodeError::TooManyEmptyItems { limit: self.limits.zero_sized })?;
        }
        Ok(())
    }

    /// # Errors
    /// If the payload is not where the bytes say it is.
    fn large<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, DecodeError> {
        match Whereabouts::from_byte(self.byte()?) {
            Some(Whereabouts::Inline) => visitor.visit_borrowed_bytes(self.leaf()?),
            Some(Whereabouts::Attached) => {
                let length = self.leaf()?;
                visitor.visit_byte_buf(self.detached(length)?)
            }
            None => Err(DecodeError::Malformed { expected: "where a large payload is: 0 or 1" }),
        }
    }

    /// # Errors
    /// If it is over the limit, or not there.
    fn detached(&mut self, length: u64) -> Result<alloc::vec::Vec<u8>, DecodeError> {
        let (size, limit) = (self.attached.saturating_add(length), self.limits.attached);
        if size > limit {
            return Err(DecodeError::TooLarge { size, limit });
        }
        self.attached = size;
        let none = DecodeError::Malformed { expected: "no large payloads outside of the bytes" };
        let payload = self.detach.as_mut().ok_or(none)?.detach(length);
        let payload = payload.map_err(DecodeError::Detach)?;
        if payload.len() as u64 == length {
            Ok(payload)
        } else {
            Err(DecodeError::Malformed { expected: "a large payload of the announced length" })
        }
    }
}

macro_rules! leaves {
    ($($method:ident: $visit:ident($type:ty),)*) => {
        $(
            #[inline]
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
                visitor.$visit(self.leaf::<$type>()?)
            }
        )*
    };
}

impl<'de> de::Deserializer<'de> for &mut Decoder<'de, '_> {
    type Error = DecodeError;

    fn is_human_readable(&self) -> bool {
        false
    }

    leaves! {
        deserialize_bool: visit_bool(bool),
        deserialize_i8: visit_i8(i8),
        deserialize_i16: visit_i16(i16),
        deserialize_i32: visit_i32(i32),
        deserialize_i64: visit_i64(i64),
        deserialize_i128: visit_i128(i128),
        deserialize_u16: visit_u16(u16),
        deserialize_u32: visit_u32(u32),
        deserialize_u64: visit_u64(u64),
        deserialize_u128: visit_u128(u128),
        deserialize_f32: visit_f32(f32),
        deserialize_f64: visit_f64(f64),
        deserialize_char: visit_char(char),
        deserialize_str: visit_borrowed_str(&'de str),
        deserialize_string: visit_borrowed_str(&'de str),
        deserialize_bytes: visit_borrowed_bytes(&'de [u8]),
        deserialize_byte_buf: visit_borrowed_bytes(&'de [u8]),
    }

    #[inline]
    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_u8(self.byte()?)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::NotSelfDescribing)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, _: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::NotSelfDescribing)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::NotSelfDescribing)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.byte()? {
            0 => visitor.visit_none(),
            1 => self.within(|decoder| visitor.visit_some(decoder)),
            _ => Err(DecodeError::Malformed { expected: "an option, which begins with 0 or 1" }),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.within(|decoder| {
            if name == LARGE_BYTES {
                decoder.large(visitor)
            } else {
                visitor.visit_newtype_struct(decoder)
            }
        })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let left = self.length()?;
        self.within(|decoder| visitor.visit_seq(Items { decoder, left, claimed: true }))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.fields(length, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.fields(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let left = self.length()?;
        self.within(|decoder| {
            let before = decoder.left();
            visitor.visit_map(Entries { decoder, left, before })
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.fields(fields.len(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_enum(Variant { decoder: self })
    }
}

/// The items of a sequence, or the fields of a struct or tuple.
struct Items<'b, 'de, 'a> {
    decoder: &'b mut Decoder<'de, 'a>,
    left: usize,
    /// Whether it was the peer that said how many there are; otherwise the type did.
    claimed: bool,
}

impl<'de> de::SeqAccess<'de> for Items<'_, 'de, '_> {
    type Error = DecodeError;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DecodeError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let before = self.decoder.left();
        let item = seed.deserialize(&mut *self.decoder)?;
        if self.claimed {
            self.decoder.count_item(before)?;
        }
        Ok(Some(item))
    }

    /// No more than there can be if each takes a byte: room is made by this.
    fn size_hint(&self) -> Option<usize> {
        Some(self.left.min(self.decoder.left()))
    }
}

/// The entries of a map.
struct Entries<'b, 'de, 'a> {
    decoder: &'b mut Decoder<'de, 'a>,
    left: usize,
    /// How much was left before the present entry.
    before: usize,
}

impl<'de> de::MapAccess<'de> for Entries<'_, 'de, '_> {
    type Error = DecodeError;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DecodeError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        self.before = self.decoder.left();
        seed.deserialize(&mut *self.decoder).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, DecodeError> {
        let value = seed.deserialize(&mut *self.decoder)?;
        self.decoder.count_item(self.before)?;
        Ok(value)
    }

    /// As for the items of a sequence.
    fn size_hint(&self) -> Option<usize> {
        Some(self.left.min(self.decoder.left()))
    }
}

/// A variant of an enum: its index, then its content.
struct Variant<'b, 'de, 'a> {
    decoder: &'b mut Decoder<'de, 'a>,
}

impl<'de> de::EnumAccess<'de> for Variant<'_, 'de, '_> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self), DecodeError> {
        let index: u32 = self.decoder.leaf()?;
        let index = IntoDeserializer::<DecodeError>::into_deserializer(index);
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'_, 'de, '_> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<S::Value, DecodeError> {
        self.decoder.within(|decoder| seed.deserialize(decoder))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.decoder.fields(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.decoder.fields(fields.len(), visitor)
    }
}
