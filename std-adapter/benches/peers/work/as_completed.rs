//! Tasks that differ in length, their results taken as they come.

use crate::contestant::Contestant;
use crate::harness::Figures;
use crate::harness::timing::timed;
use crate::mixing::{Spin, mix};
use crate::pools::{Pool, with_pool};

const LONGEST_MICROSECONDS: f64 = 5.0;

pub(crate) fn run(contestant: Contestant, workers: usize, count: u64) -> Option<Figures> {
    with_pool!(contestant, P => {
        let pool = P::start(workers);
        let spin = Spin::calibrated();
        round(&pool, spin, count / 10);
        vec![("time", round(&pool, spin, count))]
    })
}

/// In milliseconds, submission included.
fn round<P: Pool>(pool: &P, spin: Spin, count: u64) -> f64 {
    let tasks = (0..count).map(|number| {
        let microseconds = mix(number) as f64 / u64::MAX as f64 * LONGEST_MICROSECONDS;
        move || spin.spin(microseconds, number)
    });
    let (sum, time) = timed(|| pool.sum_as_completed(tasks));
    assert_eq!(sum, (0..count).sum::<u64>(), "each came once");
    time.as_secs_f64() * 1e3
}
