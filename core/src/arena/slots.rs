//! The memory of an arena: a fixed number of cells of a fixed size, and the slots that live in them.

use core::cell::UnsafeCell;
use core::mem::{MaybeUninit, align_of, size_of};
use core::ptr::NonNull;

use super::inside::Inside;
use crate::body::{Callable, Slot, Storage};
use crate::error::TaskError;
use crate::keeper::{Keeper, KeeperRef};
use crate::lock::{Guarded, Lock};
use crate::slot::{Header, SlotRef};
use crate::unique::Unique;

/// Room for `SLOTS` slots, whose callables and outcomes (a result, or an error) take up to `BYTES` bytes, and
/// the queue of those that are tasks.
pub(super) struct Arena<L: 'static, const SLOTS: usize, const BYTES: usize> {
    inside: Guarded<L, Inside<L, SLOTS, BYTES>>,
    /// The lock of the slots' own lists.
    lists: L,
    cells: [Cell<L, SLOTS, BYTES>; SLOTS],
}

/// Room for one slot, whose address is the cell's; a link to the next free one while it is free.
#[repr(transparent)]
pub(super) struct Cell<L: 'static, const SLOTS: usize, const BYTES: usize> {
    /// Not the model checker's cell: what lies in here is modelled itself.
    memory: UnsafeCell<MaybeUninit<Slot<Raw<BYTES>, InArena<L, SLOTS, BYTES>>>>,
}

// SAFETY: the memory belongs to whoever took it from the free ones, under the lock, and from then on
// is a slot, which is Send.
unsafe impl<L: Lock, const SLOTS: usize, const BYTES: usize> Send for Cell<L, SLOTS, BYTES> {}
// SAFETY: as above.
unsafe impl<L: Lock, const SLOTS: usize, const BYTES: usize> Sync for Cell<L, SLOTS, BYTES> {}

/// What stands for the largest callable, aligned for all but vector types.
#[repr(align(8))]
pub(super) struct Raw<const BYTES: usize>([u8; BYTES]);

impl<const BYTES: usize> Callable for Raw<BYTES> {
    type Output = ();
    type Kept = Result<(), TaskError>;

    fn call(self) -> Result<(), TaskError> {
        Err(TaskError::abandoned())
    }
}

/// The storage of a slot in an arena: that arena, which knows all else.
pub(super) struct InArena<L: 'static, const SLOTS: usize, const BYTES: usize>(
    &'static Arena<L, SLOTS, BYTES>,
);

/// Why a slot was not given out.
#[derive(Clone, Copy)]
pub(super) enum NoRoom {
    Full,
    ShutDown,
}

impl<L: Lock, const SLOTS: usize, const BYTES: usize> Arena<L, SLOTS, BYTES> {
    crate::sync::const_unless_modeled! {
    pub(super) const fn new(inside: L, lists: L) -> Self {
        Self {
            inside: Guarded::new(inside, Inside::new()),
            lists,
            cells: [const { Cell { memory: UnsafeCell::new(MaybeUninit::uninit()) } }; SLOTS],
        }
    }
    }

