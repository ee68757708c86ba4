//! [`Placement`]: on which processors a pool and its workers run.

use std::fs;
use std::io;

use rustix::thread::{CpuSet, Pid, sched_getaffinity, sched_setaffinity};

/// A wake-up costs ten times as much where it has to reach another processor, which may be halted. Left
/// alone, the system chooses now this and now that, so that ratios would be those of its choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placement {
    /// As the system likes.
    Free,
    /// All on one processor.
    Together,
    /// This process on one processor, its workers on another.
    Apart,
}

impl Placement {
    /// Starts workers that run where they belong. They are all there when `start` returns.
    pub(crate) fn place<T>(self, start: impl FnOnce() -> T) -> io::Result<T> {
        let (ours, theirs) = match self {
            Self::Free => return Ok(start()),
            Self::Together => (0, 0),
            Self::Apart => (0, 1),
        };
        let allowed = sched_getaffinity(None)?;
        move_threads(&nth(&allowed, theirs)?)?; // which workers inherit
        let started = start();
        move_threads(&nth(&allowed, ours)?)?;
        Ok(started)
    }
}

/// All that this process has so far.
fn move_threads(to: &CpuSet) -> io::Result<()> {
    for thread in fs::read_dir("/proc/self/task")? {
        let id = thread?.file_name().to_str().and_then(|id| id.parse().ok());
        sched_setaffinity(id.and_then(Pid::from_raw), to)?;
    }
    Ok(())
}

/// One of those processors alone.
fn nth(allowed: &CpuSet, nth: usize) -> io::Result<CpuSet> {
    let mut found = (0..CpuSet::MAX_CPU).filter(|&processor| allowed.is_set(processor));
    let found = found.nth(nth).ok_or_else(|| io::Error::other("there are too few processors"))?;
    let mut set = CpuSet::new();
    set.set(found);
    Ok(set)
}
