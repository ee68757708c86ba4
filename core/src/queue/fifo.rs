//! The run queue: a chain under a short lock. It allocates nothing and can unlink.
#![forbid(unsafe_code)]

use super::chain::Chain;
use crate::lock::{Guarded, Lock};
use crate::slot::SlotRef;
use crate::sync::const_unless_modeled;

/// A first-in-first-out queue of slots.
pub(crate) struct Fifo<L>(Guarded<L, Chain>);

impl<L: Lock> Fifo<L> {
    const_unless_modeled! {
    /// An empty queue; `home` is its number among the lists of its keeper, not 0 (I7).
    pub(crate) const fn new(lock: L, home: u32) -> Self {
        Self(Guarded::new(lock, Chain::new(home)))
    }
    }

    pub(crate) fn push(&self, slot: SlotRef) {
        self.0.with(|chain| chain.push(slot));
    }

    /// Adds several, in order, under one lock.
    pub(crate) fn push_all(&self, slots: impl IntoIterator<Item = SlotRef>) {
        self.0.with(|chain| slots.into_iter().for_each(|slot| chain.push(slot)));
    }

    pub(crate) fn pop(&self) -> Option<SlotRef> {
        self.0.with(Chain::pop)
    }

    /// Takes half of what there is, at least one, from the front.
    pub(crate) fn take_half(&self, batch: &mut Batch) {
        self.0.with(|chain| chain.take_half(batch));
    }

    /// Unlinks the slot if it is here; its reference, for the caller to drop outside the lock.
    pub(crate) fn remove(&self, slot: &SlotRef) -> Option<SlotRef> {
        self.0.with(|chain| chain.remove(slot))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.with(|chain| chain.len())
    }
}

/// As many tasks as a worker takes at a time, between two queues.
pub(crate) type Batch = heapless::Deque<SlotRef, 32>;
