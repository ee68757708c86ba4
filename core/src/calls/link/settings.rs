//! [`LinkSettings`]: what is expected of the worker at the other end.
#![forbid(unsafe_code)]

use core::time::Duration;

use crate::calls::Limits;

/// What is expected of the worker at the other end of a link.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LinkSettings {
    /// Bounds of what is sent and received. Arguments that are over those of the worker end its loop, and with
    /// it the link: say here what it can bear.
    pub limits: Limits,
    /// Calls that are sent while another one runs; 0 by default. They lie in the link, where they cannot be cancelled,
    /// and where the link has to hold them: a serial line without flow control does not.
    pub ahead: usize,
    /// How long the worker may take to its first word, and from there until it is ready.
    pub start_timeout: Duration,
    /// So often it may start again within [`restart_period`](Self::restart_period) before the link is given up.
    pub restarts: usize,
    /// See [`restarts`](Self::restarts).
    pub restart_period: Duration,
}

impl LinkSettings {
    /// The usual limits, nothing sent ahead, 30 seconds to start, ten new starts in ten seconds.
    pub fn new() -> Self {
        Self {
            limits: Limits::default(),
            ahead: 0,
            start_timeout: Duration::from_secs(30),
            restarts: 10,
            restart_period: Duration::from_secs(10),
        }
    }
}

impl Default for LinkSettings {
    fn default() -> Self {
        Self::new()
    }
}
