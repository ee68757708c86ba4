//! Which members of a [`FixedWaitSet`](crate::FixedWaitSet) have been resolved: a stack of nodes that
//! lie in the pinned set, and are linked into the lists of the members' slots.
//!
//! A waker that points into a set could outlive it: who resolves a member takes the waker first and
//! wakes it later, and the set's end would have to wait for that. So here nothing points into the set
//! but nodes, which are popped, noted in the stack and forgotten in one turn of the slot's lock; and the
//! set's end takes a turn of it too, to unlink each. Nobody waits for anything longer than that.
//!
//! One number, `top`, says what there is: nothing, nothing but a waker in the cell, or the seat that
//! was pushed last.
//!
//! Invariants, cited below:
//!
//! - **F1** From the moment it is linked a node stays in place, alive, until it was unlinked by the
//!   set under the slot's lock (`settle`), or popped. The set is pinned, settles each node before it
//!   does anything else with the seat, and all of them before it ends; forgotten, it stays for ever.
//! - **F2** A popped node's `below`, and `top`, are touched by whoever popped it only before it
//!   releases the slot's lock. After the settling they belong to the set.
//! - **F3** The waker cell belongs to the set while `top` says nothing of it and no node that was
//!   popped is unsettled; to the push that finds `top` saying so, until it releases the slot's lock.

use core::ptr::NonNull;
use core::task::Waker;

use super::next::Armed;
use crate::node::Node;
use crate::slot::SlotRef;
use crate::state::List;
use crate::sync::{
    Tombstone, UnsafeCell, atomic::AtomicUsize, atomic::Ordering, const_unless_modeled,
};

/// Nothing was pushed.
const NOTHING: usize = 0;
/// Nothing was pushed, and the waker in the cell is the next push's.
const ARMED: usize = 1;
/// Seat 0; the others follow.
const FIRST: usize = 2;

/// What pushes share.
struct Shared {
    top: AtomicUsize,
    waker: UnsafeCell<Option<Waker>>,
    tombstone: Tombstone,
}

/// A seat's node. It comes first: its address is the entry's.
#[repr(C)]
struct Entry {
    node: Node,
    /// Written while the node is linked nowhere; read under the lock of the list that it is in.
    place: UnsafeCell<Option<Place>>,
    /// What was on top before (F2).
    below: UnsafeCell<usize>,
}

#[derive(Clone, Copy)]
struct Place {
    shared: NonNull<Shared>,
    seat: usize,
}

/// The stack, and the nodes of `N` seats. Is moved only while no node of it is linked.
pub(super) struct FixedReady<const N: usize> {
    shared: Shared,
    entries: [Entry; N],
}

// SAFETY: what others touch, they touch as F1 to F3 say; wakers are Send.
unsafe impl<const N: usize> Send for FixedReady<N> {}
// SAFETY: by shared reference `top` is read, nothing else, by whoever is not the set.
unsafe impl<const N: usize> Sync for FixedReady<N> {}

impl<const N: usize> FixedReady<N> {
    const_unless_modeled! {
    pub(super) const fn new() -> Self {
        Self {
            shared: Shared {
                top: AtomicUsize::new(NOTHING),
                waker: UnsafeCell::new(None),
                tombstone: Tombstone::new(),
            },
            entries: crate::sync::array_of!(Entry::new(); N),
        }
    }
    }

    /// Links the seat's node, or says that the slot is resolved.
    ///
    /// # Safety
    /// The set is pinned, will settle the node (F1), and it is linked nowhere.
    pub(super) unsafe fn link(&self, seat: usize, slot: &SlotRef) -> List {
        let Some(entry) = self.entries.get(seat) else { return List::Resolved };
        let place = Place { shared: NonNull::from(&self.shared), seat };
        // SAFETY: linked nowhere, so nobody else looks.
        entry.place.with_mut(|cell| unsafe { *cell = Some(place) });
        // SAFETY: as the caller promises. The pointer is to the whole entry.
        unsafe { slot.link_node(NonNull::from(entry).cast()) }
    }

    /// Unlinks the seat's node if it is linked still. Afterwards nobody has it: it was never pushed,
    /// or is on the stack and all that came of it is over (F2).
    pub(super) fn settle(&self, seat: usize, slot: &SlotRef) {
        let Some(entry) = self.entries.get(seat) else { return };
        // SAFETY: linked in this slot's list or in none; a member's node has no waker.
        let _ = unsafe { slot.unlink_node(NonNull::from(entry).cast()) };
    }

    /// Whether something has been pushed since the last `take`.
    pub(super) fn has_news(&self) -> bool {
        // ORDERING: Relaxed; only a reason to take.
        self.shared.top.load(Ordering::Relaxed) >= FIRST
    }

