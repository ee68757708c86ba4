//! [`ProcessPoolExecutor`].
#![forbid(unsafe_code)]

use std::fmt;

use concurrent_futures_core::calls::supervisor::{Kill, Supervisor, WorkerInfo};
use concurrent_futures_core::calls::{Callee, FallibleCallee, Limits, Portable};
use concurrent_futures_core::{
    Counters, Future, FutureId, Remaining, Shutdown, ShutdownError, WhenFull,
};

use super::builder::{ProcessBuildError, ProcessPoolBuilder};
use super::call_error::CallError;
use super::call_options::CallOptions;
use super::caller::Caller;
use super::os::Os;
use super::pool::Pool;

/// A pool of worker processes that run registered functions.
///
/// A worker is this same program, started again, or another one with the same functions. What goes wrong in
/// one costs the call that it was running, and nothing else: a crash, an exit, a task that never ends, too
/// much memory.
///
/// [`init`](crate::init()) has to be the first that `main` calls.
///
/// Dropping a pool accepts nothing more and waits until what was accepted has ended, as leaving Python's
/// `with` block does. In a callback of its own, or after a shutdown that detached it, it does not wait. In
/// a process that was forked from the one that made it, it does nothing at all.
///
/// # Examples
/// ```no_run
/// use concurrent_futures::{ProcessPoolExecutor, task};
///
/// #[task]
/// fn is_prime(n: u64) -> bool {
///     n > 1 && (2..).take_while(|d| d * d <= n).all(|d| n % d != 0)
/// }
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     concurrent_futures::init();
///     let processes = ProcessPoolExecutor::new(2)?;
///     let future = processes.submit(is_prime, 112_272_535_095_293)?;
///     assert!(future.result()?);
///     Ok(())
/// }
/// ```
pub struct ProcessPoolExecutor {
    pool: Pool<Os>,
    caller: Caller,
    options: CallOptions,
    max_workers: usize,
}

impl ProcessPoolExecutor {
    /// A pool of so many workers; they are started when there is something to do, the first one at once.
    ///
    /// # Errors
    /// [`init`](crate::init()) was not called; the system has no threads or descriptors left.
    pub fn new(workers: usize) -> Result<Self, ProcessBuildError> {
        Self::builder().max_workers(workers).build()
    }

    /// All that can be chosen.
    pub fn builder() -> ProcessPoolBuilder {
        ProcessPoolBuilder::new()
    }

    pub(super) fn assemble(
        pool: Pool<Os>,
        limits: Limits,
        options: CallOptions,
        max_workers: usize,
        when_full: WhenFull,
    ) -> Self {
        let caller = Caller::new(pool.desk().clone(), limits, when_full);
        Self { pool, caller, options, max_workers }
    }

    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }

    pub(super) fn options(&self) -> CallOptions {
        self.options
    }

    /// How many workers there may be.
    pub fn max_workers(&self) -> usize {
        self.max_workers
    }

    /// Calls a registered function in a worker. Its arguments: `()` for none, one as itself, several as
    /// a tuple.
    ///
    /// Whatever the function returns is the value of the future, a `Result` too; for errors that count as
    /// failures see [`submit_fallible`](Self::submit_fallible). The arguments are encoded in this call,
    /// which does not wait, unless there is a [capacity](ProcessPoolBuilder::queue_capacity) and no room.
    ///
    /// # Errors
    /// The arguments back, if the function is not registered, they cannot be sent, or the pool takes no
    /// calls.
    pub fn submit<F, A, M>(
        &self,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Output>, CallError<A>>
    where
        F: Callee<A, M>,
        A: Portable,
        M: 'static,
    {
        self.submit_with(self.options, function, arguments)
    }

    /// As [`submit`](Self::submit), with limits of its own.
    ///
    /// # Errors
    /// As there.
    pub fn submit_with<F, A, M>(
        &self,
        options: CallOptions,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Output>, CallError<A>>
    where
        F: Callee<A, M>,
        A: Portable,
        M: 'static,
    {
        self.caller.call_or_run(options, function, arguments)
    }

    /// As [`submit`](Self::submit), for a function whose `Err` is a failure of the task ("raised", in
    /// Python).
    ///
    /// # Errors
    /// As there.
    pub fn submit_fallible<F, A, M>(
        &self,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Value>, CallError<A>>
    where
        F: FallibleCallee<A, M>,
        A: Portable,
        M: 'static,
    {
        self.submit_fallible_with(self.options, function, arguments)
    }

    /// As [`submit_fallible`](Self::submit_fallible), with limits of its own.
    ///
    /// # Errors
    /// As there.
    pub fn submit_fallible_with<F, A, M>(
        &self,
        options: CallOptions,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Value>, CallError<A>>
    where
        F: FallibleCallee<A, M>,
        A: Portable,
        M: 'static,
    {
        self.caller.call_or_run_fallible(options, function, arguments)
    }

    /// Ends the worker that runs the task of this future, with all that it started: the future fails as
    /// [`Killed`](crate::TaskErrorKind::Killed). Says whether the task was running.
    pub fn kill(&self, future: FutureId) -> bool {
        !self.pool.desk().is_copy() && self.pool.desk().kill(future)
    }

    /// Accepts nothing from now on, and waits for the end of what was accepted and of the workers, as
    /// `how` says. Idempotent; callable from any thread and callback.
    ///
    /// # Errors
    /// `WouldDeadlock` in a callback of this very pool (it is closed all the same), `TimedOut` with what
    /// remains.
    pub fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownError> {
        self.pool.shutdown(how)
    }

    /// Asks all workers to end (`SIGTERM`), and kills those that take too long; starts no others. What was
    /// running fails as killed, what had not started is cancelled. Returns at once; the pool is shut down.
    pub fn terminate_workers(&self) {
        self.pool.kill_all(Kill::Politely);
    }

    /// As [`terminate_workers`](Self::terminate_workers), without asking (`SIGKILL`).
    pub fn kill_workers(&self) {
        self.pool.kill_all(Kill::AtOnce);
    }

    /// What it has done so far.
    pub fn counters(&self) -> Counters {
        self.pool.desk().look(Supervisor::counters)
    }

    /// What it still has to do.
    pub fn remaining(&self) -> Remaining {
        self.pool.desk().look(Supervisor::remaining)
    }

    /// What can be seen of its workers now, oldest first: which process runs which call, for one. For people
    /// and their tools; by the time it is looked at, it may be otherwise.
    pub fn workers(&self) -> Vec<WorkerInfo> {
        self.pool.desk().look(Supervisor::workers)
    }

    /// The numbers of the processes that are its workers now.
    pub fn worker_pids(&self) -> Vec<u32> {
        self.pool.desk().look(Supervisor::pids)
    }
}

impl fmt::Debug for ProcessPoolExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counters = self.counters();
        f.debug_struct("ProcessPoolExecutor").field("counters", &counters).finish_non_exhaustive()
    }
}
