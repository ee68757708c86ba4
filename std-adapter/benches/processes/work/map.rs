//! A cheap function of many items, the results in a vector, in order.

use super::median;
use crate::contestant::Contestant;
use crate::harness::Figures;
use crate::harness::timing::timed;
use crate::pools;

/// Items to a call. The best of these counts; the last makes four chunks for each of two workers.
const CHUNKS: [u64; 4] = [4_096, 16_384, 65_536, 125_000];
const TIMES: usize = 3;

pub(crate) fn run(contestant: Contestant, workers: usize, count: u64) -> Option<Figures> {
    let pool = pools::start(contestant, workers)?;
    let time = |chunk| {
        let (results, time) = timed(|| pool.map_chunked(count, chunk));
        assert!((1..=count).eq(results), "the results are right and in order");
        time
    };
    let speed = |chunk| {
        time(chunk); // which warms up
        let milliseconds = median((0..TIMES).map(|_| time(chunk)).collect());
        count as f64 / milliseconds / 1e3
    };
    Some(vec![("speed", CHUNKS.into_iter().map(speed).fold(0.0, f64::max))])
}
