//! The end of the link: closed, disconnected, lost.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::time::Duration;

use super::{FrameHeader, FrameKind, Landing, Link, Stage};
use crate::error::{Remote, TaskError, TaskErrorKind};

impl Link {
    /// Nothing more will come.
    pub fn hung_up(&mut self, now: Duration) {
        let cause = match (&self.stage, self.reader.is_between_frames()) {
            (_, false) => "the stream from the worker ended inside of a frame",
            (Stage::Greeting, _) => "the stream from the worker ended before its first word",
            _ => "the stream from the worker ended",
        };
        self.give_up(now, cause);
    }

    /// It cannot be read from or written to any more, for this reason.
    pub fn failed(&mut self, now: Duration, how: &str) {
        self.give_up(now, how);
    }

    /// Accepts nothing from now on; what was accepted still runs.
    pub fn close(&mut self, now: Duration) {
        self.closed = true;
        self.dispatch(now);
    }

    /// Accepts nothing from now on, and cancels what was not sent; says how many calls.
    pub fn close_and_cancel(&mut self, now: Duration) -> usize {
        self.closed = true;
        let cancelled = self.resolve_queue(|| Landing::Cancelled);
        self.dispatch(now);
        cancelled
    }

    /// Ends now: what was sent fails as killed, what was not is cancelled, and nothing more is written.
    pub fn disconnect(&mut self, now: Duration) {
        if self.is_ended() {
            return;
        }
        self.closed = true;
        self.outbox.clear();
        self.resolve_queue(|| Landing::Cancelled);
        self.fail_sent(TaskErrorKind::Killed, |name, _| {
            format!("{name} was at the worker when the link was disconnected")
        });
        self.enter(Stage::Retired, now);
    }

    /// The worker has nothing left to do.
    pub(super) fn retire(&mut self, now: Duration) {
        match self.stage {
            Stage::Ready => self.write(FrameHeader::new(FrameKind::Retire), &[]),
            Stage::Greeting | Stage::Welcoming => {} // it would not understand
            Stage::Retired | Stage::Lost(_) => return,
        }
        self.enter(Stage::Retired, now);
    }

    /// Gives the link up: every call fails, and says why.
    pub(super) fn give_up(&mut self, now: Duration, cause: &str) {
        if self.is_ended() {
            return;
        }
        self.enter(Stage::Lost(Arc::from(cause)), now);
        self.outbox.clear();
        self.lose_sent(|name, started| match started {
            true => format!("the worker was lost while it ran {name}: {cause}"),
            false => format!("the worker was lost when it was sent {name}: {cause}"),
        });
        self.resolve_queue(|| {
            let said = format!("the link was given up: {cause}");
            let kind = TaskErrorKind::PoolBroken;
            Landing::Failed(TaskError::remote(kind, said, None, Remote::default()))
        });
    }

    /// What was sent is lost with the worker.
    pub(super) fn lose_sent(&mut self, said: impl Fn(&str, bool) -> String) {
        self.fail_sent(TaskErrorKind::WorkerLost, said);
    }

    fn fail_sent(&mut self, kind: TaskErrorKind, said: impl Fn(&str, bool) -> String) {
        self.run_until = None;
        for sent in core::mem::take(&mut self.sent) {
            let said = said(sent.name(), sent.started);
            if let Some(call) = sent.into_call() {
                let error = TaskError::remote(kind, said, None, Remote::default());
                self.resolve(call, Landing::Failed(error));
            }
        }
    }

    /// Resolves all in the queue; says how many.
    fn resolve_queue(&mut self, landing: impl Fn() -> Landing) -> usize {
        self.patience.clear();
        let queue = core::mem::take(&mut self.queue);
        let count = queue.len();
        queue.into_values().for_each(|call| self.resolve(call, landing()));
        count
    }
}
