//! [`mix`]: a few nanoseconds of work, and [`Spin`]: some microseconds.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Rounds of [`mix`]; as many as make it about 4 ns in a loop. What it is on the machine is measured
/// as the contestant `loop`.
const ROUNDS: u32 = 2;

/// Mixes the bits of `x`, by the finalizer of SplitMix64.
#[inline]
pub(crate) fn mix(x: u64) -> u64 {
    (0..ROUNDS).fold(x, |x, _| scramble(x.wrapping_add(0x9e37_79b9_7f4a_7c15)))
}

#[inline]
fn scramble(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Work of a chosen length, measured in operations: a thread that is interrupted still has all of it
/// to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spin {
    steps_per_microsecond: f64,
}

impl Spin {
    /// Finds out how fast this processor is, undisturbed.
    pub(crate) fn calibrated() -> Self {
        const STEPS: u64 = 100_000;
        let time = |_| {
            let start = Instant::now();
            black_box(steps(black_box(STEPS)));
            start.elapsed()
        };
        let best: Duration = (0..50).map(time).min().expect("it was timed");
        Self { steps_per_microsecond: STEPS as f64 / (best.as_secs_f64() * 1e6) }
    }

    /// Computes for so long, and gives back `value`.
    #[inline]
    pub(crate) fn spin(self, microseconds: f64, value: u64) -> u64 {
        black_box(steps((microseconds * self.steps_per_microsecond) as u64));
        value
    }
}

/// Each depends on the one before, so that they cannot be done at once.
#[inline(never)]
fn steps(count: u64) -> u64 {
    (0..count).fold(count, |x, _| scramble(x))
}
