//! Linux.
#![forbid(unsafe_code)]

use std::env;
use std::fs;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, memfd_create};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::Seal;

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

/// A file in memory, without a name that others could open, that can be sealed.
///
/// # Errors
/// No descriptors are left.
pub(in super::super) fn memory_file(name: &str) -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // Some systems allow no other; kernels before 6.3 do not know it.
    match memfd_create(name, flags | MemfdFlags::NOEXEC_SEAL) {
        Err(Errno::INVAL) => Ok(memfd_create(name, flags)?),
        created => Ok(created?),
    }
}

/// Forbids a change to all who have the file.
///
/// # Errors
/// It is no file from [`memory_file`], or has been sealed for good.
pub(in super::super) fn seal(file: BorrowedFd<'_>, seal: Seal) -> io::Result<()> {
    Ok(fcntl_add_seals(file, flags(seal))?)
}

/// Whether a change has been forbidden to all who have the file, ourselves included.
///
/// # Errors
/// It is no file that could be sealed.
pub(in super::super) fn is_sealed(file: BorrowedFd<'_>, seal: Seal) -> io::Result<bool> {
    Ok(fcntl_get_seals(file)?.contains(flags(seal)))
}

fn flags(seal: Seal) -> SealFlags {
    match seal {
        Seal::Shrinking => SealFlags::SHRINK,
        Seal::Length => SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL,
    }
}

/// Makes this process a likelier victim than its parent when the system runs out of memory, if it can.
pub(in super::super) fn volunteer() {
    let file = "/proc/self/oom_score_adj";
    let Ok(text) = fs::read_to_string(file) else { return };
    let Ok(score) = text.trim().parse::<i32>() else { return };
    let _ = fs::write(file, (score + MORE_LIKELY).min(1000).to_string());
}

/// Of a scale to 1000, which is the share of memory in use: enough to die before any parent that uses
/// less than three tenths of the machine more.
const MORE_LIKELY: i32 = 300;

/// Whether a process is stopped, by a signal or a debugger, rather than busy.
///
/// # Errors
/// There is no such process, or no `/proc`.
pub(in super::super) fn is_stopped(pid: u32) -> io::Result<bool> {
    let stat = fs::read(format!("/proc/{pid}/stat"))?;
    // The name of the program is in parentheses, and may have more of them in it.
    let name_ends = stat.iter().rposition(|byte| *byte == b')');
    let state = name_ends.and_then(|end| stat.get(end + 2));
    Ok(matches!(state, Some(b'T' | b't')))
}