    /// Takes what was pushed: the seat that was pushed last, to be settled, and from there on what
    /// [`below`](Self::below) says.
    pub(super) fn take(&mut self) -> Option<usize> {
        if !self.has_news() {
            return None;
        }
        // ORDERING: Relaxed; what was written before the push is seen by the turn of the lock in `settle`.
        self.shared.top.swap(NOTHING, Ordering::Relaxed).checked_sub(FIRST)
    }

    /// The seat that was pushed before this one.
    ///
    /// # Safety
    /// The seat is off the stack and settled (F2).
    pub(super) unsafe fn below(&self, seat: usize) -> Option<usize> {
        // SAFETY: the set's, as the caller promises.
        let below = self.entries.get(seat)?.below.with(|below| unsafe { *below });
        below.checked_sub(FIRST)
    }

    /// Offers the waker to the next push.
    ///
    /// # Safety
    /// Each seat that was taken off the stack is settled (F3).
    pub(super) unsafe fn arm(&mut self, waker: &Waker) -> Armed {
        // SAFETY: as the caller promises.
        if unsafe { self.disarm() } == Armed::News {
            return Armed::News;
        }
        // SAFETY: disarmed, and all is settled: the cell is ours (F3).
        let current = self
            .shared
            .waker
            .with(|cell| unsafe { (*cell).as_ref() }.is_some_and(|old| old.will_wake(waker)));
        if !current {
            // Clone and drop may panic: the old one is gone first, and its panic contained.
            // SAFETY: as the caller promises.
            unsafe { self.forget() };
            let new = waker.clone();
            // SAFETY: as above.
            self.shared.waker.with_mut(|cell| unsafe { *cell = Some(new) });
        }
        // ORDERING: Release; pairs with the Acquire in `push`: the waker is seen. Relaxed on failure:
        // `take` will look again.
        let armed =
            self.shared.top.compare_exchange(NOTHING, ARMED, Ordering::Release, Ordering::Relaxed);
        if armed.is_ok() { Armed::Yes } else { Armed::News }
    }

    /// Takes the offer back; the waker stays where it is. Unless something was pushed.
    ///
    /// # Safety
    /// Each seat that was taken off the stack is settled (F3).
    unsafe fn disarm(&mut self) -> Armed {
        // ORDERING: Relaxed; the cell was last written by the set itself, or before `settle` took its
        // turn.
        let disarmed =
            self.shared.top.compare_exchange(ARMED, NOTHING, Ordering::Relaxed, Ordering::Relaxed);
        match disarmed {
            Ok(_) | Err(NOTHING) => Armed::Yes,
            Err(_) => Armed::News,
        }
    }

    /// Keeps nothing of the waker, unless something was pushed: that push has it.
    ///
    /// # Safety
    /// Each seat that was taken off the stack is settled (F3).
    pub(super) unsafe fn forget(&mut self) {
        // SAFETY: as the caller promises.
        if unsafe { self.disarm() } == Armed::News {
            return;
        }
        // SAFETY: disarmed, and all is settled: the cell is ours (F3).
        let waker = self.shared.waker.with_mut(|cell| unsafe { (*cell).take() });
        let _ = crate::contain::contain(|| drop(waker));
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.tombstone.bury(); // no node is linked any more
    }
}

impl Entry {
    const_unless_modeled! {
    const fn new() -> Self {
        Self {
            node: Node::member(push),
            place: UnsafeCell::new(None),
            below: UnsafeCell::new(NOTHING),
        }
    }
    }
}

/// Puts the node's entry on top, and returns the waker that was offered to the first.
///
/// # Safety
/// The node is an entry's that was just popped, and the lock of its list is held (F2).
unsafe fn push(node: NonNull<Node>) -> Option<Waker> {
    // SAFETY: nodes with this function are in entries, alive until the lock is released (F1).
    let entry = unsafe { node.cast::<Entry>().as_ref() };
    // SAFETY: written before the node was linked.
    let Place { shared, seat } = entry.place.with(|place| unsafe { *place })?;
    // SAFETY: beside the entry, in the same pinned set (F1).
    let shared = unsafe { shared.as_ref() };
    shared.tombstone.assert_alive();
    let next = |top| {
        let under = if top == ARMED { NOTHING } else { top };
        // SAFETY: popped, and the lock is held (F2).
        entry.below.with_mut(|below| unsafe { *below = under });
        Some(FIRST + seat)
    };
    // ORDERING: Acquire; pairs with the Release in `arm`: the waker is seen. What this wrote is seen by
    // the turn of the lock in `settle`.
    let before = shared.top.fetch_update(Ordering::Acquire, Ordering::Relaxed, next);
    if before != Ok(ARMED) {
        return None;
    }
    // SAFETY: offered, and the lock is held (F3).
    shared.waker.with_mut(|cell| unsafe { (*cell).take() })
}
