//! Frames, values and messages as bytes: what they are, and that no bytes do harm.
#![forbid(unsafe_code)]
#![expect(clippy::missing_errors_doc, reason = "a test says so by its name")]
#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]
#![expect(clippy::std_instead_of_alloc, reason = "tests run where there is a std")]

mod batches;
mod corpus;
mod headers;
mod large;
mod limits;
#[cfg(feature = "std")]
mod link;
mod messages;
#[cfg(feature = "std")]
mod promises;
mod streams;
#[cfg(feature = "std")]
mod supervisor;
mod support;
mod targets;
mod values;
