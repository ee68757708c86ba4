//! The `blocking` crate of smol. Its one pool takes its size from the environment, which the harness
//! sets for each process that it starts.

use ::blocking::Task;
use ::futures::executor::block_on;

use super::{Cancel, Pool, sum_unordered};

pub(crate) struct Blocking;

/// Where it finds how many threads to start at most.
pub(crate) const WORKERS_VARIABLE: &str = "BLOCKING_MAX_THREADS";

impl Pool for Blocking {
    type Handle<T: Send + 'static> = Task<T>;

    fn start(workers: usize) -> Self {
        let set = std::env::var(WORKERS_VARIABLE).ok().and_then(|value| value.parse().ok());
        assert_eq!(set, Some(workers), "{WORKERS_VARIABLE} is the number of workers");
        Self
    }

    fn submit<F, T>(&self, task: F) -> Task<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        ::blocking::unblock(task)
    }

    fn result<T: Send + 'static>(handle: Task<T>) -> T {
        block_on(handle)
    }

    fn sum_as_completed<F>(&self, tasks: impl Iterator<Item = F>) -> u64
    where
        F: FnOnce() -> u64 + Send + 'static,
    {
        sum_unordered(tasks.map(|task| self.submit(task)))
    }
}

impl Cancel for Blocking {
    fn cancel<T: Send + 'static>(handle: &mut Option<Task<T>>) {
        drop(handle.take());
    }
}
