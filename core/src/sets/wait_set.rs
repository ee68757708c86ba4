//! [`WaitSet`]: futures that are waited for together, added and removed in between.
#![forbid(unsafe_code)]

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::claims::Claims;
use super::members::Waitable;
use super::next::{Members, NoNext, next, poll_next};
use super::seats::Seats;
use super::wait_key::WaitKey;
use crate::park::Park;

/// Futures that are waited for together, and yielded in the order in which they are done.
///
/// Takes what [`as_completed`](crate::as_completed) takes. Members can be added and removed between
/// any two waits. Adding, removing, and the next one that is done take constant time, however many
/// there are, but for shared futures, which take logarithmic time. A seat is used again when its
/// member is gone: a set that lives for ever is as large as it was when it had most members.
///
/// A set may be moved to another thread between two waits. Adding to it takes `&mut`: what another
/// thread makes while this one waits has to be sent here, and is added before the next wait.
///
/// Dropping the set detaches its futures; the tasks still run.
///
/// # Examples
/// Tasks that make new tasks:
/// ```
/// use concurrent_futures_core::{Executor, InlineBackend, WaitSet};
/// let executor = Executor::new(InlineBackend);
/// let halves = |n: u64| executor.submit(move || (n > 1).then_some((n / 2, n - n / 2)));
/// let mut set = WaitSet::new();
/// set.insert(halves(10)?);
/// let mut leaves = 0;
/// while let Some(future) = set.next() {
///     match future.result()? {
///         None => leaves += 1,
///         Some((one, other)) => set.extend([halves(one)?, halves(other)?]),
///     }
/// }
/// assert_eq!(leaves, 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct WaitSet<F: Waitable> {
    seats: Seats<F>,
}

impl<F: Waitable> WaitSet<F> {
    /// An empty set.
    pub fn new() -> Self {
        Self { seats: Seats::new() }
    }

    /// Adds a future, which may be done already.
    ///
    /// A [`SharedFuture`](crate::SharedFuture) that is in the set already is not added a second time:
    /// the key is that of the first, and what was given is dropped.
    pub fn insert(&mut self, future: F) -> WaitKey {
        let seat = self.seats.insert(future);
        WaitKey { seat, generation: self.seats.generation(seat) }
    }

    /// Takes a member out, done or not. Nothing of the set stays with it.
    ///
    /// # Examples
    /// ```
    /// use concurrent_futures_core::{WaitSet, promise};
    /// let (promise, future) = promise::<u8>();
    /// let mut set = WaitSet::new();
    /// let key = set.insert(future);
    /// assert!(set.remove(key).is_some_and(|future| !future.done()));
    /// assert!(set.remove(key).is_none() && set.next().is_none());
    /// ```
    pub fn remove(&mut self, key: WaitKey) -> Option<F> {
        self.contains(key).then(|| self.seats.take(key.seat))?
    }

    /// Whether the member is still in the set.
    pub fn contains(&self, key: WaitKey) -> bool {
        self.get(key).is_some()
    }

    /// Looks at a member: to cancel it, say.
    pub fn get(&self, key: WaitKey) -> Option<&F> {
        let current = self.seats.generation(key.seat) == key.generation;
        current.then(|| self.seats.get(key.seat))?
    }

