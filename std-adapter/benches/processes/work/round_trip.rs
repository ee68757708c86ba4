//! One empty call at a time, from its submission to its result.

use super::{WORKERS_ANSWER, WORKERS_START};
use crate::contestant::Contestant;
use crate::harness::Figures;
use crate::harness::timing::percentiles;
use crate::limits::{Duty, Worker};
use crate::pools;

pub(crate) fn run(contestant: Contestant, workers: usize, count: u64) -> Option<Figures> {
    if contestant == Contestant::PingPong {
        let worker = Worker::start(Duty::PingPong).expect(WORKERS_START);
        return Some(measure(count, |number| worker.ping(number).expect(WORKERS_ANSWER)));
    }
    let pool = pools::start(contestant, workers)?;
    Some(measure(count, |number| pool.call(number)))
}

fn measure(count: u64, call: impl Fn(u64) -> u64) -> Figures {
    percentiles(None, count, |number| assert_eq!(call(number), number, "the result is right"))
}
