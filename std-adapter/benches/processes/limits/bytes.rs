//! Large payloads, which a worker sends back.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;

use rustix::fs::{MemfdFlags, memfd_create};

use super::worker::read_number;
use super::{Duty, Worker};

/// A worker that keeps what it needs for the next payload.
#[derive(Debug)]
pub(crate) struct Bytes {
    worker: Worker,
    memory: Option<File>,
    answer: Vec<u8>,
}

/// How the bytes get there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memory {
    /// Through the socket.
    None,
    /// Through a memory file that both have.
    Shared,
}

impl Bytes {
    pub(crate) fn start(memory: Memory) -> io::Result<Self> {
        let (worker, memory) = match memory {
            Memory::None => (Worker::start(Duty::Socketpair)?, None),
            Memory::Shared => {
                let memory = File::from(memfd_create("payload", MemfdFlags::CLOEXEC)?);
                let worker = Worker::start_with(Duty::Memfd, memory.try_clone()?.into())?;
                (worker, Some(memory))
            }
        };
        Ok(Self { worker, memory, answer: Vec::new() })
    }

    /// Sends the bytes, and gives those that have come back.
    pub(crate) fn echo(&mut self, bytes: &[u8]) -> io::Result<&[u8]> {
        self.answer.resize(bytes.len(), 0);
        let mut socket = self.worker.socket();
        if let Some(memory) = &self.memory {
            memory.write_all_at(bytes, 0)?;
            self.worker.ping(bytes.len() as u64)?;
            memory.read_exact_at(&mut self.answer, 0)?;
        } else {
            socket.write_all(&bytes.len().to_ne_bytes())?;
            socket.write_all(bytes)?;
            socket.read_exact(&mut self.answer)?;
        }
        Ok(&self.answer)
    }
}

/// As a worker.
pub(super) fn answer_through_socket(mut socket: UnixStream) -> io::Result<()> {
    let mut bytes = Vec::new();
    loop {
        let length = read_number(&socket)?;
        bytes.resize(length as usize, 0);
        socket.read_exact(&mut bytes)?;
        socket.write_all(&bytes)?;
    }
}

/// As a worker, which has the memory file as its standard output.
pub(super) fn answer_through_memory(mut socket: UnixStream) -> io::Result<()> {
    let memory = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let mut bytes = Vec::new();
    loop {
        let length = read_number(&socket)?;
        bytes.resize(length as usize, 0);
        memory.read_exact_at(&mut bytes, 0)?;
        memory.write_all_at(&bytes, 0)?;
        socket.write_all(&length.to_ne_bytes())?;
    }
}
