//! Slots on the heap: one allocation for callable, outcome and all that coordinates them.

use alloc::boxed::Box;
use core::ptr::NonNull;

use crate::body::{Callable, Slot, Storage};
use crate::future::Future;
use crate::slot::{Header, SlotRef};
use crate::task::Task;

/// Which lock guards the callbacks and shared waiters of futures on the heap.
///
/// On a computer nobody needs to choose. With an allocator but no operating system the choice is
/// the same as for an arena: by who may interrupt whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SlotLock {
    /// A mutex of the operating system.
    #[cfg(feature = "std")]
    Os,
    /// Interrupts off.
    #[cfg(feature = "critical-section")]
    CriticalSection,
    /// Spinning, for several cores without an operating system; not for interrupt handlers.
    #[cfg(feature = "spin")]
    Spin,
}

/// A heap slot under the lock `L`.
pub(crate) struct Heap<L>(L);

/// A lock for slots that is found by the slot's address, or lies in the slot.
pub(crate) trait KeyedLock {
    fn with(&self, key: usize, f: &mut dyn FnMut());
}

#[cfg(feature = "std")]
impl KeyedLock for crate::sync::SharedMutex {
    fn with(&self, key: usize, f: &mut dyn FnMut()) {
        self.with(key, f);
    }
}

#[cfg(feature = "critical-section")]
impl KeyedLock for crate::lock::CriticalSection {
    fn with(&self, _key: usize, f: &mut dyn FnMut()) {
        crate::lock::Lock::with(self, f);
    }
}

#[cfg(feature = "spin")]
impl KeyedLock for crate::lock::SpinLock {
    fn with(&self, _key: usize, f: &mut dyn FnMut()) {
        crate::lock::Lock::with(self, f);
    }
}

impl<L: KeyedLock> Storage for Heap<L> {
    fn with_lock(&self, header: NonNull<Header>, f: &mut dyn FnMut()) {
        self.0.with(header.addr().get(), f);
    }

    unsafe fn free<C: Callable>(slot: NonNull<Slot<C, Self>>) {
        // SAFETY: made by `Box::leak` in `allocate`, and nobody else refers to it.
        let slot = unsafe { Box::from_raw(slot.as_ptr()) };
        if !slot.header.tombstone.bury() {
            Box::leak(slot);
        }
    }
}

fn leak<C: Callable, L: KeyedLock>(callable: C, lock: L, references: u32) -> NonNull<Header> {
    let slot = Box::new(Slot::new(callable, Heap(lock), references));
    NonNull::from(Box::leak(slot)).cast()
}

/// A slot on the heap, with so many references for `SlotRef::from_raw` to take over.
pub(crate) fn allocate<C: Callable>(
    callable: C,
    lock: SlotLock,
    references: u32,
) -> NonNull<Header> {
    match lock {
        #[cfg(feature = "std")]
        SlotLock::Os => leak(callable, crate::sync::SharedMutex::new(), references),
        #[cfg(feature = "critical-section")]
        SlotLock::CriticalSection => leak(callable, crate::lock::CriticalSection, references),
        #[cfg(feature = "spin")]
        SlotLock::Spin => leak(callable, crate::lock::SpinLock::new(), references),
    }
}

/// Moves the callable out of a slot that `allocate` made.
///
/// # Safety
/// The slot was made with this `C` and this `lock`, and the caller has taken arrow 1 (I1).
pub(crate) unsafe fn take_callable<C: Callable>(header: NonNull<Header>, lock: SlotLock) -> C {
    match lock {
        #[cfg(feature = "std")]
        // SAFETY: as the caller promises.
        SlotLock::Os => unsafe { Slot::<C, Heap<crate::sync::SharedMutex>>::take_callable(header) },
        #[cfg(feature = "critical-section")]
        // SAFETY: as the caller promises.
        SlotLock::CriticalSection => unsafe {
            Slot::<C, Heap<crate::lock::CriticalSection>>::take_callable(header)
        },
        #[cfg(feature = "spin")]
        // SAFETY: as the caller promises.
        SlotLock::Spin => unsafe { Slot::<C, Heap<crate::lock::SpinLock>>::take_callable(header) },
    }
}

/// A task on the heap and its future.
pub(crate) fn task<C>(callable: C, lock: SlotLock) -> (Task, Future<C::Output>)
where
    C: Callable + Send + 'static,
    C::Output: Send + 'static,
{
    let header = allocate(callable, lock, 2);
    // SAFETY: two references were counted for us.
    let task = Task::from_slot(unsafe { SlotRef::from_raw(header) });
    // SAFETY: the second of them.
    let slot = unsafe { SlotRef::from_raw(header) };
    // SAFETY: the only future of a slot just made, whose value is a `C::Output`.
    (task, unsafe { Future::new(slot) })
}
