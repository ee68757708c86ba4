//! A pool of processes, with real processes that misbehave.
//!
//! Each case runs in a process of its own ([`kit::alone`]), so that descriptors, threads and children can be
//! counted, and ends with the same questions: has every future come to one end, with each callback called
//! once; is no child, descriptor or thread left; was every task started once at most; does the pool still
//! work, or say why not.
#![cfg(all(target_os = "linux", feature = "linkme"))]
#![expect(
    clippy::missing_panics_doc,
    clippy::missing_errors_doc,
    reason = "private helpers of tests: a panic is a failure"
)]

concurrent_futures::worker_test!();

// It is private to the crate; the puppet has it to speak with.
#[path = "../../src/process/os/mod.rs"]
#[allow(dead_code, unused_imports, clippy::allow_attributes, reason = "a puppet uses little")]
mod os;

mod amounts;
mod callbacks;
mod crashes;
mod deadlines;
mod deeds;
mod endings;
mod forks;
mod kit;
mod machine;
mod nonsense;
mod parents;
mod phases;
mod puppet;
mod recycling;
mod starting;
mod stress;
mod surroundings;
mod tasks;
