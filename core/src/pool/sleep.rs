//! The sleep word: how many workers sleep, search and live, in one atomic, so that a change of two
//! of them is one step for everybody.
#![forbid(unsafe_code)]

use crate::sync::{atomic::AtomicUsize, atomic::Ordering};

const BITS: u32 = (usize::BITS - 1) / 3;
const MASK: usize = (1 << BITS) - 1;
/// One worker on the idle list.
const IDLE: usize = 1;
/// One worker that looks for work, or is about to.
const SEARCHING: usize = 1 << BITS;
/// One worker that was started, or is being started, and has not ended.
const LIVE: usize = 1 << (2 * BITS);
/// There is a worker whom the platform has started (P5); it stays set when all have ended with the pool.
const STAFFED: usize = 1 << (3 * BITS);

/// The most workers that can be counted: 1023 on 32 bits, and more than anybody wants on 64.
pub(super) const WORKERS_MAX: usize = if MASK < (1 << 16) { MASK } else { 1 << 16 };

/// The atomic word.
#[derive(Debug)]
pub(super) struct Sleep(AtomicUsize);

/// A value of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counts(usize);

impl Counts {
    pub(super) fn idle(self) -> usize {
        self.0 & MASK
    }

    pub(super) fn searching(self) -> usize {
        (self.0 / SEARCHING) & MASK
    }

    pub(super) fn live(self) -> usize {
        (self.0 / LIVE) & MASK
    }

    pub(super) fn is_staffed(self) -> bool {
        self.0 & STAFFED != 0
    }
}

impl Sleep {
    pub(super) fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// What a submitter looks at after its push (P1).
    #[inline]
    pub(super) fn load(&self) -> Counts {
        // ORDERING: Acquire; with the lock of the queue that was pushed to: a worker that found the
        // queue empty under that lock before the push, had changed this word before it looked (P3),
        // so that the change is seen here.
        Counts(self.0.load(Ordering::Acquire))
    }

    /// A worker is about to be started; it will search.
    pub(super) fn worker_starts(&self) {
        self.add(LIVE + SEARCHING);
    }

    /// It was.
    pub(super) fn staffed(&self) {
        // ORDERING: AcqRel; as in `add`.
        self.0.fetch_or(STAFFED, Ordering::AcqRel);
    }

    /// A worker without work searches.
    pub(super) fn start_searching(&self) {
        self.add(SEARCHING);
    }

    /// A worker found something. The value after.
    pub(super) fn stop_searching(&self) -> Counts {
        self.add(SEARCHING.wrapping_neg())
    }

    /// A worker found nothing. Under the lock of the idle list.
    pub(super) fn searching_to_idle(&self) {
        self.add(IDLE.wrapping_sub(SEARCHING));
    }

    /// A worker is taken from the idle list, by another or by itself. Under the list's lock.
    pub(super) fn idle_to_searching(&self) {
        self.add(SEARCHING.wrapping_sub(IDLE));
    }

    /// A worker has ended. The value after.
    pub(super) fn worker_ends(&self, searching: bool) -> Counts {
        self.add((LIVE + if searching { SEARCHING } else { 0 }).wrapping_neg())
    }

    /// A worker that is taken from the idle list ends; without it there may be none. Under the list's
    /// lock and that of those who start workers. The value after.
    pub(super) fn idle_ends(&self) -> Counts {
        let without = |before: usize| {
            let after = before.wrapping_sub(LIVE + IDLE);
            if Counts(after).live() == 0 { after & !STAFFED } else { after }
        };
        // ORDERING: AcqRel; as in `add`.
        let ended =
            self.0.fetch_update(Ordering::AcqRel, Ordering::Relaxed, |now| Some(without(now)));
        Counts(ended.map_or_else(|now| now, without))
    }

    fn add(&self, difference: usize) -> Counts {
        // ORDERING: AcqRel; each change is ordered after those it counts on, and before what its
        // maker does next; pairs with `load` and with itself.
        let before = self.0.fetch_add(difference, Ordering::AcqRel);
        Counts(before.wrapping_add(difference))
    }
}
