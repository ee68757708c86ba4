//! What may be waited for in a set, and the set itself.
#![forbid(unsafe_code)]

use alloc::boxed::Box;
use alloc::collections::{BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::pin::Pin;
use core::task::{Poll, Waker};
use std::time::Instant;

use super::ready::{Entry, Ready};
use crate::any::AnyFuture;
use crate::completion::FutureId;
use crate::context::Waiting;
use crate::future::Future;
use crate::node::Node;
use crate::park::{Park, Parked};
use crate::shared::{self, SharedFuture};
use crate::slot::{Claimable, SlotRef};
use crate::thread_parker::ThreadParker;
use crate::unique::Unique;

/// What [`wait`](crate::wait) and [`as_completed`](crate::as_completed) take: a future, owned or by
/// `&mut`, shared, or of any type; or a pair of a key and one of these. Sealed.
pub trait Waitable: sealed::Sealed {
    /// Whether the future is done.
    fn is_done(&self) -> bool;
}

mod sealed {
    /// How a member is reached.
    pub trait Sealed {
        #[doc(hidden)]
        fn member(&mut self) -> super::Member<'_>;
    }
}

/// The future in a member of a set.
#[doc(hidden)]
#[derive(Debug)]
pub struct Member<'a>(Kind<'a>);

enum Kind<'a> {
    Unique(&'a mut Unique),
    Shared(&'a dyn Sharing),
}

impl core::fmt::Debug for Kind<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Member")
    }
}

impl<T> sealed::Sealed for Future<T> {
    fn member(&mut self) -> Member<'_> {
        Member(Kind::Unique(self.unique()))
    }
}
impl<T> Waitable for Future<T> {
    fn is_done(&self) -> bool {
        self.done()
    }
}

impl sealed::Sealed for AnyFuture {
    fn member(&mut self) -> Member<'_> {
        Member(Kind::Unique(self.unique()))
    }
}
impl Waitable for AnyFuture {
    fn is_done(&self) -> bool {
        self.done()
    }
}

impl<T> sealed::Sealed for SharedFuture<T> {
    fn member(&mut self) -> Member<'_> {
        Member(Kind::Shared(self))
    }
}
impl<T> Waitable for SharedFuture<T> {
    fn is_done(&self) -> bool {
        self.done()
    }
}

impl<F: Waitable> sealed::Sealed for &mut F {
    fn member(&mut self) -> Member<'_> {
        (**self).member()
    }
}
impl<F: Waitable> Waitable for &mut F {
    fn is_done(&self) -> bool {
        (**self).is_done()
    }
}

impl<K, F: Waitable> sealed::Sealed for (K, F) {
    fn member(&mut self) -> Member<'_> {
        self.1.member()
    }
}
impl<K, F: Waitable> Waitable for (K, F) {
    fn is_done(&self) -> bool {
        self.1.is_done()
    }
}

/// What a set wants of a shared future, whatever its value.
trait Sharing {
    fn slot(&self) -> &SlotRef;
    fn failed(&self) -> bool;
}

impl<T> Sharing for SharedFuture<T> {
    fn slot(&self) -> &SlotRef {
        self.slot()
    }

    fn failed(&self) -> bool {
        !self.cancelled() && matches!(self.try_result(), Some(Err(_)))
    }
}

/// One member while it is in the set.
struct Seat<F> {
    future: Option<F>,
    entry: Arc<Entry>,
    waker: Waker,
    /// For a shared future, whose waiters have nodes of their own.
    node: Option<Pin<Box<Node>>>,
}

impl<F: Waitable> Seat<F> {
    fn register(&mut self) -> Poll<()> {
        let Some(future) = &mut self.future else { return Poll::Ready(()) };
        match future.member().0 {
            Kind::Unique(unique) => unique.poll_done(&self.waker),
            Kind::Shared(future) => {
                let node = self.node.get_or_insert_with(|| Box::pin(Node::waiter()));
                shared::poll_node(future.slot(), node.as_ref(), &self.waker)
            }
        }
    }

