//! Payloads one after the other in a memory file.
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::MemoryFile;

/// Puts payloads into a memory file, one after the other from its start.
#[derive(Debug)]
pub(crate) struct Attaching {
    file: MemoryFile,
    bytes: u64,
}

impl Attaching {
    /// What is in the file is written over.
    pub(crate) fn new(file: MemoryFile) -> Self {
        Self { file, bytes: 0 }
    }

    /// # Errors
    /// There is no memory left. What was appended before is as it was.
    pub(crate) fn append(&mut self, payload: &[u8]) -> io::Result<()> {
        self.file.write_all_at(payload, self.bytes)?;
        self.bytes = self.bytes.saturating_add(payload.len() as u64);
        Ok(())
    }

    /// How many bytes have been appended: what a frame says is attached.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn into_file(self) -> MemoryFile {
        self.file
    }
}

impl AsFd for Attaching {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Takes payloads out of a memory file, one after the other from its start.
#[derive(Debug)]
pub(crate) struct Detaching {
    file: MemoryFile,
    position: u64,
    end: u64,
}

impl Detaching {
    /// The file that came with a frame that says that so many bytes are attached.
    ///
    /// # Errors
    /// It is no memory file, or is shorter than that.
    pub(crate) fn open(file: OwnedFd, bytes: u64) -> io::Result<Self> {
        let file = MemoryFile::open(file)?;
        if file.length()? < bytes {
            let message = "a memory file came that is shorter than what should be attached";
            return Err(io::Error::new(ErrorKind::InvalidData, message));
        }
        Ok(Self { file, position: 0, end: bytes })
    }

    /// Copies the next payload, of so many bytes, out of the file.
    ///
    /// # Errors
    /// `UnexpectedEof` when fewer are attached, before anything is allocated; `OutOfMemory`.
    pub(crate) fn take(&mut self, length: u64) -> io::Result<Vec<u8>> {
        if length > self.remaining() {
            let message = "a payload is longer than what is attached";
            return Err(io::Error::new(ErrorKind::UnexpectedEof, message));
        }
        let payload = self.file.read_exact_at(length, self.position)?;
        self.position += length;
        Ok(payload)
    }

    /// How many bytes have not been taken.
    pub(crate) fn remaining(&self) -> u64 {
        self.end - self.position
    }

    pub(crate) fn into_file(self) -> MemoryFile {
        self.file
    }
}
