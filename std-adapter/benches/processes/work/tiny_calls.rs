//! Empty calls, as many at once as the pool takes.

use super::{WORKERS_ANSWER, WORKERS_START};
use crate::contestant::Contestant;
use crate::harness::Figures;
use crate::harness::timing::{millions_a_second, timed};
use crate::limits::{FrameWorkers, Replies};
use crate::pools;

pub(crate) fn run(contestant: Contestant, workers: usize, count: u64) -> Option<Figures> {
    let frames = |replies| {
        let workers = FrameWorkers::start(workers, replies).expect(WORKERS_START);
        measure(count, |count| workers.calls(count).expect(WORKERS_ANSWER))
    };
    match contestant {
        Contestant::WriteEach => Some(frames(Replies::WriteEach)),
        Contestant::WriteAll => Some(frames(Replies::WriteAll)),
        _ => {
            let pool = pools::start(contestant, workers)?;
            Some(measure(count, |count| pool.calls(count)))
        }
    }
}

/// A tenth as many warm up.
fn measure(count: u64, calls: impl Fn(u64) -> u64) -> Figures {
    calls(count / 10);
    let (sum, time) = timed(|| calls(count));
    assert_eq!(sum, (0..count).sum::<u64>(), "each has been answered once");
    vec![("speed", millions_a_second(count, time) * 1e3)]
}
