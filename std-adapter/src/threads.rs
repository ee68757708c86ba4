//! The platform of a thread pool: threads of the operating system.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, ThreadId};
use std::time::{Duration, Instant};

use concurrent_futures_core::{OsLock, Platform, StartError, ThreadParker, Worker};

/// What every worker does before its first task.
pub(crate) type Initializer =
    Arc<dyn Fn() -> Result<(), Box<dyn std::error::Error + Send + Sync>> + Send + Sync>;

/// What is the same for all threads of a pool.
pub(crate) struct ThreadSettings {
    pub(crate) name_prefix: String,
    pub(crate) stack_size: Option<usize>,
    pub(crate) initializer: Option<Initializer>,
}

/// Threads of the operating system, as the workers of a [`Pool`](concurrent_futures_core::Pool).
pub struct Threads {
    settings: ThreadSettings,
    handles: Arc<Handles>,
}

/// The threads that were started.
#[derive(Debug, Default)]
pub(crate) struct Handles {
    started: Mutex<Vec<Started>>,
    /// Held while threads are waited for, so that whoever comes second waits as well.
    joining: Mutex<()>,
}

/// A thread that was started, and its handle unless somebody waits for it.
#[derive(Debug)]
struct Started {
    id: ThreadId,
    handle: Option<JoinHandle<()>>,
}

impl Threads {
    pub(crate) fn new(settings: ThreadSettings) -> Self {
        Self { settings, handles: Arc::default() }
    }

    pub(crate) fn handles(&self) -> Arc<Handles> {
        self.handles.clone()
    }

    /// # Errors
    /// What the operating system says.
    fn spawn(&self, worker: Worker<Self>) -> io::Result<JoinHandle<()>> {
        let name = format!("{}{}", self.settings.name_prefix, worker.index());
        let mut builder = thread::Builder::new().name(name);
        if let Some(size) = self.settings.stack_size {
            builder = builder.stack_size(size);
        }
        builder.spawn(move || worker.run())
    }
}

impl Started {
    /// Whether it is over, but for the destructors of its locals.
    fn has_ended(&self) -> bool {
        self.handle.as_ref().is_some_and(JoinHandle::is_finished)
    }
}

impl Handles {
    fn started(&self) -> MutexGuard<'_, Vec<Started>> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the threads to be gone. They have run their last task; what is left of them are
    /// the destructors of their locals. One of those that comes here does not wait for itself.
    pub(crate) fn join(&self) {
        let current = thread::current().id();
        if self.started().iter().any(|thread| thread.id == current) {
            return;
        }
        let _joining = self.joining.lock().unwrap_or_else(PoisonError::into_inner);
        let handles: Vec<_> =
            self.started().iter_mut().filter_map(|thread| thread.handle.take()).collect();
        for handle in handles {
            // A worker catches what tasks throw; a destructor that panics has aborted already.
            let _ = handle.join();
        }
    }
}

impl Platform for Threads {
    type Lock = OsLock;
    type StartLock = OsLock;
    type Park = ThreadParker;

    fn start(&self, worker: Worker<Self>) -> Result<(), StartError> {
        // Under the lock, so that a thread which ends at once is waited for all the same.
        let mut started = self.handles.started();
        let handle = self.spawn(worker).map_err(|error| StartError::new(error.to_string()))?;
        if started.len() == started.capacity() {
            // Those that have retired, so that a pool whose threads come and go does not grow.
            started.retain(|thread| !thread.has_ended());
        }
        started.push(Started { id: handle.thread().id(), handle: Some(handle) });
        Ok(())
    }

    fn parker(&self) -> ThreadParker {
        ThreadParker::current()
    }

    fn deadline_after(&self, time: Duration) -> Option<Instant> {
        Instant::now().checked_add(time)
    }

    fn has_initializer(&self) -> bool {
        self.settings.initializer.is_some()
    }

    fn initialize(&self) -> Result<(), Arc<str>> {
        let Some(initializer) = &self.settings.initializer else { return Ok(()) };
        // The error's text and end included, which are the user's code as well.
        let run = || initializer().map_err(|error| format!("the initializer failed: {error}"));
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(cause)) => Err(cause.into()),
            Err(payload) => {
                let text = payload
                    .downcast_ref::<&str>()
                    .map(|text| text.to_string())
                    .or_else(|| payload.downcast_ref::<String>().cloned())
                    .unwrap_or_else(|| "a value that is not text".into());
                // Its drop may panic as well, and what that throws: the second is leaked.
                if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
                    std::mem::forget(second);
                }
                Err(format!("the initializer panicked: {text}").into())
            }
        }
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads")
            .field("name_prefix", &self.settings.name_prefix)
            .finish_non_exhaustive()
    }
}
