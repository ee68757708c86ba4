//! One empty call at a time, from its submission to its result.

use super::{WORKERS_ANSWER, WORKERS_START};
use crate::contestant::Contestant;
use crate::harness::Figures;
use crate::harness::timing::percentiles;
use crate::limits::{Duty, Worker};
use crate::placement::Placement;
use crate::pools;

/// Until every worker has had some.
const FIRST_CALLS: u64 = 100;

const PROCESSORS: &str = "threads can be moved to other processors";

pub(crate) fn run(
    contestant: Contestant,
    workers: usize,
    placement: Placement,
    count: u64,
) -> Option<Figures> {
    if contestant == Contestant::PingPong {
        let start = || Worker::start(Duty::PingPong).expect(WORKERS_START);
        let worker = placement.place(start).expect(PROCESSORS);
        return Some(measure(count, |number| worker.ping(number).expect(WORKERS_ANSWER)));
    }
    let start = || {
        let pool = pools::start(contestant, workers)?;
        pool.calls(FIRST_CALLS);
        Some(pool)
    };
    let pool = placement.place(start).expect(PROCESSORS)?;
    Some(measure(count, |number| pool.call(number)))
}

fn measure(count: u64, call: impl Fn(u64) -> u64) -> Figures {
    percentiles(None, count, |number| assert_eq!(call(number), number, "the result is right"))
}
