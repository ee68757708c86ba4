//! The platform of a thread pool: threads of the operating system.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

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

/// The threads that were started and not joined yet.
#[derive(Debug, Default)]
pub(crate) struct Handles(Mutex<Vec<JoinHandle<()>>>);

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

impl Handles {
    fn add(&self, handle: JoinHandle<()>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
    }

    /// Waits for the threads to be gone, or with `at_most_done` takes leave of those that are. They
    /// have run their last task; what is left of them are the destructors of their locals.
    pub(crate) fn join(&self, at_most_done: bool) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, later) = std::mem::take(&mut *all)
            .into_iter()
            .partition::<Vec<_>, _>(|handle| !at_most_done || handle.is_finished());
        *all = later;
        drop(all); // a destructor of a thread that is waited for may come here
        for handle in now {
            // A thread-local destructor that drops the pool must not wait for its own thread.
            if handle.thread().id() != thread::current().id() {
                // A worker catches what tasks throw; a destructor that panics has aborted already.
                let _ = handle.join();
            }
        }
    }
}

impl Platform for Threads {
    type Lock = OsLock;
    type StartLock = OsLock;
    type Park = ThreadParker;

    fn start(&self, worker: Worker<Self>) -> Result<(), StartError> {
        let handle = self.spawn(worker).map_err(|error| StartError::new(error.to_string()))?;
        self.handles.add(handle);
        Ok(())
    }

    fn parker(&self) -> ThreadParker {
        ThreadParker::current()
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
                // Whose own drop may panic once more: leaked, once for a pool that ends here.
                std::mem::forget(payload);
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
