//! Linux.
#![forbid(unsafe_code)]

use std::env;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::net::{RecvFlags, SendFlags};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// No signal to the writer when nobody reads.
pub(in super::super) const SEND: SendFlags = SendFlags::NOSIGNAL;
/// Descriptors arrive closed to programs that are executed later.
pub(in super::super) const RECEIVE: RecvFlags = RecvFlags::CMSG_CLOEXEC;

/// Held while a descriptor could leak into a process that is started: never, here, where all are
/// born close-on-exec.
pub(in super::super) fn spawning() -> Spawning {
    Spawning
}

/// See [`spawning`].
pub(in super::super) struct Spawning;

/// Does what [`SEND`] could not.
///
/// # Errors
/// None, here.
pub(in super::super) fn prepare_socket(_: BorrowedFd<'_>) -> io::Result<()> {
    Ok(())
}

/// Does what [`RECEIVE`] could not.
///
/// # Errors
/// None, here.
pub(in super::super) fn prepare_received(_: BorrowedFd<'_>) -> io::Result<()> {
    Ok(())
}

/// The running program: this link leads to it even when its file was replaced or deleted.
///
/// # Errors
/// There is no `/proc`.
pub(in super::super) fn this_program() -> io::Result<PathBuf> {
    let link = Path::new("/proc/self/exe");
    if link.exists() { Ok(link.into()) } else { env::current_exe() }
}

/// A descriptor of a child that becomes readable when it ends; `None` on kernels before 5.3.
pub(in super::super) fn process_descriptor(pid: Pid) -> Option<OwnedFd> {
    pidfd_open(pid, PidfdFlags::empty()).ok()
}
