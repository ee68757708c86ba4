//! The memory of an arena: a fixed number of cells of a fixed size, and the slots that live in them.

use core::cell::UnsafeCell;
use core::mem::{MaybeUninit, align_of, size_of};
use core::ptr::NonNull;

use super::inside::{Inside, Pushed, Room};
use crate::body::{Callable, Slot, Storage};
use crate::error::TaskError;
use crate::future::Future;
use crate::keeper::{Keeper, KeeperRef};
use crate::lock::{Guarded, Lock};
use crate::slot::{Header, SlotRef};

/// Room for `SLOTS` slots whose callables and outcomes take up to `BYTES` bytes, and the queue of
/// those that are tasks.
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

    /// Puts a callable into a free slot, with so many references for `SlotRef::from_raw` to take
    /// over. Never waits: an interrupt handler may call it.
    ///
    /// # Errors
    /// The callable, and why there is no room for it.
    pub(super) fn allocate<C: Callable>(
        &'static self,
        callable: C,
        references: u32,
    ) -> Result<NonNull<Header>, (C, NoRoom)> {
        const {
            assert!(
                size_of::<Slot<C, InArena<L, SLOTS, BYTES>>>()
                    <= size_of::<Slot<Raw<BYTES>, InArena<L, SLOTS, BYTES>>>(),
                "the callable or its result is larger than the slots of this executor: raise BYTES"
            );
            assert!(
                align_of::<Slot<C, InArena<L, SLOTS, BYTES>>>()
                    <= align_of::<Slot<Raw<BYTES>, InArena<L, SLOTS, BYTES>>>(),
                "the callable or its result is aligned to more than 8 bytes: box it"
            );
        }
        let cell = match self.with(|inside| inside.take_room(&self.cells)) {
            Room::At(cell) => cell,
            Room::Full => return Err((callable, NoRoom::Full)),
            Room::ShutDown => return Err((callable, NoRoom::ShutDown)),
        };
        let slot = Slot::new(callable, InArena(self), references);
        // SAFETY: the memory is ours, taken just now; large and aligned enough, as asserted above.
        unsafe { cell.cast().write(slot) };
        Ok(cell.cast())
    }

    /// Queues a task, and wakes a worker for it if one sleeps.
    ///
    /// # Errors
    /// The task, if the executor was shut down.
    pub(super) fn push(&self, slot: SlotRef) -> Result<(), SlotRef> {
        match self.with(|inside| inside.push(slot)) {
            Pushed::Queued(worker) => {
                if let Some(worker) = worker {
                    worker.wake();
                }
                Ok(())
            }
            Pushed::ShutDown(slot) => Err(slot),
        }
    }

    /// Moves the callable out of a slot that was not queued in the end.
    #[cold]
    pub(super) fn take_back<C: Callable>(
        &'static self,
        slot: SlotRef,
        future: Future<C::Output>,
    ) -> C {
        // Nobody else has seen either, so the claim is ours.
        let _ = slot.claim();
        // SAFETY: made by `allocate` with this callable, and arrow 1 is taken.
        let callable = unsafe { Slot::<C, InArena<L, SLOTS, BYTES>>::take_callable(slot.as_raw()) };
        // SAFETY: arrow 1 was taken, and the room is empty.
        unsafe { slot.resolve_with_error(TaskError::abandoned()) };
        drop(future);
        callable
    }

    /// Who accepts its tasks.
    pub(super) fn as_keeper(&'static self) -> KeeperRef {
        KeeperRef::to_static(self)
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
        // SAFETY: as above; what is left in the header is dropped, the room is empty.
        unsafe { slot.drop_in_place() };
        // SAFETY: slots of this storage are made by `allocate`, in a cell of this arena.
        arena.with(|inside| unsafe { inside.free().give_back(slot.cast()) });
    }
}
