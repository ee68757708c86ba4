//! One task at a time, from its submission to its result.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use super::{Figures, timed};
use crate::contestant::Contestant;
use crate::mixing::mix;
use crate::pools::{Pool, with_pool};

const SILENCE: Duration = Duration::from_micros(300);

pub(crate) fn run(
    contestant: Contestant,
    workers: usize,
    silence: bool,
    count: u64,
) -> Option<Figures> {
    let pause = silence.then_some(SILENCE);
    if contestant == Contestant::HandOver {
        return Some(hand_over(pause, count));
    }
    with_pool!(contestant, P => {
        let pool = P::start(workers);
        percentiles(pause, count, |number| {
            let result = P::result(pool.submit(move || mix(number)));
            assert_eq!(result, mix(number), "the result is right");
        })
    })
}

/// What nobody can beat who sleeps: a thread that is unparked, and unparks the first in return.
fn hand_over(pause: Option<Duration>, count: u64) -> Figures {
    const NOTHING: u64 = u64::MAX;
    const END: u64 = u64::MAX - 1;
    let (question, answer) = (AtomicU64::new(NOTHING), AtomicU64::new(NOTHING));
    let asker = thread::current();
    thread::scope(|scope| {
        let worker = scope.spawn(|| {
            loop {
                let number = take_or_park(&question, NOTHING);
                if number == END {
                    break;
                }
                // ORDERING: Release; pairs with the Acquire in `take_or_park`.
                answer.store(mix(number), Ordering::Release);
                asker.unpark();
            }
        });
        let ask = |number| {
            // ORDERING: Release; pairs with the Acquire in `take_or_park`.
            question.store(number, Ordering::Release);
            worker.thread().unpark();
        };
        let figures = percentiles(pause, count, |number| {
            ask(number);
            assert_eq!(take_or_park(&answer, NOTHING), mix(number), "the answer is right");
        });
        ask(END);
        figures
    })
}

/// What was put there, once it is.
fn take_or_park(place: &AtomicU64, nothing: u64) -> u64 {
    loop {
        // ORDERING: Acquire; pairs with the Release of whoever put it there.
        let found = place.swap(nothing, Ordering::Acquire);
        if found != nothing {
            return found;
        }
        thread::park();
    }
}

/// Times one call for each number below `count`, after a tenth as many to warm up; in microseconds.
fn percentiles(pause: Option<Duration>, count: u64, call: impl Fn(u64)) -> Figures {
    (0..count / 10).for_each(&call);
    let mut times: Vec<Duration> = (0..count)
        .map(|number| {
            if let Some(pause) = pause {
                thread::sleep(pause);
            }
            timed(|| call(black_box(number))).1
        })
        .collect();
    times.sort_unstable();
    let percentile = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e6;
    vec![("p50", percentile(50)), ("p99", percentile(99))]
}
