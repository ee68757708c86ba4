//! The run queue: a chain under a short lock. It allocates nothing and can unlink.
#![forbid(unsafe_code)]

use super::chain::Chain;
use crate::lock::{Guarded, Lock};
use crate::slot::SlotRef;
use crate::sync::{Hint, const_unless_modeled};

/// A first-in-first-out queue of slots.
pub(crate) struct Fifo<L> {
    chain: Guarded<L, Chain>,
    hint: Hint,
}

impl<L: Lock> Fifo<L> {
    const_unless_modeled! {
    /// An empty queue; `home` is its number among the lists of its keeper, not 0 (I7).
    pub(crate) const fn new(lock: L, home: u32) -> Self {
        Self { chain: Guarded::new(lock, Chain::new(home)), hint: Hint::new() }
    }
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut Chain) -> R) -> R {
        self.chain.with(|chain| {
            let result = f(chain);
            self.hint.set(chain.len());
            result
        })
    }

    #[inline]
    pub(crate) fn push(&self, slot: SlotRef) {
        self.with(|chain| chain.push(slot));
    }

    /// Adds several, in order, under one lock.
    pub(crate) fn push_all(&self, slots: impl IntoIterator<Item = SlotRef>) {
        self.with(|chain| slots.into_iter().for_each(|slot| chain.push(slot)));
    }

    #[inline]
    pub(crate) fn pop(&self) -> Option<SlotRef> {
        self.with(Chain::pop)
    }

    /// Takes half of what there is, at least one, from the front.
    pub(crate) fn take_half(&self, batch: &mut Batch) {
        self.with(|chain| chain.take_half(batch));
    }

    /// Unlinks the slot if it is here; its reference, for the caller to drop outside the lock.
    pub(crate) fn remove(&self, slot: &SlotRef) -> Option<SlotRef> {
        self.with(|chain| chain.remove(slot))
    }

    /// Forgets all entries, with their references.
    #[cfg(feature = "alloc")]
    pub(crate) fn leak(&self) {
        self.with(Chain::leak);
    }

    pub(crate) fn len(&self) -> usize {
        self.chain.with(|chain| chain.len())
    }

    /// Whether it is worth while to take the lock, for whoever may be wrong.
    #[inline]
    pub(crate) fn is_promising(&self) -> bool {
        self.hint.is_promising()
    }

    /// Whether there is probably nothing here, for whoever may be wrong.
    #[inline]
    pub(crate) fn is_unpromising(&self) -> bool {
        self.hint.is_unpromising()
    }
}

/// As many tasks as a worker takes at a time, between two queues.
pub(crate) type Batch = heapless::Deque<SlotRef, 32>;
