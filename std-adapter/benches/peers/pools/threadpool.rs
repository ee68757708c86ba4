//! The `threadpool` crate, which has no handles: a channel of std answers.

use std::sync::mpsc;

use super::{Pool, sum_through_channel};

pub(crate) struct ThreadPool(::threadpool::ThreadPool);

impl Pool for ThreadPool {
    type Handle<T: Send + 'static> = mpsc::Receiver<T>;

    fn start(workers: usize) -> Self {
        Self(::threadpool::ThreadPool::new(workers))
    }

    fn submit<F, T>(&self, task: F) -> mpsc::Receiver<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (sender, receiver) = mpsc::channel();
        self.0.execute(move || {
            let _ = sender.send(task()); // nobody waits for it any more
        });
        receiver
    }

    fn result<T: Send + 'static>(receiver: mpsc::Receiver<T>) -> T {
        receiver.recv().expect("no task fails")
    }

    fn sum_as_completed<F>(&self, tasks: impl Iterator<Item = F>) -> u64
    where
        F: FnOnce() -> u64 + Send + 'static,
    {
        sum_through_channel(tasks, |task| self.0.execute(task))
    }
}
