//! A doubly linked list of slots through their own headers: nothing is allocated, any entry can be
//! unlinked in constant time. Not synchronized: whoever owns a chain holds its lock (I7).

use core::ptr::NonNull;

use super::fifo::Batch;
use crate::slot::{Header, SlotRef};
use crate::sync::atomic::Ordering;

/// Neighbours in a chain, in the header of a slot.
pub(crate) struct Links {
    next: Option<NonNull<Header>>,
    previous: Option<NonNull<Header>>,
}

impl Links {
    pub(crate) const fn new() -> Self {
        Self { next: None, previous: None }
    }
}

/// A list of slots, each with a counted reference.
pub(crate) struct Chain {
    first: Option<NonNull<Header>>,
    last: Option<NonNull<Header>>,
    len: usize,
    /// What `home` is in the slots of this chain; not 0.
    home: u32,
}

// SAFETY: a chain owns counted references to slots, which are Send.
unsafe impl Send for Chain {}

/// # Safety
/// The slot is alive, and its links belong to the caller (I7).
unsafe fn links<R>(slot: NonNull<Header>, f: impl FnOnce(&mut Links) -> R) -> R {
    // SAFETY: alive, as the caller promises.
    let header = unsafe { slot.as_ref() };
    // SAFETY: the links are the caller's, as it promises; `f` touches these only.
    header.links.with_mut(|links| f(unsafe { &mut *links }))
}

impl Chain {
    pub(crate) const fn new(home: u32) -> Self {
        Self { first: None, last: None, len: 0, home }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds at the end.
    pub(crate) fn push(&mut self, slot: SlotRef) {
        // ORDERING: Release; pairs with the Acquire in `home_of`: whoever reads this home and takes
        // its lock finds the links written (the lock orders them); only the value matters.
        slot.header().home.store(self.home, Ordering::Release);
        let slot = slot.into_raw();
        let last = self.last.replace(slot);
        // SAFETY: the reference just given up was counted and is now the chain's; a slot that is
        // pushed is in no list.
        unsafe { links(slot, |links| *links = Links { next: None, previous: last }) };
        match last {
            // SAFETY: in this chain, whose lock the caller holds.
            Some(last) => unsafe { links(last, |links| links.next = Some(slot)) },
            None => self.first = Some(slot),
        }
        self.len += 1;
    }

    /// Takes the first.
    pub(crate) fn pop(&mut self) -> Option<SlotRef> {
        let slot = self.first?;
        // SAFETY: in this chain, whose lock the caller holds.
        Some(unsafe { self.unlink(slot) })
    }

    /// Takes half of it, at least one if there is any, as far as there is room.
    pub(crate) fn take_half(&mut self, batch: &mut Batch) {
        for _ in 0..self.len.div_ceil(2).min(batch.capacity() - batch.len()) {
            let Some(slot) = self.pop() else { return };
            if let Err(slot) = batch.push_back(slot) {
                return self.push(slot); // not reached: the room was counted
            }
        }
    }

    /// Unlinks a slot, if it is in this chain.
    pub(crate) fn remove(&mut self, slot: &SlotRef) -> Option<SlotRef> {
        if home_of(slot) != self.home {
            return None;
        }
        // SAFETY: `home` changes only under the lock of the list it names, which the caller holds.
        Some(unsafe { self.unlink(slot.as_raw()) })
    }

    /// # Safety
    /// The slot is in this chain.
    unsafe fn unlink(&mut self, slot: NonNull<Header>) -> SlotRef {
        // SAFETY: in this chain, whose lock the caller holds.
        let (next, previous) = unsafe { links(slot, |l| (l.next.take(), l.previous.take())) };
        match previous {
            // SAFETY: in this chain, whose lock the caller holds.
            Some(previous) => unsafe { links(previous, |links| links.next = next) },
            None => self.first = next,
        }
        match next {
            // SAFETY: in this chain, whose lock the caller holds.
            Some(next) => unsafe { links(next, |links| links.previous = previous) },
            None => self.last = previous,
        }
        self.len -= 1;
        // SAFETY: the chain's reference, given up here.
        let slot = unsafe { SlotRef::from_raw(slot) };
        // ORDERING: Release; pairs with the Acquire in `home_of`.
        slot.header().home.store(0, Ordering::Release);
        slot
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        while let Some(slot) = self.pop() {
            drop(crate::task::Task::from_slot(slot)); // resolves as abandoned
        }
    }
}

/// The list that a slot is in, if any; certain only under that list's lock.
pub(crate) fn home_of(slot: &SlotRef) -> u32 {
    // ORDERING: Acquire; pairs with the Release in `push` and `unlink`.
    slot.header().home.load(Ordering::Acquire)
}
