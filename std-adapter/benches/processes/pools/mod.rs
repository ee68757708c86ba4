//! One interface over all pools of processes, so that each workload is written once.
//!
//! A pool that comes in is a file here, an arm in [`start`], and a name in `contestant.rs`.

mod ours;
mod procspawn;

use self::ours::Ours;
use self::procspawn::Procspawn;
use crate::contestant::Contestant;

/// Workers that are processes. Dropping it ends them.
///
/// Each pool is used as its documentation says to. The functions that are called are in `tasks.rs`.
pub(crate) trait Pool {
    /// [`same`](crate::tasks::same) of a number, from another process.
    fn call(&self, number: u64) -> u64;

    /// So many of those calls, as fast as the pool can; and the sum of their results.
    fn calls(&self, count: u64) -> u64;

    /// The successor of each number below `items`, in order, `chunk` items at a time.
    fn map_chunked(&self, items: u64, chunk: u64) -> Vec<u64>;

    /// The same bytes, as another process has sent them back.
    fn echo(&self, bytes: Vec<u8>) -> Vec<u8>;

    /// Which of those numbers are primes, a call for each.
    fn primes(&self, numbers: &[u64]) -> Vec<bool>;
}

/// Where this contestant is a pool.
pub(crate) fn start(contestant: Contestant, workers: usize) -> Option<Box<dyn Pool>> {
    match contestant {
        Contestant::Ours => Some(Box::new(Ours::start(workers))),
        Contestant::Procspawn => Some(Box::new(Procspawn::start(workers, false))),
        Contestant::ProcspawnShmem => Some(Box::new(Procspawn::start(workers, true))),
        _ => None,
    }
}
