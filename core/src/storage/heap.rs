//! Slots on the heap: one allocation for callable, outcome and all that coordinates them.

use alloc::boxed::Box;
use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::body::{Callable, Slot, Storage};
use crate::error::TaskError;
use crate::future::Future;
use crate::keeper::KeeperRef;
use crate::slot::{Header, LedgerEntry, SlotRef};
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

/// A heap slot under the lock `L`, with `E` for its entry in a ledger.
pub(crate) struct Heap<L, E> {
    lock: L,
    entry: E,
    keeper: Option<KeeperRef>,
}

/// Whether the executor of a task keeps a ledger, in which the task has an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    Ledgered,
    None,
}

/// Room for an entry, or none, and who watches over the slot. See [`Storage`].
pub(crate) trait EntryRoom {
    const IS_WATCHED: bool = false;

    fn get(&self) -> Option<&LedgerEntry>;
    #[cfg(all(feature = "calls", feature = "std"))]
    fn number(&self) -> u64 {
        0
    }
    fn settled(&self) {}
    fn dropped_unread(&self, _error: &TaskError) {}
}

/// The number of a call, in the entry's place.
#[cfg(all(feature = "calls", feature = "std"))]
pub(crate) struct Numbered(pub(crate) u64);

#[cfg(all(feature = "calls", feature = "std"))]
impl EntryRoom for Numbered {
    fn get(&self) -> Option<&LedgerEntry> {
        None
    }

    fn number(&self) -> u64 {
        self.0
    }
}

impl EntryRoom for () {
    fn get(&self) -> Option<&LedgerEntry> {
        None
    }
}

impl EntryRoom for LedgerEntry {
    fn get(&self) -> Option<&LedgerEntry> {
        Some(self)
    }
}

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

impl<L: KeyedLock, E: EntryRoom> Storage for Heap<L, E> {
    const IS_WATCHED: bool = E::IS_WATCHED;

    fn keeper(&self) -> Option<KeeperRef> {
        self.keeper
    }

    fn with_lock(&self, header: NonNull<Header>, f: &mut dyn FnMut()) {
        self.lock.with(header.addr().get(), f);
    }

    fn ledger_entry(&self) -> Option<&LedgerEntry> {
        self.entry.get()
    }

    #[cfg(all(feature = "calls", feature = "std"))]
    fn number(&self) -> u64 {
        self.entry.number()
    }

    fn settled(&self) {
        self.entry.settled();
    }

    fn dropped_unread(&self, error: &TaskError) {
        self.entry.dropped_unread(error);
    }

    unsafe fn free<C: Callable>(slot: NonNull<Slot<C, Self>>) {
        // SAFETY: made by `Box::leak` in `allocate`, and nobody else refers to it.
        let slot = unsafe { Box::from_raw(slot.as_ptr()) };
        if !slot.header.tombstone.bury() {
            Box::leak(slot);
        }
    }
}

/// What is done with the lock that a [`SlotLock`] names.
trait WithLock {
    type Output;

    fn with<L: KeyedLock>(self, lock: L) -> Self::Output;
}

fn with_lock<W: WithLock>(lock: SlotLock, f: W) -> W::Output {
    match lock {
        #[cfg(feature = "std")]
        SlotLock::Os => f.with(crate::sync::SharedMutex::new()),
        #[cfg(feature = "critical-section")]
        SlotLock::CriticalSection => f.with(crate::lock::CriticalSection),
        #[cfg(feature = "spin")]
        SlotLock::Spin => f.with(crate::lock::SpinLock::new()),
    }
}

struct Allocate<C, E> {
    callable: C,
    entry: E,
    keeper: Option<KeeperRef>,
    references: u32,
}

impl<C: Callable, E: EntryRoom> WithLock for Allocate<C, E> {
    type Output = NonNull<Header>;

    fn with<L: KeyedLock>(self, lock: L) -> NonNull<Header> {
        let storage = Heap { lock, entry: self.entry, keeper: self.keeper };
        let slot = Slot::new(self.callable, storage, self.references);
        NonNull::from(Box::leak(Box::new(slot))).cast()
    }
}

/// A slot on the heap, with so many references for `SlotRef::from_raw` to take over.
pub(crate) fn allocate<C: Callable>(
    callable: C,
    lock: SlotLock,
    entry: Entry,
    keeper: Option<KeeperRef>,
    references: u32,
) -> NonNull<Header> {
    match entry {
        Entry::None => allocate_with(callable, lock, (), keeper, references),
        Entry::Ledgered => allocate_with(callable, lock, LedgerEntry::new(), keeper, references),
    }
}

/// As `allocate`, with that entry.
pub(crate) fn allocate_with<C: Callable, E: EntryRoom>(
    callable: C,
    lock: SlotLock,
    entry: E,
    keeper: Option<KeeperRef>,
    references: u32,
) -> NonNull<Header> {
    with_lock(lock, Allocate { callable, entry, keeper, references })
}

struct TakeCallable<C, E> {
    header: NonNull<Header>,
    kind: PhantomData<(C, E)>,
}

impl<C: Callable, E: EntryRoom> WithLock for TakeCallable<C, E> {
    type Output = C;

    fn with<L: KeyedLock>(self, _: L) -> C {
        // SAFETY: as the caller of `take_callable` promises.
        unsafe { Slot::<C, Heap<L, E>>::take_callable(self.header) }
    }
}

/// Moves the callable out of a slot that `allocate` made.
///
/// # Safety
/// The slot was made with this `C`, `lock` and `entry`, and the caller has taken arrow 1 (I1).
pub(crate) unsafe fn take_callable<C: Callable>(
    header: NonNull<Header>,
    lock: SlotLock,
    entry: Entry,
) -> C {
    match entry {
        // SAFETY: as the caller promises.
        Entry::None => unsafe { take_callable_with::<C, ()>(header, lock) },
        // SAFETY: as the caller promises.
        Entry::Ledgered => unsafe { take_callable_with::<C, LedgerEntry>(header, lock) },
    }
}

/// Moves the callable out of a slot that `allocate_with` made.
///
/// # Safety
/// The slot was made with this `C`, `E` and `lock`, and the caller has taken arrow 1 (I1).
pub(crate) unsafe fn take_callable_with<C: Callable, E: EntryRoom>(
    header: NonNull<Header>,
    lock: SlotLock,
) -> C {
    with_lock(lock, TakeCallable::<C, E> { header, kind: PhantomData })
}

/// A task on the heap and its future.
pub(crate) fn task<C>(
    callable: C,
    lock: SlotLock,
    entry: Entry,
    keeper: KeeperRef,
) -> (Task, Future<C::Output>)
where
    C: Callable + Send + 'static,
    C::Output: Send + 'static,
{
    let header = allocate(callable, lock, entry, Some(keeper), 2);
    // SAFETY: two references were counted for us.
    let task = Task::from_slot(unsafe { SlotRef::from_raw(header) });
    // SAFETY: the second of them.
    let slot = unsafe { SlotRef::from_raw(header) };
    // SAFETY: the only future of a slot just made, whose value is a `C::Output`.
    (task, unsafe { Future::new(slot) })
}
