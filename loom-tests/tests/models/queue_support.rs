//! Tasks that are in no queue yet.

use std::sync::Mutex;

use concurrent_futures_core::{Backend, Executor, Future, Refused, Task};

/// Keeps what it is given.
#[derive(Debug, Default)]
struct Loose(Mutex<Vec<Task>>);

/// Three tasks, and their futures. The executor stays with the caller.
pub(crate) fn three_tasks() -> ([Task; 3], [Future<()>; 3], impl Sized) {
    let executor = Executor::new(Loose::default());
    let futures = [(); 3].map(|()| executor.submit(|| ()).unwrap());
    let tasks = core::mem::take(&mut *executor.backend().0.lock().unwrap());
    (tasks.try_into().unwrap(), futures, executor)
}

impl Backend for Loose {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        self.0.lock().unwrap().push(task);
        Ok(())
    }
}
