//! Which slots of an arena are free: those that nobody has used yet, and a list through the others.

use core::ptr::NonNull;

use super::slots::Cell;

/// The free cells of an arena. Not synchronized: it lies under the arena's lock.
pub(super) struct FreeSlots<L: 'static, const SLOTS: usize, const BYTES: usize> {
    /// Given back last.
    first: Option<NonNull<Cell<L, SLOTS, BYTES>>>,
    /// How many cells, from the front of the array, were ever taken: the addresses of those behind are
    /// not known when a static is made.
    used: usize,
    /// How many are out. Not how many are free: what begins as zero costs no flash.
    taken: usize,
}

// SAFETY: the cells in the list belong to it, and are Send.
unsafe impl<L: crate::lock::Lock, const SLOTS: usize, const BYTES: usize> Send
    for FreeSlots<L, SLOTS, BYTES>
{
}

impl<L: 'static, const SLOTS: usize, const BYTES: usize> FreeSlots<L, SLOTS, BYTES> {
    /// All of them.
    pub(super) const fn new() -> Self {
        Self { first: None, used: 0, taken: 0 }
    }

    pub(super) fn len(&self) -> usize {
        SLOTS - self.taken
    }

    /// Takes one of `cells`, whose memory is the caller's then.
    pub(super) fn take(
        &mut self,
        cells: &'static [Cell<L, SLOTS, BYTES>; SLOTS],
    ) -> Option<NonNull<Cell<L, SLOTS, BYTES>>> {
        let cell = match self.first {
            Some(cell) => {
                // SAFETY: in the list, so `give_back` has written the next one there.
                self.first = unsafe { cell.cast().read() };
                cell
            }
            None => {
                let cell = cells.get(self.used)?;
                self.used += 1;
                NonNull::from(cell)
            }
        };
        self.taken += 1;
        Some(cell)
    }

    /// Takes one back.
    ///
    /// # Safety
    /// It was given out by `take` of this list, and nobody touches its memory any more.
    pub(super) unsafe fn give_back(&mut self, cell: NonNull<Cell<L, SLOTS, BYTES>>) {
        // SAFETY: the memory is the list's again, as the caller promises; a cell is large and aligned
        // enough for a pointer, since it is for a header.
        unsafe { cell.cast().write(self.first) };
        self.first = Some(cell);
        self.taken -= 1;
    }
}
