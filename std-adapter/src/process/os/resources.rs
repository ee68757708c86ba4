//! Limits that a worker sets itself.
#![forbid(unsafe_code)]

use std::io;

use concurrent_futures_core::calls::ResourceLimits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Sets the limits that are given, for good. Where this process has a lower one already, that stays.
///
/// An allocation past that of the memory fails, which ends a Rust program by `SIGABRT`. Past that of the
/// processor time the process gets `SIGXCPU`, which ends it, and a second later `SIGKILL`.
///
/// # Errors
/// What the system says, and which limit it was.
pub(crate) fn limit_resources(limits: &ResourceLimits) -> io::Result<()> {
    if let Some(bytes) = limits.memory {
        limit("the address space", Resource::As, bytes, bytes)?;
    }
    if let Some(seconds) = limits.cpu_seconds {
        limit("the CPU time", Resource::Cpu, seconds, seconds.saturating_add(1))?;
    }
    if let Some(files) = limits.open_files {
        limit("the number of open files", Resource::Nofile, files, files)?;
    }
    Ok(())
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
