//! A fixed ring of tasks, for arenas and superloops.
#![forbid(unsafe_code)]

use core::fmt;

use super::Queue;
use crate::lock::{Guarded, Lock};
use crate::sync::const_unless_modeled;
use crate::task::Task;

/// A queue with room for `N` tasks and no allocator, under the lock `L`.
///
/// Entries that were cancelled or claimed stay until they are popped, and are skipped by whoever
/// runs them: size it for the tasks submitted between two drains.
pub struct Ring<L, const N: usize> {
    tasks: Guarded<L, heapless::Deque<Task, N>>,
}

impl<L: Lock, const N: usize> Ring<L, N> {
    const_unless_modeled! {
    /// An empty ring.
    pub const fn new(lock: L) -> Self {
        Self { tasks: Guarded::new(lock, heapless::Deque::new()) }
    }
    }
}

impl<L: Lock, const N: usize> Queue for Ring<L, N> {
    fn push(&self, task: Task) -> Result<(), Task> {
        self.tasks.with(|tasks| tasks.push_back(task))
    }

    fn pop(&self) -> Option<Task> {
        self.tasks.with(heapless::Deque::pop_front)
    }
}

impl<L, const N: usize> fmt::Debug for Ring<L, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring").field("capacity", &N).finish_non_exhaustive()
    }
}
