//! [`SharedFuture`]: many handles and many waiters for one value.

use core::fmt;
use core::future::IntoFuture;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll, Waker};

use crate::blocking::{self, Waitable};
use crate::error::TaskError;
use crate::future::Future;
use crate::node::Node;
use crate::park::Park;
use crate::slot::SlotRef;
use crate::state::{Disarm, List};
use crate::sync::Arc;

/// A future that can be cloned. All clones see the same value, by reference; the last one drops it.
pub struct SharedFuture<T> {
    future: Arc<Sharing<T>>,
}

/// The unique future, looked at from many threads.
struct Sharing<T>(Future<T>);

// SAFETY: shared handles give out `&T`, and the last of them drops the `T`, in whatever thread.
unsafe impl<T: Send + Sync> Sync for Sharing<T> {}

impl<T> Future<T> {
    /// Makes it clonable, for many waiters. One more allocation.
    pub fn shared(mut self) -> SharedFuture<T> {
        self.unique().stop_waiting(); // shared ones wait in the list
        SharedFuture { future: Arc::new(Sharing(self)) }
    }
}

impl<T> SharedFuture<T> {
    crate::observe::observers!();

    pub(crate) fn slot(&self) -> &SlotRef {
        self.future.0.slot()
    }

    /// The outcome, if there is one yet. Never waits.
    pub fn try_result(&self) -> Option<Result<&T, TaskError>> {
        let snapshot = self.slot().snapshot();
        if !snapshot.is_done() {
            return None;
        }
        if snapshot.is_cancelled() {
            return Some(Err(TaskError::cancelled()));
        }
        Some(match self.future.0.peek() {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => {
                self.slot().header().state.mark_read();
                Err(error.clone())
            }
            None => Err(TaskError::taken()), // before it was shared
        })
    }

    /// Waits on `park`, until the deadline if there is one.
    ///
    /// # Errors
    /// What became of the task, `TimedOut`, or `WouldDeadlock` if it waits for itself.
    pub fn result_with<P: Park>(
        &self,
        park: &P,
        deadline: Option<P::Instant>,
    ) -> Result<&T, TaskError> {
        let node = core::pin::pin!(Node::waiter());
        let mut waiting = SharedWaiter { slot: self.slot(), node: node.as_ref() };
        blocking::wait(&mut waiting, park, deadline).into_result()?;
        self.try_result().unwrap_or_else(|| Err(TaskError::timed_out()))
    }
}

#[cfg(feature = "std")]
impl<T> SharedFuture<T> {
    /// Blocks the thread until the task has ended, and lends its value.
    ///
    /// # Errors
    /// What became of the task, or `WouldDeadlock` if it waits for itself.
    pub fn result(&self) -> Result<&T, TaskError> {
        self.result_with(&crate::ThreadParker::current(), None)
    }

    /// Blocks for at most `timeout`.
    ///
    /// # Errors
    /// What became of the task, or `TimedOut`.
    pub fn result_timeout(&self, timeout: core::time::Duration) -> Result<&T, TaskError> {
        let deadline = std::time::Instant::now().checked_add(timeout);
        self.result_with(&crate::ThreadParker::current(), deadline)
    }

    /// As [`Future::add_done_callback`].
    pub fn add_done_callback<F>(&self, callback: F)
    where
        F: FnOnce(&crate::Completion) + Send + 'static,
    {
        self.future.0.add_done_callback(callback);
    }
}

impl<T> Clone for SharedFuture<T> {
    fn clone(&self) -> Self {
        Self { future: self.future.clone() }
    }
}

impl<T> fmt::Debug for SharedFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<SharedFuture {:?}>", self.slot())
    }
}

/// Waits for a slot through its list. The node is unlinked when this is dropped.
pub(crate) struct SharedWaiter<'a> {
    slot: &'a SlotRef,
    node: Pin<&'a Node>,
}

impl Waitable for SharedWaiter<'_> {
    fn slot(&self) -> &SlotRef {
        self.slot
    }

    fn poll_done(&mut self, waker: &Waker) -> Poll<()> {
        poll_node(self.slot, self.node, waker)
    }

    fn stop_waiting(&mut self) {
        unlink(self.slot, self.node);
    }
}

impl Drop for SharedWaiter<'_> {
    fn drop(&mut self) {
        self.stop_waiting();
    }
}

/// Links the node with this waker, or says that the slot is resolved.
pub(crate) fn poll_node(slot: &SlotRef, node: Pin<&Node>, waker: &Waker) -> Poll<()> {
    if slot.snapshot().is_done() {
        return Poll::Ready(());
    }
    unlink(slot, node);
    // SAFETY: the node is the caller's, a waiter's, and has just been unlinked.
    let before = unsafe { node.set_waker(waker.clone()) };
    drop(before);
    // SAFETY: pinned, and every owner unlinks it before its end.
    match unsafe { slot.link_node(NonNull::from(node.get_ref())) } {
        List::Open => Poll::Pending,
        List::Resolved => {
            unlink(slot, node);
            Poll::Ready(())
        }
    }
}

/// Unlinks the node if it is linked, and drops its waker.
pub(crate) fn unlink(slot: &SlotRef, node: Pin<&Node>) {
    let _ = take_back(slot, node);
}

/// As `unlink`; says whether whoever publishes has the waker instead.
pub(crate) fn take_back(slot: &SlotRef, node: Pin<&Node>) -> Disarm {
    // SAFETY: linked in this slot's list or in none.
    let waker = unsafe { slot.unlink_node(NonNull::from(node.get_ref())) };
    let disarm = if waker.is_some() { Disarm::Disarmed } else { Disarm::Resolved };
    let _ = crate::contain::contain(|| drop(waker));
    disarm
}

/// What `(&shared).await` waits with.
#[must_use = "futures do nothing unless awaited"]
pub struct SharedResult<'a, T> {
    shared: &'a SharedFuture<T>,
    node: Node,
}

impl<'a, T> IntoFuture for &'a SharedFuture<T> {
    type Output = Result<&'a T, TaskError>;
    type IntoFuture = SharedResult<'a, T>;

    fn into_future(self) -> SharedResult<'a, T> {
        SharedResult { shared: self, node: Node::waiter() }
    }
}

impl<'a, T> SharedResult<'a, T> {
    fn node(self: Pin<&Self>) -> Pin<&Node> {
        // SAFETY: structural: the node is never moved out of a pinned `SharedResult`.
        unsafe { self.map_unchecked(|this| &this.node) }
    }
}

impl<'a, T> core::future::Future for SharedResult<'a, T> {
    type Output = Result<&'a T, TaskError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.as_ref();
        let shared = this.shared;
        match poll_node(shared.slot(), this.node(), context.waker()) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                Poll::Ready(shared.try_result().unwrap_or_else(|| Err(TaskError::timed_out())))
            }
        }
    }
}

impl<T> Drop for SharedResult<'_, T> {
    fn drop(&mut self) {
        // SAFETY: pinned if it was ever polled, and not moved from here on.
        unlink(self.shared.slot(), unsafe { Pin::new_unchecked(&self.node) });
    }
}

impl<T> fmt::Debug for SharedResult<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.shared, f)
    }
}