    /// Runs `f` alone. `f` drops nothing that belongs to a user.
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut Inside<L, SLOTS, BYTES>) -> R) -> R {
        self.inside.with(f)
    }

    /// Puts a callable into a free slot, with two references for `SlotRef::from_raw` to take over. Never
    /// waits: an interrupt handler may call it.
    ///
    /// # Errors
    /// The callable, and why there is no room for it.
    pub(super) fn allocate<C: Callable>(
        &'static self,
        callable: C,
    ) -> Result<NonNull<Header>, (C, NoRoom)> {
        self.with(|inside| self.place(inside, callable))
    }

    /// As `allocate`, for a task, which is queued in the same turn of the lock: so there is nothing to take
    /// back from a queue that was closed in between, and the lock is held for the time that it takes to move
    /// a callable, of `BYTES` bytes at most. Wakes a worker for it if one sleeps. The first reference is the
    /// queue's.
    ///
    /// # Errors
    /// The callable, and why there is no room for it.
    pub(super) fn submit<C: Callable>(
        &'static self,
        callable: C,
    ) -> Result<NonNull<Header>, (C, NoRoom)> {
        let (header, worker) = self.with(|inside| {
            let header = self.place(inside, callable)?;
            // SAFETY: the first of its references, which is the queue's.
            let slot = unsafe { SlotRef::from_raw(header) };
            Ok((header, inside.push(slot)))
        })?;
        if let Some(worker) = worker {
            let unwound = GoneBeforeItsFuture(header);
            worker.wake();
            core::mem::forget(unwound);
        }
        Ok(header)
    }

    /// # Errors
    /// The callable, and why there is no room for it.
    fn place<C: Callable>(
        &'static self,
        inside: &mut Inside<L, SLOTS, BYTES>,
        callable: C,
    ) -> Result<NonNull<Header>, (C, NoRoom)> {
        const {
            assert!(
                size_of::<Slot<C, InArena<L, SLOTS, BYTES>>>()
                    <= size_of::<Slot<Raw<BYTES>, InArena<L, SLOTS, BYTES>>>(),
                "the callable, or its result beside an error, is larger than the slots of this executor: raise BYTES"
            );
            assert!(
                align_of::<Slot<C, InArena<L, SLOTS, BYTES>>>()
                    <= align_of::<Slot<Raw<BYTES>, InArena<L, SLOTS, BYTES>>>(),
                "the callable or its result is aligned to more than 8 bytes: use a PinnedTask"
            );
        }
        let Some(cell) = inside.take_room(&self.cells) else {
            return Err((callable, inside.why_no_room()));
        };
        let slot = Slot::new(callable, InArena(self), 2);
        // SAFETY: the memory is ours, taken just now; large and aligned enough, as asserted above.
        unsafe { cell.cast().write(slot) };
        Ok(cell.cast())
    }

    /// Queues a task that has memory of its own, and wakes a worker for it if one sleeps.
    ///
    /// # Errors
    /// The task, if the executor was shut down.
    pub(super) fn push(&self, slot: SlotRef) -> Result<(), SlotRef> {
        let worker = self.with(|inside| inside.push_if_open(slot))?;
        if let Some(worker) = worker {
            worker.wake();
        }
        Ok(())
    }

    /// Who accepts its tasks.
    pub(super) fn as_keeper(&'static self) -> KeeperRef {
        KeeperRef::to_static(self)
    }
}

/// Gives up the second reference of a task whose future is not made, since a worker's waker has unwound.
struct GoneBeforeItsFuture(NonNull<Header>);

impl Drop for GoneBeforeItsFuture {
    fn drop(&mut self) {
        // SAFETY: the second reference of a slot just made, which nobody else has been given.
        let slot = unsafe { SlotRef::from_raw(self.0) };
        // SAFETY: the only one of that slot.
        drop(unsafe { Unique::new(slot) });
    }
}

impl<L: Lock, const SLOTS: usize, const BYTES: usize> Keeper for Arena<L, SLOTS, BYTES> {
    fn claimed_elsewhere(&self, task: &SlotRef) {
        drop(self.with(|inside| inside.queue().remove(task)));
    }
}

impl<L: Lock, const SLOTS: usize, const BYTES: usize> Storage for InArena<L, SLOTS, BYTES> {
    fn keeper(&self) -> Option<KeeperRef> {
        Some(self.0.as_keeper())
    }

    fn with_lock(&self, _: NonNull<Header>, f: &mut dyn FnMut()) {
        self.0.lists.with(f);
    }

    unsafe fn free<C: Callable>(slot: NonNull<Slot<C, Self>>) {
        // SAFETY: nobody else refers to it, as the caller promises.
        let shared = unsafe { slot.as_ref() };
        let arena = shared.storage.0;
        shared.header.tombstone.bury();
        // Nothing is left that would have to be dropped: the room is empty, as the caller promises, and so is
        // the waker's cell, for nobody waits (I2).
        // SAFETY: slots of this storage are made by `place`, in a cell of this arena.
        arena.with(|inside| unsafe { inside.free().give_back(slot.cast()) });
    }
}
