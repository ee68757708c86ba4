//! The list that the linker makes of all functions with `#[task]`.
//!
//! Entries are put into a section of the program by `linkme`, from whichever crate they are in.
#![forbid(unsafe_code)]

use concurrent_futures_core::calls::TaskEntry;

/// All of them.
#[linkme::distributed_slice]
pub static TASKS: [TaskEntry];

/// The paths of tests that are workers: there is one in a test binary, if any.
#[linkme::distributed_slice]
pub static WORKER_TESTS: [&'static str];
