//! The pool of this crate.

use concurrent_futures::calls::LargeBytes;
use concurrent_futures::{MapOptions, ProcessPoolExecutor};

use super::Pool;
use crate::tasks;

pub(crate) struct Ours(ProcessPoolExecutor);

const NO_TASK_FAILS: &str = "no task fails";

impl Ours {
    pub(crate) fn start(workers: usize) -> Self {
        Self(ProcessPoolExecutor::new(workers).expect("processes can be started"))
    }
}

impl Pool for Ours {
    fn call(&self, number: u64) -> u64 {
        let future = self.0.submit(tasks::same, number).expect("accepted");
        future.result().expect(NO_TASK_FAILS)
    }

    fn calls(&self, count: u64) -> u64 {
        let submit = |number| self.0.submit(tasks::same, number).expect("accepted");
        let futures: Vec<_> = (0..count).map(submit).collect();
        futures.into_iter().map(|future| future.result().expect(NO_TASK_FAILS)).sum()
    }

    fn map_chunked(&self, items: u64, chunk: u64) -> Vec<u64> {
        let options = MapOptions::new().chunk_size(chunk as usize);
        self.0.map_with(options, tasks::successor, 0..items).into_vec().expect(NO_TASK_FAILS)
    }

    fn echo(&self, bytes: Vec<u8>) -> Vec<u8> {
        let future = self.0.submit(tasks::echo_large, LargeBytes::from(bytes)).expect("accepted");
        future.result().expect(NO_TASK_FAILS).into_vec()
    }

    fn primes(&self, numbers: &[u64]) -> Vec<bool> {
        let submit = |&number: &u64| self.0.submit(tasks::is_prime, number).expect("accepted");
        let futures: Vec<_> = numbers.iter().map(submit).collect();
        futures.into_iter().map(|future| future.result().expect(NO_TASK_FAILS)).collect()
    }
}
