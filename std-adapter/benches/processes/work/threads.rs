//! Threads that a pool of processes has of its own.

use std::fs;
use std::io;

use crate::contestant::Contestant;
use crate::harness::Figures;
use crate::pools;

/// Until every worker has had some.
const CALLS: u64 = 1_000;

pub(crate) fn run(contestant: Contestant, workers: usize) -> Option<Figures> {
    let before = threads().ok()?;
    let pool = pools::start(contestant, workers)?;
    pool.calls(CALLS);
    Some(vec![("threads", (threads().ok()? - before) as f64)])
}

/// Of this process.
fn threads() -> io::Result<usize> {
    Ok(fs::read_dir("/proc/self/task")?.count())
}
