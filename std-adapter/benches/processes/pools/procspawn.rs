//! The pool of the crate `procspawn`.

use std::collections::VecDeque;

use ::procspawn::serde::{Shmem, with_ipc_mode};

use super::Pool;
use crate::tasks;

pub(crate) struct Procspawn {
    pool: ::procspawn::Pool,
    /// Large payloads go through its type for them.
    shared_memory: bool,
}

/// Calls at once: each of them holds two socketpairs, so that more would soon be out of descriptors,
/// and are no faster.
const WINDOW: usize = 64;

const NO_TASK_FAILS: &str = "no task fails";

impl Procspawn {
    pub(crate) fn start(workers: usize, shared_memory: bool) -> Self {
        let pool = ::procspawn::Pool::new(workers).expect("processes can be started");
        Self { pool, shared_memory }
    }
}

impl Pool for Procspawn {
    fn call(&self, number: u64) -> u64 {
        self.pool.spawn(number, tasks::same).join().expect(NO_TASK_FAILS)
    }

    fn calls(&self, count: u64) -> u64 {
        let mut sum = 0;
        let mut handles = VecDeque::with_capacity(WINDOW);
        for number in 0..count {
            if handles.len() == WINDOW {
                sum += handles.pop_front().map_or(0, result);
            }
            handles.push_back(self.pool.spawn(number, tasks::same));
        }
        sum + handles.into_iter().map(result).sum::<u64>()
    }

    fn map_chunked(&self, items: u64, chunk: u64) -> Vec<u64> {
        let starts = (0..items).step_by(chunk as usize);
        let chunks = starts.map(|start| (start..items.min(start + chunk)).collect());
        let spawn = |chunk: Vec<u64>| self.pool.spawn(chunk, tasks::successors);
        // All of them are spawned before the first is waited for.
        let handles: Vec<_> = chunks.map(spawn).collect();
        let mut results = Vec::with_capacity(items as usize);
        for handle in handles {
            results.append(&mut result(handle));
        }
        results
    }

    fn echo(&self, bytes: Vec<u8>) -> Vec<u8> {
        if self.shared_memory {
            let bytes = Shmem::from_bytes(&bytes);
            // Which its pool forgets: the worker could not read what it sends.
            let handle = with_ipc_mode(|| self.pool.spawn(bytes, echo_shared));
            return result(handle).to_vec();
        }
        result(self.pool.spawn(bytes, tasks::echo))
    }

    fn primes(&self, numbers: &[u64]) -> Vec<bool> {
        let spawn = |&number: &u64| self.pool.spawn(number, tasks::is_prime);
        let handles: Vec<_> = numbers.iter().map(spawn).collect();
        handles.into_iter().map(result).collect()
    }
}

fn result<T>(handle: ::procspawn::JoinHandle<T>) -> T
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    handle.join().expect(NO_TASK_FAILS)
}

/// Takes the bytes as every task does, as a vector of its own, and answers with others.
fn echo_shared(bytes: Shmem) -> Shmem {
    Shmem::from_bytes(&tasks::echo(bytes.to_vec()))
}
