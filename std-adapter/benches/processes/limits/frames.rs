//! Many small frames, which two workers send back.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, poll};

use super::{Duty, Worker};

/// A header of 32 bytes, and eight for a number.
const FRAME: usize = 40;
const HEADER: usize = 32;

/// How a worker answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replies {
    /// So that the other side knows of every reply before the next call starts.
    WriteEach,
    WriteAll,
}

impl Replies {
    /// Frames that are sent to a worker before the first of them has come back.
    fn window(self) -> u64 {
        match self {
            Self::WriteEach => 64,
            Self::WriteAll => 4_096,
        }
    }
}

/// Two workers, and a thread that keeps them busy.
#[derive(Debug)]
pub(crate) struct FrameWorkers {
    replies: Replies,
    workers: Vec<Worker>,
}

impl FrameWorkers {
    pub(crate) fn start(workers: usize, replies: Replies) -> io::Result<Self> {
        let duty = match replies {
            Replies::WriteEach => Duty::WriteEach,
            Replies::WriteAll => Duty::WriteAll,
        };
        let workers = (0..workers).map(|_| Worker::start(duty)).collect::<io::Result<_>>()?;
        Ok(Self { replies, workers })
    }

    /// The sum of the numbers below `count`, each of which has gone to a worker and come back.
    pub(crate) fn calls(&self, count: u64) -> io::Result<u64> {
        let mut numbers = 0..count;
        let mut links: Vec<_> = self.workers.iter().map(Link::new).collect();
        let window = self.replies.window();
        for link in &mut links {
            link.send(numbers.by_ref().take(window as usize))?;
        }
        while links.iter().any(|link| link.outstanding > 0) {
            for link in ready(&mut links)? {
                link.receive()?;
                // Not one by one: the worker still has half a window.
                if link.outstanding <= window / 2 {
                    let room = window - link.outstanding;
                    link.send(numbers.by_ref().take(room as usize))?;
                }
            }
        }
        Ok(links.iter().map(|link| link.sum).sum())
    }
}

/// Those of which a reply has come.
fn ready<'a, 'b>(links: &'a mut [Link<'b>]) -> io::Result<impl Iterator<Item = &'a mut Link<'b>>> {
    let mut polled: Vec<_> =
        links.iter().map(|link| PollFd::new(link.socket, PollFlags::IN)).collect();
    poll(&mut polled, None)?;
    let ready: Vec<_> = polled.iter().map(|polled| !polled.revents().is_empty()).collect();
    Ok(links.iter_mut().zip(ready).filter_map(|(link, ready)| ready.then_some(link)))
}

/// To one of the workers.
struct Link<'a> {
    socket: &'a UnixStream,
    outstanding: u64,
    sum: u64,
    sending: Vec<u8>,
    buffer: FrameBuffer,
}

impl<'a> Link<'a> {
    fn new(worker: &'a Worker) -> Self {
        let (sending, buffer) = (Vec::new(), FrameBuffer::new());
        Self { socket: worker.socket(), outstanding: 0, sum: 0, sending, buffer }
    }

    fn send(&mut self, numbers: impl Iterator<Item = u64>) -> io::Result<()> {
        self.sending.clear();
        for number in numbers {
            self.sending.extend([0; HEADER]);
            self.sending.extend(number.to_ne_bytes());
            self.outstanding += 1;
        }
        self.socket.write_all(&self.sending)
    }

    /// What has come; it blocks where nothing has.
    fn receive(&mut self) -> io::Result<()> {
        for frame in self.buffer.read(self.socket)?.chunks_exact(FRAME) {
            let number = frame[HEADER..].try_into().expect("a frame has eight bytes after it");
            self.sum += u64::from_ne_bytes(number);
            self.outstanding -= 1;
        }
        Ok(())
    }
}

/// Whole frames out of what comes in pieces.
struct FrameBuffer {
    bytes: Vec<u8>,
    filled: usize,
    /// Frames that have been given away, in bytes.
    taken: usize,
}

impl FrameBuffer {
    fn new() -> Self {
        Self { bytes: vec![0; 64 << 10], filled: 0, taken: 0 }
    }

    /// The frames that have come with one read.
    fn read(&mut self, mut socket: &UnixStream) -> io::Result<&[u8]> {
        self.bytes.copy_within(self.taken..self.filled, 0);
        self.filled -= self.taken;
        let read = socket.read(&mut self.bytes[self.filled..])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.filled += read;
        self.taken = self.filled - self.filled % FRAME;
        Ok(&self.bytes[..self.taken])
    }
}

/// As a worker.
pub(super) fn answer(mut socket: UnixStream, replies: Replies) -> io::Result<()> {
    let mut buffer = FrameBuffer::new();
    let reading = socket.try_clone()?;
    loop {
        let frames = buffer.read(&reading)?;
        match replies {
            Replies::WriteEach => {
                frames.chunks_exact(FRAME).try_for_each(|frame| socket.write_all(frame))?
            }
            Replies::WriteAll => socket.write_all(frames)?,
        }
    }
}
