//! One task at a time, from its submission to its result.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::contestant::Contestant;
use crate::harness::Figures;
use crate::harness::timing::percentiles;
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
