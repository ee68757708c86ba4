//! The system's allocator, which counts once it has been told to.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

use crate::system::occupied_bytes;

// ORDERING: Relaxed everywhere here: these are counters, read when the tasks that they count have ended
// or not begun, which other synchronization has seen to.

/// Off until the memory is what is measured: counting takes turns on a cache line.
static COUNTING: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicI64 = AtomicI64::new(0);
static BYTES: AtomicI64 = AtomicI64::new(0);

/// Since [`count`] was called; what had been allocated before counts as negative when it is freed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    pub(crate) allocations: i64,
    pub(crate) bytes: i64,
}

/// Starts counting.
pub(crate) fn count() {
    COUNTING.store(true, Relaxed);
}

pub(crate) fn counted() -> Counted {
    Counted { allocations: ALLOCATIONS.load(Relaxed), bytes: BYTES.load(Relaxed) }
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is passed on to `System` as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        let pointer = unsafe { System.alloc(layout) };
        // SAFETY: it has just been allocated, or is null.
        unsafe { allocated(pointer, layout.size()) };
        pointer
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        let pointer = unsafe { System.alloc_zeroed(layout) };
        // SAFETY: it has just been allocated, or is null.
        unsafe { allocated(pointer, layout.size()) };
        pointer
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise: it is live, so far.
        unsafe { freed(old, layout.size()) };
        // SAFETY: the caller's promise.
        let pointer = unsafe { System.realloc(old, layout, size) };
        // SAFETY: it has just been allocated, or is null.
        unsafe { allocated(pointer, size) };
        pointer
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise: it is live, so far.
        unsafe { freed(pointer, layout.size()) };
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// # Safety
/// `pointer` is null, or of a live allocation of `size` bytes.
unsafe fn allocated(pointer: *mut u8, size: usize) {
    if COUNTING.load(Relaxed) && !pointer.is_null() {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: as the caller promises.
        let bytes = unsafe { occupied_bytes(pointer, size) };
        BYTES.fetch_add(bytes as i64, Relaxed);
    }
}

/// # Safety
/// `pointer` is of a live allocation of `size` bytes.
unsafe fn freed(pointer: *mut u8, size: usize) {
    if COUNTING.load(Relaxed) {
        // SAFETY: as the caller promises.
        let bytes = unsafe { occupied_bytes(pointer, size) };
        BYTES.fetch_sub(bytes as i64, Relaxed);
    }
}
