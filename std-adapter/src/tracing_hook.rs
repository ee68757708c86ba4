//! [`TracingHook`]: a span of the `tracing` crate for every task.

use std::time::Instant;

use concurrent_futures_core::{QueuedTask, TaskError, TaskErrorKind, TaskHook, TaskRun, TaskSpan};
use tracing::dispatcher::{self, Dispatch};
use tracing::{Span, field};

/// Carries the current span along with every task, and makes one for the task itself.
///
/// The span of a task is a *child* of the one in which it was submitted, as if the task were called
/// right there: events in the task have both as ancestors, in whichever thread it runs. A task that
/// another one runs while it waits is no exception: what counts is where it was submitted.
/// Every attempt of a retry is a task; those after the first are submitted by a thread of the library,
/// which is in no span.
///
/// The span is called `task`, its target is `concurrent_futures`, its level is DEBUG, and it has these
/// fields:
///
/// | field | |
/// |---|---|
/// | `executor` | the name given to [`named`](Self::named), if any |
/// | `callable` | the type of the closure, which names the function that it is in |
/// | `queued_us` | microseconds from `submit` to the start |
/// | `outcome` | `returned`, `failed`, `panicked`, or `never_started` if it was refused, cancelled or abandoned |
/// | `error` | what the future's error says, if it failed or panicked |
///
/// It is entered while the task runs and closes before the future is done. If a filter disables it,
/// the span in which the task was submitted is entered instead. If there is none either, the task
/// pays for nothing more than these two questions.
///
/// # Examples
/// ```
/// use concurrent_futures::{ThreadPoolExecutor, TracingHook};
///
/// let pool = ThreadPoolExecutor::builder().task_hook(TracingHook::new().named("fetch")).build()?;
/// let request = tracing::info_span!("request", id = 7);
/// let future = request.in_scope(|| pool.submit(|| tracing::info!("in request 7, and in a task")))?;
/// future.result()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct TracingHook {
    executor: Option<String>,
    carries_subscriber: bool,
}

impl TracingHook {
    /// Carries spans along, to the subscriber of the program.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the field `executor` says.
    #[must_use]
    pub fn named(mut self, executor: impl Into<String>) -> Self {
        self.executor = Some(executor.into());
        self
    }

    /// Carries the subscriber along too, for programs and tests that set one for a thread only, with
    /// `tracing::subscriber::with_default` or `set_default`.
    ///
    /// With one subscriber for the whole program there is no need to: as long as a thread has one of
    /// its own, events cost more in all threads.
    #[must_use]
    pub fn carry_subscriber(mut self) -> Self {
        self.carries_subscriber = true;
        self
    }

    fn span(&self, task: &QueuedTask) -> Span {
        tracing::debug_span!(
            target: "concurrent_futures",
            "task",
            executor = self.executor.as_deref(),
            callable = task.callable_type(),
            queued_us = field::Empty,
            outcome = field::Empty,
            error = field::Empty,
        )
    }
}

impl TaskHook for TracingHook {
    fn queued(&self, task: &QueuedTask) -> Option<Box<dyn TaskSpan>> {
        let own = self.span(task);
        let queued = (!own.is_disabled()).then(Instant::now);
        let span = if queued.is_some() { own } else { Span::current() };
        let subscriber = self.carries_subscriber.then(|| dispatcher::get_default(Dispatch::clone));
        if span.is_disabled() && subscriber.is_none() {
            return None;
        }
        Some(Box::new(Traced { span, queued, subscriber }))
    }
}

/// What goes along with a task.
struct Traced {
    span: Span,
    /// When it was submitted, if the span is the task's own: the submitter's is not to be written to.
    queued: Option<Instant>,
    subscriber: Option<Dispatch>,
}

impl Traced {
    fn run(&self, task: TaskRun<'_>) {
        let Some(queued) = self.queued else {
            let _ = self.span.in_scope(|| task.run());
            return;
        };
        let queued_us = u64::try_from(queued.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.span.record("queued_us", queued_us);
        match self.span.in_scope(|| task.run()) {
            Ok(()) => self.ended("returned"),
            Err(error) => {
                self.ended(name_of(&error));
                self.span.record("error", field::display(&error));
            }
        }
    }

    fn ended(&self, outcome: &str) {
        self.span.record("outcome", outcome);
    }
}

impl TaskSpan for Traced {
    fn run(self: Box<Self>, task: TaskRun<'_>) {
        match &self.subscriber {
            Some(subscriber) => dispatcher::with_default(subscriber, || Self::run(&self, task)),
            None => Self::run(&self, task),
        }
    }

    fn never_started(self: Box<Self>) {
        if self.queued.is_some() {
            self.ended("never_started");
        }
    }
}

fn name_of(error: &TaskError) -> &'static str {
    match error.kind() {
        TaskErrorKind::Panicked => "panicked",
        _ => "failed",
    }
}
