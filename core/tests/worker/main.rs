//! Calls of registered functions, without processes: who may be called, and what a worker answers.
#![cfg(all(feature = "calls", feature = "std"))]
#![expect(clippy::missing_errors_doc, reason = "a test says so by its name")]
#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]
#![expect(clippy::std_instead_of_alloc, reason = "tests run where there is a std")]

mod batches;
mod callee;
mod conversation;
mod hostile;
mod large;
mod registry;
mod serving;
mod support;
