//! [`Place`]: a word that parent and worker share, by which they agree whether a call has started.
//!
//! ```text
//!            offer                     start, by the worker
//!   (any) ─────────► OFFERED(call) ──────────────────────────► STARTED(call)
//!                        │
//!                        │ recall, by the parent
//!                        ▼
//!                    RECALLED(call)
//! ```
//!
//! One compare-and-swap decides between `start` and `recall`, so that who cancels a call knows at once
//! whether it will run, without asking the worker, and a worker's death tells which call it was
//! running. A worker that comes to the frame of a call whose place says anything else than that this
//! very call is offered skips the frame.
//!
//! The low 30 bits of the call's number are in the word: a place may be used again before the worker
//! has come to the frame that was recalled, since what it finds then is not what the frame says.

use super::worker_host::Start;
use crate::sync::{atomic::AtomicU32, atomic::Ordering};

const OFFERED: u32 = 1;
const STARTED: u32 = 2;
const RECALLED: u32 = 3;

/// Whether the parent has its call back.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recall {
    /// It has: the worker will never run it.
    Recalled,
    /// The worker has started it.
    TooLate,
}

/// A word of a memory that parent and worker share.
///
/// Whatever the worker writes into it, the parent only ever reads one of the stages above: at worst it
/// is told that a call has started which has not, or the other way round.
#[derive(Debug)]
#[repr(transparent)]
pub struct Place(AtomicU32);

impl Default for Place {
    fn default() -> Self {
        Self(AtomicU32::new(0))
    }
}

crate::sync::not_modeled! {
    #[cfg(feature = "std")]
    impl Place {
        /// A word in memory that is shared, as a place.
        pub fn from_word(word: &core::sync::atomic::AtomicU32) -> &Self {
            // SAFETY: a `Place` is transparent over this crate's atomic, which is core's own or that of
            // portable-atomic, whose representation is that of the integer, as core's is: the same size, and
            // an alignment that `word` has. Both sides only ever change it by atomic operations, and the
            // result borrows `word`.
            unsafe { &*core::ptr::from_ref(word).cast::<Self>() }
        }
    }
}

/// What the word is when the call is at that stage.
fn word(call: u64, stage: u32) -> u32 {
    (call as u32) << 2 | stage
}

impl Place {
    /// The parent is about to send the call to the worker. Nothing else is offered in this place.
    pub fn offer(&self, call: u64) {
        // ORDERING: Relaxed; the worker looks here when it has read the frame, which is sent after
        // this through a channel of the system, and that orders them. A swap rather than a store:
        // nothing that a late worker does to the word may be put behind it.
        self.0.swap(word(call, OFFERED), Ordering::Relaxed);
    }

    /// The worker has come to the frame.
    pub fn start(&self, call: u64) -> Start {
        // ORDERING: Relaxed; the word alone speaks. Arguments and results go through the channel.
        match self.decide(call, STARTED) {
            true => Start::Run,
            false => Start::Skip,
        }
    }

    /// The parent wants the call back.
    pub fn recall(&self, call: u64) -> Recall {
        match self.decide(call, RECALLED) {
            true => Recall::Recalled,
            false => Recall::TooLate,
        }
    }

    /// Whether the worker has started the call.
    pub fn has_started(&self, call: u64) -> bool {
        // ORDERING: Relaxed; as above.
        self.0.load(Ordering::Relaxed) == word(call, STARTED)
    }

    fn decide(&self, call: u64, stage: u32) -> bool {
        // ORDERING: Relaxed, both; as above. Who loses does nothing on what it has read.
        self.0
            .compare_exchange(
                word(call, OFFERED),
                word(call, stage),
                Ordering::Relaxed,
                Ordering::Relaxed,
            )
            .is_ok()
    }
}
