//! A call that waits at a busy worker is called back for one that has become idle, while the busy one comes to it and
//! while it is cancelled.

use concurrent_futures_core::calls::FrameHeader;
use concurrent_futures_core::calls::supervisor::SupervisorSettings;
use concurrent_futures_core::{Future, TaskErrorKind};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::call_support::{Calls, Worker, outcome, staffed_with, submit};

/// I1: one of the two starts it.
///
/// Turned red by: a word that is looked at and then written; a recall that does not ask the word.
#[test]
fn one_of_them_starts_it() {
    model(Bound::Exhaustive, || {
        let mut pool = busy();
        let (busy, next) = (pool.busy, pool.next);
        let start = thread::spawn(move || (busy.starts(&next), busy));
        pool.idle.reply(&pool.calls, &pool.last);
        let (by_busy, busy) = start.join().unwrap();
        let by_idle = pool.idle.next_call().is_some_and(|call| pool.idle.run(&pool.calls, &call));
        assert_ne!(by_busy, by_idle);
        busy.reply(&pool.calls, &pool.first);
        if by_busy {
            busy.reply(&pool.calls, &next);
        }
        assert_eq!(outcome(&mut pool.future), Ok(4));
        pool.calls.end([busy, pool.idle]);
    });
}

/// I1, I6: one of the two starts it or it is cancelled.
///
/// Turned red by: the same; arrow 2 open while the call is away.
#[test]
fn one_of_them_starts_it_or_it_is_cancelled() {
    // Three actors: half a second with 3 preemptions.
    model(Bound::Preemptions(3), || {
        let mut pool = busy();
        let (busy, next, idle, last) = (pool.busy, pool.next, pool.idle, pool.last);
        let start = thread::spawn(move || (busy.starts(&next), busy));
        let desk = pool.calls.clone();
        let relieve = thread::spawn(move || {
            idle.reply(&desk, &last);
            idle
        });
        let cancelled = pool.future.cancel();
        let (by_busy, busy) = start.join().unwrap();
        let mut idle = relieve.join().unwrap();
        let by_idle = idle.next_call().is_some_and(|call| idle.run(&pool.calls, &call));
        assert_eq!([by_busy, by_idle, cancelled].iter().filter(|it| **it).count(), 1);
        busy.reply(&pool.calls, &pool.first);
        if by_busy {
            busy.reply(&pool.calls, &next);
        }
        let expected = if cancelled { Err(TaskErrorKind::Cancelled) } else { Ok(4) };
        assert_eq!(outcome(&mut pool.future), expected);
        pool.calls.end([busy, idle]);
    });
}

/// A pool of two workers, one of which has a call lying behind another.
struct Pool {
    calls: Calls,
    /// Runs `first`, has `next`, which is of `future`.
    busy: Worker,
    first: FrameHeader,
    next: FrameHeader,
    future: Future<u64>,
    /// Runs `last` only.
    idle: Worker,
    last: FrameHeader,
}

fn busy() -> Pool {
    let (calls, mut busy) = staffed_with(SupervisorSettings::new(2));
    let _known = [submit(&calls, 1), submit(&calls, 2)];
    let mut idle = calls.staff().expect("nobody knows how long the first will take");
    let last = started(&mut idle);
    let known = started(&mut busy);
    busy.reply(&calls, &known);
    let _first = submit(&calls, 3);
    let future = submit(&calls, 4);
    let first = started(&mut busy);
    let next = busy.next_call().expect("the first will take no time");
    Pool { calls, busy, first, next, future, idle, last }
}

/// The next call that has come, started.
fn started(worker: &mut Worker) -> FrameHeader {
    let call = worker.next_call().expect("it was sent");
    assert!(worker.starts(&call));
    call
}
