//! [`Encoder`]: postcard's serializer within limits.
//!
//! postcard writes the numbers, lengths and texts. What holds other values goes through here, since its
//! levels are counted, and items that take no bytes.
#![forbid(unsafe_code)]

use alloc::vec::Vec;

use postcard::ser_flavors::Flavor;
use serde::ser::{self, Serialize};

use super::attach::{ATTACH_FROM, Attach};
use super::codec_error::EncodeError;
use super::large_bytes::{LARGE_BYTES, Whereabouts};
use super::limits::Limits;

/// Writes one value.
pub(super) struct Encoder<'a> {
    postcard: postcard::Serializer<Bounded<'a>>,
    attach: Option<&'a mut dyn Attach>,
    limits: &'a Limits,
    /// Bytes attached so far.
    attached: u64,
    /// Levels that may still be entered.
    depth: u32,
    /// Items without bytes that there may still be.
    empty_items: u32,
    /// Whether the next bytes are those of a `LargeBytes`.
    large: bool,
}

/// Appends to a vector, and never allocates more than the limit.
struct Bounded<'a> {
    bytes: &'a mut Vec<u8>,
    /// How long the vector may become.
    most: usize,
    /// How long it would have had to become.
    over: Option<u64>,
}

impl Bounded<'_> {
    /// # Errors
    /// If that would be over the limit.
    #[inline]
    fn reserve(&mut self, more: usize) -> postcard::Result<()> {
        if self.bytes.capacity() - self.bytes.len() >= more && self.most - self.bytes.len() >= more
        {
            return Ok(());
        }
        self.grow(more)
    }

    /// Twice as large, as a vector does by itself, but not beyond what may be used.
    ///
    /// # Errors
    /// If that would be over the limit.
    #[cold]
    fn grow(&mut self, more: usize) -> postcard::Result<()> {
        let length = self.bytes.len();
        if self.most - length < more {
            self.over = Some(length as u64 + more as u64);
            return Err(postcard::Error::SerializeBufferFull);
        }
        let wanted = length.saturating_mul(2).max(length + more).max(64).min(self.most);
        self.bytes.reserve_exact(wanted - length);
        Ok(())
    }
}

impl Flavor for Bounded<'_> {
    type Output = ();

    #[inline]
    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        self.reserve(data.len())?;
        self.bytes.extend_from_slice(data);
        Ok(())
    }

    #[inline]
    fn try_push(&mut self, data: u8) -> postcard::Result<()> {
        self.reserve(1)?;
        self.bytes.push(data);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

impl<'a> Encoder<'a> {
    pub(super) fn new(
        bytes: &'a mut Vec<u8>,
        limits: &'a Limits,
        attach: Option<&'a mut dyn Attach>,
    ) -> Self {
        let most = bytes.len().saturating_add(limits.payload);
        Self {
            postcard: postcard::Serializer { output: Bounded { bytes, most, over: None } },
            attach,
            limits,
            attached: 0,
            depth: limits.depth,
            empty_items: limits.zero_sized,
            large: false,
        }
    }

    fn written(&self) -> usize {
        self.postcard.output.bytes.len()
    }

    /// What postcard's refusal means.
    #[cold]
    fn refused(&self, error: postcard::Error) -> EncodeError {
        let Bounded { bytes: _, most, over } = &self.postcard.output;
        match *over {
            Some(size) => {
                let limit = self.limits.payload as u64;
                EncodeError::TooLarge { size: size - (*most as u64 - limit), limit }
            }
            None => ser::Error::custom(error),
        }
    }

    /// # Errors
    /// If it is over the limit.
    #[inline]
    fn leaf<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        value.serialize(&mut self.postcard).map_err(|error| self.refused(error))
    }

    /// # Errors
    /// If there are too many levels.
    #[inline]
    fn enter(&mut self) -> Result<(), EncodeError> {
        match self.depth.checked_sub(1) {
            Some(depth) => self.depth = depth,
            None => return Err(EncodeError::TooDeep { limit: self.limits.depth }),
        }
        Ok(())
    }

    fn leave(&mut self) {
        self.depth += 1;
    }

    /// Writes a value that holds only this one.
    ///
    /// # Errors
    /// Those of the value.
    fn inner<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.enter()?;
        value.serialize(&mut *self)?;
        self.leave();
        Ok(())
    }

    /// An item after which the bytes are as long as `before` it is paid for from the budget.
    ///
    /// # Errors
    /// If the budget is spent.
    #[inline]
    fn count_item(&mut self, before: usize) -> Result<(), EncodeError> {
        if self.written() == before {
            self.empty_items = self
                .empty_items
                .checked_sub(1)
                .ok_or(EncodeError::TooManyEmptyItems { limit: self.limits.zero_sized })?;
        }
        Ok(())
    }

    /// Writes where the payload is, and the payload there.
    ///
    /// # Errors
    /// If it is over the limit, or `attach` says so.
    fn large(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        match &mut self.attach {
            Some(attach) if bytes.len() >= ATTACH_FROM => {
                let (size, limit) = (self.attached + bytes.len() as u64, self.limits.attached);
                if size > limit {
                    return Err(EncodeError::TooLarge { size, limit });
                }
                attach.attach(bytes).map_err(EncodeError::Attach)?;
                self.attached = size;
                self.leaf(&(Whereabouts::Attached as u8, bytes.len() as u64))
            }
            _ => {
                self.leaf(&(Whereabouts::Inline as u8))?;
                self.bytes(bytes)
            }
        }
    }

    /// # Errors
    /// If it is over the limit.
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        ser::Serializer::serialize_bytes(&mut self.postcard, bytes)
            .map_err(|error| self.refused(error))
    }

    /// # Errors
    /// If it is over the limit.
    fn variant(&mut self, index: u32) -> Result<(), EncodeError> {
        self.leaf(&index)
    }

    /// # Errors
    /// If there are too many levels.
    fn compound<'b>(&'b mut self) -> Result<Compound<'b, 'a>, EncodeError> {
        self.enter()?;
        let before = self.written();
        Ok(Compound { encoder: self, before })
    }

    /// # Errors
    /// If there are too many levels, or the length is not known.
    fn counted<'b>(&'b mut self, length: Option<usize>) -> Result<Compound<'b, 'a>, EncodeError> {
        let length = length.ok_or(EncodeError::UnknownLength)?;
        self.leaf(&(length as u64))?;
        self.compound()
    }
}

