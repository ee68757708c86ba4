//! What differs between the systems: one file each, with the same names.
#![forbid(unsafe_code)]

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod other;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use linux::*;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) use other::*;

/// What nobody can do to a memory file any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seal {
    Shrinking,
    /// Shrinking or growing, for good.
    Length,
}
