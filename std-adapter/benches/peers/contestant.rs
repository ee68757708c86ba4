//! [`Contestant`]: who is measured.

use serde::{Deserialize, Serialize};

use crate::harness::Role;

/// Whoever runs a workload: the pool of this package, a peer, or a limit.
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

    pub(crate) fn role(self) -> Role {
        match self {
            Ours => Role::Ours,
            Crossbeam | Rayon | Tokio | Futures | Blocking | ThreadPool | Python => Role::Peer,
            HandOver | Loop | Join | Scope => Role::Limit,
        }
    }

    /// Is measured by the script.
    pub(crate) fn is_python(self) -> bool {
        self == Python
    }
}
