//! Queues of tasks: the intrusive run queue, and the fixed ring for backends of one's own.

mod chain;
mod fifo;
mod ring;

pub(crate) use chain::{Chain, Links};
#[cfg(feature = "alloc")]
pub(crate) use chain::{Place, Queued, home_of};
#[cfg(feature = "alloc")]
pub(crate) use fifo::{Batch, Fifo};
pub use ring::Ring;

use crate::task::Task;

/// A queue that a backend of one's own puts tasks into: first in, first out.
pub trait Queue: Send + Sync {
    /// Adds a task at the end.
    ///
    /// # Errors
    /// The task, if there is no room.
    fn push(&self, task: Task) -> Result<(), Task>;

    /// Takes the task at the front.
    fn pop(&self) -> Option<Task>;
}
