//! Parts of the inside, for models of their own. Not there in production.
#![forbid(unsafe_code)]
#![expect(missing_debug_implementations, reason = "for models only")]

use alloc::vec::Vec;

use crate::canceller::Canceller;
use crate::lock::OsLock;
use crate::queue::{Batch, Fifo, Queued, home_of};
use crate::task::Task;

/// The run queue.
pub struct RunQueue(Fifo<OsLock>);

impl RunQueue {
    /// An empty queue with that home, which is not 0.
    pub fn new(home: u32) -> Self {
        Self(Fifo::new(OsLock::default(), home))
    }

    pub fn push(&self, task: Task) {
        if let Some(slot) = task.into_slot() {
            self.0.push(slot);
        }
    }

    pub fn push_all(&self, tasks: Vec<Task>) {
        self.0.push_all(tasks.into_iter().filter_map(Task::into_slot));
    }

    pub fn pop(&self) -> Option<Task> {
        self.0.pop().map(Task::from_slot)
    }

    pub fn take_half(&self) -> Vec<Task> {
        let mut batch = Batch::new();
        self.0.take_half(&mut batch);
        core::iter::from_fn(|| batch.pop_front()).map(Task::from_slot).collect()
    }

    pub fn remove(&self, canceller: &Canceller) -> Option<Task> {
        self.0.remove(canceller.slot()).map(Task::from_slot)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The home of the task's slot; 0 for none.
pub fn home(canceller: &Canceller) -> u32 {
    home_of::<Queued>(canceller.slot())
}
