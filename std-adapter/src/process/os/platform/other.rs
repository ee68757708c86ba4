//! Unix, but not Linux.
#![forbid(unsafe_code)]

use std::env;
use std::io::{self, ErrorKind};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::Mode;
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::net::{RecvFlags, SendFlags};
use rustix::process::Pid;
use rustix::shm;

use super::Seal;

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

/// A file in memory, whose name is gone at once.
///
/// # Errors
/// No descriptors are left, or the system has no such files.
pub(in super::super) fn memory_file(_: &str) -> io::Result<OwnedFd> {
    static CREATED: AtomicU32 = AtomicU32::new(0);
    loop {
        // ORDERING: Relaxed: only the number matters, which no two get.
        let number = CREATED.fetch_add(1, Ordering::Relaxed);
        let name = format!("/cf-{}-{number}", process::id()); // some systems allow 31 bytes
        let flags = shm::OFlags::RDWR | shm::OFlags::CREATE | shm::OFlags::EXCL;
        match shm::open(&name, flags, Mode::RUSR | Mode::WUSR) {
            Err(Errno::EXIST) => {}
            created => {
                shm::unlink(&name).ok();
                return Ok(created?);
            }
        }
    }
}

/// Nothing: there are no seals here, and the peer is trusted.
///
/// # Errors
/// None, here.
pub(in super::super) fn seal(_: BorrowedFd<'_>, _: Seal) -> io::Result<()> {
    Ok(())
}

/// Always: there are no seals here, and the peer is trusted.
///
/// # Errors
/// None, here.
pub(in super::super) fn is_sealed(_: BorrowedFd<'_>, _: Seal) -> io::Result<bool> {
    Ok(true)
}

/// Nothing: the system does not ask.
pub(in super::super) fn volunteer() {}

/// Not known here.
///
/// # Errors
/// `Unsupported`, always.
pub(in super::super) fn is_stopped(_: u32) -> io::Result<bool> {
    Err(ErrorKind::Unsupported.into())
}
