//! [`Backend`]: whoever runs tasks. A small trait with a long contract.
#![forbid(unsafe_code)]

use core::fmt;

use crate::task::Task;

/// Runs tasks: a thread pool, an RTOS task, a game engine's job system, a superloop.
///
/// # The contract
/// - `schedule` either **accepts** the task (`Ok`) or gives **that same task** back with the reason.
///   Giving back another one costs that other one its future (abandoned); nothing worse.
/// - An accepted task is [`run`](Task::run) or dropped, once, at any later time, in any context:
///   another thread, an interrupt handler, or `schedule` itself. Dropping it resolves its future as
///   abandoned. What is neither run nor dropped is never resolved, except by being cancelled.
/// - `schedule` is called from every context that may submit; it does not call back into the
///   executor. If it unwinds, the task is abandoned and the panic goes on to whoever submitted.
/// - A task may have been cancelled or run by a waiter meanwhile; running it then does nothing.
/// - Counting, shutting down and cancelling are the executor's affair, not the backend's.
/// - The executor drops the backend when it is dropped itself and everything accepted has ended: in
///   the context that dropped the executor if that waits for the end, else in whichever is the last.
///   A backend that joins its workers when dropped has to expect that it is one of them.
///
/// # Examples
/// ```
/// use concurrent_futures_core::{Backend, Executor, Refused, Task};
///
/// /// A thread for every task.
/// struct Spawner;
///
/// impl Backend for Spawner {
///     fn schedule(&self, task: Task) -> Result<(), Refused> {
///         std::thread::spawn(move || task.run());
///         Ok(())
///     }
/// }
///
/// let executor = Executor::new(Spawner);
/// let squares: Vec<u64> = executor.map(|n| n * n, 0..4u64).collect::<Result<_, _>>()?;
/// assert_eq!(squares, [0, 1, 4, 9]);
/// # Ok::<(), concurrent_futures_core::TaskError>(())
/// ```
pub trait Backend: Send + Sync + 'static {
    /// Accepts a task, or refuses it.
    ///
    /// # Errors
    /// The same task, and why.
    fn schedule(&self, task: Task) -> Result<(), Refused>;

    /// Whether the calling context is one of this backend's workers, which may run what it waits
    /// for. Asked only where no task of the executor is running: a thread that runs one is a worker
    /// without being asked. Must not be true on a thread outside: a waiter there would run tasks.
    fn may_claim(&self) -> bool {
        false
    }

    /// How many tasks this backend runs at the same time at most, where it knows: among so many
    /// `map` divides its items when it groups them into chunks.
    fn parallelism(&self) -> Option<usize> {
        None
    }

    /// For backends without workers of their own, whose tasks are run by a loop of the program:
    /// runs one task in the calling context, and says whether there was one. Called by whoever waits
    /// for the executor to end, which might be that very loop.
    fn run_one(&self) -> bool {
        false
    }

    /// For pools that keep tasks in a queue of their own from which they can be unlinked: what the
    /// executor asks instead of keeping a list. This crate's pool is the one there is.
    #[doc(hidden)]
    #[cfg(feature = "alloc")]
    fn supervise(&self, _: crate::supervise::Seal) -> Option<&dyn crate::supervise::Supervise> {
        None
    }
}

/// A task given back by [`Backend::schedule`], and why.
#[derive(Debug)]
pub struct Refused {
    pub(crate) task: Task,
    pub(crate) reason: RefusedReason,
}

/// Why a task was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusedReason {
    /// The executor was shut down.
    ShutDown,
    /// There is no room in the queue, or no slot free.
    Full,
    /// There is no worker, and none could be started.
    NoWorker(Text),
    /// The pool gave up on its workers.
    Broken(Text),
    /// Too many tasks are on the stack of this thread already for a scope to wait for more.
    TooDeep,
    /// The task lies in its caller's memory, and was submitted before.
    InUse,
    /// The backend gave back a task that is not the one it was given.
    WrongTask,
}

/// A reason in words: any text where there is an allocator, a static one elsewhere.
#[cfg(feature = "alloc")]
pub type Text = crate::sync::PlainArc<str>;
/// A reason in words: any text where there is an allocator, a static one elsewhere.
#[cfg(not(feature = "alloc"))]
pub type Text = &'static str;

impl Refused {
    /// Gives `task` back.
    pub fn new(task: Task, reason: RefusedReason) -> Self {
        Self { task, reason }
    }

    /// The task.
    pub fn into_inner(self) -> Task {
        self.task
    }
}

impl fmt::Display for RefusedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ShutDown => f.write_str("the executor was shut down: submit before that"),
            Self::Full => f.write_str("the queue is full: submit later, or make it larger"),
            Self::NoWorker(cause) => {
                write!(f, "there is no worker and none could be started: {cause}")
            }
            Self::Broken(cause) => write!(f, "the pool gave up on its workers: {cause}"),
            Self::TooDeep => f.write_str(
                "too many tasks wait for one another on this thread: split the work less deeply",
            ),
            Self::InUse => f.write_str("the task was submitted before: make another one"),
            Self::WrongTask => {
                f.write_str("the backend gave back another task than it was given: mend it")
            }
        }
    }
}

/// A callable that was not accepted, to be had back, and why.
pub struct SubmitError<F> {
    callable: F,
    reason: RefusedReason,
}

impl<F> SubmitError<F> {
    pub(crate) fn new(callable: F, reason: RefusedReason) -> Self {
        Self { callable, reason }
    }

    /// The callable, which was not run.
    pub fn into_inner(self) -> F {
        self.callable
    }

    /// Why it was refused.
    pub fn reason(&self) -> &RefusedReason {
        &self.reason
    }

    /// The error with something else in the callable's place.
    pub fn map<G>(self, f: impl FnOnce(F) -> G) -> SubmitError<G> {
        SubmitError { callable: f(self.callable), reason: self.reason }
    }

    /// The error without the callable, for `?` where that is not `'static` and `Sync`.
    pub fn without_callable(self) -> SubmitError<()> {
        SubmitError { callable: (), reason: self.reason }
    }
}

impl<F> fmt::Debug for SubmitError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubmitError").field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl<F> fmt::Display for SubmitError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task not accepted: {}", self.reason)
    }
}

impl<F> core::error::Error for SubmitError<F> {}
