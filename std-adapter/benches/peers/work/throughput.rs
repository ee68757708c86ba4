//! Tasks of a 16-byte closure, all submitted, and then every result taken.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use crate::contestant::Contestant;
use crate::harness::Figures;
use crate::harness::timing::{millions_a_second, timed};
use crate::mixing::mix;
use crate::pools::{Pool, with_pool};

/// Small counts are repeated until there were so many tasks.
const AT_LEAST: u64 = 200_000;
/// Of large counts, so many are enough to warm up.
const WARM_UP: u64 = 1_000_000;

pub(crate) fn run(
    contestant: Contestant,
    workers: usize,
    producers: usize,
    count: u64,
) -> Option<Figures> {
    let speed = with_pool!(contestant, P => measure(&P::start(workers), producers, count))?;
    Some(vec![("speed", speed)])
}

fn measure<P: Pool>(pool: &P, producers: usize, count: u64) -> f64 {
    round(pool, producers, count.min(WARM_UP));
    // A quick look has fewer, and repeats nothing.
    let repeats = if count < 1_000 { 1 } else { AT_LEAST.div_ceil(count) };
    let time = (0..repeats).map(|_| round(pool, producers, count)).sum();
    millions_a_second(count * repeats, time)
}

/// From the first submit to the last result.
fn round<P: Pool>(pool: &P, producers: usize, count: u64) -> Duration {
    let each = count / producers as u64;
    if producers == 1 {
        let (sum, time) = timed(|| produce(pool, 0, each));
        check(sum, each);
        return time;
    }
    let ready = Barrier::new(producers + 1);
    thread::scope(|scope| {
        let ready = &ready;
        let threads: Vec<_> = (0..producers)
            .map(|producer| {
                scope.spawn(move || {
                    ready.wait();
                    produce(pool, producer as u64 * each, each)
                })
            })
            .collect();
        ready.wait();
        let join = |thread: thread::ScopedJoinHandle<'_, u64>| thread.join().expect("no panic");
        let (sum, time) = timed(|| threads.into_iter().map(join).fold(0, u64::wrapping_add));
        check(sum, each * producers as u64);
        time
    })
}

/// The sum of the results.
fn produce<P: Pool>(pool: &P, start: u64, count: u64) -> u64 {
    let mut handles = Vec::with_capacity(count as usize);
    for number in start..start + count {
        let factor = number | 1; // the second half of 16 bytes
        handles.push(pool.submit(move || mix(number).wrapping_mul(factor)));
    }
    handles.into_iter().map(P::result).fold(0, u64::wrapping_add)
}

fn check(sum: u64, count: u64) {
    let results = (0..count).map(|number| mix(number).wrapping_mul(number | 1));
    assert_eq!(sum, results.fold(0, u64::wrapping_add), "the results add up");
}
