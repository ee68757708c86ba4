//! One worker at the other end of two pipes, and what it may do to those who wait for its answers.
#![forbid(unsafe_code)]
#![expect(clippy::missing_errors_doc, reason = "a test says so by its name")]
#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]

mod serving;
mod support;
