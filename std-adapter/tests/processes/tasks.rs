//! What workers are asked to do.

use std::env;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use concurrent_futures::task;

use crate::deeds::Deed;
use crate::kit::CASE;

/// Writes down that a task has begun.
pub(crate) fn note(id: u64) {
    let directory = env::var_os(CASE).expect("workers inherit it");
    let log = Path::new(&directory).join("log");
    let mut log = File::options().append(true).create(true).open(log).unwrap();
    log.write_all(format!("{id}\n").as_bytes()).unwrap();
}

#[task]
pub(crate) fn add(one: u64, other: u64) -> u64 {
    one + other
}

/// Has an effect, and gives its number back.
#[task]
pub(crate) fn act(id: u64) -> u64 {
    note(id);
    id
}

/// The same after it was let through the gate.
#[task]
pub(crate) fn act_at(id: u64, gate: String) -> u64 {
    note(id);
    fs::read(gate).unwrap(); // until somebody has opened it for writing
    id
}

/// The same before it does something to its process.
#[task]
pub(crate) fn act_then(id: u64, deed: Deed) -> u64 {
    note(id);
    deed.perform();
    id
}

#[task]
pub(crate) fn pid() -> u32 {
    std::process::id()
}

#[task]
pub(crate) fn units() -> Vec<()> {
    vec![(); 3]
}

#[task]
pub(crate) fn list() -> Vec<u64> {
    vec![1, 2, 3]
}
