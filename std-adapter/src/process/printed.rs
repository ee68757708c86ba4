//! [`Printed`]: what workers print, where a pool captures that.
#![forbid(unsafe_code)]

use std::fmt;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::io::{ioctl_fionbio, read};

use super::callbacks::Callbacks;
use super::os::{Interest, Poller, Sys};

/// Something that a worker has printed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerOutput {
    /// The number of the process.
    pub pid: u32,
    /// Where it printed that.
    pub stream: OutputStream,
    /// What was there: perhaps some lines, perhaps part of one.
    pub bytes: Vec<u8>,
}

/// Where something was printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What is done with what workers print. Called in the pool's thread for callbacks.
pub(super) type Listener = Arc<dyn Fn(WorkerOutput) + Send + Sync>;

/// Keys of pipes, above all others.
const FIRST_KEY: u64 = 1 << 63;

/// So many bytes are read at once.
const READ: usize = 16 * 1024;

/// As many bytes as a pipe holds, if nobody was privileged to have it hold more.
const AT_MOST: usize = 1 << 20;

/// The pipes into which workers print.
pub(super) struct Printed {
    listener: Option<(Listener, Callbacks)>,
    poller: Arc<Poller>,
    pipes: Vec<Pipe>,
    next: u64,
}

struct Pipe {
    key: u64,
    pid: u32,
    stream: OutputStream,
    descriptor: OwnedFd,
}

impl Printed {
    pub(super) fn new(listener: Option<(Listener, Callbacks)>, poller: Arc<Poller>) -> Self {
        Self { listener, poller, pipes: Vec::new(), next: FIRST_KEY }
    }

    /// A worker was started that prints there.
    ///
    /// # Errors
    /// The system has no memory left, or watches too many. Then the worker is not to be kept: to print
    /// would end it.
    pub(super) fn watch(
        &mut self,
        sys: &dyn Sys,
        pid: u32,
        stdout: Option<OwnedFd>,
        stderr: Option<OwnedFd>,
    ) -> io::Result<()> {
        let streams = [(OutputStream::Stdout, stdout), (OutputStream::Stderr, stderr)];
        for (stream, descriptor) in streams {
            let Some(descriptor) = descriptor else { continue };
            ioctl_fionbio(&descriptor, true)?;
            sys.watch(&self.poller, self.next, descriptor.as_fd(), Interest::Read)?;
            self.pipes.push(Pipe { key: self.next, pid, stream, descriptor });
            self.next += 1;
        }
        Ok(())
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = u64> {
        self.pipes.iter().map(|pipe| pipe.key)
    }

    /// Reads from the pipe of that key; says whether there is one.
    pub(super) fn attend(&mut self, key: u64) -> bool {
        let Some(at) = self.pipes.iter().position(|pipe| pipe.key == key) else { return false };
        self.read(at);
        true
    }

    /// Reads once; says whether there was something.
    fn read(&mut self, at: usize) -> bool {
        let mut bytes = vec![0; READ];
        let pipe = &self.pipes[at];
        match read(&pipe.descriptor, &mut bytes) {
            Ok(count) if count > 0 => {
                bytes.truncate(count);
                self.tell(WorkerOutput { pid: pipe.pid, stream: pipe.stream, bytes });
                return true;
            }
            Err(error) if is_for_now(io::Error::from(error).kind()) => {}
            _ => self.close(at),
        }
        false
    }

    fn close(&mut self, at: usize) {
        let pipe = self.pipes.swap_remove(at);
        self.poller.forget(pipe.descriptor.as_fd());
    }

    fn tell(&self, output: WorkerOutput) {
        if let Some((listener, callbacks)) = &self.listener {
            let listener = listener.clone();
            callbacks.run(Box::new(move || listener(output)));
        }
    }
}

fn is_for_now(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

impl Drop for Printed {
    /// The workers have ended: what they printed last is there. What they have left behind might print
    /// for ever.
    fn drop(&mut self) {
        for at in (0..self.pipes.len()).rev() {
            let mut left = AT_MOST / READ;
            while left > 0 && self.read(at) {
                left -= 1;
            }
            if at < self.pipes.len() {
                self.close(at);
            }
        }
    }
}

impl fmt::Debug for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Printed").field("pipes", &self.pipes.len()).finish_non_exhaustive()
    }
}
