//! [`AnyExecutor`]: an executor that a program chooses at run time.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use concurrent_futures_core::{Backend, Executor, Shutdown, ShutdownError, TaskHook};

use crate::threads::Handles;

/// An executor whose workers were chosen at run time: a pool of threads, no threads at all, or a
/// backend of one's own, all of one type.
///
/// `submit`, `map`, `scope` and the rest are those of [`Executor`], to which this derefs; what a
/// refused task was made of comes back as the closure that it was. It costs one indirect call for
/// each task. Dropping it does what dropping the chosen executor would.
///
/// # Examples
/// ```
/// use concurrent_futures::{AnyExecutor, InlineBackend, ThreadPoolExecutor};
/// use std::error::Error;
///
/// fn choose_executor(name: &str) -> Result<AnyExecutor, Box<dyn Error>> {
///     Ok(match name {
///         "io" => ThreadPoolExecutor::builder().max_workers(32).build_any()?,
///         "cpu" => {
///             let processors = std::thread::available_parallelism()?;
///             ThreadPoolExecutor::builder().max_workers(processors.get()).build_any()?
///         }
///         "debug" => AnyExecutor::new(InlineBackend), // each task in the call to `submit`
///         other => return Err(format!("{other}: choose io, cpu or debug").into()),
///     })
/// }
///
/// for name in ["io", "cpu", "debug"] {
///     let executor = choose_executor(name)?;
///     assert_eq!(executor.submit(|| 6 * 7)?.result()?, 42);
/// }
/// # Ok::<(), Box<dyn Error>>(())
/// ```
pub struct AnyExecutor {
    executor: Executor<Box<dyn Backend>>,
    /// Threads to be waited for, if they are ours.
    handles: Option<Arc<Handles>>,
    /// Shut down without waiting: then dropping does not wait either.
    detached: AtomicBool,
}

impl AnyExecutor {
    /// An executor over `backend`. For a pool of threads see
    /// [`build_any`](crate::ThreadPoolBuilder::build_any).
    pub fn new(backend: impl Backend) -> Self {
        Self::from_parts(Executor::new(Box::new(backend)), None)
    }

    /// As [`new`](Self::new), with a hook that hears of every task.
    pub fn with_hook(backend: impl Backend, hook: impl TaskHook) -> Self {
        Self::from_parts(Executor::with_hook(Box::new(backend), hook), None)
    }

    pub(crate) fn from_parts(
        executor: Executor<Box<dyn Backend>>,
        handles: Option<Arc<Handles>>,
    ) -> Self {
        Self { executor, handles, detached: AtomicBool::new(false) }
    }

    /// As [`Executor::shutdown`]. Of a pool of threads, having waited without a timeout, the threads
    /// are gone, thread-local destructors included.
    ///
    /// # Errors
    /// `WouldDeadlock` in a task of this very executor that would wait for its own end (it is closed
    /// all the same), `TimedOut` with what remains.
    pub fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownError> {
        // ORDERING: Relaxed; read again by whoever drops it, and has it alone.
        self.detached.store(!how.waits(), Ordering::Relaxed);
        self.executor.shutdown(how)?;
        if let Some(handles) = &self.handles
            && how.waits()
            && !how.has_timeout()
        {
            handles.join();
        }
        Ok(())
    }
}

impl Deref for AnyExecutor {
    type Target = Executor<Box<dyn Backend>>;

    fn deref(&self) -> &Self::Target {
        &self.executor
    }
}

impl Drop for AnyExecutor {
    fn drop(&mut self) {
        // ORDERING: Relaxed; as in `shutdown`.
        if !self.detached.load(Ordering::Relaxed) {
            // In a task of its own: detached as well, its threads end by themselves.
            let _ = self.shutdown(Shutdown::wait());
        }
    }
}

impl fmt::Debug for AnyExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyExecutor").field("remaining", &self.remaining()).finish_non_exhaustive()
    }
}
