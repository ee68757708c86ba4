#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod builder;
mod thread_pool;
mod threads;

pub use builder::{BuildError, ThreadPoolBuilder};
pub use concurrent_futures_core::*;
pub use thread_pool::ThreadPoolExecutor;
pub use threads::Threads;

// The README of the workspace, so that its examples are compiled. It is not in the package.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct RootReadme;