    /// Takes the member out; nothing of the set stays with it.
    fn vacate(&mut self) -> Option<F> {
        let mut future = self.future.take()?;
        match future.member().0 {
            Kind::Unique(unique) => unique.stop_waiting(),
            Kind::Shared(future) => {
                if let Some(node) = self.node.take() {
                    shared::unlink(future.slot(), node.as_ref());
                }
            }
        }
        Some(future)
    }

    /// What would have to be run for it to be resolved.
    fn task(&mut self) -> Option<SlotRef> {
        Some(match self.future.as_mut()?.member().0 {
            Kind::Unique(unique) => unique.slot().root(),
            Kind::Shared(future) => future.slot().root(),
        })
    }

    fn failed(&mut self) -> bool {
        let Some(future) = &mut self.future else { return false };
        match future.member().0 {
            Kind::Unique(unique) => unique.failed(),
            Kind::Shared(future) => future.failed(),
        }
    }
}

/// When a worker that waits for a set runs members of it itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Claims {
    /// At once: all of them are waited for.
    Eager,
    /// Only when no other worker is left who could.
    AtLast,
    /// Never: the wait has a deadline.
    Never,
}

/// Why `Set::next` has no member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoNext {
    DeadlinePassed,
    /// What is left could never be resolved while this thread waits for it.
    WouldDeadlock,
}

/// Futures that are waited for together.
pub(super) struct Set<F: Waitable> {
    seats: Vec<Seat<F>>,
    resolved: VecDeque<usize>,
    unresolved: usize,
    /// See `own`.
    own: Option<(usize, usize)>,
    /// How many members `candidate` has looked at.
    looked_at: usize,
    /// Whether every worker waited when it last looked at all.
    all_waited: bool,
    ready: Arc<Ready>,
    park: ThreadParker,
}

impl<F: Waitable> Set<F> {
    /// Registers with every future; the same shared one twice counts once.
    pub(super) fn new(futures: impl IntoIterator<Item = F>) -> Self {
        // Of its own: the set may be waited for in another thread than the one that made it.
        let park = ThreadParker::new();
        let ready = Ready::new(park.waker());
        let mut set = Self {
            seats: Vec::new(),
            resolved: VecDeque::new(),
            unresolved: 0,
            own: None,
            looked_at: 0,
            all_waited: false,
            ready,
            park,
        };
        let mut seen = BTreeSet::new();
        for mut future in futures {
            let repeated = match future.member().0 {
                Kind::Unique(_) => false,
                Kind::Shared(future) => !seen.insert(FutureId::of(future.slot())),
            };
            if !repeated {
                set.add(future);
            }
        }
        set
    }

    fn add(&mut self, future: F) {
        let entry = self.ready.entry(self.seats.len());
        let waker = Waker::from(entry.clone());
        let mut seat = Seat { future: Some(future), entry, waker, node: None };
        match seat.register() {
            Poll::Ready(()) => self.resolved.push_back(self.seats.len()),
            Poll::Pending => self.unresolved += 1,
        }
        self.seats.push(seat);
    }

    /// Members that were resolved when the set was made, or since, and not taken yet.
    fn next_resolved(&mut self) -> Option<usize> {
        if self.resolved.is_empty() {
            for index in self.ready.take(|index| &self.seats[index].entry) {
                // Not those taken out unresolved, which may have been announced just before.
                if self.seats[index].future.is_some() {
                    self.resolved.push_back(index);
                    self.unresolved -= 1;
                    self.own = None;
                }
            }
        }
        self.resolved.pop_front()
    }

