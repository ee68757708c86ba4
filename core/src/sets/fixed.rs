//! [`FixedWaitSet`]: a set of futures that allocates nothing.

use core::fmt;
use core::marker::PhantomPinned;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use super::claims::{Claims, Look};
use super::fixed_ready::FixedReady;
use super::line::Line;
use super::members::Waitable;
use super::next::{Armed, Members, NoNext, next, poll_next};
use super::wait_key::WaitKey;
use crate::park::Park;
use crate::slot::SlotRef;
use crate::state::List;
use crate::sync::const_unless_modeled;

/// Up to `N` futures that are waited for together, without an allocator or an operating system.
///
/// As `WaitSet`, in place: on the stack, in a static, or wherever it was pinned. It has to be pinned
/// because futures that are not done know where it is. A set that is forgotten where it stands leaves
/// nothing dangling; dropping it detaches its futures.
///
/// Completing a member takes its slot's lock for a moment; so do adding, removing and dropping. No
/// other waiting is done but that of [`next_with`](Self::next_with). What may complete a future of a
/// `StaticExecutor` in an interrupt handler may do so also while it is in a set.
///
/// # Examples
/// ```
/// use concurrent_futures_core::{FixedWaitSet, promise};
/// use core::pin::pin;
/// let (one, first) = promise();
/// let (two, second) = promise();
/// let mut set = pin!(FixedWaitSet::<_, 2>::new());
/// set.as_mut().insert(("one", first))?;
/// set.as_mut().insert(("two", second))?;
/// two.complete(2).ok();
/// let (key, future) = set.as_mut().try_next().ok_or("one is done")?;
/// assert_eq!((key, future.result()?), ("two", 2));
/// one.complete(1).ok();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FixedWaitSet<F: Waitable, const N: usize> {
    ready: FixedReady<N>,
    futures: [Option<F>; N],
    generations: [usize; N],
    places: [Place; N],
    /// Of `done` and `free`.
    links: [usize; N],
    done: Line,
    free: Line,
    /// Seats that were never taken begin here.
    untouched: usize,
    len: usize,
    unresolved: usize,
    look: Look,
    _pinned: PhantomPinned,
}

/// Where the member of a seat is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Not resolved, as far as is known.
    Linked,
    /// In the line of resolved ones.
    Done,
    /// Nowhere, or about to be handed over.
    Free,
}

/// The set is full. Gives the future back.
pub struct SetFull<F> {
    future: F,
}

impl<F> SetFull<F> {
    /// The future, as it was.
    pub fn into_inner(self) -> F {
        self.future
    }
}

impl<F: Waitable, const N: usize> FixedWaitSet<F, N> {
    const_unless_modeled! {
    /// An empty set.
    pub const fn new() -> Self {
        Self {
            ready: FixedReady::new(),
            futures: [const { None }; N],
            generations: [0; N],
            places: [Place::Free; N],
            links: [usize::MAX; N],
            done: Line::new(),
            free: Line::new(),
            untouched: 0,
            len: 0,
            unresolved: 0,
            look: Look::new(),
            _pinned: PhantomPinned,
        }
    }
    }

    /// What is inside, which its functions never move.
    fn inside(self: Pin<&mut Self>) -> &mut Self {
        // SAFETY: `ready` stays where it is; futures are never pinned and may move.
        unsafe { self.get_unchecked_mut() }
    }

