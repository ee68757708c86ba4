//! Tokio's threads for blocking work.

use ::tokio::runtime::{Builder, Runtime};
use ::tokio::task::JoinHandle;

use super::{Cancel, Pool, sum_unordered};

pub(crate) struct Tokio(Runtime);

impl Pool for Tokio {
    type Handle<T: Send + 'static> = JoinHandle<T>;

    fn start(workers: usize) -> Self {
        let runtime = Builder::new_current_thread().max_blocking_threads(workers).build();
        Self(runtime.expect("a runtime"))
    }

    fn submit<F, T>(&self, task: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.0.spawn_blocking(task)
    }

    fn result<T: Send + 'static>(handle: JoinHandle<T>) -> T {
        ::futures::executor::block_on(handle).expect("no task fails")
    }

    fn sum_as_completed<F>(&self, tasks: impl Iterator<Item = F>) -> u64
    where
        F: FnOnce() -> u64 + Send + 'static,
    {
        sum_unordered(tasks.map(|task| {
            let handle = self.submit(task);
            async { handle.await.expect("no task fails") }
        }))
    }
}

impl Cancel for Tokio {
    fn cancel<T: Send + 'static>(handle: &mut Option<JoinHandle<T>>) {
        handle.as_ref().expect("it is cancelled once").abort();
    }
}
