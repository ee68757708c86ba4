//! How long a thread looks before it parks.
//!
//! Being woken costs it a few microseconds, and tens where the processor has been halted meanwhile: who
//! looks for as long as that wins when the wait is short, and loses as much again when it is not. So a
//! thread whose last waits were short looks longer, up to the cost of being woken, and one whose waits
//! are long a microsecond only.
#![forbid(unsafe_code)]

use core::time::Duration;
use std::time::Instant;

use crate::sync::unmodeled::{AtomicU32, Ordering};

/// In nanoseconds.
const SHORTEST: u32 = 1_000;
const LONGEST: u32 = 20_000;
/// Shorter waits than this were not worth parking for.
const SHORT: Duration = Duration::from_micros(100);
/// Looks before the clock is looked at, and between two looks at it.
const LOOKS: u32 = 32;

/// Of one thread.
#[derive(Debug)]
pub(crate) struct Patience(AtomicU32);

impl Patience {
    pub(crate) const fn new() -> Self {
        Self(AtomicU32::new(SHORTEST))
    }

    /// Looks whether it is `done` until its patience is at an end.
    pub(crate) fn spin(&self, done: &dyn Fn() -> bool) -> bool {
        if crate::sync::spin_until(LOOKS, done) {
            return true;
        }
        // ORDERING: Relaxed; of this thread alone.
        let patience = Duration::from_nanos(self.0.load(Ordering::Relaxed).into());
        let start = Instant::now();
        while !crate::sync::IN_A_MODEL && start.elapsed() < patience {
            if crate::sync::spin_until(LOOKS, done) {
                return true;
            }
        }
        false
    }

    /// It has parked for so long.
    pub(crate) fn learn(&self, parked: Duration) {
        // ORDERING: Relaxed; as above.
        let now = self.0.load(Ordering::Relaxed);
        let next = if parked < SHORT { (now * 2).min(LONGEST) } else { (now / 2).max(SHORTEST) };
        // ORDERING: Relaxed; as above.
        self.0.store(next, Ordering::Relaxed);
    }
}
