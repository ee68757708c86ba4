//! What a worker process does with itself.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process;
use std::sync::Arc;
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, fcntl_dupfd_cloexec, ioctl_fionbio};
use rustix::net::{AddressFamily, SocketType, getsockname, sockopt::socket_type};
use rustix::process::{Signal, getpgrp, getpid, kill_current_process_group, kill_process};
use rustix::stdio::{dup2_stdin, stdin};

use super::{Channel, platform};

/// Where the channel moves to: out of the way of programs that count on small numbers.
const HIGH: i32 = 100;

/// The channel to the parent, if the standard input is one. From then on the standard input is empty.
///
/// Calls on the channel wait.
///
/// # Errors
/// No descriptors are left.
pub(crate) fn take_channel() -> io::Result<Option<Channel>> {
    if !is_channel() {
        return Ok(None);
    }
    let socket = match fcntl_dupfd_cloexec(stdin(), HIGH) {
        Err(Errno::INVAL | Errno::MFILE) => fcntl_dupfd_cloexec(stdin(), 3)?, // few are allowed
        moved => moved?,
    };
    ioctl_fionbio(&socket, false)?;
    dup2_stdin(empty()?)?;
    Channel::new(socket).map(Some)
}

/// Whether the standard input is what a parent would have given us: a stream without a name.
pub(crate) fn is_channel() -> bool {
    let is_local =
        getsockname(stdin()).is_ok_and(|name| name.address_family() == AddressFamily::UNIX);
    is_local && socket_type(stdin()) == Ok(SocketType::STREAM)
}

/// Something to read nothing from.
///
/// # Errors
/// No descriptors are left.
fn empty() -> io::Result<OwnedFd> {
    match File::open("/dev/null") {
        Ok(null) => Ok(null.into()),
        Err(_) => Ok(io::pipe()?.0.into()), // nobody can write to it
    }
}

/// Ends this process, with all that it has started, as soon as the parent is gone, whatever the other
/// threads are doing.
///
/// The parent is gone when its end of the channel is closed in every process that has it.
///
/// # Errors
/// No threads are left.
pub(crate) fn watch_for_hangup(channel: Arc<Channel>) -> io::Result<()> {
    let watch = move || {
        until_hangup(&channel);
        end();
    };
    thread::Builder::new().name("parent-watch".into()).spawn(watch)?;
    Ok(())
}

fn until_hangup(channel: &Channel) {
    let mut watched = [PollFd::from_borrowed_fd(channel.as_fd(), PollFlags::empty())];
    // An error other than an interruption would come again and again. Then nobody could see the
    // parent's end: better now than never.
    while matches!(poll(&mut watched, None), Ok(0) | Err(Errno::INTR)) {}
}

/// Ends this process at once, and its group if it leads one.
fn end() -> ! {
    let _ = match getpgrp() == getpid() {
        true => kill_current_process_group(Signal::KILL),
        false => kill_process(getpid(), Signal::KILL),
    };
    process::abort() // the first process of a container is spared its own signals
}

/// Makes this process a likelier victim than its parent when the system runs out of memory, where it can.
pub(crate) fn volunteer() {
    platform::volunteer();
}
