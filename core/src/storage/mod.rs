//! Where slots live.

pub(crate) mod arena;
#[cfg(feature = "alloc")]
pub(crate) mod heap;
