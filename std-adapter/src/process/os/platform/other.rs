//! Unix, but not Linux.
#![forbid(unsafe_code)]

use std::env;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::{RecvFlags, SendFlags};
use rustix::process::Pid;

/// No signal to the writer when nobody reads; where there is no such flag, see [`prepare_socket`].
#[cfg(not(target_vendor = "apple"))]
pub(in super::super) const SEND: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
pub(in super::super) const SEND: SendFlags = SendFlags::empty();

/// See [`prepare_received`].
pub(in super::super) const RECEIVE: RecvFlags = RecvFlags::empty();

/// Held while a descriptor could leak into a process that is started: some systems cannot create one
/// that is closed to programs that are executed later, and are told so only afterwards.
pub(in super::super) fn spawning() -> MutexGuard<'static, ()> {
    static SPAWNING: Mutex<()> = Mutex::new(());
    SPAWNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does what [`SEND`] could not.
///
/// # Errors
/// The system knows no such option.
pub(in super::super) fn prepare_socket(_socket: BorrowedFd<'_>) -> io::Result<()> {
    #[cfg(target_vendor = "apple")]
    rustix::net::sockopt::set_socket_nosigpipe(_socket, true)?;
    Ok(())
}

/// Does what [`RECEIVE`] could not.
///
/// # Errors
/// The system knows no such flag.
pub(in super::super) fn prepare_received(descriptor: BorrowedFd<'_>) -> io::Result<()> {
    Ok(fcntl_setfd(descriptor, FdFlags::CLOEXEC)?)
}

/// The file of the running program.
///
/// # Errors
/// The system does not say.
pub(in super::super) fn this_program() -> io::Result<PathBuf> {
    env::current_exe()
}

/// Nothing: that a child ends is seen on its channel.
pub(in super::super) fn process_descriptor(_: Pid) -> Option<OwnedFd> {
    None
}
