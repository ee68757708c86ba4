//! [`WorkerReport`]: what is known of a worker that was lost with a call.
#![forbid(unsafe_code)]

use alloc::string::String;
use core::fmt;

/// A worker process that was lost, and the call that was lost with it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerReport {
    /// The number of the process, which may be another's by now.
    pub pid: u32,
    /// How it ended.
    pub exit: Exit,
    /// What it was doing.
    pub phase: WorkerPhase,
    /// The function that was called.
    pub task: String,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// By itself, with this status.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// Somehow: the system keeps no record, for instance because the program ignores `SIGCHLD`.
    Unknown,
}

/// What a worker was doing when it was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WorkerPhase {
    /// Starting, before its first word.
    Starting,
    /// Running the initializer.
    Initializing,
    /// Waiting for a call, or reading one.
    Idle,
    /// Reading the arguments of a call, running it, or making its reply.
    Running,
    /// Writing the reply.
    Replying,
    /// Nothing: it had been stopped, by a signal or a debugger, when its time was over.
    Stopped,
}

impl fmt::Display for WorkerPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Starting => "starting",
            Self::Initializing => "running its initializer",
            Self::Idle => "idle",
            Self::Running => "running the call",
            Self::Replying => "writing the reply",
            Self::Stopped => "stopped by a signal or a debugger",
        })
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit status {code}"),
            Self::Signal(9) => f.write_str("signal 9 (SIGKILL: perhaps out of memory)"),
            Self::Signal(signal) => match name(*signal) {
                Some(name) => write!(f, "signal {signal} ({name})"),
                None => write!(f, "signal {signal}"),
            },
            Self::Unknown => f.write_str("an unknown status"),
        }
    }
}

/// Those that end programs, and have the same number everywhere.
fn name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return None,
    })
}
