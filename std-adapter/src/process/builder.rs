//! [`ProcessPoolBuilder`]: all that can be chosen of a pool of processes.
#![forbid(unsafe_code)]

use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use concurrent_futures_core::calls::supervisor::{Fit, SupervisorSettings};
use concurrent_futures_core::calls::{
    Callee, EncodeError, FallibleCallee, Hello, Limits, Portable, Registry, RegistryError,
    ResourceLimits, decode, encode,
};

use concurrent_futures_core::WhenFull;

use super::call_options::CallOptions;
use super::executor::ProcessPoolExecutor;
use super::init::{self, NotInitialized};
use super::nesting;
use super::os::{self, Group, Inherited, Launch, Os, Output};
use super::pool::{Parts, Pool};
use super::printed::{Listener, WorkerOutput};
use super::registration::{self, NotRegistered};
use crate::contain::contain;

/// Builds a [`ProcessPoolExecutor`].
#[must_use = "a builder does nothing until it builds"]
pub struct ProcessPoolBuilder {
    settings: SupervisorSettings,
    launch: Launch,
    options: CallOptions,
    listener: Option<Listener>,
    when_full: WhenFull,
    initializer: Option<Result<(u32, Vec<u8>), InitializerError>>,
}

/// Why the initializer cannot be called.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum InitializerError {
    /// It is not registered.
    NotRegistered(NotRegistered),
    /// Its arguments cannot be sent.
    Arguments(EncodeError),
}

impl ProcessPoolBuilder {
    pub(super) fn new() -> Self {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        Self {
            settings: SupervisorSettings::new(workers),
            launch: Launch::default(),
            options: CallOptions::new(),
            listener: None,
            when_full: WhenFull::default(),
            initializer: None,
        }
    }

    /// So many workers at the same time, at most. By default as many as there are processors.
    pub fn max_workers(mut self, workers: usize) -> Self {
        self.settings.workers = workers;
        self
    }

    /// A function that each worker runs before its first call. If it panics, the pool gives up: its calls
    /// fail with what the initializer said. What it returns is of no interest; see
    /// [`initializer_fallible`](Self::initializer_fallible).
    pub fn initializer<F, A, M>(mut self, function: F, arguments: A) -> Self
    where
        F: Callee<A, M>,
        A: Portable,
    {
        let _ = function; // its type says which it is
        self.settings.initializer_error = None;
        let found = registration::find::<F>().map_err(InitializerError::NotRegistered);
        self.initializer = Some(found.and_then(|task| {
            let bytes = encode(&arguments, &self.settings.limits, None);
            Ok((task, bytes.map_err(InitializerError::Arguments)?))
        }));
        self
    }

    /// As [`initializer`](Self::initializer); if the function returns an `Err`, that is a failure as a panic
    /// is, and what the error says is part of the cause.
    pub fn initializer_fallible<F, A, M>(mut self, function: F, arguments: A) -> Self
    where
        F: FallibleCallee<A, M>,
        A: Portable,
    {
        self = self.initializer(function, arguments);
        self.settings.initializer_error = Some(error_text::<F::Value, F::Error>);
        self
    }

    /// A worker is replaced after so many calls, for the sake of what those leave behind.
    pub fn max_tasks_per_child(mut self, calls: u64) -> Self {
        self.settings.calls_per_worker = Some(calls.max(1));
        self
    }

    /// Calls that may wait to be started, at most; at least one. By default as many as there is memory for.
    pub fn queue_capacity(mut self, calls: usize) -> Self {
        self.settings.capacity = Some(calls.max(1));
        self
    }

    /// What becomes of a call for which there is no room. By default whoever makes it waits.
    ///
    /// In the pool's own thread, in callbacks for instance, nobody waits: there a call for which there is no
    /// room is refused, whatever the policy. A `map` waits where the policy is to
    /// [run](WhenFull::RunInCaller) the call in the caller; for what that means see
    /// [`when_full`](ProcessPoolExecutor::when_full).
    pub fn when_full(mut self, when_full: WhenFull) -> Self {
        self.when_full = when_full;
        self
    }

    /// A worker that had nothing to do for so long is sent home.
    pub fn idle_timeout(mut self, time: Duration) -> Self {
        self.settings.idle_timeout = Some(time);
        self
    }

    /// For how long each call may wait to be started, and run; for one call see
    /// [`submit_with`](ProcessPoolExecutor::submit_with).
    pub fn call_options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// How many workers may be lost within a period of time before the pool gives up. Workers that were
    /// killed on purpose do not count. By default ten in ten seconds.
    pub fn restart_limit(mut self, workers: usize, period: Duration) -> Self {
        self.settings.restarts = workers;
        self.settings.restart_period = period;
        self
    }

    /// How long a worker may take until it is ready, its initializer included. By default 30 seconds.
    pub fn start_timeout(mut self, time: Duration) -> Self {
        self.settings.start_timeout = time;
        self
    }

    /// How long a worker that was asked to end may take to do so before it is killed. By default two
    /// seconds.
    pub fn grace(mut self, time: Duration) -> Self {
        self.settings.grace = time;
        self
    }

