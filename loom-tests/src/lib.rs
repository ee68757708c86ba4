#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(concurrent_futures_model = "loom")]
extern crate alloc;

pub mod interrupts;
#[cfg(concurrent_futures_model = "loom")]
mod model;

#[cfg(concurrent_futures_model = "loom")]
pub use model::{Bound, model};
