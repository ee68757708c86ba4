//! Queued tasks that are cancelled while all workers are busy.

use std::thread;
use std::time::{Duration, Instant};

use super::Occupied;
use crate::contestant::Contestant;
use crate::harness::Figures;
use crate::harness::timing::timed;
use crate::memory;
use crate::mixing::mix;
use crate::pools::{self, Cancel};

/// What the pool may keep for itself when all is given back.
const KEPT_BYTES: i64 = 1 << 20;
const PATIENCE: Duration = Duration::from_secs(1);

pub(crate) fn run(contestant: Contestant, workers: usize, count: u64) -> Option<Figures> {
    let (cancel, _) = measures(contestant)?;
    Some(cancel(workers, count))
}

pub(crate) fn run_give_back(contestant: Contestant, workers: usize, count: u64) -> Option<Figures> {
    let (_, give_back) = measures(contestant)?;
    Some(give_back(workers, count))
}

type Measure = fn(usize, u64) -> Figures;

/// Of those who can cancel: the time of the calls, and what becomes of the memory.
fn measures(contestant: Contestant) -> Option<(Measure, Measure)> {
    fn both<P: Cancel>() -> (Measure, Measure) {
        (cancel::<P>, give_back::<P>)
    }
    match contestant {
        Contestant::Ours => Some(both::<pools::Ours>()),
        Contestant::Crossbeam => Some(both::<pools::Crossbeam>()),
        Contestant::Tokio => Some(both::<pools::Tokio>()),
        Contestant::Futures => Some(both::<pools::Futures>()),
        Contestant::Blocking => Some(both::<pools::Blocking>()),
        _ => None,
    }
}

/// Time of the calls alone.
fn cancel<P: Cancel>(workers: usize, count: u64) -> Figures {
    let pool = P::start(workers);
    warm_up(&pool, count / 10);
    let occupied = Occupied::new(&pool, workers);
    let mut handles = queued(&pool, count);
    let ((), time) = timed(|| handles.iter_mut().for_each(P::cancel));
    drop(handles);
    occupied.release();
    vec![("time", time.as_secs_f64() * 1e9 / count as f64)]
}

/// What is still held when all are cancelled and their handles dropped, and how long that takes to go
/// once there is a worker. A pool may keep the room of its queue for ever: a second is waited.
fn give_back<P: Cancel>(workers: usize, count: u64) -> Figures {
    let pool = P::start(workers);
    warm_up(&pool, count / 10);
    memory::count();
    let occupied = Occupied::new(&pool, workers);
    let before = memory::counted().bytes;
    let mut handles = queued(&pool, count);
    handles.iter_mut().for_each(P::cancel);
    drop(handles);
    let held = memory::counted().bytes - before;
    let ((), time) = timed(|| {
        occupied.release();
        let start = Instant::now();
        while memory::counted().bytes - before > KEPT_BYTES && start.elapsed() < PATIENCE {
            thread::sleep(Duration::from_micros(100));
        }
    });
    vec![("held", held as f64 / count as f64), ("time", time.as_secs_f64() * 1e3)]
}

fn queued<P: Cancel>(pool: &P, count: u64) -> Vec<Option<P::Handle<u64>>> {
    (0..count)
        .map(|number| {
            let factor = number | 1;
            Some(pool.submit(move || mix(number).wrapping_mul(factor)))
        })
        .collect()
}

fn warm_up<P: Cancel>(pool: &P, count: u64) {
    for handle in queued(pool, count).into_iter().flatten() {
        P::result(handle);
    }
}