    /// Adds a future, which may be done already.
    ///
    /// A shared one that is in the set already is not added a second time: the key is that of the first,
    /// and what was given is dropped.
    ///
    /// # Errors
    /// [`SetFull`] with the future, when there are `N` members.
    ///
    /// # Examples
    /// ```
    /// use concurrent_futures_core::{FixedWaitSet, promise};
    /// let mut set = Box::pin(FixedWaitSet::<_, 1>::new());
    /// let (_promise, future) = promise::<u8>();
    /// set.as_mut().insert(future)?;
    /// let (promise, future) = promise();
    /// let full = set.as_mut().insert(future).unwrap_err();
    /// assert_eq!(full.to_string(), "the set is full: take a member out first, or raise N");
    /// promise.complete(1).ok();
    /// assert_eq!(full.into_inner().result()?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn insert(self: Pin<&mut Self>, mut future: F) -> Result<WaitKey, SetFull<F>> {
        let this = self.inside();
        if let Some(seat) = this.seat_of_shared(&mut future) {
            return Ok(this.key(seat));
        }
        let Some(seat) = this.free_seat() else { return Err(SetFull { future }) };
        future.member().stop_waiting(); // members wait in the list
        let future = this.futures[seat].insert(future);
        this.len += 1;
        // SAFETY: pinned, and linked nowhere: a seat is free when it is settled. What sits in a seat is
        // settled before it leaves it, and before the end (F1).
        let linked = unsafe { this.ready.link(seat, future.member().slot()) };
        if linked == List::Open {
            this.places[seat] = Place::Linked;
            this.unresolved += 1;
            this.look.inserted(seat);
            #[cfg(feature = "std")]
            if future.member().has_attempts() {
                this.look.in_attempts(seat);
            }
        } else {
            this.places[seat] = Place::Done;
            this.done.push(&mut this.links, seat);
        }
        Ok(this.key(seat))
    }

    fn key(&self, seat: usize) -> WaitKey {
        WaitKey { seat, generation: self.generations[seat] }
    }

    fn seat_of_shared(&mut self, future: &mut F) -> Option<usize> {
        let id = future.member().shared_id()?;
        let is_same = |member: &mut Option<F>| {
            member.as_mut().is_some_and(|member| member.member().shared_id() == Some(id))
        };
        self.futures.iter_mut().position(is_same)
    }

    fn free_seat(&mut self) -> Option<usize> {
        if let Some(seat) = self.free.pop(&mut self.links) {
            return Some(seat);
        }
        let seat = self.untouched;
        (seat < N).then(|| self.untouched += 1)?;
        Some(seat)
    }

    /// Takes a member out, done or not. Nothing of the set stays with it.
    pub fn remove(self: Pin<&mut Self>, key: WaitKey) -> Option<F> {
        let this = self.inside();
        this.get(key)?;
        this.take(key.seat)
    }

    /// Whether the member is still in the set.
    pub fn contains(&self, key: WaitKey) -> bool {
        self.get(key).is_some()
    }

    /// Looks at a member: to cancel it, say.
    pub fn get(&self, key: WaitKey) -> Option<&F> {
        let current = *self.generations.get(key.seat)? == key.generation;
        current.then(|| self.futures[key.seat].as_ref())?
    }

    /// How many members there are, done or not.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Looks at all members, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &F> {
        self.futures.iter().flatten()
    }

    /// Takes out the next member that is done. Never waits.
    pub fn try_next(self: Pin<&mut Self>) -> Option<F> {
        let this = self.inside();
        let seat = this.pop()?;
        this.take(seat)
    }

    /// Waits on `park` for the next member that is done, until the deadline if there is one, and takes
    /// it out. `None` when the time was up, or the set is empty. Not for interrupt handlers.
    ///
    /// In a task of the members' own executor, without a deadline and with the feature `std`, members
    /// are run right here once no other worker is left who could. A member that can never be done while
    /// its own task waits for it is given as it is.
    pub fn next_with<P: Park>(
        self: Pin<&mut Self>,
        park: &P,
        deadline: Option<P::Instant>,
    ) -> Option<F> {
        let this = self.inside();
        let claims = if deadline.is_some() { Claims::Never } else { Claims::AtLast };
        let seat = match next(this, park, deadline, claims) {
            Ok(seat) => seat?,
            Err(NoNext::WouldDeadlock) => this.futures.iter().position(Option::is_some)?,
            Err(NoNext::DeadlinePassed) => return None,
        };
        this.take(seat)
    }

    /// Takes out the next member that is done, or registers the task to be woken for it.
    /// `Ready(None)` when the set is empty; it may be asked again.
    ///
    /// The task of the last call is woken. Runs no task here.
    pub fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F>> {
        let this = self.inside();
        poll_next(this, context.waker()).map(|seat| this.take(seat?))
    }

    /// As [`poll_next`](Self::poll_next), to be awaited, in any runtime.
    ///
    /// # Cancellation
    /// Dropping the future that this gives takes nothing out of the set, and leaves nothing of the
    /// task in it.
    pub fn next_async(self: Pin<&mut Self>) -> NextFixed<'_, F, N> {
        NextFixed { set: self }
    }

    fn take(&mut self, seat: usize) -> Option<F> {
        let mut future = self.futures[seat].take()?;
        self.generations[seat] = self.generations[seat].wrapping_add(1);
        self.len -= 1;
        if self.places[seat] == Place::Linked {
            self.ready.settle(seat, future.member().slot());
            self.unresolved -= 1;
            self.places[seat] = Place::Free;
            // On the stack if it was resolved in this very moment.
            self.collect();
        }
        if self.places[seat] == Place::Done {
            self.done.remove(&mut self.links, seat);
        }
        self.places[seat] = Place::Free;
        self.free.push(&mut self.links, seat);
        Some(future)
    }

    /// Puts those that have been resolved since into their line.
    fn collect(&mut self) {
        let mut top = self.ready.take();
        let (ready, futures) = (&self.ready, &mut self.futures);
        let (places, unresolved) = (&mut self.places, &mut self.unresolved);
        let taken = core::iter::from_fn(|| {
            let seat = top?;
            // The one that is being taken out was settled before.
            if let Some(future) = &mut futures[seat] {
                ready.settle(seat, future.member().slot());
                *unresolved -= 1;
            }
            places[seat] = Place::Done;
            // SAFETY: off the stack, and settled.
            top = unsafe { ready.below(seat) };
            Some(seat)
        });
        self.done.push_reversed(&mut self.links, taken);
    }
}

