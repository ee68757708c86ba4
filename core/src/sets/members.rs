//! What may be waited for in a set.
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
use alloc::boxed::Box;
#[cfg(feature = "alloc")]
use core::pin::Pin;
#[cfg(feature = "alloc")]
use core::task::{Poll, Waker};

#[cfg(feature = "alloc")]
use crate::any::AnyFuture;
use crate::completion::FutureId;
use crate::future::Future;
#[cfg(feature = "alloc")]
use crate::node::Node;
#[cfg(feature = "alloc")]
use crate::shared::{self, SharedFuture};
use crate::slot::SlotRef;
#[cfg(feature = "alloc")]
use crate::state::Disarm;
use crate::unique::Unique;

/// What sets take: a future, owned or by `&mut`, shared, or of any type; or a pair of a key and one
/// of these. Sealed.
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
    #[cfg(feature = "alloc")]
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

#[cfg(feature = "alloc")]
impl sealed::Sealed for AnyFuture {
    fn member(&mut self) -> Member<'_> {
        Member(Kind::Unique(self.unique()))
    }
}
#[cfg(feature = "alloc")]
impl Waitable for AnyFuture {
    fn is_done(&self) -> bool {
        self.done()
    }
}

#[cfg(feature = "alloc")]
impl<T> sealed::Sealed for SharedFuture<T> {
    fn member(&mut self) -> Member<'_> {
        Member(Kind::Shared(self))
    }
}
#[cfg(feature = "alloc")]
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
#[cfg(feature = "alloc")]
trait Sharing {
    fn slot(&self) -> &SlotRef;
    fn failed(&self) -> bool;
}

#[cfg(feature = "alloc")]
impl<T> Sharing for SharedFuture<T> {
    fn slot(&self) -> &SlotRef {
        self.slot()
    }

    fn failed(&self) -> bool {
        self.slot().snapshot().is_failed()
    }
}

impl<'a> Member<'a> {
    pub(super) fn slot(self) -> &'a SlotRef {
        match self.0 {
            Kind::Unique(unique) => unique.slot(),
            #[cfg(feature = "alloc")]
            Kind::Shared(future) => future.slot(),
        }
    }

    /// What others may have handles of as well, which a set must not yield twice.
    pub(super) fn shared_id(self) -> Option<FutureId> {
        match self.0 {
            Kind::Unique(_) => None,
            #[cfg(feature = "alloc")]
            Kind::Shared(future) => Some(FutureId::of(future.slot())),
        }
    }

    /// Takes back a waker that was registered before it was a member.
    pub(super) fn stop_waiting(self) {
        match self.0 {
            Kind::Unique(unique) => unique.stop_waiting(),
            #[cfg(feature = "alloc")]
            Kind::Shared(_) => {}
        }
    }

    /// Whether this thread is in the middle of what would resolve it: it cannot be resolved before the
    /// wait ends.
    pub(super) fn runs_here(self) -> bool {
        let task = self.slot().root();
        !task.snapshot().is_done() && crate::context::runs(&task)
    }

    /// Whether other tasks have to run for it to be resolved, now one, now another.
    #[cfg(feature = "std")]
    pub(super) fn has_attempts(self) -> bool {
        self.slot().is_chained()
    }

    /// Has the waker woken when `task` may have come to be another; says whether it may.
    #[cfg(feature = "std")]
    pub(super) fn watch(self, waker: &Waker) -> bool {
        self.slot().watch_root(waker)
    }

    /// What would have to be run for it to be resolved, if that is not under way.
    pub(super) fn task(self) -> Option<SlotRef> {
        let slot = self.slot();
        // Most are not asked further: a reference more or less is two writes to what workers write.
        slot.may_be_claimed().then(|| slot.root())
    }
}

#[cfg(feature = "alloc")]
impl Member<'_> {
    /// Registers the waker, or says that the member is resolved.
    pub(super) fn register(self, node: &mut Option<Pin<Box<Node>>>, waker: &Waker) -> Poll<()> {
        match self.0 {
            Kind::Unique(unique) => unique.poll_done(waker),
            Kind::Shared(future) => {
                let node = node.get_or_insert_with(|| Box::pin(Node::waiter()));
                shared::poll_node(future.slot(), node.as_ref(), waker)
            }
        }
    }

    /// Takes the registered waker back, unless whoever publishes has it.
    pub(super) fn take_back(self, node: &mut Option<Pin<Box<Node>>>) -> Disarm {
        match self.0 {
            Kind::Unique(unique) => unique.take_back(),
            Kind::Shared(future) => match node.take() {
                Some(node) => shared::take_back(future.slot(), node.as_ref()),
                None => Disarm::Resolved,
            },
        }
    }

    /// Whether it is resolved, and failed; being cancelled is not failing.
    #[cfg(feature = "std")]
    pub(super) fn failed(self) -> bool {
        match self.0 {
            Kind::Unique(unique) => unique.failed(),
            Kind::Shared(future) => future.failed(),
        }
    }
}
