//! Words that two processes share.
//!
//! The only unsafe code of the crate: a mapping, seen as atomics.

use std::fmt;
use std::io::{self, ErrorKind};
use std::ops::Deref;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::slice;
use std::sync::atomic::AtomicU32;

use memmap2::{MmapOptions, MmapRaw};

use super::memory_file::write_all_at;
use super::platform::{self, Seal};

/// Words that two processes share: each sees what the other stores, by the rules of atomics.
///
/// They stay until the last of those who have them open or mapped is gone, and belong to both: a peer
/// that misbehaves may store anything at any time.
pub(crate) struct Words {
    // W1: as many bytes of a file as `count` words need, mapped for reading and writing, at the start of a page.
    // W2: the file has had at least that length since, and cannot get shorter (it is sealed).
    map: MmapRaw,
    count: usize,
}

impl Words {
    /// So many words, all 0, and the file to hand to another process.
    ///
    /// # Errors
    /// `InvalidInput` for none at all; or no descriptors or no memory are left.
    pub(crate) fn create(count: usize) -> io::Result<(Self, OwnedFd)> {
        let file = platform::memory_file("concurrent-futures-words")?;
        // Written rather than made long: a page that the system does not have is an error now, and a
        // fatal signal at the first access otherwise.
        write_all_at(file.as_fd(), &vec![0; length_of(count)?], 0)?;
        platform::seal(file.as_fd(), Seal::Length)?;
        Ok((Self::open(file.as_fd(), count)?, file))
    }

    /// The words in a file that another process has created.
    ///
    /// # Errors
    /// `InvalidData` when it holds another number of words, or somebody could still shorten it;
    /// `InvalidInput` for none at all; or the system cannot map it.
    pub(crate) fn open(file: BorrowedFd<'_>, count: usize) -> io::Result<Self> {
        let length = length_of(count)?;
        if !platform::is_sealed(file, Seal::Length)? {
            return Err(invalid("the file of the shared words can be shortened by others"));
        }
        if rustix::fs::fstat(file)?.st_size.try_into() != Ok(length) {
            return Err(invalid("the file of the shared words has another length"));
        }
        let map = MmapOptions::new().len(length).map_raw(&file)?;
        Ok(Self { map, count })
    }
}

/// How many bytes these are.
///
/// # Errors
/// `InvalidInput` for none, or more than can be.
fn length_of(count: usize) -> io::Result<usize> {
    let message = "at least one word can be shared, and no more than fit into memory";
    let length = count.checked_mul(size_of::<AtomicU32>()).filter(|length| *length > 0);
    length.ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, message))
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, message)
}

impl Deref for Words {
    type Target = [AtomicU32];

    #[expect(
        unsafe_code,
        reason = "memory shared with another process is outside of what Rust knows"
    )]
    fn deref(&self) -> &[AtomicU32] {
        let first = self.map.as_mut_ptr().cast::<AtomicU32>();
        // SAFETY: W1 and W2: `count` words from `first` on are mapped, aligned, and have pages behind them
        // for as long as `self.map` lives, which the result borrows. Any bits are a u32. Nobody in
        // this process has another way to this memory but other `Words`, which give out atomics only.
        unsafe { slice::from_raw_parts(first, self.count) }
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Words").field("count", &self.count).finish_non_exhaustive()
    }
}
