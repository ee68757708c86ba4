//! What is measured: [`ThreadPoolExecutor`].

use concurrent_futures::{Future, ThreadPoolExecutor, as_completed};

use super::{Cancel, Pool, chunks};
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

    // TO FILL: with the chunks of `MapOptions`, once it has them. Until then each item is a range.
    fn map_chunked(&self, items: u64, chunk: u64) -> Vec<u64> {
        let mut results = Vec::with_capacity(items as usize);
        let mix_all = |range: std::ops::Range<u64>| range.map(mix).collect::<Vec<u64>>();
        for chunk in self.0.map(mix_all, chunks(items, chunk)) {
            results.append(&mut chunk.expect("no item fails"));
        }
        results
    }
}

impl Cancel for Ours {
    fn cancel<T: Send + 'static>(future: &mut Option<Future<T>>) {
        let cancelled = future.as_ref().is_some_and(Future::cancel);
        assert!(cancelled, "nothing has started");
    }
}
