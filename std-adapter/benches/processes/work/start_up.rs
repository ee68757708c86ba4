//! A new pool, and one call.

use std::time::Instant;

use super::{WORKERS_ANSWER, WORKERS_START, median};
use crate::contestant::Contestant;
use crate::harness::Figures;
use crate::limits::{Duty, Worker};
use crate::pools;

pub(crate) fn run(contestant: Contestant, workers: usize, count: u64) -> Option<Figures> {
    if contestant == Contestant::PingPong {
        let start = |_| Worker::start(Duty::PingPong).expect(WORKERS_START);
        let start = || (0..workers).map(start).collect::<Vec<_>>();
        return measure(
            count,
            || Some(start()),
            |workers| workers[0].ping(1).expect(WORKERS_ANSWER),
        );
    }
    measure(count, || pools::start(contestant, workers), |pool| pool.call(1))
}

/// The medians: until the result is there, and until all processes have ended.
fn measure<P>(
    count: u64,
    start: impl Fn() -> Option<P>,
    call: impl Fn(&P) -> u64,
) -> Option<Figures> {
    let (mut first, mut all) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let started = Instant::now();
        let pool = start()?;
        assert_eq!(call(&pool), 1, "the result is right");
        first.push(started.elapsed());
        drop(pool);
        all.push(started.elapsed());
    }
    Some(vec![("first", median(first)), ("all", median(all))])
}