macro_rules! leaves {
    ($($method:ident: $type:ty,)*) => {
        $(
            #[inline]
            fn $method(self, value: $type) -> Result<(), EncodeError> {
                self.leaf(&value)
            }
        )*
    };
}

impl<'b, 'a> ser::Serializer for &'b mut Encoder<'a> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Compound<'b, 'a>;
    type SerializeTuple = Compound<'b, 'a>;
    type SerializeTupleStruct = Compound<'b, 'a>;
    type SerializeTupleVariant = Compound<'b, 'a>;
    type SerializeMap = Compound<'b, 'a>;
    type SerializeStruct = Compound<'b, 'a>;
    type SerializeStructVariant = Compound<'b, 'a>;

    fn is_human_readable(&self) -> bool {
        false
    }

    leaves! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_i128: i128,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_u128: u128,
        serialize_f32: f32,
        serialize_f64: f64,
        serialize_char: char,
        serialize_str: &str,
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), EncodeError> {
        if core::mem::take(&mut self.large) { self.large(bytes) } else { self.bytes(bytes) }
    }

    fn serialize_none(self) -> Result<(), EncodeError> {
        self.leaf(&0_u8)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        self.leaf(&1_u8)?;
        self.inner(value)
    }

    fn serialize_unit(self) -> Result<(), EncodeError> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), EncodeError> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
    ) -> Result<(), EncodeError> {
        self.variant(index)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.large = name == LARGE_BYTES;
        self.inner(value)?;
        self.large = false;
        Ok(())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.variant(index)?;
        self.inner(value)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Compound<'b, 'a>, EncodeError> {
        self.counted(length)
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'b, 'a>, EncodeError> {
        self.compound()
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Compound<'b, 'a>, EncodeError> {
        self.compound()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Compound<'b, 'a>, EncodeError> {
        self.variant(index)?;
        self.compound()
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Compound<'b, 'a>, EncodeError> {
        self.counted(length)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Compound<'b, 'a>, EncodeError> {
        self.compound()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Compound<'b, 'a>, EncodeError> {
        self.variant(index)?;
        self.compound()
    }

    fn collect_str<T: core::fmt::Display + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        ser::Serializer::collect_str(&mut self.postcard, value).map_err(|error| self.refused(error))
    }
}

/// A value that holds others, being written.
pub(super) struct Compound<'b, 'a> {
    encoder: &'b mut Encoder<'a>,
    /// How long the bytes were before the present entry of a map.
    before: usize,
}

impl Compound<'_, '_> {
    /// # Errors
    /// Those of the field.
    #[inline]
    fn field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        value.serialize(&mut *self.encoder)
    }

    /// # Errors
    /// None: the traits want it so.
    #[inline]
    fn finish(self) -> Result<(), EncodeError> {
        self.encoder.leave();
        Ok(())
    }
}

impl ser::SerializeSeq for Compound<'_, '_> {
    type Ok = ();
    type Error = EncodeError;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        let before = self.encoder.written();
        self.field(value)?;
        self.encoder.count_item(before)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.finish()
    }
}

impl ser::SerializeMap for Compound<'_, '_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EncodeError> {
        self.before = self.encoder.written();
        self.field(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.field(value)?;
        self.encoder.count_item(self.before)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.finish()
    }
}

macro_rules! fixed {
    ($($trait:ident::$method:ident($($key:ty)?),)*) => {
        $(
            impl ser::$trait for Compound<'_, '_> {
                type Ok = ();
                type Error = EncodeError;

                #[inline]
                fn $method<T: Serialize + ?Sized>(
                    &mut self,
                    $(_: $key,)?
                    value: &T,
                ) -> Result<(), EncodeError> {
                    self.field(value)
                }

                #[inline]
                fn end(self) -> Result<(), EncodeError> {
                    self.finish()
                }
            }
        )*
    };
}

fixed! {
    SerializeTuple::serialize_element(),
    SerializeTupleStruct::serialize_field(),
    SerializeTupleVariant::serialize_field(),
    SerializeStruct::serialize_field(&'static str),
    SerializeStructVariant::serialize_field(&'static str),
}
