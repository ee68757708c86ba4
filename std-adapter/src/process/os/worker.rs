//! A worker process, held by its parent.
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{self, Child, ExitStatus};

use concurrent_futures_core::calls::Exit;
use rustix::io::{Errno, ioctl_fionbio};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};

use super::{Channel, Group, Launch, platform};

/// A worker that was started.
#[derive(Debug)]
pub(crate) struct Spawned {
    pub(crate) worker: Worker,
    /// Calls on it never wait.
    pub(crate) channel: Channel,
    /// What it prints, if the [`Launch`] says [`Piped`](super::Output::Piped).
    pub(crate) stdout: Option<OwnedFd>,
    pub(crate) stderr: Option<OwnedFd>,
}

/// A worker process, held by its parent.
///
/// No signal goes to a pid that has been waited for and may be another's by now: signalling borrows
/// the handle, waiting borrows it alone, and remembers.
///
/// On drop, a worker that was not waited for is killed, and waited for. In a process that was forked
/// from the one that started the worker, all of this does nothing.
#[derive(Debug)]
pub(crate) struct Worker {
    child: Child,
    pid: Pid,
    /// Readable once the worker has ended.
    descriptor: Option<OwnedFd>,
    group: Group,
    /// The process that started the worker.
    owner: u32,
    exit: Option<Exit>,
}

/// What became of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Signalled {
    Sent,
    /// There is no such process any more, or it is not ours to signal.
    Gone,
}

impl Launch {
    /// Starts a worker.
    ///
    /// # Errors
    /// What the system says: no descriptors or processes are left, or the program cannot be executed.
    pub(super) fn spawn(&self) -> io::Result<Spawned> {
        let mut command = self.command()?;
        let _guard = platform::spawning();
        let (ours, theirs) = Channel::pair()?;
        ioctl_fionbio(&ours, true)?;
        command.stdin(OwnedFd::from(theirs));
        let mut child = command.spawn()?;
        drop(command); // our copy of the worker's end, without which its death would not be seen
        let stdout = child.stdout.take().map(OwnedFd::from);
        let stderr = child.stderr.take().map(OwnedFd::from);
        Ok(Spawned { worker: Worker::new(child, self.group), channel: ours, stdout, stderr })
    }
}

impl Worker {
    fn new(child: Child, group: Group) -> Self {
        let pid = Pid::from_child(&child);
        let descriptor = platform::process_descriptor(pid);
        Self { child, pid, descriptor, group, owner: process::id(), exit: None }
    }

    /// Its process id, which may be another's once the worker has been waited for.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Readable once the worker has ended; `None` where the system has no such thing, or none left.
    pub(crate) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.descriptor.as_ref().map(AsFd::as_fd)
    }

    /// Signals the worker's process group, or the worker alone if it shares its parent's.
    ///
    /// # Errors
    /// The system does not permit it: the worker runs as another user.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<Signalled> {
        if self.exit.is_some() || process::id() != self.owner {
            return Ok(Signalled::Gone);
        }
        let sent = match self.group {
            Group::Own => kill_process_group(self.pid, signal),
            Group::Shared => kill_process(self.pid, signal),
        };
        match sent {
            Ok(()) => Ok(Signalled::Sent),
            Err(Errno::SRCH) => Ok(Signalled::Gone),
            Err(error) => Err(error.into()),
        }
    }

    /// How the worker ended, if it has. What it had started, and left in its process group, is killed.
    ///
    /// # Errors
    /// What the system says; it is not known to.
    pub(crate) fn try_wait(&mut self) -> io::Result<Option<Exit>> {
        if self.exit.is_none() {
            self.exit = self.look()?;
        }
        Ok(self.exit)
    }

    /// # Errors
    /// As [`try_wait`](Self::try_wait).
    fn look(&mut self) -> io::Result<Option<Exit>> {
        // As long as the dead leader is not waited for, nobody else can get the group's number.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match rustix::io::retry_on_intr(|| waitid(WaitId::Pid(self.pid), options)) {
            Ok(None) => return Ok(None),
            Ok(Some(_)) => {}
            Err(Errno::CHILD) => return Ok(Some(Exit::Unknown)),
            Err(error) => return Err(error.into()),
        }
        if self.group == Group::Own {
            let _ = self.signal(Signal::KILL); // some systems refuse when nobody but the dead is there
        }
        self.reap()
    }

    /// # Errors
    /// As [`try_wait`](Self::try_wait).
    fn reap(&mut self) -> io::Result<Option<Exit>> {
        match self.child.try_wait() {
            Ok(status) => Ok(status.map(exit_of)),
            // Somebody else in the program waits for any child, and was faster.
            Err(error) if error.raw_os_error() == Some(Errno::CHILD.raw_os_error()) => {
                Ok(Some(Exit::Unknown))
            }
            Err(error) => Err(error),
        }
    }
}

fn exit_of(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Unknown,
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.exit.is_some() || process::id() != self.owner {
            return;
        }
        // A worker that cannot be killed would be waited for, for ever.
        if self.signal(Signal::KILL).is_ok() {
            let _ = self.child.wait();
        }
    }
}
