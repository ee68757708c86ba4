//! One worker at the other end of two byte streams: what it does for those who call, and what it may do to them.
#![forbid(unsafe_code)]
#![expect(clippy::missing_errors_doc, reason = "a test says so by its name")]
#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]

mod ending;
mod hostile;
mod serving;
mod streams;
mod support;
mod time;
