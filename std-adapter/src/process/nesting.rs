//! How many pools of processes this process is inside of.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU32, Ordering};

/// A pool in a worker of a pool in a worker, and so on: deeper than this nobody means it.
pub(super) const DEEPEST: u32 = 10;

static NESTING: AtomicU32 = AtomicU32::new(0);

/// This process is a worker of a pool that is nested so deeply.
pub(super) fn enter(nesting: u32) {
    // ORDERING: Relaxed; a number, read later by whoever makes a pool.
    NESTING.store(nesting, Ordering::Relaxed);
}

/// How deeply the next pool is nested.
pub(super) fn next() -> u32 {
    // ORDERING: Relaxed; as above.
    NESTING.load(Ordering::Relaxed) + 1
}
