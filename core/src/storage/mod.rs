//! Where slots live.

#[cfg(feature = "alloc")]
pub(crate) mod heap;
