//! What the time brings: calls that were not started in time, or run for too long; a worker that is not ready.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use super::{Landing, Link, LinkCall, Stage};
use crate::error::{Remote, TaskError, TaskErrorKind};

impl Link {
    /// When [`tick`](Self::tick) is to be called at the latest.
    pub fn next_deadline(&self) -> Option<Duration> {
        let patience = self.patience.first().map(|(time, _)| *time);
        [self.ready_by(), self.run_until, patience].into_iter().flatten().min()
    }

    /// When the worker is to be ready, if it is not.
    fn ready_by(&self) -> Option<Duration> {
        match self.stage {
            Stage::Greeting | Stage::Welcoming => {
                self.since.checked_add(self.settings.start_timeout)
            }
            _ => None,
        }
    }

    /// The time has come for something.
    pub fn tick(&mut self, now: Duration) {
        self.end_patience(now);
        if self.run_until.is_some_and(|time| time <= now) {
            self.end_run();
        }
        if self.ready_by().is_some_and(|time| time <= now) {
            let cause = match self.stage {
                Stage::Greeting => {
                    "the worker has not said a word: it speaks first, when it starts"
                }
                _ => "the worker has not become ready",
            };
            let limit = self.settings.start_timeout;
            self.give_up(now, &format!("{cause}, and {limit:?} are over"));
        }
        self.dispatch(now);
    }

    /// Calls that were not started in time.
    fn end_patience(&mut self, now: Duration) {
        while let Some((time, number)) = self.patience.first().copied().filter(|(at, _)| *at <= now)
        {
            self.patience.remove(&(time, number));
            if let Some(call) = self.queue.remove(&number) {
                let said = format!("{} was not started in time", call.name);
                self.fail_late(call, said);
            }
        }
    }

    /// The first call that was sent has had its time: nobody waits for it any more, but the worker is busy until it
    /// answers.
    fn end_run(&mut self) {
        self.run_until = None;
        if let Some(call) = self.sent.front_mut().and_then(super::Sent::give_up) {
            let limit = call.run_for.unwrap_or_default();
            let said = format!(
                "{} was not answered within {limit:?}: the worker cannot be stopped, and takes no call before it answers",
                call.name
            );
            self.fail_late(call, said);
        }
    }

    fn fail_late(&mut self, call: LinkCall, said: String) {
        let kind = TaskErrorKind::DeadlinePassed;
        let error = TaskError::remote(kind, said, None, Remote::default());
        self.resolve(call, Landing::Failed(error));
    }
}
