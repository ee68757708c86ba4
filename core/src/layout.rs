//! Sizes, asserted where core is compiled for a target: the tests that assert them run on a computer only.
#![forbid(unsafe_code)]

use crate::{CancelOnDrop, Canceller, Future, FutureId, Promise, Running, Task, TaskError};

const POINTER: usize = size_of::<usize>();

/// Handles are one pointer wide, whatever the value is, and so are those that may be missing.
const _: () = {
    assert!(size_of::<Future<[u64; 9]>>() == POINTER);
    assert!(size_of::<Promise<[u64; 9]>>() == POINTER);
    assert!(size_of::<Running<[u64; 9]>>() == POINTER);
    assert!(size_of::<CancelOnDrop<[u64; 9]>>() == POINTER);
    assert!(size_of::<Canceller>() == POINTER);
    assert!(size_of::<FutureId>() == POINTER);
    assert!(size_of::<Task>() == POINTER);
    assert!(size_of::<Option<Future<[u64; 9]>>>() == POINTER);
    assert!(size_of::<Option<Promise<[u64; 9]>>>() == POINTER);
};

/// An error is as wide as what it may be: a static failure, or with an allocator one on the heap.
const _: () = {
    assert!(size_of::<TaskError>() <= if cfg!(feature = "alloc") { 2 * POINTER } else { POINTER });
};

/// On the heap too: the counted pointer of a target without compare-and-swap is as narrow as alloc's.
#[cfg(feature = "alloc")]
const _: () = {
    assert!(size_of::<crate::SharedFuture<[u64; 9]>>() == POINTER);
    assert!(size_of::<Option<crate::SharedFuture<[u64; 9]>>>() == POINTER);
    assert!(size_of::<crate::Executor<crate::InlineBackend>>() == POINTER);
};
