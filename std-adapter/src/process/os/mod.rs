//! What the operating system supplies to a pool of processes: to the parent behind the trait [`Sys`],
//! to the worker as plain functions in [`inside`].
//!
//! Nothing here knows what is said between the two.

mod build_id;
mod channel;
#[cfg(test)]
#[allow(dead_code, clippy::allow_attributes, reason = "of the tests, some do without it")]
mod failing;
pub(crate) mod inside;
mod launch;
mod memory_file;
mod memory_file_pool;
mod platform;
mod poller;
mod resources;
mod sys;
mod words;
mod worker;

pub(crate) use build_id::build_id;
pub(crate) use channel::Channel;
#[cfg(test)]
#[allow(unused_imports, clippy::allow_attributes, reason = "of the tests, some do without it")]
pub(crate) use failing::{Call, FailingSys, Fault};
pub(crate) use launch::{Group, Inherited, Launch, Output};
pub(crate) use memory_file::MemoryFile;
pub(crate) use memory_file_pool::MemoryFilePool;
#[cfg(test)]
#[allow(
    unused_imports,
    clippy::allow_attributes,
    reason = "of the tests, those of the system have it"
)]
pub(crate) use poller::ListPoller;
pub(crate) use poller::{Interest, Poll, Poller, Ready};
pub(crate) use resources::limit_resources;
pub(crate) use sys::{Os, Sys};
pub(crate) use words::Words;
pub(crate) use worker::{Signalled, Spawned, Worker};

/// Whether a process is stopped, by a signal or a debugger, rather than busy.
///
/// # Errors
/// There is no such process, or the system does not say (only Linux does).
pub(crate) fn is_stopped(pid: u32) -> std::io::Result<bool> {
    platform::is_stopped(pid)
}
