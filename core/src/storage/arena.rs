//! Slots in a static arena: a fixed number, of a fixed size, without an allocator.

use core::cell::UnsafeCell;
use core::mem::{MaybeUninit, align_of, size_of};
use core::ptr::NonNull;

use crate::body::{Callable, Slot, Storage};
use crate::error::TaskError;
use crate::lock::Lock;
use crate::slot::Header;
use crate::sync::{atomic::AtomicBool, atomic::Ordering};

/// Room for `SLOTS` slots whose callables and outcomes take up to `BYTES` bytes.
pub(crate) struct Arena<L: 'static, const SLOTS: usize, const BYTES: usize> {
    lock: L,
    cells: [Cell<L, BYTES>; SLOTS],
}

/// Room for one. The memory comes first: the address of the slot is the cell's.
#[repr(C)]
pub(crate) struct Cell<L: 'static, const BYTES: usize> {
    /// Not the model checker's cell: what lies in here is modelled itself.
    memory: UnsafeCell<MaybeUninit<Slot<Raw<BYTES>, InArena<L, BYTES>>>>,
    taken: AtomicBool,
}

// SAFETY: the memory belongs to whoever set `taken`, and from then on is a slot, which is Send.
unsafe impl<L: Lock, const BYTES: usize> Send for Cell<L, BYTES> {}
// SAFETY: as above.
unsafe impl<L: Lock, const BYTES: usize> Sync for Cell<L, BYTES> {}

/// What stands for the largest callable, aligned for all but vector types.
#[repr(align(8))]
pub(crate) struct Raw<const BYTES: usize>([u8; BYTES]);

impl<const BYTES: usize> Callable for Raw<BYTES> {
    type Output = ();
    type Kept = Result<(), TaskError>;

    fn call(self) -> Result<(), TaskError> {
        Err(TaskError::abandoned())
    }
}

/// The storage of a slot in an arena: the arena's lock.
pub(crate) struct InArena<L: 'static, const BYTES: usize>(&'static L);

impl<L: Lock, const BYTES: usize> Cell<L, BYTES> {
    crate::sync::const_unless_modeled! {
    const fn new() -> Self {
        Self { memory: UnsafeCell::new(MaybeUninit::uninit()), taken: AtomicBool::new(false) }
    }
    }
}

impl<L: Lock, const SLOTS: usize, const BYTES: usize> Arena<L, SLOTS, BYTES> {
    crate::sync::const_unless_modeled! {
    pub(crate) const fn new(lock: L) -> Self {
        Self { lock, cells: crate::sync::array_of!(Cell::new(); SLOTS) }
    }
    }

    /// A slot with so many references for `SlotRef::from_raw` to take over. Never waits: an
    /// interrupt handler may call it.
    ///
    /// # Errors
    /// The callable, if no slot is free.
    pub(crate) fn allocate<C: Callable>(
        &'static self,
        callable: C,
        references: u32,
    ) -> Result<NonNull<Header>, C> {
        const {
            assert!(
                size_of::<Slot<C, InArena<L, BYTES>>>()
                    <= size_of::<Slot<Raw<BYTES>, InArena<L, BYTES>>>(),
                "the callable or its result is larger than the slots of this executor: raise BYTES"
            );
            assert!(
                align_of::<Slot<C, InArena<L, BYTES>>>()
                    <= align_of::<Slot<Raw<BYTES>, InArena<L, BYTES>>>(),
                "the callable or its result is aligned to more than 8 bytes: box it"
            );
        }
        let Some(cell) = self.cells.iter().find(|cell| cell.take()) else { return Err(callable) };
        // From the reference to the whole cell, so that `free` may reach `taken` again.
        let header = NonNull::from(cell).cast::<Header>();
        let slot = Slot::new(callable, InArena::<L, BYTES>(&self.lock), references);
        // SAFETY: just taken, so nobody else touches the memory; large and aligned enough as
        // asserted above.
        unsafe { header.cast().write(slot) };
        Ok(header)
    }

    /// How many slots are free, at the moment.
    pub(crate) fn free_slots(&self) -> usize {
        // ORDERING: Relaxed; a number to look at.
        self.cells.iter().filter(|cell| !cell.taken.load(Ordering::Relaxed)).count()
    }
}

impl<L: Lock, const BYTES: usize> Cell<L, BYTES> {
    fn take(&self) -> bool {
        // ORDERING: Acquire; pairs with the Release in `free`: the slot before is really gone.
        self.taken.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }
}

impl<L: Lock, const BYTES: usize> Storage for InArena<L, BYTES> {
    fn with_lock(&self, _: NonNull<Header>, f: &mut dyn FnMut()) {
        self.0.with(f);
    }

    unsafe fn free<C: Callable>(slot: NonNull<Slot<C, Self>>) {
        // SAFETY: nobody else refers to it, as the caller promises.
        unsafe { slot.as_ref() }.header.tombstone.bury();
        // SAFETY: as above; what is left in the header is dropped, the room is empty.
        unsafe { slot.drop_in_place() };
        // SAFETY: slots of this storage are made by `allocate`, from the address of a cell.
        let cell = unsafe { slot.cast::<Cell<L, BYTES>>().as_ref() };
        // ORDERING: Release; pairs with the Acquire in `take`.
        cell.taken.store(false, Ordering::Release);
    }
}
