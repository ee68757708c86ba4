//! What a program does with calls of registered functions, whatever runs them: `map`, room, retries, sets, a
//! choice between threads and processes.
#![cfg(unix)]
#![expect(clippy::missing_errors_doc, reason = "a test says so by its name")]
#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]

mod admission;
mod choice;
mod functions;
mod initializer;
mod map;
mod retries;
mod sets;
mod support;
mod workers;

concurrent_futures::worker_test!();
