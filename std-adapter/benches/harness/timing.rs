//! Clocks, and what is computed from what they say.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use super::Figures;

pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let value = work();
    (value, start.elapsed())
}

pub(crate) fn millions_a_second(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64() / 1e6
}

/// Times one call for each number below `count`, after a tenth as many to warm up; in microseconds.
pub(crate) fn percentiles(pause: Option<Duration>, count: u64, call: impl Fn(u64)) -> Figures {
    (0..count / 10).for_each(&call);
    let mut times: Vec<Duration> = (0..count)
        .map(|number| {
            if let Some(pause) = pause {
                thread::sleep(pause);
            }
            timed(|| call(black_box(number))).1
        })
        .collect();
    times.sort_unstable();
    let percentile = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e6;
    vec![("p50", percentile(50)), ("p99", percentile(99))]
}
