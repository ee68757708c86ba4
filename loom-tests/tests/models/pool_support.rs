//! What the models of the pool share: workers that are loom's threads, or that a model runs itself on the thread it
//! likes, and starts that fail when the model says.
//!
//! A worker that a model runs by hand costs no thread of its own, and begins where the race does.

use core::cell::Cell;
use core::fmt;
use core::task::Waker;
use core::time::Duration;
use std::sync::{Arc, Mutex};

use concurrent_futures_core::{
    Executor, OsLock, Park, Parked, Platform, Pool, PoolSettings, StartError, Text, ThreadParker,
    Worker,
};
use loom::thread;

use crate::support::Count;

/// A pool's executor, which several threads submit to. The `Arc` is the standard one: who drops it last is not
/// what these models are about.
pub(crate) type PoolExecutor = Arc<Executor<Pool<Hands>>>;

/// What becomes of workers that are to be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// A loom thread runs it.
    Spawned,
    /// It is kept for the model to run.
    Kept,
    /// It is dropped: there are no threads left.
    Failed,
}

/// A platform whose workers are loom's threads or the model's own.
pub(crate) struct Hands {
    /// What becomes of the first, second, … worker; of those after the last as of the last.
    script: &'static [Start],
    starts: Count,
    kept: Mutex<Vec<Worker<Self>>>,
    /// How many workers have been initialized, and from which on that fails.
    initialized: Count,
    broken_from: usize,
    /// Whether the model has seen the end, after which nobody is to be started.
    over: Count,
}

impl Hands {
    /// With a script that is not empty.
    pub(crate) fn new(script: &'static [Start]) -> Self {
        Self {
            script,
            starts: Count::default(),
            kept: Mutex::new(Vec::new()),
            initialized: Count::default(),
            broken_from: usize::MAX,
            over: Count::default(),
        }
    }

    /// The same, but initializing fails, from the worker of this number on.
    pub(crate) fn broken_from(self, number: usize) -> Self {
        Self { broken_from: number, ..self }
    }

    /// An executor over a pool of at most so many of these.
    pub(crate) fn executor(self, max_workers: usize) -> PoolExecutor {
        self.executor_with(PoolSettings::new(max_workers))
    }

    /// An executor over a pool like that.
    pub(crate) fn executor_with(self, settings: PoolSettings) -> PoolExecutor {
        Arc::new(Executor::new(Pool::with_settings(self, settings).unwrap()))
    }

    /// From now on no worker may be started.
    pub(crate) fn is_over(&self) {
        self.over.up();
    }
}

/// Some time; how long it is does not matter in a model.
pub(crate) const SOME_TIME: Duration = Duration::from_secs(1);

loom::thread_local! {
    static PATIENT: Cell<bool> = Cell::new(false);
}

/// From now on deadlines do not pass for the calling thread.
pub(crate) fn be_patient() {
    PATIENT.with(|patient| patient.set(true));
}

/// A thread's parker. A deadline passes as soon as somebody parks until then: time is an input of a model, and when
/// it passes relative to the other threads is what loom varies.
pub(crate) struct Hasty(ThreadParker);

impl Park for Hasty {
    type Instant = ();

    fn waker(&self) -> Waker {
        self.0.waker()
    }

    fn park(&self, deadline: Option<()>) -> Parked {
        match deadline {
            Some(()) if !PATIENT.with(Cell::get) => Parked::DeadlinePassed,
            _ => self.0.park(None),
        }
    }
}

/// What follows runs once, in one order: it is what other models are about.
pub(crate) fn stop_exploring() {
    loom::skip_branch();
}

/// The workers that were kept, the first started last.
pub(crate) fn kept_worker(executor: &PoolExecutor) -> Worker<Hands> {
    let mut kept = executor.backend().platform().kept.lock().unwrap();
    assert!(!kept.is_empty(), "no worker was started");
    kept.remove(0)
}

/// An executor with a worker that was started and kept, and nothing to do: the task that had it started is cancelled.
pub(crate) fn staffed(hands: Hands, max_workers: usize) -> (PoolExecutor, Worker<Hands>) {
    staffed_with(hands, PoolSettings::new(max_workers))
}

/// As `staffed`, for a pool like that.
pub(crate) fn staffed_with(hands: Hands, settings: PoolSettings) -> (PoolExecutor, Worker<Hands>) {
    let executor = hands.executor_with(settings);
    assert!(executor.submit(|| unreachable!("it is cancelled")).unwrap().cancel());
    let worker = kept_worker(&executor);
    (executor, worker)
}

impl Platform for Hands {
    type Lock = OsLock;
    type StartLock = OsLock;
    type Park = Hasty;

    fn start(&self, worker: Worker<Self>) -> Result<(), StartError> {
        assert_eq!(self.over.get(), 0, "started after the end");
        let number = self.starts.get();
        self.starts.up();
        let last = self.script.len() - 1;
        match self.script[number.min(last)] {
            Start::Spawned => drop(thread::spawn(move || worker.run())),
            Start::Kept => self.kept.lock().unwrap().push(worker),
            Start::Failed => return Err(StartError::new("no threads left")),
        }
        Ok(())
    }

    fn parker(&self) -> Hasty {
        Hasty(ThreadParker::current())
    }

    fn deadline_after(&self, _: Duration) -> Option<()> {
        Some(())
    }

    fn has_initializer(&self) -> bool {
        self.broken_from != usize::MAX
    }

    fn initialize(&self) -> Result<(), Text> {
        self.initialized.up();
        if self.initialized.get() > self.broken_from { Err("broken".into()) } else { Ok(()) }
    }
}

impl fmt::Debug for Hands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hands").field("script", &self.script).finish_non_exhaustive()
    }
}
