//! [`LinkBuilder`]: all that can be chosen of a link.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use concurrent_futures_core::calls::link::{Link, LinkSettings};
use concurrent_futures_core::calls::supervisor::Fit;
use concurrent_futures_core::calls::{CallDesk, Hello, Limits, Registry, RegistryError, TaskEntry};

use super::caller::LinkCaller;
use super::desk::LinkDesk;
use super::executor::LinkExecutor;
use super::streams;
use crate::CallOptions;
use crate::process::callbacks::callbacks;
use crate::process::registration;

/// Builds a [`LinkExecutor`].
#[derive(Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct LinkBuilder {
    settings: LinkSettings,
    options: CallOptions,
    tasks: Option<Vec<TaskEntry>>,
    build: Option<u64>,
}

impl LinkBuilder {
    pub(super) fn new() -> Self {
        let settings = LinkSettings::new();
        Self { settings, options: CallOptions::new(), tasks: None, build: None }
    }

    /// The functions that can be called, instead of all with [`#[task]`](macro@crate::task) in this program.
    ///
    /// For functions of a package that is the worker's too, and may be `no_std`: it makes their entries with
    /// [`TaskEntry::new`], the worker serves them, and this link calls them.
    pub fn tasks(mut self, tasks: impl IntoIterator<Item = TaskEntry>) -> Self {
        self.tasks = Some(tasks.into_iter().collect());
        self
    }

    /// Bounds of what is sent and received. Say here what the worker can bear: arguments that are larger are then refused
    /// here, where otherwise they would end the worker's loop, and the link with it.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// What calls may take, unless they say otherwise themselves.
    pub fn call_options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// So many calls are sent while another one runs; none by default. The worker then begins with the next at once. What
    /// was sent cannot be cancelled, and lies in the link until the worker reads it: a socket or a pipe holds it, a serial
    /// line without flow control loses it.
    pub fn calls_ahead(mut self, calls: usize) -> Self {
        self.settings.ahead = calls;
        self
    }

    /// How long the worker may take to its first word, and from there until it is ready; 30 seconds by default.
    pub fn start_timeout(mut self, time: Duration) -> Self {
        self.settings.start_timeout = time;
        self
    }

    /// So often the worker may start again within such a time before the link is given up; ten times in ten seconds by
    /// default.
    pub fn restart_limit(mut self, restarts: usize, period: Duration) -> Self {
        (self.settings.restarts, self.settings.restart_period) = (restarts, period);
        self
    }

    /// Which build the worker has to be of, as it says of itself
    /// ([`ServeSettings::build`](crate::calls::ServeSettings::build)). By default any whose functions fit.
    ///
    /// Names and types of functions are always compared; that a struct has another field than it had is not seen.
    pub fn expected_build(mut self, build: u64) -> Self {
        self.build = Some(build);
        self
    }

    /// Begins to speak to the worker behind this reader and this writer, both of which block. Returns at once: calls wait
    /// until the worker is ready.
    ///
    /// Reading with a timeout is fine: an error that says `TimedOut` or `WouldBlock` has it tried again.
    ///
    /// # Errors
    /// The functions contradict each other; the system has no threads left.
    pub fn build(
        self,
        reader: impl Read + Send + 'static,
        writer: impl Write + Send + 'static,
    ) -> Result<LinkExecutor, LinkBuildError> {
        let registry = match self.tasks {
            Some(tasks) => Registry::new(tasks),
            None => registration::registry().cloned(),
        };
        let registry = Arc::new(registry.map_err(LinkBuildError::Registry)?);
        let limits = self.settings.limits;
        let link = Link::new(Duration::ZERO, self.settings, fit(registry.clone(), self.build));
        let (callbacks, jobs) = callbacks();
        let desk = CallDesk::new(LinkDesk::new(link, callbacks));
        // From here on it is ended by being dropped, should there be no thread for one of these.
        let caller = LinkCaller { desk, registry, limits };
        let executor = LinkExecutor::assemble(caller, self.options);
        executor.start("link-callbacks", move |desk| desk.call_back(jobs))?;
        executor.start("link-clock", LinkDesk::keep_time)?;
        executor.start("link-writer", move |desk| streams::write_all(desk, writer))?;
        executor.start("link-reader", move |desk| streams::read_all(desk, reader))?;
        Ok(executor)
    }
}

impl LinkExecutor {
    /// # Errors
    /// No threads are left.
    fn start(
        &self,
        name: &str,
        body: impl FnOnce(&LinkDesk) + Send + 'static,
    ) -> Result<(), LinkBuildError> {
        let desk = self.desk().clone();
        let run = move || {
            desk.thread_begins();
            body(&desk);
        };
        let started = thread::Builder::new().name(name.into()).spawn(run);
        started.map(drop).map_err(|error| {
            self.detach();
            LinkBuildError::System(error)
        })
    }
}

/// Whether a worker will do for this program.
fn fit(registry: Arc<Registry>, build: Option<u64>) -> Box<Fit> {
    Box::new(move |hello: &Hello| match build {
        Some(build) if build != hello.build => {
            Err(format!("it is of build {}, and not of build {build}", hello.build))
        }
        _ => registry.match_with(hello).map_err(|mismatch| mismatch.to_string()),
    })
}

/// Why there is no link.
#[derive(Debug)]
#[non_exhaustive]
pub enum LinkBuildError {
    /// The functions contradict each other.
    Registry(RegistryError),
    /// The system supplies too little.
    System(io::Error),
}

impl fmt::Display for LinkBuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(error) => error.fmt(f),
            Self::System(error) => write!(f, "the link cannot start: {error}"),
        }
    }
}

impl Error for LinkBuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::System(error) => Some(error),
            Self::Registry(_) => None,
        }
    }
}
