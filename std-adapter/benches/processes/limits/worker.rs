//! [`Worker`]: this program again, and a socketpair to it.

use std::env;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use super::{Duty, MARKER};

/// Ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Worker {
    /// There until it is dropped.
    socket: Option<UnixStream>,
    process: Child,
}

impl Worker {
    pub(crate) fn start(duty: Duty) -> io::Result<Self> {
        Self::start_with(duty, Stdio::inherit())
    }

    /// The worker finds `output` as its standard output.
    pub(crate) fn start_with(duty: Duty, output: Stdio) -> io::Result<Self> {
        let (socket, inherited) = UnixStream::pair()?;
        let process = Command::new(env::current_exe()?)
            .args([MARKER, duty.name()])
            .stdin(OwnedFd::from(inherited))
            .stdout(output)
            .spawn()?;
        Ok(Self { socket: Some(socket), process })
    }

    pub(crate) fn socket(&self) -> &UnixStream {
        self.socket.as_ref().expect("it is not dropped yet")
    }

    /// Sends a number, and waits until it has come back.
    pub(crate) fn ping(&self, number: u64) -> io::Result<u64> {
        self.socket().write_all(&number.to_ne_bytes())?;
        read_number(self.socket())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.socket.take()); // which is what the worker ends on
        let ended = self.process.wait();
        debug_assert!(ended.is_ok_and(|status| status.success()), "it has said why it failed");
    }
}

/// Of a worker.
pub(super) fn inherited_socket() -> io::Result<UnixStream> {
    Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
}

pub(super) fn answer_numbers(mut socket: UnixStream) -> io::Result<()> {
    loop {
        let number = read_number(&socket)?;
        socket.write_all(&number.to_ne_bytes())?;
    }
}

pub(super) fn read_number(mut socket: &UnixStream) -> io::Result<u64> {
    let mut bytes = [0; 8];
    socket.read_exact(&mut bytes)?;
    Ok(u64::from_ne_bytes(bytes))
}
