//! Submitting where there may be no room: with another policy for once, or by awaiting room.
#![forbid(unsafe_code)]

use alloc::boxed::Box;
use core::error::Error;
use core::fmt;

use crate::admission::WhenFull;
use crate::backend::{Backend, Refused, RefusedReason, SubmitError};
use crate::body::{Callable, Plain, Raising};
use crate::executor::{Executor, Shared};
use crate::future::Future;
use crate::pool::Ticket;
use crate::supervise::Supervise;
use crate::sync::Arc;
use crate::task::Task;

/// An executor, with a policy of one's own for when its queue is full.
pub struct Submitter<'a, B: Backend> {
    executor: &'a Executor<B>,
    when_full: WhenFull,
}

impl<B: Backend> Executor<B> {
    /// This executor, with another policy for when its queue is full than it was built with.
    ///
    /// Over a backend of one's own the executor does not know when there will be room: there
    /// [`WhenFull::RunInCaller`] is what it says, and the others give the callable back.
    ///
    /// # Examples
    /// ```
    /// # use concurrent_futures_core::{Executor, InlineBackend, WhenFull};
    /// let executor = Executor::new(InlineBackend);
    /// let future = executor.when_full(WhenFull::RunInCaller).submit(|| 6 * 7)?;
    /// assert_eq!(future.result()?, 42);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn when_full(&self, when_full: WhenFull) -> Submitter<'_, B> {
        Submitter { executor: self, when_full }
    }

    /// Submits a callable as soon as there is room, without blocking the thread meanwhile.
    ///
    /// Who came first gets room first, whether blocking or awaiting. Over a backend of one's own, whose
    /// room the executor does not know of, nothing is awaited.
    ///
    /// A task that *blocks* on it holds a worker which could make that room: in a pool of one it waits for
    /// ever. Such a task calls `submit`, which runs there and then what there is no room for.
    ///
    /// # Cancellation
    /// Dropped before it is ready, it has submitted nothing, and its turn goes to the next. Forgotten,
    /// it takes its turn, and the place in the queue is lost to all.
    ///
    /// # Errors
    /// The callable back, if the executor was shut down or has no worker.
    ///
    /// # Examples
    /// ```
    /// # use concurrent_futures_core::{Executor, InlineBackend};
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let executor = Executor::new(InlineBackend);
    /// let future = executor.submit_async(|| 6 * 7).await?;
    /// assert_eq!(future.await?, 42);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn submit_async<F, T>(&self, callable: F) -> Result<Future<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        submit_in_turn(self.shared(), Plain(callable))
            .await
            .map_err(|(callable, reason)| SubmitError::new(callable.0, reason))
    }

    /// As [`submit_async`](Self::submit_async); an `Err` of the callable is a failure of the task.
    ///
    /// # Errors
    /// As there.
    pub async fn submit_fallible_async<F, T, E>(
        &self,
        callable: F,
    ) -> Result<Future<T>, SubmitError<F>>
    where
        F: FnOnce() -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + 'static,
    {
        submit_in_turn(self.shared(), Raising(callable))
            .await
            .map_err(|(callable, reason)| SubmitError::new(callable.0, reason))
    }
}

impl<B: Backend> Submitter<'_, B> {
    /// As [`Executor::submit`].
    ///
    /// # Errors
    /// As there, and [`RefusedReason::Full`] if the policy says so.
    pub fn submit<F, T>(&self, callable: F) -> Result<Future<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.submit_callable(Plain(callable))
            .map_err(|(callable, reason)| SubmitError::new(callable.0, reason))
    }

    /// As [`Executor::submit_fallible`].
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub fn submit_fallible<F, T, E>(&self, callable: F) -> Result<Future<T>, SubmitError<F>>
    where
        F: FnOnce() -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + 'static,
    {
        self.submit_callable(Raising(callable))
            .map_err(|(callable, reason)| SubmitError::new(callable.0, reason))
    }

    /// # Errors
    /// The callable, and why it was refused.
    fn submit_callable<C>(&self, callable: C) -> Result<Future<C::Output>, (C, RefusedReason)>
    where
        C: Callable + Send + 'static,
        C::Output: Send + 'static,
    {
        let shared = self.executor.shared();
        Shared::submit_by(shared, callable, |task| shared.schedule(task, self.when_full))
    }
}

impl<B: Backend> fmt::Debug for Submitter<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submitter").field("when_full", &self.when_full).finish_non_exhaustive()
    }
}

impl<B: Backend> Shared<B> {
    /// As the backend's own `schedule`, with another policy for when the queue is full.
    ///
    /// # Errors
    /// The task, and why it was refused.
    pub(crate) fn schedule(&self, task: Task, when_full: WhenFull) -> Result<(), Refused> {
        match self.supervisor() {
            Some(supervisor) => supervisor.schedule(task, when_full),
            None => schedule_or_run(self.backend(), task, when_full),
        }
    }
}

/// # Errors
/// The task, if the backend refused it and it is not to be run here, or too many tasks are on this stack
/// already.
fn schedule_or_run<B: Backend>(
    backend: &B,
    task: Task,
    when_full: WhenFull,
) -> Result<(), Refused> {
    let given = task.id();
    match backend.schedule(task) {
        Err(Refused { task, reason: RefusedReason::Full })
            if when_full == WhenFull::RunInCaller
                && task.id() == given
                && crate::context::has_room() =>
        {
            task.run();
            Ok(())
        }
        scheduled => scheduled,
    }
}

/// # Errors
/// The callable, and why it was refused.
async fn submit_in_turn<B: Backend, C>(
    shared: &Arc<Shared<B>>,
    callable: C,
) -> Result<Future<C::Output>, (C, RefusedReason)>
where
    C: Callable + Send + 'static,
    C::Output: Send + 'static,
{
    let Some(supervisor) = shared.supervisor() else { return Shared::submit(shared, callable) };
    let mut turn = Turn { supervisor, ticket: Ticket::default() };
    let mut callable = callable;
    loop {
        core::future::poll_fn(|cx| supervisor.poll_room(&mut turn.ticket, cx.waker())).await;
        let ticket = &mut turn.ticket;
        let submitted =
            Shared::submit_by(shared, callable, |task| supervisor.schedule_in_turn(task, ticket));
        match submitted {
            // Free a moment ago, and somebody was quicker.
            Err((again, RefusedReason::Full)) => callable = again,
            submitted => return submitted,
        }
    }
}

/// A place in the line, left when dropped.
struct Turn<'a> {
    supervisor: &'a dyn Supervise,
    ticket: Ticket,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.supervisor.withdraw(&mut self.ticket);
    }
}
