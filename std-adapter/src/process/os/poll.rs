//! Waiting for many descriptors at once, and for another thread.
//!
//! By `poll`, which every Unix has, and which keeps no list that must be kept in step with ours.
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionbio};

/// What is waited for on a descriptor. That it hangs up is told in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    Read,
    Write,
    Both,
}

/// A descriptor to wait for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watched<'fd> {
    /// Names it in [`Ready`].
    pub(crate) key: u64,
    pub(crate) descriptor: BorrowedFd<'fd>,
    pub(crate) interest: Interest,
}

/// A descriptor on which something has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(crate) key: u64,
    /// There is something to read, the end of the stream or an error included.
    pub(crate) readable: bool,
    /// Something can be written, if only to learn of the error.
    pub(crate) writable: bool,
}

/// What a wait has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Poll {
    /// Some descriptors are ready.
    Ready,
    /// None is: the time is over, or a signal was handled.
    Nothing,
}

/// Waits until one of the descriptors is ready, for so long at most, or for ever; replaces what is in
/// `ready`. It may return early.
///
/// # Errors
/// The system has no memory for so many.
pub(super) fn wait(
    watched: &[Watched<'_>],
    timeout: Option<Duration>,
    ready: &mut Vec<Ready>,
) -> io::Result<Poll> {
    ready.clear();
    let mut polled: Vec<_> = watched
        .iter()
        .map(|w| PollFd::from_borrowed_fd(w.descriptor, w.interest.flags()))
        .collect();
    // A time too long for the system is for ever.
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    match poll(&mut polled, timeout.as_ref()) {
        Ok(0) | Err(Errno::INTR) => return Ok(Poll::Nothing),
        Ok(_) => {}
        Err(error) => return Err(error.into()),
    }
    let happened = watched.iter().zip(&polled).filter(|(_, polled)| !polled.revents().is_empty());
    ready.extend(happened.map(|(watched, polled)| Ready::new(watched.key, polled.revents())));
    Ok(Poll::Ready)
}

impl Interest {
    fn flags(self) -> PollFlags {
        match self {
            Self::Read => PollFlags::IN,
            Self::Write => PollFlags::OUT,
            Self::Both => PollFlags::IN | PollFlags::OUT,
        }
    }
}

impl Ready {
    fn new(key: u64, flags: PollFlags) -> Self {
        let over = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        Self {
            key,
            readable: flags.intersects(PollFlags::IN | over),
            writable: flags.intersects(PollFlags::OUT | over),
        }
    }
}

/// Ends a [`wait`] from another thread, which has its descriptor among those it waits for.
#[derive(Debug)]
pub(crate) struct Waker {
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

    /// Makes the descriptor readable. Never waits; several calls may do as much as one.
    pub(crate) fn wake(&self) {
        loop {
            match (&self.writer).write(&[1]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // If the pipe is full, the descriptor is readable already.
                _ => return,
            }
        }
    }

    /// Makes the descriptor unreadable again. What was done before a `wake` that this takes in is seen
    /// by whoever looks after it.
    pub(crate) fn clear(&self) {
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
