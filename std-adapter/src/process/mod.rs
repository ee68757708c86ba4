//! Worker processes: what an operating system adds to calls of registered functions.

#[cfg(unix)]
#[expect(dead_code, unused_imports, reason = "the pool that stands on it is not in the crate yet")]
pub(crate) mod os;
pub(crate) mod registration;
