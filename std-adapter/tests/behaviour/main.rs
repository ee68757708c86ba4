//! How a thread pool behaves, seen from outside: a module a noun, a test a promise of the contract.
//!
//! Some tests cannot run everywhere, and are named so that a run can leave them out:
//! - `bombs::` leaks by design (see there): `--skip bombs::` where leaks are looked for;
//! - `thread_limit::` starts child processes that may start no thread: `--skip thread_limit::` where
//!   the runtime of a sanitizer needs threads of its own.
#![expect(clippy::missing_errors_doc, reason = "a test says so by its name")]
#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]

mod admission;
mod any_executor;
mod awaiting;
mod bombs;
mod builder;
mod callbacks;
mod cancel;
mod claim_on_wait;
mod counters;
mod dropping;
mod exit_guard;
mod initializer;
mod keep_alive;
mod map;
mod map_chunks;
mod panics;
mod platform;
mod retention;
mod retries;
mod retries_hostile;
mod retries_waited_for;
mod scope;
mod sets;
mod shutdown;
mod stress;
mod support;
mod tasks;
mod thread_limit;
#[cfg(feature = "tracing")]
mod tracing_hook;
mod without_init;
mod workers;
