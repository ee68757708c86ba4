//! The workloads. Each runs in a process of its own, warms up, does it, and checks what came out.

mod map;
mod payload;
mod primes;
mod round_trip;
mod start_up;
mod threads;
mod tiny_calls;

use std::time::Duration;

use crate::case::Work;
use crate::contestant::Contestant;
use crate::harness::Figures;
use crate::harness::case::Case;

/// Runs it here and now; `None` if this contestant cannot.
pub(crate) fn run(case: &Case, contestant: Contestant, count: u64) -> Option<Figures> {
    let workers = case.workers;
    match case.work {
        Work::RoundTrip(placement) => round_trip::run(contestant, workers, placement, count),
        Work::TinyCalls => tiny_calls::run(contestant, workers, count),
        Work::MapChunked => map::run(contestant, workers, count),
        Work::Payload { bytes } => payload::run(contestant, workers, bytes, count),
        Work::StartUp => start_up::run(contestant, workers, count),
        Work::Threads => threads::run(contestant, workers),
        Work::Primes => primes::run(contestant, workers, count),
    }
}

const WORKERS_START: &str = "processes can be started";
const WORKERS_ANSWER: &str = "no worker ends early";

/// In milliseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    milliseconds(times[times.len() / 2])
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
