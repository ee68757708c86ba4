//! [`ThreadPoolExecutor`].

use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use concurrent_futures_core::{Executor, Future, Pool, Shutdown, ShutdownError, SubmitError};

use crate::builder::{BuildError, ThreadPoolBuilder};
use crate::retry::History;
use crate::retry_policy::RetryPolicy;
use crate::threads::{Handles, Threads};

/// Runs tasks on a pool of threads: Python's class of that name.
///
/// Threads are started when there is work and no thread is idle, up to the number given, and are
/// reused. `submit`, `map` and the rest are those of [`Executor`], to which this derefs.
///
/// Dropping the pool waits until everything accepted has run and the threads have ended, as leaving
/// Python's `with` block does; dropped in one of its own tasks, or after a shutdown that detached
/// it, it does not wait. A pool in a static is never dropped, and what is queued when `main` returns is
/// lost, unless an [`ExitGuard`](crate::ExitGuard) in `main` ends it.
///
/// Tasks that exit, abort or overflow their stack take the program with them.
///
/// # Examples
/// ```
/// use concurrent_futures::{ThreadPoolExecutor, as_completed};
///
/// let pool = ThreadPoolExecutor::new(4)?;
/// let lengths = ["one", "three"].map(|word| pool.submit(move || word.len()));
/// for future in as_completed(lengths.into_iter().collect::<Result<Vec<_>, _>>()?) {
///     println!("{}", future.result()?);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ThreadPoolExecutor {
    executor: Executor<Backend>,
    handles: Arc<Handles>,
    /// Shut down without waiting: then dropping does not wait either.
    detached: AtomicBool,
}

type Backend = Pool<Threads>;

impl ThreadPoolExecutor {
    /// A pool of at most `max_workers` threads.
    ///
    /// # Errors
    /// [`BuildError`] for zero workers, and for more than can be counted.
    pub fn new(max_workers: usize) -> Result<Self, BuildError> {
        Self::builder().max_workers(max_workers).build()
    }

    /// A pool to be described further.
    pub fn builder() -> ThreadPoolBuilder {
        ThreadPoolBuilder::new()
    }

    pub(crate) fn from_parts(executor: Executor<Backend>, handles: Arc<Handles>) -> Self {
        Self { executor, handles, detached: AtomicBool::new(false) }
    }

    /// How many threads there may be.
    pub fn max_workers(&self) -> usize {
        self.executor.backend().max_workers()
    }

    /// As [`submit_retry`](crate::submit_retry()): submits a closure that is called again, as the policy
    /// says, when it returns an error.
    ///
    /// # Errors
    /// The closure back, if the first attempt is refused.
    pub fn submit_retry<F, T, E>(
        &self,
        policy: &RetryPolicy,
        closure: F,
    ) -> Result<(Future<T>, History), SubmitError<F>>
    where
        F: FnMut() -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + 'static,
    {
        crate::retry::submit_retry(&self.executor, policy, closure)
    }

    /// As [`Executor::shutdown`]; having waited without a timeout, the threads are gone,
    /// thread-local destructors included. Only one that had retired long before, with
    /// [`keep_alive`](ThreadPoolBuilder::keep_alive), may still be busy with those.
    ///
    /// # Errors
    /// `WouldDeadlock` in a task of this very pool that would wait for its own end (the pool is
    /// closed all the same), `TimedOut` with what remains.
    pub fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownError> {
        // ORDERING: Relaxed; read again by whoever drops the pool, and has it alone.
        self.detached.store(!how.waits(), Ordering::Relaxed);
        self.executor.shutdown(how)?;
        if how.waits() && !how.has_timeout() {
            self.handles.join();
        }
        Ok(())
    }
}

impl Deref for ThreadPoolExecutor {
    type Target = Executor<Backend>;

    fn deref(&self) -> &Self::Target {
        &self.executor
    }
}

impl Drop for ThreadPoolExecutor {
    fn drop(&mut self) {
        // ORDERING: Relaxed; as in `shutdown`.
        if !self.detached.load(Ordering::Relaxed) {
            // In a task of its own: detached as well, its threads end by themselves.
            let _ = self.shutdown(Shutdown::wait());
        }
    }
}

impl fmt::Debug for ThreadPoolExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPoolExecutor")
            .field("max_workers", &self.max_workers())
            .field("remaining", &self.remaining())
            .finish_non_exhaustive()
    }
}
