//! The pool that people write themselves: threads at a channel of closures. A one-shot channel answers.

use crossbeam_channel::{Sender, unbounded};
use std::thread::{self, JoinHandle};

use super::{Cancel, Pool, sum_through_channel};

type Task = Box<dyn FnOnce() + Send>;

pub(crate) struct Crossbeam {
    /// `None` from when it is dropped.
    tasks: Option<Sender<Task>>,
    threads: Vec<JoinHandle<()>>,
}

impl Crossbeam {
    fn send(&self, task: Task) {
        let tasks = self.tasks.as_ref().expect("it is not being dropped");
        tasks.send(task).expect("the threads outlive the pool");
    }
}

impl Pool for Crossbeam {
    type Handle<T: Send + 'static> = oneshot::Receiver<T>;

    fn start(workers: usize) -> Self {
        let (tasks, queue) = unbounded::<Task>();
        let start_thread = |_| {
            let queue = queue.clone();
            thread::spawn(move || queue.iter().for_each(|task| task()))
        };
        Self { tasks: Some(tasks), threads: (0..workers).map(start_thread).collect() }
    }

    fn submit<F, T>(&self, task: F) -> oneshot::Receiver<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        self.send(Box::new(move || {
            // Without its receiver it is cancelled.
            if !sender.is_closed() {
                let _ = sender.send(task()); // cancelled meanwhile
            }
        }));
        receiver
    }

    fn result<T: Send + 'static>(receiver: oneshot::Receiver<T>) -> T {
        receiver.recv().expect("no task fails")
    }

    fn sum_as_completed<F>(&self, tasks: impl Iterator<Item = F>) -> u64
    where
        F: FnOnce() -> u64 + Send + 'static,
    {
        sum_through_channel(tasks, |task| self.send(task))
    }
}

impl Cancel for Crossbeam {
    fn cancel<T: Send + 'static>(receiver: &mut Option<oneshot::Receiver<T>>) {
        drop(receiver.take());
    }
}

impl Drop for Crossbeam {
    fn drop(&mut self) {
        drop(self.tasks.take());
        for thread in self.threads.drain(..) {
            thread.join().expect("no task panics");
        }
    }
}
