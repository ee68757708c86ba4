//! [`Contestant`]: who is measured.

use serde::{Deserialize, Serialize};

/// Whoever runs a workload: the pool of this package, a peer, or a reference that shows what there is
/// to be had at best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Contestant {
    Ours,
    Crossbeam,
    Rayon,
    Tokio,
    Futures,
    Blocking,
    ThreadPool,
    Python,
    /// Two threads that park and unpark each other.
    HandOver,
    /// A loop in one thread.
    Loop,
    /// Rayon's `join`, which never leaves the stack.
    Join,
    /// Rayon's `scope`, with a `spawn` per child.
    Scope,
}

use Contestant::*;

impl Contestant {
    pub(crate) const ALL: [Self; 12] = [
        Ours, Crossbeam, Rayon, Tokio, Futures, Blocking, ThreadPool, Python, HandOver, Loop, Join,
        Scope,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Ours => "ours",
            Crossbeam => "crossbeam",
            Rayon => "rayon",
            Tokio => "tokio",
            Futures => "futures",
            Blocking => "blocking",
            ThreadPool => "threadpool",
            Python => "python",
            HandOver => "hand-over",
            Loop => "loop",
            Join => "join",
            Scope => "scope",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|contestant| contestant.name() == name)
    }

    /// Counts when the best peer is looked for.
    pub(crate) fn is_peer(self) -> bool {
        matches!(self, Crossbeam | Rayon | Tokio | Futures | Blocking | ThreadPool | Python)
    }

    /// Shows a limit, without being a pool that hands out results.
    pub(crate) fn is_reference(self) -> bool {
        !self.is_peer() && self != Ours
    }
}
