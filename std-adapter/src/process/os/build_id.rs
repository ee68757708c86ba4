//! Which program this is.
#![forbid(unsafe_code)]

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::MetadataExt;

use super::platform;

/// A number for the file of the running program: the same in every process that runs the same file,
/// unless that has been written to between the two calls.
///
/// It is for finding mistakes, such as a program that was replaced while it ran, not for keeping out
/// anybody.
///
/// # Errors
/// The file cannot be found: there is no `/proc`.
pub(crate) fn build_id() -> io::Result<u64> {
    let file = fs::metadata(platform::this_program()?)?;
    let mut hasher = DefaultHasher::new();
    (file.dev(), file.ino(), file.size(), file.mtime(), file.mtime_nsec()).hash(&mut hasher);
    Ok(hasher.finish())
}
