//! A pipe to wake a thread by that waits for descriptors.

use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::io::ioctl_fionbio;

/// A pipe whose reading end is among what a poller waits for.
#[derive(Debug)]
pub(super) struct Waker {
    reader: PipeReader,
    writer: PipeWriter,
}

impl Waker {
    /// # Errors
    /// No descriptors are left.
    pub(super) fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        ioctl_fionbio(&reader, true)?;
        ioctl_fionbio(&writer, true)?;
        Ok(Self { reader, writer })
    }

    /// Makes the descriptor readable.
    pub(super) fn wake(&self) {
        loop {
            match (&self.writer).write(&[1]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // If the pipe is full, the descriptor is readable already.
                _ => return,
            }
        }
    }

    /// Makes the descriptor unreadable again. Whoever looks around after it sees what was done before
    /// any of the calls of `wake` that it takes in.
    pub(super) fn clear(&self) {
        let mut buffer = [0; 64];
        loop {
            match (&self.reader).read(&mut buffer) {
                Ok(read) if read == buffer.len() => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                _ => return,
            }
        }
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}
