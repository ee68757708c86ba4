//! [`TaskHook`]: what an executor tells of each of its tasks, and what carries context along.
#![forbid(unsafe_code)]

use alloc::boxed::Box;
use core::fmt;

use crate::error::TaskError;
use crate::sync::PlainArc;

/// Hears of every task of an executor, from `submit` to its end: for tracing, for measuring queue and
/// run times, for carrying context from whoever submits to where the task runs.
///
/// It belongs to one executor, from the beginning: [`Executor::with_hook`](crate::Executor::with_hook).
/// Whatever submits there asks it: `submit` in all its forms, scopes, each attempt of a retry, and `map`
/// for each item, or for each chunk, which counts as returned whatever its items do. Promises, the
/// functions given to `then`, and executors in arenas have no hook.
///
/// An executor without a hook pays one branch a task. With one, a task takes three allocations and not
/// one: the slot, the closure, and the span, where those two are not of size zero.
///
/// A hook that panics harms nothing but itself: the task runs all the same, its future has its outcome,
/// and [`set_callback_panic_hook`](crate::set_callback_panic_hook) hears of it. Without feature `std`
/// nothing can be caught: there it must not panic.
///
/// # Examples
/// How long tasks were queued, and how long they ran:
/// ```
/// # #[cfg(feature = "std")] {
/// use std::sync::{Arc, Mutex};
/// use std::time::{Duration, Instant};
///
/// use concurrent_futures_core::{
///     Executor, InlineBackend, QueuedTask, TaskHook, TaskRun, TaskSpan,
/// };
///
/// /// Time queued and time running of each task that has run.
/// #[derive(Clone, Default)]
/// struct Times(Arc<Mutex<Vec<(Duration, Duration)>>>);
///
/// struct Timed {
///     submitted: Instant,
///     times: Times,
/// }
///
/// impl TaskHook for Times {
///     fn queued(&self, _task: &QueuedTask) -> Option<Box<dyn TaskSpan>> {
///         Some(Box::new(Timed { submitted: Instant::now(), times: self.clone() }))
///     }
/// }
///
/// impl TaskSpan for Timed {
///     fn run(self: Box<Self>, task: TaskRun<'_>) {
///         let started = Instant::now();
///         if let Err(error) = task.run() {
///             eprintln!("{error}");
///         }
///         let (queued, ran) = (started - self.submitted, started.elapsed());
///         self.times.0.lock().expect("nobody panics here").push((queued, ran));
///     }
/// }
///
/// let times = Times::default();
/// let executor = Executor::with_hook(InlineBackend, times.clone());
/// assert_eq!(executor.submit(|| 6 * 7)?.result()?, 42);
/// assert_eq!(times.0.lock().expect("nobody panics here").len(), 1);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait TaskHook: Send + Sync + 'static {
    /// A task is about to be handed to the backend; called in the context that submits it.
    ///
    /// `None` leaves this one alone: its slot is as it would be without a hook. A hook that submits to
    /// the same executor is asked about that task too, so mind the recursion. An async `submit` that
    /// has waited for room, and finds it taken by another, asks again.
    fn queued(&self, task: &QueuedTask) -> Option<Box<dyn TaskSpan>>;
}

/// What a [`TaskHook`] sends along with a task.
///
/// Exactly one of the two methods is called, once, and the span is gone before the future is done:
/// whoever sees the task ended sees what the span has left.
pub trait TaskSpan: Send + 'static {
    /// The task starts: called where it runs, by a worker or by a task that waits for it.
    ///
    /// Sets up the context, calls [`task.run()`](TaskRun::run), and takes it down. Guards that are
    /// locals here enclose the task, and nest with those of a task that runs another while it waits
    /// for that. They are dropped also if the task panics, which `task.run()` returns as an error.
    ///
    /// If this returns or panics without having run the task, the task is run afterwards.
    fn run(self: Box<Self>, task: TaskRun<'_>);

    /// The task will never start: it was refused, cancelled, or abandoned by its backend. Called where
    /// that happened, before the closure is given back or dropped.
    fn never_started(self: Box<Self>) {}
}

impl<H: TaskHook + ?Sized> TaskHook for Box<H> {
    fn queued(&self, task: &QueuedTask) -> Option<Box<dyn TaskSpan>> {
        (**self).queued(task)
    }
}

impl<H: TaskHook + ?Sized> TaskHook for PlainArc<H> {
    fn queued(&self, task: &QueuedTask) -> Option<Box<dyn TaskSpan>> {
        (**self).queued(task)
    }
}

/// What is known of a task that is being submitted.
#[derive(Debug, Clone)]
pub struct QueuedTask {
    pub(crate) callable_type: &'static str,
    pub(crate) result_type: &'static str,
}

impl QueuedTask {
    /// The type of the closure, which names the function that it is in. In that of an item of a `map`
    /// the mapped function's is contained. As [`core::any::type_name`]: for people, not to be relied on.
    pub fn callable_type(&self) -> &'static str {
        self.callable_type
    }

    /// The type of the future's value, with the same reservation.
    pub fn result_type(&self) -> &'static str {
        self.result_type
    }
}

/// A task that has been started, to be run by its [`TaskSpan`], in the same context.
pub struct TaskRun<'a>(pub(crate) &'a mut dyn Run);

/// A callable that is run once, and remembers what came of it.
pub(crate) trait Run {
    /// # Errors
    /// Why there is no value.
    fn run(&mut self) -> Result<(), TaskError>;
}

impl TaskRun<'_> {
    /// Runs the task. The value is the future's; here it is only said that there is one.
    ///
    /// # Errors
    /// What the future will have: [`Failed`](crate::TaskErrorKind::Failed),
    /// [`Panicked`](crate::TaskErrorKind::Panicked), or an error of a task that this one waited for.
    pub fn run(self) -> Result<(), TaskError> {
        self.0.run()
    }
}

impl fmt::Debug for TaskRun<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TaskRun")
    }
}