    /// How large, deep and long arguments and results may be.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// Address space of each worker, in bytes. An allocation past it fails, which ends the worker.
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.settings.resources.memory = Some(bytes);
        self
    }

    /// What each worker may use.
    pub fn resource_limits(mut self, resources: ResourceLimits) -> Self {
        self.settings.resources = resources;
        self
    }

    /// The program that workers are, in place of this one. It has to call [`init`](crate::init()) first of
    /// all, and to have the same functions under the same names.
    pub fn worker_program(mut self, program: impl Into<PathBuf>) -> Self {
        self.launch.program = Some(program.into());
        self
    }

    /// Sets a variable in the workers' environment.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.launch.environment.extra.push((name.into(), value.into()));
        self
    }

    /// Workers inherit these variables only. By default they inherit all, as in Python.
    pub fn env_only<N: Into<OsString>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        self.launch.environment.inherited = Inherited::Only(names);
        self
    }

    /// The directory in which workers run. By default that of this process.
    pub fn current_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.launch.directory = Some(directory.into());
        self
    }

    /// What workers print goes nowhere. By default it goes where this process prints to.
    pub fn quiet(mut self) -> Self {
        (self.launch.stdout, self.launch.stderr) = (Output::Null, Output::Null);
        self.listener = None;
        self
    }

    /// What workers print is given to `listener`, in the pool's thread for callbacks.
    pub fn capture_output(
        mut self,
        listener: impl Fn(WorkerOutput) + Send + Sync + 'static,
    ) -> Self {
        (self.launch.stdout, self.launch.stderr) = (Output::Piped, Output::Piped);
        self.listener = Some(Arc::new(listener));
        self
    }

    /// Workers stay in this process's group: Ctrl-C and Ctrl-Z at the terminal reach them. By default each
    /// has a group of its own, which ends with it.
    pub fn share_process_group(mut self) -> Self {
        self.launch.group = Group::Shared;
        self
    }

    /// Starts the pool, and its first worker.
    ///
    /// # Errors
    /// [`init`](crate::init()) was not called; the functions of this program contradict each other; too
    /// many pools are nested; the initializer cannot be called; the system has no threads or descriptors
    /// left.
    pub fn build(mut self) -> Result<ProcessPoolExecutor, ProcessBuildError> {
        let registry = registration::registry().map_err(ProcessBuildError::Registry)?;
        let own_program = self.launch.program.is_none();
        self.launch.arguments = init::worker_arguments(own_program)?;
        self.settings.nesting = nesting::next();
        if self.settings.nesting > nesting::DEEPEST {
            return Err(ProcessBuildError::TooDeep);
        }
        self.settings.initializer =
            self.initializer.transpose().map_err(ProcessBuildError::Initializer)?;
        self.settings.workers = self.settings.workers.max(1);
        let (limits, workers) = (self.settings.limits, self.settings.workers);
        // Where it cannot be told, nobody compares.
        let build = if own_program { os::build_id().ok() } else { None };
        let parts = Parts {
            settings: self.settings,
            functions: registry.len(),
            fit: fit(registry, build),
            launch: self.launch,
            listener: self.listener,
        };
        let pool = Pool::start(Os::new(), parts).map_err(ProcessBuildError::System)?;
        Ok(ProcessPoolExecutor::assemble(pool, limits, self.options, workers, self.when_full))
    }
}

/// What the error says of an initializer that returns a `Result<T, E>`.
fn error_text<T, E>(bytes: &[u8], limits: &Limits) -> String
where
    T: Portable,
    E: Portable + Into<Box<dyn Error + Send + Sync>>,
{
    let read = || match decode::<Result<T, E>>(bytes, limits, None) {
        Ok(Err(error)) => error.into().to_string(),
        Ok(Ok(_)) => String::from("it returned a value and called that an error"),
        Err(error) => format!("its error cannot be decoded: {error}"),
    };
    contain(read).unwrap_or_else(|| String::from("its error panicked when it was read"))
}

/// Whether a worker will do for this program.
fn fit(registry: &'static Registry, build: Option<u64>) -> Box<Fit> {
    Box::new(move |hello: &Hello| match build {
        Some(build) if hello.build != 0 && build != hello.build => {
            Err(String::from("its program is another build than this one: start this program anew"))
        }
        _ => registry.match_with(hello).map_err(|mismatch| mismatch.to_string()),
    })
}

impl fmt::Debug for ProcessPoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ProcessPoolBuilder");
        debug.field("settings", &self.settings).field("launch", &self.launch);
        debug.finish_non_exhaustive()
    }
}

/// Why there is no pool.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProcessBuildError {
    /// [`init`](crate::init()) was not called.
    NotInitialized(NotInitialized),
    /// The functions of this program contradict each other.
    Registry(RegistryError),
    /// The initializer cannot be called.
    Initializer(InitializerError),
    /// A pool in a worker of a pool in a worker, and so on.
    TooDeep,
    /// The system supplies too little.
    System(io::Error),
}

impl fmt::Display for ProcessBuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInitialized(error) => error.fmt(f),
            Self::Registry(error) => error.fmt(f),
            Self::Initializer(InitializerError::NotRegistered(error)) => {
                write!(f, "the initializer cannot be called: {error}")
            }
            Self::Initializer(InitializerError::Arguments(error)) => {
                write!(f, "the arguments of the initializer cannot be sent: {error}")
            }
            Self::TooDeep => {
                write!(f, "{} pools of processes in one another are too many", nesting::DEEPEST)
            }
            Self::System(error) => write!(f, "the pool of processes cannot start: {error}"),
        }
    }
}

impl Error for ProcessBuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::System(error) => Some(error),
            _ => None,
        }
    }
}

impl From<NotInitialized> for ProcessBuildError {
    fn from(error: NotInitialized) -> Self {
        Self::NotInitialized(error)
    }
}
