//! A doubly linked list of slots through their own headers: nothing is allocated, any entry can be
//! unlinked in constant time. Not synchronized: whoever owns a chain holds its lock (I7).

use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use super::fifo::Batch;
use crate::slot::{Header, SlotRef};
use crate::sync::{UnsafeCell, atomic::AtomicU32, atomic::Ordering};

/// So few are not worth a second turn of the lock. In a model, where tasks are few, one is little.
const LITTLE: usize = if crate::sync::IN_A_MODEL { 1 } else { 8 };

/// Room for the neighbours in a chain; nothing is in it while the slot is in none.
pub(crate) struct Links(MaybeUninit<Neighbours>);

#[derive(Clone, Copy)]
struct Neighbours {
    next: Option<NonNull<Header>>,
    previous: Option<NonNull<Header>>,
}

impl Links {
    pub(crate) const fn new() -> Self {
        Self(MaybeUninit::uninit())
    }
}

/// Where in a slot a kind of chain keeps its links, and the number of the chain that holds it (I7).
/// A slot may be in one chain of each kind.
pub(crate) trait Place {
    /// # Safety
    /// The slot is alive, and has this place.
    unsafe fn home<'a>(slot: NonNull<Header>) -> &'a AtomicU32;

    /// # Safety
    /// The slot is alive, and has this place.
    unsafe fn links<'a>(slot: NonNull<Header>) -> &'a UnsafeCell<Links>;
}

/// In the header: for the queues of whoever runs the task.
pub(crate) struct Queued;

impl Place for Queued {
    unsafe fn home<'a>(slot: NonNull<Header>) -> &'a AtomicU32 {
        // SAFETY: alive, as the caller promises.
        &unsafe { slot.as_ref() }.home
    }

    unsafe fn links<'a>(slot: NonNull<Header>) -> &'a UnsafeCell<Links> {
        // SAFETY: alive, as the caller promises.
        &unsafe { slot.as_ref() }.links
    }
}

/// A list of slots, each with a counted reference.
pub(crate) struct Chain<P: Place = Queued> {
    first: Option<NonNull<Header>>,
    last: Option<NonNull<Header>>,
    len: usize,
    /// What `home` is in the slots of this chain, which is not 0, less one: so that a chain in a static
    /// that is the first of its keeper is made of zeros, and costs no flash.
    home_less_one: u32,
    place: PhantomData<P>,
}

// SAFETY: a chain owns counted references to slots, which are Send.
unsafe impl<P: Place> Send for Chain<P> {}

/// # Safety
/// The slot is alive, its links in this place belong to the caller, and it is in a chain of this kind (I7).
unsafe fn links<P: Place, R>(slot: NonNull<Header>, f: impl FnOnce(&mut Neighbours) -> R) -> R {
    // SAFETY: alive, as the caller promises.
    let links = unsafe { P::links(slot) };
    links.with_mut(|links| {
        // SAFETY: the links are the caller's, as it promises.
        let links = unsafe { &mut *links };
        // SAFETY: written when the slot was pushed; `f` touches these only.
        f(unsafe { links.0.assume_init_mut() })
    })
}

/// # Safety
/// The slot is alive, and its links in this place belong to the caller (I7).
unsafe fn set_links<P: Place>(slot: NonNull<Header>, neighbours: Neighbours) {
    // SAFETY: alive, as the caller promises.
    let links = unsafe { P::links(slot) };
    // SAFETY: the links are the caller's, as it promises.
    links.with_mut(|links| unsafe { *links = Links(MaybeUninit::new(neighbours)) });
}

impl<P: Place> Chain<P> {
    /// An empty chain, whose number is `home`, not 0.
    pub(crate) const fn new(home: u32) -> Self {
        Self { first: None, last: None, len: 0, home_less_one: home - 1, place: PhantomData }
    }

