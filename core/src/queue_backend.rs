//! [`QueueBackend`]: tasks that a loop of the program runs.
#![forbid(unsafe_code)]

use crate::backend::{Backend, Refused, RefusedReason};
use crate::queue::Queue;
use crate::task::Task;

/// Puts tasks into a queue, from which a loop of the program takes and runs them: a game's frame, a
/// GUI's event loop, the main thread of a program that computes elsewhere.
///
/// # Examples
/// ```
/// # #[cfg(feature = "std")] {
/// use concurrent_futures_core::{Executor, OsLock, QueueBackend, Ring};
///
/// let executor = Executor::new(QueueBackend::new(Ring::<_, 16>::new(OsLock::new())));
/// let mut future = executor.submit(|| 6 * 7)?;
/// assert!(future.try_result().is_none());
/// executor.backend().run_pending(); // once a frame
/// assert_eq!(future.result()?, 42);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct QueueBackend<Q> {
    queue: Q,
}

impl<Q: Queue> QueueBackend<Q> {
    /// A backend over `queue`.
    pub const fn new(queue: Q) -> Self {
        Self { queue }
    }

    /// Runs what is queued, and what is submitted meanwhile, until nothing is; says how many tasks.
    pub fn run_pending(&self) -> usize
    where
        Self: Backend,
    {
        let mut count = 0;
        while self.run_one() {
            count += 1;
        }
        count
    }
}

impl<Q: Queue + 'static> Backend for QueueBackend<Q> {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        self.queue.push(task).map_err(|task| Refused::new(task, RefusedReason::Full))
    }

    fn run_one(&self) -> bool {
        let task = self.queue.pop();
        let found = task.is_some();
        if let Some(task) = task {
            task.run();
        }
        found
    }
}
