//! A fixed ring of tasks, for arenas and superloops.

use core::fmt;

use super::Queue;
use crate::lock::Lock;
use crate::sync::{UnsafeCell, const_unless_modeled};
use crate::task::Task;

/// A queue with room for `N` tasks and no allocator, under the lock `L`.
///
/// Entries that were cancelled or claimed stay until they are popped, and are skipped by whoever
/// runs them: size it for the tasks submitted between two drains.
pub struct Ring<L, const N: usize> {
    lock: L,
    tasks: UnsafeCell<heapless::Deque<Task, N>>,
}

// SAFETY: the deque, which is Send, is touched only under the lock.
unsafe impl<L: Lock, const N: usize> Sync for Ring<L, N> {}

impl<L: Lock, const N: usize> Ring<L, N> {
    const_unless_modeled! {
    /// An empty ring.
    pub const fn new(lock: L) -> Self {
        Self { lock, tasks: UnsafeCell::new(heapless::Deque::new()) }
    }
    }

    fn with<R>(&self, f: impl FnOnce(&mut heapless::Deque<Task, N>) -> R) -> R {
        // SAFETY: under the lock.
        self.lock.with(|| self.tasks.with_mut(|tasks| f(unsafe { &mut *tasks })))
    }
}

impl<L: Lock, const N: usize> Queue for Ring<L, N> {
    fn push(&self, task: Task) -> Result<(), Task> {
        self.with(|tasks| tasks.push_back(task))
    }

    fn pop(&self) -> Option<Task> {
        self.with(heapless::Deque::pop_front)
    }
}

impl<L, const N: usize> fmt::Debug for Ring<L, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring").field("capacity", &N).finish_non_exhaustive()
    }
}
