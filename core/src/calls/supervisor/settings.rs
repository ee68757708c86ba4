//! [`SupervisorSettings`]: how many workers, and what is expected of them.
#![forbid(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::calls::{Limits, ResourceLimits};

/// What an encoded error says, in words. It must neither panic nor wait.
pub type ErrorText = fn(&[u8], &Limits) -> String;

/// How many workers there are, and what is expected of them.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SupervisorSettings {
    /// Workers at the same time, at most; at least one. As many again may be about to end.
    pub workers: usize,
    /// Bounds of what is sent and received.
    pub limits: Limits,
    /// Calls that may wait to be started, at most.
    pub capacity: Option<usize>,
    /// Calls after which a worker is replaced.
    pub calls_per_worker: Option<u64>,
    /// So many workers may be lost within [`restart_period`](Self::restart_period) before the pool gives up.
    pub restarts: usize,
    /// See [`restarts`](Self::restarts).
    pub restart_period: Duration,
    /// How long a worker may take from its start to its first word, and its initializer to its end.
    pub start_timeout: Duration,
    /// From the polite signal to the other one.
    pub grace: Duration,
    /// After which time without a call a worker is sent home.
    pub idle_timeout: Option<Duration>,
    /// What each worker calls before anything else: a function's number in the table of the pool's
    /// program, and its arguments.
    pub initializer: Option<(u32, Vec<u8>)>,
    /// If an `Err` of the initializer is a failure: what makes a text of its encoded `Result`.
    pub initializer_error: Option<ErrorText>,
    /// What a worker may use.
    pub resources: ResourceLimits,
    /// How many pools this one is inside of.
    pub nesting: u32,
}

impl SupervisorSettings {
    /// So many workers, and the usual bounds: ten workers may be lost in ten seconds, one may take 30
    /// seconds to start, and two to end.
    pub fn new(workers: usize) -> Self {
        Self {
            workers: workers.max(1),
            limits: Limits::default(),
            capacity: None,
            calls_per_worker: None,
            restarts: 10,
            restart_period: Duration::from_secs(10),
            start_timeout: Duration::from_secs(30),
            grace: Duration::from_secs(2),
            idle_timeout: None,
            initializer: None,
            initializer_error: None,
            resources: ResourceLimits::default(),
            nesting: 0,
        }
    }
}
