//! [`ThreadPoolBuilder`]: how many threads, and what they are like.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use concurrent_futures_core::{
    Backend, Executor, Pool, PoolSettings, PoolSettingsError, TaskHook, WhenFull,
};

use crate::any_executor::AnyExecutor;
use crate::thread_pool::ThreadPoolExecutor;
use crate::threads::{Handles, ThreadSettings, Threads};

/// Makes a [`ThreadPoolExecutor`]. No thread is started before there is work for it.
///
/// # Examples
/// ```
/// use concurrent_futures::ThreadPoolExecutor;
/// let pool = ThreadPoolExecutor::builder()
///     .max_workers(2)
///     .thread_name_prefix("fetch-")
///     .initializer(|| -> Result<(), std::io::Error> { Ok(()) })
///     .build()?;
/// let name = pool.submit(|| std::thread::current().name().map(String::from))?.result()?;
/// assert_eq!(name.as_deref(), Some("fetch-0"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a builder does nothing until it builds"]
pub struct ThreadPoolBuilder {
    max_workers: Option<usize>,
    pool: PoolSettings,
    threads: ThreadSettings,
    hook: Option<Box<dyn TaskHook>>,
}

impl ThreadPoolBuilder {
    pub(crate) fn new() -> Self {
        Self {
            max_workers: None,
            pool: PoolSettings::new(1),
            threads: ThreadSettings {
                name_prefix: "ThreadPoolExecutor-".into(),
                stack_size: None,
                initializer: None,
            },
            hook: None,
        }
    }

    /// How many threads at most. By default the processors of the machine and four more, 32 at
    /// most, as in Python: good for work that waits.
    pub fn max_workers(mut self, workers: usize) -> Self {
        self.max_workers = Some(workers);
        self
    }

    /// How many tasks may wait to be started; those that run do not count. By default as many as there
    /// is memory for, as in Python.
    pub fn queue_capacity(mut self, tasks: usize) -> Self {
        self.pool = self.pool.queue_capacity(tasks);
        self
    }

    /// What `submit` does when so many tasks wait; blocks, if not said otherwise.
    /// [`Executor::when_full`] takes another policy for once.
    pub fn when_full(mut self, when_full: WhenFull) -> Self {
        self.pool = self.pool.when_full(when_full);
        self
    }

    /// Threads that have been idle for so long end, and are started again when there is work. By
    /// default they stay, as in Python.
    pub fn keep_alive(mut self, idle: Duration) -> Self {
        self.pool = self.pool.keep_alive(idle);
        self
    }

    /// What the names of the threads begin with; their number follows.
    pub fn thread_name_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.threads.name_prefix = prefix.into();
        self
    }

    /// The stack of each thread, in bytes; by default what std gives (2 MiB).
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.threads.stack_size = Some(bytes);
        self
    }

    /// What each thread calls before its first task.
    ///
    /// If it fails or panics, the pool is broken: what is queued and what comes fails with that
    /// cause.
    pub fn initializer<F, E>(mut self, initializer: F) -> Self
    where
        F: Fn() -> Result<(), E> + Send + Sync + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.threads.initializer = Some(Arc::new(move || initializer().map_err(Into::into)));
        self
    }

    /// Hears of every task: see [`TaskHook`]. With the feature `tracing` there is `TracingHook`, which
    /// carries spans along.
    pub fn task_hook(mut self, hook: impl TaskHook) -> Self {
        self.hook = Some(Box::new(hook));
        self
    }

    /// The pool.
    ///
    /// # Errors
    /// [`BuildError`] for zero workers, more than can be counted, a queue without any room, or a name
    /// with a NUL in it.
    pub fn build(mut self) -> Result<ThreadPoolExecutor, BuildError> {
        let hook = self.hook.take();
        let (pool, handles) = self.build_backend()?;
        Ok(ThreadPoolExecutor::from_parts(executor(pool, hook), handles))
    }

    /// The pool, as an executor that says no more than that it is one: for programs that choose one
    /// at run time.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_any(mut self) -> Result<AnyExecutor, BuildError> {
        let hook = self.hook.take();
        let (pool, handles) = self.build_backend()?;
        Ok(AnyExecutor::from_parts(executor(Box::new(pool), hook), Some(handles)))
    }

    /// # Errors
    /// As `build`.
    fn build_backend(self) -> Result<(Pool<Threads>, Arc<Handles>), BuildError> {
        if self.threads.name_prefix.contains('\0') {
            return Err(BuildError(Cause::Name));
        }
        let max_workers = self.max_workers.unwrap_or_else(default_workers);
        let threads = Threads::new(self.threads);
        let handles = threads.handles();
        let pool = Pool::with_settings(threads, self.pool.max_workers(max_workers))
            .map_err(|error| BuildError(Cause::Pool(error)))?;
        Ok((pool, handles))
    }
}

fn executor<B: Backend>(backend: B, hook: Option<Box<dyn TaskHook>>) -> Executor<B> {
    match hook {
        Some(hook) => Executor::with_hook(backend, hook),
        None => Executor::new(backend),
    }
}

fn default_workers() -> usize {
    // Where the number of processors is not to be had, one is assumed, as std's docs advise.
    let processors = thread::available_parallelism().map_or(1, usize::from);
    (processors + 4).min(32)
}

impl fmt::Debug for ThreadPoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPoolBuilder")
            .field("max_workers", &self.max_workers)
            .field("pool", &self.pool)
            .field("thread_name_prefix", &self.threads.name_prefix)
            .field("stack_size", &self.threads.stack_size)
            .field("initializer", &self.threads.initializer.is_some())
            .field("task_hook", &self.hook.is_some())
            .finish()
    }
}

/// Why a pool could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuildError(Cause);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Pool(PoolSettingsError),
    Name,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Pool(error) => error.fmt(f),
            Cause::Name => f.write_str("a thread's name cannot have a NUL in it: choose another"),
        }
    }
}

impl Error for BuildError {}
