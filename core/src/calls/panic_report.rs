//! [`PanicReport`]: what is left of a panic when it has been caught.
#![forbid(unsafe_code)]

use alloc::string::String;

use crate::contain::{Payload, contain};

/// What is left of a panic when it has been caught: text, which can be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PanicReport {
    /// What was thrown, if that was text.
    pub message: String,
    /// File, line and column, where they are known.
    pub location: Option<String>,
    /// Who called whom, where that was asked for by `RUST_BACKTRACE` and is known.
    pub backtrace: Option<String>,
}

impl PanicReport {
    /// With a message alone.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), location: None, backtrace: None }
    }
}

/// Runs `f`, and catches its panic where there is a std; elsewhere a panic is the end, as ever.
///
/// What was thrown is dropped here. If that panics too, nothing more comes of it.
///
/// # Errors
/// What is left of a panic.
pub fn contain_panics(f: &mut dyn FnMut()) -> Result<(), PanicReport> {
    watched(|| contain(f).map_err(report))
}

#[cfg(feature = "std")]
use crate::panic_site::in_call as watched;

#[cfg(not(feature = "std"))]
fn watched<R>(f: impl FnOnce() -> R) -> R {
    f()
}

#[cfg(feature = "std")]
#[cold]
fn report(payload: Payload) -> PanicReport {
    let site = payload.with(crate::panic_site::take_site);
    let (location, backtrace) =
        site.map_or((None, None), |site| (Some(site.place), site.backtrace));
    PanicReport { message: payload.message().into(), location, backtrace }
}

#[cfg(not(feature = "std"))]
fn report(payload: Payload) -> PanicReport {
    match payload {}
}
