//! [`Sent`]: a call at the worker.
#![forbid(unsafe_code)]

use core::fmt;
use core::time::Duration;

use super::LinkCall;

/// A call that was sent and not answered.
pub(super) struct Sent {
    pub(super) number: u64,
    name: &'static str,
    /// The worker has said that it runs it.
    pub(super) started: bool,
    /// `None` once it was given up: the worker may still answer.
    call: Option<LinkCall>,
}

impl Sent {
    pub(super) fn new(call: LinkCall) -> Self {
        Self { number: call.number, name: call.name, started: false, call: Some(call) }
    }

    /// The function that was called.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// For how long it may run, if somebody still waits for it.
    pub(super) fn run_for(&self) -> Option<Duration> {
        self.call.as_ref()?.run_for
    }

    /// Whether somebody waits for it to start.
    pub(super) fn is_waiting(&self) -> bool {
        !self.started && self.call.is_some()
    }

    /// Nobody waits for it any more.
    pub(super) fn give_up(&mut self) -> Option<LinkCall> {
        self.call.take()
    }

    pub(super) fn into_call(self) -> Option<LinkCall> {
        self.call
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match (&self.call, self.started) {
            (None, _) => "given up",
            (Some(_), true) => "started",
            (Some(_), false) => "sent",
        };
        write!(f, "call {} {stage}", self.number)
    }
}
