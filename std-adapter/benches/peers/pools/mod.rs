//! One interface over all pools, so that each workload is written once.
//!
//! Each pool is used as its documentation says to: what it offers by itself is used, and what it lacks
//! is made of what its users would take for that.

mod blocking;
mod crossbeam;
mod futures;
mod ours;
mod rayon;
mod threadpool;
mod tokio;

pub(crate) use self::blocking::{Blocking, WORKERS_VARIABLE};
pub(crate) use self::crossbeam::Crossbeam;
pub(crate) use self::futures::Futures;
pub(crate) use self::ours::Ours;
pub(crate) use self::rayon::Rayon;
pub(crate) use self::threadpool::ThreadPool;
pub(crate) use self::tokio::Tokio;

use crate::mixing::mix;
use ::futures::executor::block_on_stream;
use ::futures::stream::FuturesUnordered;
use std::ops::Range;
use std::sync::mpsc;

/// Workers, and tasks with results.
pub(crate) trait Pool: Send + Sync + Sized + 'static {
    /// What a submitted task's result is asked of.
    type Handle<T: Send + 'static>: Send + 'static;

    fn start(workers: usize) -> Self;

    fn submit<F, T>(&self, task: F) -> Self::Handle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static;

    /// Blocks until the task has ended.
    fn result<T: Send + 'static>(handle: Self::Handle<T>) -> T;

    /// Submits all tasks, takes each result when it is there, whatever the order, and gives their sum.
    fn sum_as_completed<F>(&self, tasks: impl Iterator<Item = F>) -> u64
    where
        F: FnOnce() -> u64 + Send + 'static;

    /// [`mix`] of each number below `items`, in order, as one task each.
    fn map(&self, items: u64) -> Vec<u64> {
        let handles: Vec<_> = (0..items).map(|item| self.submit(move || mix(item))).collect();
        handles.into_iter().map(Self::result).collect()
    }

    /// As [`map`](Self::map), with `chunk` items to a task; or as the pool thinks best.
    fn map_chunked(&self, items: u64, chunk: u64) -> Vec<u64> {
        let mut results = Vec::with_capacity(items as usize);
        let handles: Vec<_> = chunks(items, chunk)
            .map(|range| self.submit(move || range.map(mix).collect::<Vec<u64>>()))
            .collect();
        for handle in handles {
            results.append(&mut Self::result(handle));
        }
        results
    }
}

/// Pools whose tasks can be kept from running.
pub(crate) trait Cancel: Pool {
    /// Cancels the task. Where dropping the handle is how that is done, it is gone afterwards.
    fn cancel<T: Send + 'static>(handle: &mut Option<Self::Handle<T>>);
}

/// The numbers below `items`, in ranges of `chunk`.
fn chunks(items: u64, chunk: u64) -> impl Iterator<Item = Range<u64>> {
    (0..items).step_by(chunk as usize).map(move |start| start..items.min(start + chunk))
}

/// For pools of plain closures: what they compute comes back through a channel.
fn sum_through_channel<F>(
    tasks: impl Iterator<Item = F>,
    spawn: impl Fn(Box<dyn FnOnce() + Send>),
) -> u64
where
    F: FnOnce() -> u64 + Send + 'static,
{
    let (sender, receiver) = mpsc::channel();
    for task in tasks {
        let sender = sender.clone();
        spawn(Box::new(move || sender.send(task()).expect("the receiver outlives the tasks")));
    }
    drop(sender);
    receiver.iter().fold(0, u64::wrapping_add)
}

/// For pools whose handles are futures.
fn sum_unordered(handles: impl Iterator<Item = impl Future<Output = u64>>) -> u64 {
    let unordered: FuturesUnordered<_> = handles.collect();
    block_on_stream(unordered).fold(0, u64::wrapping_add)
}

/// `with_pool!(name, P => expression)`: the expression for the pool of that contestant, where it is
/// one.
macro_rules! with_pool {
    ($contestant:expr, $pool:ident => $body:expr) => {{
        use crate::contestant::Contestant;
        use crate::pools;
        macro_rules! as_pool {
            ($type:ty) => {{
                type $pool = $type;
                Some($body)
            }};
        }
        match $contestant {
            Contestant::Ours => as_pool!(pools::Ours),
            Contestant::Rayon => as_pool!(pools::Rayon),
            Contestant::Crossbeam => as_pool!(pools::Crossbeam),
            Contestant::Tokio => as_pool!(pools::Tokio),
            Contestant::Futures => as_pool!(pools::Futures),
            Contestant::Blocking => as_pool!(pools::Blocking),
            Contestant::ThreadPool => as_pool!(pools::ThreadPool),
            _ => None,
        }
    }};
}
pub(crate) use with_pool;
