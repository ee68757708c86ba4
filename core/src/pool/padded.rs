//! What is written often by some, kept off the cache lines that others read.
#![forbid(unsafe_code)]

/// Two lines of 64 bytes, which are fetched together.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Padded<T>(pub(super) T);

impl<T> core::ops::Deref for Padded<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}
