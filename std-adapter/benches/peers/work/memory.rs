//! What a queued task takes of the heap, and how often malloc is called for it from submit to result.

use super::Occupied;
use crate::contestant::Contestant;
use crate::harness::Figures;
use crate::memory;
use crate::mixing::mix;
use crate::pools::{Pool, with_pool};

pub(crate) fn run(contestant: Contestant, workers: usize, count: u64) -> Option<Figures> {
    with_pool!(contestant, P => {
        let pool = P::start(workers);
        round(&pool, workers, count / 10);
        round(&pool, workers, count)
    })
}

fn round<P: Pool>(pool: &P, workers: usize, count: u64) -> Figures {
    let occupied = Occupied::new(pool, workers);
    // The handles themselves are the caller's.
    let mut handles = Vec::with_capacity(count as usize);
    memory::count();
    let before = memory::counted();
    for number in 0..count {
        let factor = number | 1; // the second half of 16 bytes
        handles.push(pool.submit(move || mix(number).wrapping_mul(factor)));
    }
    let queued = memory::counted();
    occupied.release();
    let sum = handles.into_iter().map(P::result).fold(0, u64::wrapping_add);
    let after = memory::counted();

    let results = (0..count).map(|number| mix(number).wrapping_mul(number | 1));
    assert_eq!(sum, results.fold(0, u64::wrapping_add), "the results add up");
    let each = |total: i64| total as f64 / count as f64;
    vec![
        ("allocations", each(after.allocations - before.allocations)),
        ("bytes", each(queued.bytes - before.bytes)),
    ]
}
