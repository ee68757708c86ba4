//! The run queue: a chain under a short lock.

use super::chain::Chain;
use crate::lock::Lock;
use crate::slot::SlotRef;
use crate::sync::{UnsafeCell, const_unless_modeled};

/// A first-in-first-out queue of slots that allocates nothing and can unlink.
pub(crate) struct Fifo<L> {
    lock: L,
    chain: UnsafeCell<Chain>,
}

// SAFETY: the chain, which is Send, is touched only under the lock.
unsafe impl<L: Lock> Sync for Fifo<L> {}

impl<L: Lock> Fifo<L> {
    const_unless_modeled! {
    /// An empty queue; `home` is its number among the lists of its keeper, not 0.
    pub(crate) const fn new(lock: L, home: u32) -> Self {
        Self { lock, chain: UnsafeCell::new(Chain::new(home)) }
    }
    }

    /// Runs `f` on the chain, under the lock. `f` drops no task and calls nobody.
    #[inline]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut Chain) -> R) -> R {
        // SAFETY: under the lock.
        self.lock.with(|| self.chain.with_mut(|chain| f(unsafe { &mut *chain })))
    }

    pub(crate) fn push(&self, slot: SlotRef) {
        self.with(|chain| chain.push(slot));
    }

    pub(crate) fn pop(&self) -> Option<SlotRef> {
        self.with(Chain::pop)
    }

    /// Unlinks the slot if it is here; its reference, for the caller to drop outside the lock.
    pub(crate) fn remove(&self, slot: &SlotRef) -> Option<SlotRef> {
        self.with(|chain| chain.remove(slot))
    }

    pub(crate) fn len(&self) -> usize {
        self.with(|chain| chain.len())
    }
}
