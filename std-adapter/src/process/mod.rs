//! Worker processes: what an operating system adds to calls of registered functions.
#![forbid(unsafe_code)]

pub(crate) mod registration;