    /// The next member to be resolved, waiting for it. `Ok(None)` when there are none left.
    ///
    /// # Errors
    /// Why the wait ended without one.
    pub(super) fn next(
        &mut self,
        deadline: Option<Instant>,
        claims: Claims,
    ) -> Result<Option<usize>, NoNext> {
        let waker = self.park.waker();
        let mut waiting = None;
        loop {
            if let Some(index) = self.next_resolved() {
                return Ok(Some(index));
            }
            if self.unresolved == 0 {
                return Ok(None);
            }
            if claims != Claims::Never && self.unresolved == self.own() {
                return Err(NoNext::WouldDeadlock);
            }
            if claims != Claims::Eager {
                waiting.get_or_insert_with(|| Waiting::enter(&waker));
            }
            match self.candidate(claims) {
                Candidate::Claim(slot) => {
                    drop(waiting.take()); // while it runs a task, this worker does not wait
                    let _ = slot.claim_and_run(); // or somebody else did: look again
                    continue;
                }
                Candidate::TooDeep => return Err(NoNext::WouldDeadlock),
                Candidate::None => {}
            }
            waiting.get_or_insert_with(|| Waiting::enter(&waker));
            if self.park.park(deadline) == Parked::DeadlinePassed {
                // Resolved at the last moment counts.
                return match self.next_resolved() {
                    Some(index) => Ok(Some(index)),
                    None => Err(NoNext::DeadlinePassed),
                };
            }
        }
    }

    /// How many members are tasks that this thread is in the middle of, and has not resolved: they
    /// cannot be before the wait ends. Counted anew whenever a member is resolved, or another task
    /// or thread waits.
    fn own(&mut self) -> usize {
        let token = crate::context::token();
        match self.own {
            Some((counted, own)) if counted == token => own,
            _ => {
                let mine =
                    |slot: &SlotRef| !slot.snapshot().is_done() && crate::context::runs(slot);
                let own = match crate::context::in_task() {
                    true => self.seats.iter_mut().filter_map(Seat::task).filter(mine).count(),
                    false => 0,
                };
                self.own = Some((token, own));
                own
            }
        }
    }

    /// A member that this thread may run now.
    fn candidate(&mut self, claims: Claims) -> Candidate {
        let claimable = match claims {
            Claims::Never => return Candidate::None,
            Claims::Eager => SlotRef::claimable,
            Claims::AtLast => SlotRef::claimable_at_last,
        };
        if claims == Claims::AtLast && self.looked_at == self.seats.len() {
            let all_wait = crate::context::all_wait();
            if all_wait && !self.all_waited {
                self.looked_at = 0; // what could not be claimed before may be now
            }
            self.all_waited = all_wait;
        }
        // Otherwise each member is looked at once: what is not pending never will be again.
        while let Some(seat) = self.seats.get_mut(self.looked_at) {
            self.looked_at += 1;
            let Some(slot) = seat.task() else { continue };
            match claimable(&slot) {
                Claimable::Yes => return Candidate::Claim(slot),
                Claimable::TooDeep => return Candidate::TooDeep,
                Claimable::No => {}
            }
        }
        Candidate::None
    }

    /// Takes a member out.
    pub(super) fn take(&mut self, index: usize) -> Option<F> {
        self.seats.get_mut(index)?.vacate()
    }

    /// Whether a resolved member failed; cancelled ones did not.
    pub(super) fn failed(&mut self, index: usize) -> bool {
        self.seats.get_mut(index).is_some_and(Seat::failed)
    }

    /// How many members are left.
    pub(super) fn left(&self) -> usize {
        self.seats.iter().filter(|seat| seat.future.is_some()).count()
    }

    /// Any member that is left, done or not.
    pub(super) fn take_any(&mut self) -> Option<F> {
        let future = self.seats.iter_mut().find_map(Seat::vacate)?;
        self.unresolved -= 1;
        // Whether it is one of this thread's own is counted anew.
        self.own = None;
        Some(future)
    }

    /// All members that were not taken, in the order given.
    pub(super) fn take_all(&mut self) -> Vec<F> {
        self.seats.iter_mut().filter_map(Seat::vacate).collect()
    }
}

enum Candidate {
    Claim(SlotRef),
    TooDeep,
    None,
}

impl<F: Waitable> Drop for Set<F> {
    fn drop(&mut self) {
        drop(self.take_all());
    }
}
