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
use crate::closing::Closing;
use crate::contain::contain;
use crate::executor::{Executor, Shared};
use crate::future::Future;

/// Submits to an executor that belongs to somebody else, and never blocks.
///
/// Clones submit to the same one. It keeps nothing alive: once the executor is gone, all is refused.
///
/// An executor that waits for its end when it is dropped waits for calls of `submit` too. One that
/// does not, because it was detached or is dropped in one of its own tasks, may be let go by such a
/// call at last: then the backend is dropped there, and a panic of its drop is contained.
pub struct WeakExecutor<B> {
    shared: Weak<Shared<B>>,
    closing: Arc<Closing>,
}

impl<B: Backend> Executor<B> {
    /// A handle for those who submit later, from wherever they are, and are not to keep this
    /// executor.
    pub fn downgrade(&self) -> WeakExecutor<B> {
        let shared = self.shared();
        WeakExecutor { shared: Arc::downgrade(shared), closing: shared.closing.clone() }
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
        let visit = Visit::begin(self);
        let Some(shared) = visit.as_ref().and_then(|visit| visit.shared.as_ref()) else {
            return Err((callable, RefusedReason::ShutDown));
        };
        Shared::submit_by(shared, callable, |task| shared.schedule(task, WhenFull::Reject))
    }

    /// Whether the executor accepts nothing any more, because it was closed, shut down or dropped.
    pub fn is_closed(&self) -> bool {
        self.closing.is_closed()
    }

    /// As [`is_closed`](Self::is_closed); if not, the waker is woken when it is. The same waker is
    /// kept once.
    pub fn poll_closed(&self, waker: &Waker) -> Poll<()> {
        self.closing.poll_closed(waker)
    }
}

/// A thread that holds an executor that is not its own; whoever drops the executor waits for its end.
struct Visit<'a, B> {
    shared: Option<Arc<Shared<B>>>,
    closing: &'a Closing,
}

impl<'a, B> Visit<'a, B> {
    fn begin(to: &'a WeakExecutor<B>) -> Option<Self> {
        to.closing.enter().then(|| Self { shared: to.shared.upgrade(), closing: &to.closing })
    }
}

impl<B> Drop for Visit<'_, B> {
    fn drop(&mut self) {
        let shared = self.shared.take();
        // The last one, if nobody waited, drops the backend, which may panic.
        let _ = contain(|| drop(shared));
        self.closing.leave();
    }
}

impl<B> Clone for WeakExecutor<B> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), closing: self.closing.clone() }
    }
}

impl<B> fmt::Debug for WeakExecutor<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakExecutor").finish_non_exhaustive()
    }
}