    fn home(&self) -> u32 {
        self.home_less_one + 1
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds at the end. The slot is in no chain of this kind.
    pub(crate) fn push(&mut self, slot: SlotRef) {
        set_home::<P>(&slot, self.home());
        let slot = slot.into_raw();
        let last = self.last.replace(slot);
        // SAFETY: the reference just given up was counted and is now the chain's; a slot that is
        // pushed is in no list.
        unsafe { set_links::<P>(slot, Neighbours { next: None, previous: last }) };
        match last {
            // SAFETY: in this chain, whose lock the caller holds.
            Some(last) => unsafe { links::<P, _>(last, |links| links.next = Some(slot)) },
            None => self.first = Some(slot),
        }
        self.len += 1;
    }

    /// Takes the first.
    pub(crate) fn pop(&mut self) -> Option<SlotRef> {
        let slot = self.first?;
        // SAFETY: in this chain, whose lock the caller holds.
        let next = unsafe { links::<P, _>(slot, |links| links.next) };
        self.first = next;
        // SAFETY: as above, and it was the first.
        Some(unsafe { self.let_go(slot, next, None) })
    }

    /// Forgets all entries, with their references.
    #[cfg(feature = "alloc")]
    pub(crate) fn leak(&mut self) {
        core::mem::forget(core::mem::replace(self, Self::new(self.home())));
    }

    /// Takes half of it, or all if that is little, as far as there is room.
    pub(crate) fn take_half(&mut self, batch: &mut Batch) {
        let share = self.len.div_ceil(2).max(self.len.min(LITTLE));
        for _ in 0..share.min(batch.capacity() - batch.len()) {
            let Some(slot) = self.pop() else { return };
            if let Err(slot) = batch.push_back(slot) {
                return self.push(slot); // not reached: the room was counted
            }
        }
    }

    /// Unlinks a slot, if it is in this chain.
    pub(crate) fn remove(&mut self, slot: &SlotRef) -> Option<SlotRef> {
        if home_of::<P>(slot) != self.home() {
            return None;
        }
        // SAFETY: `home` changes only under the lock of the list it names, which the caller holds.
        Some(unsafe { self.unlink(slot.as_raw()) })
    }

    /// # Safety
    /// The slot is in this chain.
    unsafe fn unlink(&mut self, slot: NonNull<Header>) -> SlotRef {
        // SAFETY: in this chain, whose lock the caller holds.
        let Neighbours { next, previous } = unsafe { links::<P, _>(slot, |links| *links) };
        match previous {
            // SAFETY: in this chain, whose lock the caller holds.
            Some(previous) => unsafe { links::<P, _>(previous, |links| links.next = next) },
            None => self.first = next,
        }
        // SAFETY: in this chain, and those are its neighbours.
        unsafe { self.let_go(slot, next, previous) }
    }

    /// What is left of unlinking a slot that the one before it does not name any more.
    ///
    /// # Safety
    /// The slot is in this chain, and those are its neighbours.
    unsafe fn let_go(
        &mut self,
        slot: NonNull<Header>,
        next: Option<NonNull<Header>>,
        previous: Option<NonNull<Header>>,
    ) -> SlotRef {
        match next {
            // SAFETY: in this chain, whose lock the caller holds.
            Some(next) => unsafe { links::<P, _>(next, |links| links.previous = previous) },
            None => self.last = previous,
        }
        self.len -= 1;
        // SAFETY: the chain's reference, given up here.
        let slot = unsafe { SlotRef::from_raw(slot) };
        set_home::<P>(&slot, 0);
        slot
    }
}

impl<P: Place> Drop for Chain<P> {
    fn drop(&mut self) {
        while let Some(slot) = self.pop() {
            drop(crate::task::Task::from_slot(slot)); // resolves as abandoned
        }
    }
}

/// The list of that kind that a slot is in, if any; certain only under that list's lock.
pub(crate) fn home_of<P: Place>(slot: &SlotRef) -> u32 {
    // SAFETY: the reference keeps it alive; chains of this kind hold only slots with this place.
    let home = unsafe { P::home(slot.as_raw()) };
    // ORDERING: Relaxed; only the number matters. Links are ordered by the lock of the chain, under which
    // whoever has to be certain asks again.
    home.load(Ordering::Relaxed)
}

fn set_home<P: Place>(slot: &SlotRef, number: u32) {
    // SAFETY: as in `home_of`.
    let home = unsafe { P::home(slot.as_raw()) };
    // ORDERING: Relaxed; as in `home_of`.
    home.store(number, Ordering::Relaxed);
}
