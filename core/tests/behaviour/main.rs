//! What the core crate does on a computer: the contract, cell by cell and line by line.
//!
//! One program, because linking twelve costs more than running them. Tests are named after
//! behaviour; none of them sleeps to be right.
#![cfg(feature = "std")]
#![expect(clippy::missing_errors_doc, reason = "a test says so by its name")]
#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]
#![expect(clippy::std_instead_of_alloc, reason = "tests run where there is a std")]

mod admission;
mod attempts;
mod by_hand;
mod contract_executor;
mod contract_failure;
mod contract_future;
mod contract_map;
mod contract_sets;
mod counters;
mod hooks_of_tasks;
mod hostile;
mod keep_alive;
mod layout;
mod life_cycle;
mod map_chunks;
mod map_unordered;
mod matrix;
mod platforms_that_err;
mod races;
mod retention;
mod scope;
mod stop;
mod support;
mod suspend;
mod unread;
mod weak;
