//! Rayon's pool, which has no handles: a one-shot channel answers.

use ::rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::{Pool, sum_through_channel};
use crate::mixing::mix;

pub(crate) struct Rayon(pub(crate) ::rayon::ThreadPool);

impl Pool for Rayon {
    type Handle<T: Send + 'static> = oneshot::Receiver<T>;

    fn start(workers: usize) -> Self {
        let pool = ::rayon::ThreadPoolBuilder::new().num_threads(workers).build();
        Self(pool.expect("threads can be started"))
    }

    fn submit<F, T>(&self, task: F) -> oneshot::Receiver<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        self.0.spawn(move || {
            let _ = sender.send(task()); // nobody waits for it any more
        });
        receiver
    }

    fn result<T: Send + 'static>(receiver: oneshot::Receiver<T>) -> T {
        receiver.recv().expect("no task fails")
    }

    fn sum_as_completed<F>(&self, tasks: impl Iterator<Item = F>) -> u64
    where
        F: FnOnce() -> u64 + Send + 'static,
    {
        sum_through_channel(tasks, |task| self.0.spawn(task))
    }

    fn map_chunked(&self, items: u64, _chunk: u64) -> Vec<u64> {
        self.0.install(|| (0..items).into_par_iter().map(mix).collect())
    }
}
