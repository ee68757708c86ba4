//! A cheap function of many items, the results in a vector, in order.

use std::hint::black_box;

use crate::contestant::Contestant;
use crate::harness::Figures;
use crate::harness::timing::{millions_a_second, timed};
use crate::mixing::mix;
use crate::pools::{Pool, with_pool};

/// Items to a task, where that is to be said.
const CHUNK: u64 = 4_096;
/// One is over in milliseconds.
const CHUNKED_TIMES: u32 = 9;

pub(crate) fn run(contestant: Contestant, workers: usize, count: u64) -> Option<Figures> {
    with_pool!(contestant, P => {
        let pool = P::start(workers);
        measure(1, count, |items| pool.map(items))
    })
}

pub(crate) fn run_chunked(contestant: Contestant, workers: usize, count: u64) -> Option<Figures> {
    if contestant == Contestant::Loop {
        return Some(measure(CHUNKED_TIMES, count, |items| {
            (0..black_box(items)).map(mix).collect()
        }));
    }
    with_pool!(contestant, P => {
        let pool = P::start(workers);
        measure(CHUNKED_TIMES, count, |items| pool.map_chunked(items, CHUNK))
    })
}

/// The median of so many; one more warms up.
fn measure(times: u32, count: u64, map: impl Fn(u64) -> Vec<u64>) -> Figures {
    let time = |_| {
        let (results, time) = timed(|| map(count));
        assert!((0..count).map(mix).eq(results), "the results are right and in order");
        time
    };
    time(0);
    let mut times: Vec<_> = (0..times).map(time).collect();
    times.sort_unstable();
    vec![("speed", millions_a_second(count, times[times.len() / 2]))]
}
