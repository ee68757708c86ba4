//! What is measured: [`ThreadPoolExecutor`].

use concurrent_futures::{Future, MapOptions, ThreadPoolExecutor, as_completed};

use super::{Cancel, Pool};
use crate::mixing::mix;

pub(crate) struct Ours(pub(crate) ThreadPoolExecutor);

impl Pool for Ours {
    type Handle<T: Send + 'static> = Future<T>;

    fn start(workers: usize) -> Self {
        Self(ThreadPoolExecutor::new(workers).expect("a number of workers"))
    }

    fn submit<F, T>(&self, task: F) -> Future<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.0.submit(task).expect("the pool is open")
    }

    fn result<T: Send + 'static>(future: Future<T>) -> T {
        future.result().expect("no task fails")
    }

    fn sum_as_completed<F>(&self, tasks: impl Iterator<Item = F>) -> u64
    where
        F: FnOnce() -> u64 + Send + 'static,
    {
        as_completed(tasks.map(|task| self.submit(task)))
            .map(Self::result)
            .fold(0, u64::wrapping_add)
    }

    fn map(&self, items: u64) -> Vec<u64> {
        self.0.map(mix, 0..items).map(|result| result.expect("no item fails")).collect()
    }

    fn map_chunked(&self, items: u64, chunk: u64) -> Vec<u64> {
        let options = MapOptions::new().chunk_size(chunk as usize);
        let results = self.0.map_with(options, mix, 0..items);
        results.into_vec().expect("no item fails")
    }
}

impl Cancel for Ours {
    fn cancel<T: Send + 'static>(future: &mut Option<Future<T>>) {
        let cancelled = future.as_ref().is_some_and(Future::cancel);
        assert!(cancelled, "nothing has started");
    }
}