/// What `set.next_async().await` waits with.
#[must_use = "futures do nothing unless awaited"]
pub struct NextFixed<'a, F: Waitable, const N: usize> {
    set: Pin<&'a mut FixedWaitSet<F, N>>,
}

impl<F: Waitable, const N: usize> core::future::Future for NextFixed<'_, F, N> {
    type Output = Option<F>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F>> {
        self.set.as_mut().poll_next(context)
    }
}

impl<F: Waitable, const N: usize> Drop for NextFixed<'_, F, N> {
    fn drop(&mut self) {
        self.set.as_mut().inside().disarm();
    }
}

impl<F: Waitable, const N: usize> Members for FixedWaitSet<F, N> {
    fn pop(&mut self) -> Option<usize> {
        let mut seat = self.done.pop(&mut self.links);
        if seat.is_none() {
            self.collect();
            seat = self.done.pop(&mut self.links);
        }
        self.places[seat?] = Place::Free;
        seat
    }

    fn unresolved(&self) -> usize {
        self.unresolved
    }

    fn seats(&self) -> usize {
        self.untouched
    }

    fn task(&mut self, seat: usize) -> Option<SlotRef> {
        self.futures[seat].as_mut()?.member().task()
    }

    fn runs_here(&mut self, seat: usize) -> bool {
        self.futures[seat].as_mut().is_some_and(|future| future.member().runs_here())
    }

    #[cfg(feature = "std")]
    fn watch(&mut self, seat: usize, waker: &Waker) -> bool {
        let future = self.futures[seat].as_mut();
        future.is_some_and(|future| future.member().watch(waker))
    }

    fn look(&mut self) -> &mut Look {
        &mut self.look
    }

    fn has_news(&self) -> bool {
        self.ready.has_news()
    }

    fn arm(&mut self, waker: &Waker) -> Armed {
        // SAFETY: `collect` settles all that it takes.
        unsafe { self.ready.arm(waker) }
    }

    fn disarm(&mut self) {
        // SAFETY: `collect` settles all that it takes.
        unsafe { self.ready.forget() };
    }
}

impl<F: Waitable, const N: usize> Drop for FixedWaitSet<F, N> {
    fn drop(&mut self) {
        // All nodes first: dropping a member may unwind (F1).
        for seat in 0..N {
            if let Some(future) = &mut self.futures[seat] {
                self.ready.settle(seat, future.member().slot());
            }
        }
    }
}

impl<F: Waitable, const N: usize> Default for FixedWaitSet<F, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F: Waitable, const N: usize> fmt::Debug for FixedWaitSet<F, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedWaitSet").field("len", &self.len).finish_non_exhaustive()
    }
}

impl<F: Waitable, const N: usize> fmt::Debug for NextFixed<'_, F, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NextFixed").field("set", &self.set).finish()
    }
}

impl<F> fmt::Debug for SetFull<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetFull").finish_non_exhaustive()
    }
}

impl<F> fmt::Display for SetFull<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the set is full: take a member out first, or raise N")
    }
}

impl<F> core::error::Error for SetFull<F> {}
