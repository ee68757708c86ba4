//! Memory files that wait to be used again.
//!
//! The memory behind a file is had once: to write 64 MiB to a used one takes a fraction of what it takes
//! to have the system find, and clear, as many pages.
#![forbid(unsafe_code)]

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{MemoryFile, Sys};

/// Memory files that wait to be used again: a few, and not more bytes than it was told.
#[derive(Debug)]
pub(crate) struct MemoryFilePool {
    files_at_most: usize,
    bytes_at_most: u64,
    /// In the order in which they came back.
    kept: Mutex<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    file: MemoryFile,
    length: u64,
}

impl MemoryFilePool {
    pub(crate) fn new(files_at_most: usize, bytes_at_most: u64) -> Self {
        Self { files_at_most, bytes_at_most, kept: Mutex::default() }
    }

    /// A file for so many bytes, with anything in it: the shortest of those kept that is as long, or else the
    /// longest, or else a new one.
    ///
    /// # Errors
    /// None is kept, and no descriptors are left.
    pub(crate) fn take(&self, sys: &dyn Sys, length: u64) -> io::Result<MemoryFile> {
        let mut kept = self.lock();
        let suits = |kept: &Kept| (kept.length < length, kept.length.abs_diff(length));
        let best = (0..kept.len()).min_by_key(|index| suits(&kept[*index]));
        if let Some(index) = best {
            return Ok(kept.remove(index).file);
        }
        drop(kept);
        sys.memory_file()
    }

    /// Keeps a file, and lets go of those that came back first if that makes too many.
    ///
    /// Nobody else may be about to read or write it: a peer has answered all that it was handed for.
    pub(crate) fn give_back(&self, file: MemoryFile) {
        let Ok(length) = file.length() else { return };
        let mut kept = self.lock();
        kept.push(Kept { file, length });
        let excess = self.excess(&kept);
        let closed: Vec<Kept> = kept.drain(..excess).collect();
        drop(kept);
        drop(closed); // not under the lock: to free the memory takes time
    }

    /// How many have to go, the first ones.
    fn excess(&self, kept: &[Kept]) -> usize {
        let mut bytes = 0_u64;
        let stay = kept.iter().rev().take(self.files_at_most).take_while(|kept| {
            bytes = bytes.saturating_add(kept.length);
            bytes <= self.bytes_at_most
        });
        kept.len() - stay.count()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
