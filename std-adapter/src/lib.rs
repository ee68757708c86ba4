#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod any_executor;
mod builder;
mod contain;
mod exit_guard;
#[cfg(unix)]
mod process;
mod retry;
mod retry_policy;
mod thread_pool;
mod threads;
mod timer;
#[cfg(feature = "tracing")]
mod tracing_hook;

pub use any_executor::AnyExecutor;
pub use builder::{BuildError, ThreadPoolBuilder};
pub use concurrent_futures_core::*;
pub use exit_guard::ExitGuard;
pub use retry::{History, submit_retry};
pub use retry_policy::{RetryPolicy, RetryPolicyError};
pub use thread_pool::ThreadPoolExecutor;
pub use threads::Threads;
#[cfg(feature = "tracing")]
pub use tracing_hook::TracingHook;

// The README of the workspace, so that its examples are compiled. It is not in the package.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct RootReadme;
