//! Files in memory, through which large payloads go from process to process.
//!
//! They are written and read by calls of the system, never mapped: what a peer does to one while it
//! is read gives wrong bytes or an error, not a signal.
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::fs::fstat;
use rustix::io::{pread, pwrite, retry_on_intr};

use super::platform::{self, Seal};

/// A file in memory, which has no name, and cannot be made shorter.
#[derive(Debug)]
pub(crate) struct MemoryFile(OwnedFd);

impl MemoryFile {
    /// An empty one, closed to programs that are executed later.
    ///
    /// # Errors
    /// No descriptors are left.
    pub(crate) fn create() -> io::Result<Self> {
        let file = platform::memory_file("concurrent-futures-payload")?;
        platform::seal(file.as_fd(), Seal::Shrinking)?;
        Ok(Self(file))
    }

    /// One that came from a peer.
    ///
    /// # Errors
    /// It is no such file. Reading from another descriptor could take for ever.
    pub(crate) fn open(file: OwnedFd) -> io::Result<Self> {
        let sealed = platform::is_sealed(file.as_fd(), Seal::Shrinking);
        if matches!(sealed, Ok(true)) {
            return Ok(Self(file));
        }
        let message = "a descriptor came that is no memory file sealed against shrinking";
        Err(io::Error::new(ErrorKind::InvalidData, message))
    }

    /// In bytes. As long as others have the file, it may grow.
    ///
    /// # Errors
    /// What the system says; it is not known to.
    pub(crate) fn length(&self) -> io::Result<u64> {
        let length = fstat(&self.0)?.st_size;
        u64::try_from(length).map_err(|_| ErrorKind::InvalidData.into())
    }

    /// Writes all of it there, and makes the file as long as that takes.
    ///
    /// # Errors
    /// There is no memory left.
    pub(crate) fn write_all_at(&self, bytes: &[u8], position: u64) -> io::Result<()> {
        write_all_at(self.0.as_fd(), bytes, position)
    }

    /// Reads exactly so many bytes from there.
    ///
    /// Memory is allocated only for bytes that are in the file, and they are written to it once.
    ///
    /// # Errors
    /// `UnexpectedEof` when the file is shorter; `OutOfMemory`.
    pub(crate) fn read_exact_at(&self, length: u64, position: u64) -> io::Result<Vec<u8>> {
        let end = position.checked_add(length);
        if end.is_none_or(|end| self.length().is_ok_and(|length| length < end)) {
            return Err(too_short());
        }
        let length = usize::try_from(length).map_err(|_| ErrorKind::OutOfMemory)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length).map_err(|_| ErrorKind::OutOfMemory)?;
        while bytes.len() < length {
            let at = position + bytes.len() as u64;
            if retry_on_intr(|| pread(&self.0, spare_capacity(&mut bytes), at))? == 0 {
                return Err(too_short());
            }
        }
        bytes.truncate(length); // the allocator may have given more room
        Ok(bytes)
    }
}

fn too_short() -> io::Error {
    let message = "a memory file is shorter than what it should hold";
    io::Error::new(ErrorKind::UnexpectedEof, message)
}

/// As [`MemoryFile::write_all_at`].
///
/// # Errors
/// As there.
pub(super) fn write_all_at(
    file: BorrowedFd<'_>,
    mut bytes: &[u8],
    mut position: u64,
) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = retry_on_intr(|| pwrite(file, bytes, position))?;
        if written == 0 {
            return Err(ErrorKind::WriteZero.into());
        }
        bytes = bytes.get(written..).unwrap_or_default();
        position = position.saturating_add(written as u64);
    }
    Ok(())
}

impl AsFd for MemoryFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
