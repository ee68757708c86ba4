//! [`Contestant`]: who is measured.

use serde::{Deserialize, Serialize};

use crate::harness::Role;

/// Whoever runs a workload: a pool of processes, or a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Contestant {
    Ours,
    Procspawn,
    /// The same, with its bytes in shared memory.
    ProcspawnShmem,
    /// `ProcessPoolExecutor`, forking.
    Python,
    PythonForkserver,
    PythonSpawn,
    /// `multiprocessing.Pool`, forking.
    PythonPool,
    /// Two processes that send each other the same few bytes over a socketpair.
    PingPong,
    /// Frames in batches to two processes, which answer each with a write of its own.
    WriteEach,
    /// The same, with as many answers in a write as there are.
    WriteAll,
    /// Bytes over a socketpair, and back.
    Socketpair,
    /// Bytes through a memory file that two processes keep.
    Memfd,
    /// Bytes from one place to another in one process.
    Memcpy,
    /// Threads in this process.
    Threads,
    /// A loop in this thread.
    Loop,
}

use Contestant::*;

impl Contestant {
    pub(crate) const ALL: [Self; 15] = [
        Ours,
        Procspawn,
        ProcspawnShmem,
        Python,
        PythonForkserver,
        PythonSpawn,
        PythonPool,
        PingPong,
        WriteEach,
        WriteAll,
        Socketpair,
        Memfd,
        Memcpy,
        Threads,
        Loop,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Ours => "ours",
            Procspawn => "procspawn",
            ProcspawnShmem => "procspawn-shmem",
            Python => "python",
            PythonForkserver => "python-forkserver",
            PythonSpawn => "python-spawn",
            PythonPool => "python-pool",
            PingPong => "ping-pong",
            WriteEach => "write-each",
            WriteAll => "write-all",
            Socketpair => "socketpair",
            Memfd => "memfd",
            Memcpy => "memcpy",
            Threads => "threads",
            Loop => "loop",
        }
    }

    pub(crate) fn role(self) -> Role {
        match self {
            Ours => Role::Ours,
            Procspawn | ProcspawnShmem => Role::Peer,
            _ if self.is_python() => Role::Peer,
            _ => Role::Limit,
        }
    }

    /// Is measured by the script.
    pub(crate) fn is_python(self) -> bool {
        matches!(self, Python | PythonForkserver | PythonSpawn | PythonPool)
    }
}
