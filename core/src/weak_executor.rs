//! [`WeakExecutor`]: a handle that submits and keeps nothing alive.
#![forbid(unsafe_code)]

use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use core::error::Error;
use core::fmt;
use core::task::{Poll, Waker};

use crate::admission::WhenFull;
use crate::backend::{Backend, RefusedReason, SubmitError};
use crate::body::{Callable, Plain, Raising};
use crate::executor::{Executor, Shared};
use crate::future::Future;

/// Submits to an executor that belongs to somebody else, and never blocks.
///
/// Clones submit to the same one. It keeps nothing alive: once the executor is gone, all is refused.
pub struct WeakExecutor<B> {
    shared: Weak<Shared<B>>,
}

impl<B: Backend> Executor<B> {
    /// A handle for those who submit later, from wherever they are, and are not to keep this
    /// executor.
    pub fn downgrade(&self) -> WeakExecutor<B> {
        WeakExecutor { shared: Arc::downgrade(self.shared()) }
    }
}

impl<B: Backend> WeakExecutor<B> {
    /// As [`Executor::submit`], under [`WhenFull::Reject`].
    ///
    /// # Errors
    /// The callable back; [`RefusedReason::ShutDown`] also if the executor is gone.
    pub fn submit<F, T>(&self, callable: F) -> Result<Future<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.submit_as(Plain(callable))
            .map_err(|(callable, reason)| SubmitError::new(callable.0, reason))
    }

    /// As [`Executor::submit_fallible`], under [`WhenFull::Reject`].
    ///
    /// # Errors
    /// The callable back; [`RefusedReason::ShutDown`] also if the executor is gone.
    pub fn submit_fallible<F, T, E>(&self, callable: F) -> Result<Future<T>, SubmitError<F>>
    where
        F: FnOnce() -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + 'static,
    {
        self.submit_as(Raising(callable))
            .map_err(|(callable, reason)| SubmitError::new(callable.0, reason))
    }

    /// # Errors
    /// The callable, and why it was refused.
    fn submit_as<C>(&self, callable: C) -> Result<Future<C::Output>, (C, RefusedReason)>
    where
        C: Callable + Send + 'static,
        C::Output: Send + 'static,
    {
        let Some(shared) = self.shared.upgrade() else {
            return Err((callable, RefusedReason::ShutDown));
        };
        Shared::submit_by(&shared, callable, |task| match shared.supervisor() {
            Some(supervisor) => supervisor.schedule(task, WhenFull::Reject),
            None => shared.backend().schedule(task),
        })
    }

    /// Whether the executor accepts nothing any more, because it was closed, shut down or dropped.
    pub fn is_closed(&self) -> bool {
        self.shared.upgrade().is_none_or(|shared| shared.closing.is_closed())
    }

    /// As [`is_closed`](Self::is_closed); if not, the waker is woken when it is. The same waker is
    /// kept once.
    pub fn poll_closed(&self, waker: &Waker) -> Poll<()> {
        match self.shared.upgrade() {
            Some(shared) => shared.closing.poll_closed(waker),
            None => Poll::Ready(()),
        }
    }
}

impl<B> Clone for WeakExecutor<B> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<B> fmt::Debug for WeakExecutor<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakExecutor").finish_non_exhaustive()
    }
}