    /// How many members there are, done or not.
    pub fn len(&self) -> usize {
        self.seats.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Looks at all members, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &F> {
        self.seats.iter()
    }

    /// Takes all members out, done or not, in no particular order.
    pub fn drain(&mut self) -> impl Iterator<Item = F> + use<F> {
        self.seats.take_all().into_iter()
    }

    /// Takes out the next member that is done. Never waits.
    pub fn try_next(&mut self) -> Option<F> {
        let seat = self.seats.pop()?;
        self.seats.take(seat)
    }

    /// Waits on `park` for the next member that is done, until the deadline if there is one, and takes
    /// it out. `None` when the time was up, or the set is empty. [`next`](Self::next) is this for
    /// threads.
    pub fn next_with<P: Park>(&mut self, park: &P, deadline: Option<P::Instant>) -> Option<F> {
        let claims = if deadline.is_some() { Claims::Never } else { Claims::AtLast };
        match next(&mut self.seats, park, deadline, claims) {
            Ok(seat) => self.seats.take(seat?),
            Err(NoNext::WouldDeadlock) => self.seats.take_any(),
            Err(NoNext::DeadlinePassed) => None,
        }
    }

    /// Takes out the next member that is done, or registers the task to be woken for it.
    /// `Ready(None)` when the set is empty; it may be asked again.
    ///
    /// The task of the last call is woken. Runs no task here, as a blocking wait might.
    pub fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F>> {
        let seats = &mut self.get_mut().seats;
        poll_next(seats, context.waker()).map(|seat| seats.take(seat?))
    }

    /// As [`next`](Self::next), for an async task, in any runtime.
    ///
    /// # Cancellation
    /// Dropping the future that this gives takes nothing out of the set, and leaves nothing of the
    /// task in it.
    ///
    /// # Examples
    /// ```
    /// use concurrent_futures_core::{WaitSet, promise};
    /// # async fn example() -> Option<()> {
    /// let (promise, future) = promise();
    /// let mut set = WaitSet::from_iter([("first", future)]);
    /// promise.complete(1).ok();
    /// let (key, future) = set.next_async().await?;
    /// assert_eq!((key, future.await.ok()), ("first", Some(1)));
    /// # Some(())
    /// # }
    /// ```
    pub fn next_async(&mut self) -> NextDone<'_, F> {
        NextDone { set: self }
    }
}

#[cfg(feature = "std")]
impl<F: Waitable> WaitSet<F> {
    /// Blocks until a member is done, and takes it out. `None` when the set is empty.
    ///
    /// In a task of the members' own executor, members are run right here once no other worker is left
    /// who could. A member that can never be done while its own task waits for it is given as it is;
    /// its `result` says `WouldDeadlock`.
    ///
    /// Not an iterator: what a loop has taken out may add to the set.
    #[expect(clippy::should_implement_trait, reason = "a set is added to between two of them")]
    pub fn next(&mut self) -> Option<F> {
        self.next_with(&crate::ThreadParker::current(), None)
    }

    /// As [`next`](Self::next), for at most `timeout`. `None` when the time was up, or the set is
    /// empty. Runs no task here.
    pub fn next_timeout(&mut self, timeout: core::time::Duration) -> Option<F> {
        match std::time::Instant::now().checked_add(timeout) {
            Some(deadline) => self.next_deadline(deadline),
            None => self.next(), // longer than the clock goes
        }
    }

    /// As [`next_timeout`](Self::next_timeout), until `deadline`.
    pub fn next_deadline(&mut self, deadline: std::time::Instant) -> Option<F> {
        self.next_with(&crate::ThreadParker::current(), Some(deadline))
    }
}

/// What `set.next_async().await` waits with.
#[must_use = "futures do nothing unless awaited"]
pub struct NextDone<'a, F: Waitable> {
    set: &'a mut WaitSet<F>,
}

impl<F: Waitable> core::future::Future for NextDone<'_, F> {
    type Output = Option<F>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F>> {
        Pin::new(&mut *self.get_mut().set).poll_next(context)
    }
}

impl<F: Waitable> Drop for NextDone<'_, F> {
    fn drop(&mut self) {
        self.set.seats.disarm();
    }
}

// Members are never pinned.
impl<F: Waitable> Unpin for WaitSet<F> {}

impl<F: Waitable> Default for WaitSet<F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F: Waitable> Extend<F> for WaitSet<F> {
    fn extend<I: IntoIterator<Item = F>>(&mut self, futures: I) {
        self.seats.extend(futures);
    }
}

impl<F: Waitable> FromIterator<F> for WaitSet<F> {
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> Self {
        let mut set = Self::new();
        set.extend(futures);
        set
    }
}

impl<F: Waitable> fmt::Debug for WaitSet<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitSet").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl<F: Waitable> fmt::Debug for NextDone<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NextDone").field("set", &self.set).finish()
    }
}
