//! [`Canceller`] and [`CancelOnDrop`]: cancelling a future that another waits for, or by leaving.
#![forbid(unsafe_code)]

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::contain::contain;
use crate::error::TaskError;
use crate::future::Future;
use crate::slot::SlotRef;

/// Cancels a future from elsewhere. Clones cancel the same one.
#[derive(Clone)]
pub struct Canceller {
    pub(crate) slot: SlotRef,
}

impl Canceller {
    pub(crate) fn new(slot: SlotRef) -> Self {
        Self { slot }
    }

    crate::sync::model_only! {
        pub(crate) fn slot(&self) -> &SlotRef {
            &self.slot
        }
    }

    /// Cancels the task if it has not started; says whether it will never start.
    pub fn cancel(&self) -> bool {
        self.slot.cancel()
    }

    /// Asks the task to stop, as [`Future::request_stop`].
    pub fn request_stop(&self) {
        self.slot.header().state.request_stop();
    }

    /// Whether the task was asked to stop. This is how a task that gets its own canceller, in a
    /// message or a static, sees it without `std`.
    pub fn stop_requested(&self) -> bool {
        self.slot.snapshot().is_stop_requested()
    }

    /// Whether it has a value, an error, or was cancelled.
    pub fn done(&self) -> bool {
        self.slot.snapshot().is_done()
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Canceller {:?}>", self.slot)
    }
}

/// A future that is cancelled, if it has not started, when this is dropped.
#[must_use = "dropping it cancels the task"]
pub struct CancelOnDrop<T> {
    future: Option<Future<T>>,
}

impl<T> CancelOnDrop<T> {
    pub(crate) fn new(future: Future<T>) -> Self {
        Self { future: Some(future) }
    }

    /// The future, no longer cancelled by leaving.
    pub fn into_inner(mut self) -> Option<Future<T>> {
        self.future.take()
    }
}

impl<T> core::future::Future for CancelOnDrop<T> {
    type Output = Result<T, TaskError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.future {
            Some(future) => Pin::new(future).poll(context),
            None => Poll::Ready(Err(TaskError::taken())),
        }
    }
}

impl<T> Drop for CancelOnDrop<T> {
    fn drop(&mut self) {
        if let Some(future) = &mut self.future {
            let seen = future.slot().snapshot();
            let waker = future.unique().take_waker_back(seen); // before the cancel, which would wake it
            future.cancel();
            let _ = contain(|| drop(waker)); // after it, which has to be done also when this unwinds
        }
    }
}

impl<T> fmt::Debug for CancelOnDrop<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.future, f)
    }
}
