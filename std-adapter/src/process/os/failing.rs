//! A system that fails when a test says so, and whose clock a test can take over.
#![forbid(unsafe_code)]

use std::io::{self, IoSlice};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use concurrent_futures_core::calls::Exit;
use rustix::io::Errno;
use rustix::process::Signal;

use super::{
    Channel, Interest, Launch, MemoryFile, Poll, Poller, Ready, Signalled, Spawned, Sys, Words,
    Worker,
};

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Spawn,
    Send,
    Receive,
    Poller,
    Watch,
    Poll,
    Signal,
    TryWait,
    Thread,
    Words,
    MemoryFile,
    WriteFile,
}

/// Calls that fail without having been made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    /// The first is 1, counted among those that it could be.
    pub(crate) nth: u64,
    /// So many, one after the other.
    pub(crate) times: u64,
    /// `None`: of any kind.
    pub(crate) call: Option<Call>,
    pub(crate) error: Errno,
}

/// Counts the calls of a system, has one fail, and may have a clock that only [`advance`](Self::advance) moves.
#[derive(Debug)]
pub(crate) struct FailingSys<S> {
    inner: S,
    fault: Option<Fault>,
    made: Mutex<Vec<Call>>,
    /// `None`: that of the system.
    clock: Option<Mutex<Duration>>,
}

/// For so long at most a poll does not look at the clock that the test has taken over.
const LOOK: Duration = Duration::from_millis(2);

impl<S: Sys> FailingSys<S> {
    pub(crate) fn new(inner: S, fault: Option<Fault>) -> Self {
        Self { inner, fault, made: Mutex::default(), clock: None }
    }

    /// Stops the clock at 0.
    pub(crate) fn with_stopped_clock(self) -> Self {
        Self { clock: Some(Mutex::default()), ..self }
    }

    /// Moves the clock, if it is stopped; a poll whose time is over by that ends soon.
    pub(crate) fn advance(&self, by: Duration) {
        if let Some(clock) = &self.clock {
            *lock(clock) += by;
        }
    }

    /// How many calls of this kind were made; of `None`, of any.
    pub(crate) fn calls(&self, kind: Option<Call>) -> u64 {
        count(&lock(&self.made), kind)
    }

    /// Whether the first call that should fail has come.
    pub(crate) fn has_failed(&self) -> bool {
        self.fault.is_some_and(|fault| self.calls(fault.call) >= fault.nth)
    }

    /// Counts a call.
    ///
    /// # Errors
    /// It is to fail.
    fn call(&self, call: Call) -> io::Result<()> {
        let mut made = lock(&self.made);
        made.push(call);
        let Some(fault) = self.fault else { return Ok(()) };
        let is_meant = fault.call.is_none_or(|kind| kind == call);
        let fails = fault.nth..fault.nth + fault.times;
        if is_meant && fails.contains(&count(&made, fault.call)) {
            return Err(fault.error.into());
        }
        Ok(())
    }
}

fn count(made: &[Call], kind: Option<Call>) -> u64 {
    made.iter().filter(|call| kind.is_none_or(|kind| kind == **call)).count() as u64
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: Sys> Sys for FailingSys<S> {
    fn spawn(&self, launch: &Launch) -> io::Result<Spawned> {
        self.call(Call::Spawn)?;
        self.inner.spawn(launch)
    }

    fn send(
        &self,
        channel: &Channel,
        parts: &[IoSlice<'_>],
        attached: Option<BorrowedFd<'_>>,
    ) -> io::Result<usize> {
        self.call(Call::Send)?;
        self.inner.send(channel, parts, attached)
    }

    fn receive(
        &self,
        channel: &Channel,
        buffer: &mut [u8],
        attached: &mut Vec<OwnedFd>,
    ) -> io::Result<usize> {
        self.call(Call::Receive)?;
        self.inner.receive(channel, buffer, attached)
    }

    fn poller(&self) -> io::Result<Poller> {
        self.call(Call::Poller)?;
        self.inner.poller()
    }

    fn watch(
        &self,
        poller: &Poller,
        key: u64,
        descriptor: BorrowedFd<'_>,
        interest: Interest,
    ) -> io::Result<()> {
        self.call(Call::Watch)?;
        self.inner.watch(poller, key, descriptor, interest)
    }

    fn poll(
        &self,
        poller: &Poller,
        timeout: Option<Duration>,
        ready: &mut Vec<Ready>,
    ) -> io::Result<Poll> {
        self.call(Call::Poll)?;
        let (Some(_), Some(timeout)) = (&self.clock, timeout) else {
            return self.inner.poll(poller, timeout, ready);
        };
        let until = self.now().saturating_add(timeout);
        loop {
            let look = LOOK.min(until.saturating_sub(self.now()));
            let polled = self.inner.poll(poller, Some(look), ready)?;
            if polled != Poll::Nothing || self.now() >= until {
                return Ok(polled);
            }
        }
    }

    fn signal(&self, worker: &Worker, signal: Signal) -> io::Result<Signalled> {
        self.call(Call::Signal)?;
        self.inner.signal(worker, signal)
    }

    fn try_wait(&self, worker: &mut Worker) -> io::Result<Option<Exit>> {
        self.call(Call::TryWait)?;
        self.inner.try_wait(worker)
    }

    fn words(&self, count: usize) -> io::Result<(Words, OwnedFd)> {
        self.call(Call::Words)?;
        self.inner.words(count)
    }

    fn memory_file(&self) -> io::Result<MemoryFile> {
        self.call(Call::MemoryFile)?;
        self.inner.memory_file()
    }

    fn write_file(&self, file: &MemoryFile, bytes: &[u8], position: u64) -> io::Result<()> {
        self.call(Call::WriteFile)?;
        self.inner.write_file(file, bytes, position)
    }

    fn thread(&self, name: &str, body: Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>> {
        self.call(Call::Thread)?;
        self.inner.thread(name, body)
    }

    fn now(&self) -> Duration {
        self.clock.as_ref().map_or_else(|| self.inner.now(), |clock| *lock(clock))
    }
}
