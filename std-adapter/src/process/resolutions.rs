//! [`Resolutions`]: what is left to do when the lock of a pool has been given up.
#![forbid(unsafe_code)]

use std::task::Waker;

use concurrent_futures_core::calls::{CallPromise, Landing};

use super::callbacks::Callbacks;
use super::retries::EndedAttempt;
use crate::contain::contain;
use crate::timer;

/// Futures to resolve, outside the lock.
#[derive(Debug, Default)]
#[must_use]
pub(super) struct Resolutions {
    pub(super) list: Vec<(CallPromise, Landing)>,
    /// What may be attempted again is not resolved yet.
    pub(super) attempts: Vec<EndedAttempt>,
    /// The pool has ended, and the timer has calls that wait for another attempt.
    pub(super) overtaken: bool,
    /// Those who have waited for room.
    pub(super) wakers: Vec<Waker>,
    pub(super) callbacks: Option<Callbacks>,
}

impl Resolutions {
    pub(super) fn add(&mut self, mut more: Self) {
        self.list.append(&mut more.list);
        self.attempts.append(&mut more.attempts);
        self.overtaken |= more.overtaken;
        self.wakers.append(&mut more.wakers);
        self.callbacks = more.callbacks.or(self.callbacks.take());
    }

    /// Resolves them, and hands what is a user's to the thread for that.
    pub(super) fn land(self) {
        for (promise, landing) in self.list {
            if let Some(aftermath) = promise.land(landing) {
                match &self.callbacks {
                    Some(callbacks) => callbacks.run(Box::new(move || aftermath.run())),
                    None => aftermath.run(),
                }
            }
        }
        for attempt in self.attempts {
            match &self.callbacks {
                Some(callbacks) => callbacks.run(Box::new(move || attempt.follow())),
                None => attempt.follow(),
            }
        }
        for waker in self.wakers {
            contain(|| waker.wake());
        }
        if self.overtaken {
            timer::waker().wake_by_ref();
        }
    }
}
