//! A few calls that compute, for two workers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::milliseconds;
use crate::contestant::Contestant;
use crate::harness::Figures;
use crate::harness::timing::timed;
use crate::pools;
use crate::tasks::{ARE_PRIME, NUMBERS, is_prime};

pub(crate) fn run(contestant: Contestant, workers: usize, count: u64) -> Option<Figures> {
    let count = count as usize;
    let numbers = &NUMBERS[..count];
    match contestant {
        Contestant::Loop => {
            Some(measure(count, || numbers.iter().copied().map(is_prime).collect()))
        }
        Contestant::Threads => Some(measure(count, || in_threads(workers, numbers))),
        _ => {
            let pool = pools::start(contestant, workers)?;
            pool.call(0);
            Some(measure(count, || pool.primes(numbers)))
        }
    }
}

fn measure(count: usize, primes: impl FnOnce() -> Vec<bool>) -> Figures {
    let (found, time) = timed(primes);
    assert_eq!(found, ARE_PRIME[..count], "the results are right and in order");
    vec![("time", milliseconds(time))]
}

/// Each takes the next number until there is none.
fn in_threads(workers: usize, numbers: &[u64]) -> Vec<bool> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        // ORDERING: Relaxed; it only counts.
        while let Some(&number) = numbers.get(next.fetch_add(1, Ordering::Relaxed)) {
            found.push((number, is_prime(number)));
        }
        found
    };
    let found: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| thread.join().expect("no panic");
        threads.into_iter().flat_map(join).collect()
    });
    let answer = |number: &u64| found.iter().any(|(of, is)| of == number && *is);
    numbers.iter().map(answer).collect()
}
