//! Six calls that compute, for two workers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::median;
use crate::contestant::Contestant;
use crate::harness::Figures;
use crate::harness::timing::timed;
use crate::pools;
use crate::tasks::{ARE_PRIME, NUMBERS, is_prime};

pub(crate) fn run(contestant: Contestant, workers: usize) -> Option<Figures> {
    match contestant {
        Contestant::Loop => Some(measure(|| NUMBERS.map(is_prime).into())),
        Contestant::Threads => Some(measure(|| in_threads(workers))),
        _ => {
            let pool = pools::start(contestant, workers)?;
            pool.call(0);
            Some(measure(|| pool.primes(&NUMBERS)))
        }
    }
}

fn measure(primes: impl FnOnce() -> Vec<bool>) -> Figures {
    let (found, time) = timed(primes);
    assert_eq!(found, ARE_PRIME, "the results are right and in order");
    vec![("time", median(vec![time]))]
}

/// Each takes the next number until there is none.
fn in_threads(workers: usize) -> Vec<bool> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        // ORDERING: Relaxed; it only counts.
        while let Some(&number) = NUMBERS.get(next.fetch_add(1, Ordering::Relaxed)) {
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
    NUMBERS.iter().map(answer).collect()
}
