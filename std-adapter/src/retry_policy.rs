//! [`RetryPolicy`]: how often, when, and after which errors.
#![forbid(unsafe_code)]

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use concurrent_futures_core::TaskError;

/// The delays between the attempts of one task.
pub(crate) type Delays = Box<dyn Iterator<Item = Duration> + Send>;

/// How often work is attempted, how long after a failure the next attempt is due, and after which
/// errors there is one.
///
/// # Examples
/// ```
/// use concurrent_futures::RetryPolicy;
/// use std::{io, time::Duration};
///
/// let policy = RetryPolicy::attempts(5)?
///     .exponential(Duration::from_millis(100), Duration::from_secs(10))
///     .when(|error| {
///         let error = error.downcast_ref::<io::Error>();
///         error.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
///     });
/// # Ok::<(), concurrent_futures::RetryPolicyError>(())
/// ```
#[derive(Clone)]
pub struct RetryPolicy {
    attempts: u32,
    delays: Arc<dyn Fn() -> Delays + Send + Sync>,
    when: Arc<dyn Fn(&TaskError) -> bool + Send + Sync>,
    panics: bool,
    lost_workers: bool,
}

impl RetryPolicy {
    /// So many attempts, the first one counted. Between them delays from 100 ms, each twice as long as
    /// the one before, up to 30 s, with jitter; after every error, but not after a panic.
    ///
    /// # Errors
    /// [`RetryPolicyError`] for zero attempts.
    pub fn attempts(attempts: u32) -> Result<Self, RetryPolicyError> {
        if attempts == 0 {
            return Err(RetryPolicyError);
        }
        let policy = Self {
            attempts,
            delays: Arc::new(|| Box::new(std::iter::empty())),
            when: Arc::new(|_| true),
            panics: false,
            lost_workers: false,
        };
        Ok(policy.exponential(Duration::from_millis(100), Duration::from_secs(30)))
    }

    /// A delay of `first` after the first failure, then twice as long each time, up to `most`; and on
    /// top of each a random part of the same size at most (jitter), so that those who failed together
    /// do not come back together.
    pub fn exponential(self, first: Duration, most: Duration) -> Self {
        let builder = ExponentialBuilder::new()
            .with_min_delay(first)
            .with_max_delay(most)
            .without_max_times()
            .with_jitter();
        self.backoff(move || builder.build())
    }

    /// The same delay after each failure, without jitter.
    pub fn fixed(self, delay: Duration) -> Self {
        self.backoff(move || std::iter::repeat(delay))
    }

    /// The delays that an iterator yields, made anew for each task: one of the crate `backon`, for
    /// instance. Where it ends early, its last delay is repeated; where it yields none, there is no
    /// delay.
    pub fn backoff<F, I>(mut self, delays: F) -> Self
    where
        F: Fn() -> I + Send + Sync + 'static,
        I: IntoIterator<Item = Duration>,
        I::IntoIter: Send + 'static,
    {
        self.delays = Arc::new(move || {
            let mut delays = delays().into_iter().fuse();
            let mut last = Duration::ZERO;
            Box::new(std::iter::from_fn(move || {
                last = delays.next().unwrap_or(last);
                Some(last)
            }))
        });
        self
    }

    /// Another attempt only after errors of which `when` says so. If it panics, there is none.
    pub fn when(mut self, when: impl Fn(&TaskError) -> bool + Send + Sync + 'static) -> Self {
        self.when = Arc::new(when);
        self
    }

    /// Another attempt also after a panic, for closures that may be called again after one.
    pub fn after_panics(mut self) -> Self {
        self.panics = true;
        self
    }

    /// Another attempt also after the worker process was lost that ran a call, for functions that may be called
    /// again when nobody knows how far they came. A call that three workers were lost with is not attempted
    /// again: it is likely what ends them.
    pub fn after_lost_workers(mut self) -> Self {
        self.lost_workers = true;
        self
    }

    #[cfg(unix)]
    pub(crate) fn goes_on_after_lost_workers(&self) -> bool {
        self.lost_workers
    }

    pub(crate) fn delays(&self) -> Delays {
        (self.delays)()
    }

    /// Whether there is to be another attempt after `failed` of them, the last with this error.
    pub(crate) fn goes_on(&self, failed: usize, error: &TaskError) -> bool {
        let wanted = || (self.panics || !error.is_panicked()) && (self.when)(error);
        failed < self.attempts as usize && wanted()
    }
}

impl fmt::Debug for RetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryPolicy")
            .field("attempts", &self.attempts)
            .field("after_panics", &self.panics)
            .field("after_lost_workers", &self.lost_workers)
            .finish_non_exhaustive()
    }
}

/// A policy of zero attempts: nothing would ever be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicyError;

impl fmt::Display for RetryPolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a retry policy of zero attempts: ask for 1 at least")
    }
}

impl std::error::Error for RetryPolicyError {}
