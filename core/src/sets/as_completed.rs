//! [`as_completed`]: futures in the order in which they are done.
#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::fmt;
use core::iter::FusedIterator;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::time::Instant;

use super::claims::Claims;
use super::members::Waitable;
use super::next::{NoNext, next, poll_next};
use super::seats::Seats;
use crate::thread_parker::ThreadParker;

/// Yields each future once, when it is done; those done already come first.
///
/// Takes futures owned, by `&mut`, shared, of any type, and pairs of a key and one of these, which
/// come back as pairs. What was yielded is no longer referred to. Blocks in `next`.
///
/// In a task of the futures' own executor, members are run right here once no other worker is left
/// who could. A member that can never be done while its own task waits for it is yielded as it is;
/// its `result` says `WouldDeadlock`.
///
/// # Examples
/// ```
/// use concurrent_futures_core::{as_completed, promise};
/// let (slow, late) = promise();
/// let (quick, early) = promise();
/// quick.complete("quick").ok();
/// let mut futures = as_completed([("a", late), ("b", early)]);
/// let (key, future) = futures.next().ok_or("one is done")?;
/// assert_eq!((key, future.result()?), ("b", "quick"));
/// slow.complete("slow").ok();
/// assert_eq!(futures.next().map(|(key, _)| key), Some("a"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn as_completed<I>(futures: I) -> AsCompleted<I::Item>
where
    I: IntoIterator,
    I::Item: Waitable,
{
    AsCompleted { set: seated(futures) }
}

/// As [`as_completed`], for `timeout` from this call. What is not done by then comes back, all at
/// once, in an error that is the last item.
pub fn as_completed_timeout<I>(futures: I, timeout: Duration) -> AsCompletedTimeout<I::Item>
where
    I: IntoIterator,
    I::Item: Waitable,
{
    let deadline = Instant::now().checked_add(timeout);
    AsCompletedTimeout { set: seated(futures), deadline, ended: false }
}

fn seated<I>(futures: I) -> Seats<I::Item>
where
    I: IntoIterator,
    I::Item: Waitable,
{
    let mut set = Seats::new();
    set.extend(futures);
    set
}

/// The iterator of [`as_completed`].
#[must_use = "iterators do nothing unless asked"]
pub struct AsCompleted<F: Waitable> {
    set: Seats<F>,
}

impl<F: Waitable> Iterator for AsCompleted<F> {
    type Item = F;

    fn next(&mut self) -> Option<F> {
        match next(&mut self.set, &ThreadParker::current(), None, Claims::AtLast) {
            Ok(index) => self.set.take(index?),
            Err(NoNext::WouldDeadlock | NoNext::DeadlinePassed) => self.set.take_any(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.set.len(), Some(self.set.len()))
    }
}

impl<F: Waitable> FusedIterator for AsCompleted<F> {}

impl<F: Waitable> ExactSizeIterator for AsCompleted<F> {}

impl<F: Waitable> AsCompleted<F> {
    /// As `next`, for an async task: the next future that is done, or the task is registered to be woken
    /// for it. Works in any runtime; the task of the last call is woken. Runs no task here.
    ///
    /// With the feature `stream` this is `futures_core::Stream`.
    ///
    /// # Examples
    /// ```
    /// use concurrent_futures_core::{as_completed, promise};
    /// use std::{future::poll_fn, pin::Pin};
    /// # async fn example() {
    /// let (promise, future) = promise();
    /// let mut futures = as_completed([future]);
    /// promise.complete(1).ok();
    /// let next = poll_fn(|context| Pin::new(&mut futures).poll_next(context)).await;
    /// assert!(next.is_some_and(|future| future.done()));
    /// # }
    /// ```
    pub fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F>> {
        let set = &mut self.get_mut().set;
        poll_next(set, context.waker()).map(|seat| set.take(seat?))
    }

    /// Whether all were yielded.
    #[cfg(feature = "stream")]
    pub(super) fn is_empty(&self) -> bool {
        self.set.len() == 0
    }
}

// Members are never pinned.
impl<F: Waitable> Unpin for AsCompleted<F> {}

/// The iterator of [`as_completed_timeout`].
#[must_use = "iterators do nothing unless asked"]
pub struct AsCompletedTimeout<F: Waitable> {
    set: Seats<F>,
    deadline: Option<Instant>,
    ended: bool,
}

impl<F: Waitable> Iterator for AsCompletedTimeout<F> {
    type Item = Result<F, StillPending<F>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let claims = if self.deadline.is_some() { Claims::Never } else { Claims::AtLast };
        match next(&mut self.set, &ThreadParker::current(), self.deadline, claims) {
            Ok(index) => self.set.take(index?).map(Ok),
            Err(NoNext::WouldDeadlock | NoNext::DeadlinePassed) => {
                self.ended = true;
                Some(Err(StillPending { futures: self.set.take_all() }))
            }
        }
    }
}

impl<F: Waitable> FusedIterator for AsCompletedTimeout<F> {}

/// The futures that were not done when the time was up.
pub struct StillPending<F> {
    futures: Vec<F>,
}

impl<F> StillPending<F> {
    /// The futures, in the order given.
    pub fn into_inner(self) -> Vec<F> {
        self.futures
    }
}

impl<F> fmt::Debug for StillPending<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StillPending").field("futures", &self.futures.len()).finish()
    }
}

impl<F> fmt::Display for StillPending<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.futures.len() {
            1 => f.write_str("a future was not done when the time was up"),
            count => write!(f, "{count} futures were not done when the time was up"),
        }
    }
}

impl<F> core::error::Error for StillPending<F> {}

impl<F: Waitable> fmt::Debug for AsCompleted<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompleted").field("left", &self.set.len()).finish()
    }
}

impl<F: Waitable> fmt::Debug for AsCompletedTimeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompletedTimeout").field("left", &self.set.len()).finish()
    }
}
