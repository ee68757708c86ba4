//! The pool of the `futures` crate.

use ::futures::executor::{ThreadPool, block_on};
use ::futures::future::RemoteHandle;
use ::futures::task::SpawnExt;

use super::{Cancel, Pool, sum_unordered};

pub(crate) struct Futures(pub(crate) ThreadPool);

impl Pool for Futures {
    type Handle<T: Send + 'static> = RemoteHandle<T>;

    fn start(workers: usize) -> Self {
        let pool = ThreadPool::builder().pool_size(workers).create();
        Self(pool.expect("threads can be started"))
    }

    fn submit<F, T>(&self, task: F) -> RemoteHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.0.spawn_with_handle(async { task() }).expect("the pool is open")
    }

    fn result<T: Send + 'static>(handle: RemoteHandle<T>) -> T {
        block_on(handle)
    }

    fn sum_as_completed<F>(&self, tasks: impl Iterator<Item = F>) -> u64
    where
        F: FnOnce() -> u64 + Send + 'static,
    {
        sum_unordered(tasks.map(|task| self.submit(task)))
    }
}

impl Cancel for Futures {
    fn cancel<T: Send + 'static>(handle: &mut Option<RemoteHandle<T>>) {
        drop(handle.take());
    }
}
