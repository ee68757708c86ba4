//! What there is to be had at best: two processes and a socketpair, without anything of a pool.
//!
//! This program is the other process as well, started again with `--worker` and what it is to do.

mod bytes;
mod frames;
mod worker;

pub(crate) use self::bytes::{Bytes, Memory};
pub(crate) use self::frames::{FrameWorkers, Replies};
pub(crate) use self::worker::Worker;

use std::env;
use std::io;
use std::process::ExitCode;

/// What a worker does until its socket is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Sends back each number that comes.
    PingPong,
    /// Sends back each frame that comes, by a write of its own.
    WriteEach,
    /// Sends back all frames that have come, by one write.
    WriteAll,
    /// Sends back bytes, which come after their length.
    Socketpair,
    /// Reads bytes from a memory file, of which the length comes, and writes them there again.
    Memfd,
}

impl Duty {
    const ALL: [Self; 5] =
        [Self::PingPong, Self::WriteEach, Self::WriteAll, Self::Socketpair, Self::Memfd];

    fn name(self) -> &'static str {
        match self {
            Self::PingPong => "ping-pong",
            Self::WriteEach => "write-each",
            Self::WriteAll => "write-all",
            Self::Socketpair => "socketpair",
            Self::Memfd => "memfd",
        }
    }
}

const MARKER: &str = "--worker";

/// What this process has been started for, if it is a worker.
pub(crate) fn asked_for() -> Option<Duty> {
    let mut arguments = env::args().skip(1);
    (arguments.next()? == MARKER).then_some(())?;
    let name = arguments.next()?;
    Duty::ALL.into_iter().find(|duty| duty.name() == name)
}

/// Does it, until the other side has closed the socket.
pub(crate) fn serve(duty: Duty) -> ExitCode {
    let served = worker::inherited_socket().and_then(|socket| match duty {
        Duty::PingPong => worker::answer_numbers(socket),
        Duty::WriteEach => frames::answer(socket, Replies::WriteEach),
        Duty::WriteAll => frames::answer(socket, Replies::WriteAll),
        Duty::Socketpair => bytes::answer_through_socket(socket),
        Duty::Memfd => bytes::answer_through_memory(socket),
    });
    match served {
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            eprintln!("the worker for {}: {error}", duty.name());
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
