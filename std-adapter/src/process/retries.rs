//! [`Retries`]: which calls may be attempted again, under the lock of their pool.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use concurrent_futures_core::calls::{CallPromise, Landing};

use super::desk::PoolDesk;
use super::os::Sys;
use crate::contain::contain;

/// A call that may be attempted again.
pub(super) trait Retry: Send + Sync {
    /// An attempt has failed. Called where user code holds up nobody.
    fn failed(self: Arc<Self>, promise: CallPromise, landing: Landing);

    /// The future was cancelled. Says whether that was between two attempts.
    fn cancelled(&self) -> bool;
}

/// Calls that may be attempted again, by number.
#[derive(Default)]
pub(super) struct Retries(BTreeMap<u64, Arc<dyn Retry>>);

/// What is left to do of an attempt that has ended.
pub(super) struct EndedAttempt {
    retry: Arc<dyn Retry>,
    /// If it has failed.
    failed: Option<(CallPromise, Landing)>,
}

impl EndedAttempt {
    /// Runs what is a user's.
    pub(super) fn follow(self) {
        contain(|| match self.failed {
            Some((promise, landing)) => self.retry.failed(promise, landing),
            None => drop(self.retry),
        });
    }
}

impl Retries {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn insert(&mut self, number: u64, retry: Arc<dyn Retry>) {
        self.0.insert(number, retry);
    }

    /// What is to be resolved at once, and what is to be followed elsewhere.
    pub(super) fn ended(
        &mut self,
        promise: CallPromise,
        landing: Landing,
    ) -> (Option<(CallPromise, Landing)>, Option<EndedAttempt>) {
        if self.0.is_empty() {
            return (Some((promise, landing)), None);
        }
        let number = promise.number();
        match landing {
            Landing::Raised(_) | Landing::Failed(_) => match self.0.get(&number).cloned() {
                Some(retry) => {
                    (None, Some(EndedAttempt { retry, failed: Some((promise, landing)) }))
                }
                None => (Some((promise, landing)), None),
            },
            Landing::Value(_) | Landing::Cancelled => {
                let over = self.0.remove(&number);
                let over = over.map(|retry| EndedAttempt { retry, failed: None });
                (Some((promise, landing)), over)
            }
        }
    }
}

impl<S: Sys> PoolDesk<S> {
    /// There is no other attempt of this call.
    pub(super) fn end_retry(&self, number: u64) -> Option<Arc<dyn Retry>> {
        self.lock().retries.0.remove(&number)
    }

    /// The future of this call was cancelled. Says whether that was between two attempts of it.
    pub(super) fn forget_retry(&self, number: u64) -> bool {
        let Some(retry) = self.end_retry(number) else { return false };
        let between = retry.cancelled();
        contain(|| drop(retry)); // what the user gave
        between
    }
}

impl fmt::Debug for Retries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Retries").field(&self.0.len()).finish()
    }
}

impl fmt::Debug for EndedAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndedAttempt").field("failed", &self.failed).finish_non_exhaustive()
    }
}
