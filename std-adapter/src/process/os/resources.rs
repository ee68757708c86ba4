//! Limits that a worker sets itself.
#![forbid(unsafe_code)]

use std::io;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Limits that a worker sets itself, for good. Where the process has a lower one already, that stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ResourceLimits {
    /// Bytes of address space: what is mapped, whether it is used or not. An allocation past it fails,
    /// which ends a Rust program by `SIGABRT`.
    pub(crate) address_space: Option<u64>,
    /// CPU time of all threads together, rounded up to seconds. Past it the process gets `SIGXCPU`, which ends
    /// it, and a second later `SIGKILL`.
    pub(crate) cpu_time: Option<Duration>,
    /// Past it no descriptor can be had.
    pub(crate) open_files: Option<u64>,
}

impl ResourceLimits {
    /// Sets those that are given.
    ///
    /// # Errors
    /// What the system says, and which limit it was.
    pub(crate) fn apply(&self) -> io::Result<()> {
        if let Some(bytes) = self.address_space {
            limit("the address space", Resource::As, bytes, bytes)?;
        }
        if let Some(time) = self.cpu_time {
            let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
            limit("the CPU time", Resource::Cpu, seconds, seconds.saturating_add(1))?;
        }
        if let Some(files) = self.open_files {
            limit("the number of open files", Resource::Nofile, files, files)?;
        }
        Ok(())
    }
}

/// # Errors
/// What the system says, and which limit it was.
fn limit(what: &str, resource: Resource, current: u64, maximum: u64) -> io::Result<()> {
    let allowed = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let (current, maximum) = (current.min(allowed), maximum.min(allowed));
    let wanted = Rlimit { current: Some(current), maximum: Some(maximum) };
    setrlimit(resource, wanted).map_err(|error| {
        let error = io::Error::from(error);
        io::Error::new(error.kind(), format!("cannot limit {what} to {current}: {error}"))
    })
}
