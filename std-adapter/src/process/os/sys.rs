//! The calls of the operating system that a pool makes, so that tests can have them fail.
#![forbid(unsafe_code)]

use std::fmt;
use std::io::{self, IoSlice};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use concurrent_futures_core::calls::Exit;
use rustix::process::Signal;

use super::{
    Channel, Interest, Launch, MemoryFile, Poll, Poller, Ready, Signalled, Spawned, Words, Worker,
};

/// The calls of the operating system that a pool makes in the parent.
///
/// Called from any thread, with the pool's lock held in the case of those that never wait: all but
/// [`poll`](Self::poll). Any of them may fail, and none may panic. The real one is [`Os`].
pub(crate) trait Sys: fmt::Debug + Send + Sync + 'static {
    /// Starts a worker.
    ///
    /// # Errors
    /// What the system says: no descriptors or processes are left, or the program cannot be executed.
    fn spawn(&self, launch: &Launch) -> io::Result<Spawned>;

    /// As [`Channel::send`].
    ///
    /// # Errors
    /// As there.
    fn send(
        &self,
        channel: &Channel,
        parts: &[IoSlice<'_>],
        attached: Option<BorrowedFd<'_>>,
    ) -> io::Result<usize>;

    /// As [`Channel::receive`].
    ///
    /// # Errors
    /// As there.
    fn receive(
        &self,
        channel: &Channel,
        buffer: &mut [u8],
        attached: &mut Vec<OwnedFd>,
    ) -> io::Result<usize>;

    /// As [`Poller::new`].
    ///
    /// # Errors
    /// As there.
    fn poller(&self) -> io::Result<Poller>;

    /// As [`Poller::watch`].
    ///
    /// # Errors
    /// As there.
    fn watch(
        &self,
        poller: &Poller,
        key: u64,
        descriptor: BorrowedFd<'_>,
        interest: Interest,
    ) -> io::Result<()>;

    /// As [`Poller::wait`].
    ///
    /// # Errors
    /// As there.
    fn poll(
        &self,
        poller: &Poller,
        timeout: Option<Duration>,
        ready: &mut Vec<Ready>,
    ) -> io::Result<Poll>;

    /// As [`Worker::signal`].
    ///
    /// # Errors
    /// As there.
    fn signal(&self, worker: &Worker, signal: Signal) -> io::Result<Signalled>;

    /// As [`Worker::try_wait`].
    ///
    /// # Errors
    /// As there.
    fn try_wait(&self, worker: &mut Worker) -> io::Result<Option<Exit>>;

    /// As [`Words::create`].
    ///
    /// # Errors
    /// As there.
    fn words(&self, count: usize) -> io::Result<(Words, OwnedFd)>;

    /// As [`MemoryFile::create`].
    ///
    /// # Errors
    /// As there.
    fn memory_file(&self) -> io::Result<MemoryFile>;

    /// As [`MemoryFile::write_all_at`].
    ///
    /// # Errors
    /// As there.
    fn write_file(&self, file: &MemoryFile, bytes: &[u8], position: u64) -> io::Result<()>;

    /// Starts a thread.
    ///
    /// # Errors
    /// No threads are left.
    fn thread(&self, name: &str, body: Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>>;

    /// The time since some moment before the first call. It never goes back, and stands still while the
    /// machine sleeps where the system's clock does.
    fn now(&self) -> Duration;
}

/// The operating system.
#[derive(Debug)]
pub(crate) struct Os {
    began: Instant,
}

impl Os {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now() }
    }
}

impl Sys for Os {
    fn spawn(&self, launch: &Launch) -> io::Result<Spawned> {
        launch.spawn()
    }

    fn send(
        &self,
        channel: &Channel,
        parts: &[IoSlice<'_>],
        attached: Option<BorrowedFd<'_>>,
    ) -> io::Result<usize> {
        channel.send(parts, attached)
    }

    fn receive(
        &self,
        channel: &Channel,
        buffer: &mut [u8],
        attached: &mut Vec<OwnedFd>,
    ) -> io::Result<usize> {
        channel.receive(buffer, attached)
    }

    fn poller(&self) -> io::Result<Poller> {
        Poller::new()
    }

    fn watch(
        &self,
        poller: &Poller,
        key: u64,
        descriptor: BorrowedFd<'_>,
        interest: Interest,
    ) -> io::Result<()> {
        poller.watch(key, descriptor, interest)
    }

    fn poll(
        &self,
        poller: &Poller,
        timeout: Option<Duration>,
        ready: &mut Vec<Ready>,
    ) -> io::Result<Poll> {
        poller.wait(timeout, ready)
    }

    fn signal(&self, worker: &Worker, signal: Signal) -> io::Result<Signalled> {
        worker.signal(signal)
    }

    fn try_wait(&self, worker: &mut Worker) -> io::Result<Option<Exit>> {
        worker.try_wait()
    }

    fn words(&self, count: usize) -> io::Result<(Words, OwnedFd)> {
        Words::create(count)
    }

    fn memory_file(&self) -> io::Result<MemoryFile> {
        MemoryFile::create()
    }

    fn write_file(&self, file: &MemoryFile, bytes: &[u8], position: u64) -> io::Result<()> {
        file.write_all_at(bytes, position)
    }

    fn thread(&self, name: &str, body: Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>> {
        thread::Builder::new().name(name.into()).spawn(body)
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }
}
