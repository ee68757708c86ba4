//! Many calls, while workers are killed at random, and kill one another.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use concurrent_futures::{ProcessPoolExecutor, TaskErrorKind};
use rustix::process::Signal;

use crate::kit::{PATIENCE, alone, builder, result, until, usable};
use crate::machine;
use crate::tasks::{add, add_here, kill_a_sibling};

/// Numbers that look random, from a seed that is printed.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// What became of the calls.
#[derive(Debug, Default)]
struct Tally {
    values: AtomicUsize,
    lost: AtomicUsize,
    called: AtomicUsize,
    killed: AtomicUsize,
    /// Workers that have answered.
    seen: Mutex<BTreeSet<u32>>,
}

fn storm(calls: usize, kills: usize, seed: u64) {
    println!("seed {seed}, {calls} calls, {kills} kills");
    let pool = builder(4).restart_limit(usize::MAX, Duration::from_secs(1)).build().unwrap();
    let tally = Arc::new(Tally::default());
    let began = Instant::now();
    let sent = thread::scope(|scope| {
        let killer = scope.spawn(|| kill_at_random(&tally, kills, seed));
        let mut sent = 0;
        // As long as there is somebody to be killed.
        while sent < calls || !killer.is_finished() {
            submit_some(&pool, &tally, sent, calls.div_ceil(100));
            sent += calls.div_ceil(100);
        }
        sent
    });
    usable(&pool);
    let counters = pool.counters();
    drop(pool);
    // ORDERING: Relaxed; the threads that counted have ended.
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    println!("{tally:?}, {:?}", began.elapsed());
    assert_eq!(count(&tally.values) + count(&tally.lost), sent, "each has one end");
    assert_eq!(count(&tally.called), sent, "each callback was called once");
    assert_eq!(counters.submitted, sent + 1);
    assert_eq!(count(&tally.killed), kills);
    assert!(count(&tally.lost) <= kills, "more were lost than there were kills");
}

/// Waits for them as well.
fn submit_some(pool: &ProcessPoolExecutor, tally: &Arc<Tally>, first: usize, count: usize) {
    let calls: Vec<_> = (first..first + count)
        .map(|id| {
            let future = pool.submit(add_here, (id as u64, 1)).unwrap();
            let told = tally.clone();
            // ORDERING: Relaxed, here and below; read when all threads have ended.
            future.add_done_callback(move |_| _ = told.called.fetch_add(1, Ordering::Relaxed));
            (id, future)
        })
        .collect();
    for (id, call) in calls {
        match result(call) {
            Ok((pid, value)) => {
                assert_eq!(value, id as u64 + 1);
                tally.values.fetch_add(1, Ordering::Relaxed);
                tally.seen.lock().unwrap().insert(pid);
            }
            Err(error) => {
                assert_eq!(error.kind(), TaskErrorKind::WorkerLost, "{error}");
                tally.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// Kills workers that have answered: three in a row that do not come so far would end the pool.
fn kill_at_random(tally: &Tally, kills: usize, seed: u64) {
    let mut numbers = Numbers(seed);
    let began = Instant::now();
    let mut killed = 0;
    while killed < kills && began.elapsed() < PATIENCE {
        let children = machine::children();
        let mut seen = tally.seen.lock().unwrap();
        seen.retain(|pid| children.contains(pid));
        let victim = seen.iter().nth(numbers.next() as usize % seen.len().max(1)).copied();
        if let Some(pid) = victim {
            seen.remove(&pid);
            machine::signal(pid, Signal::KILL);
            killed += 1;
        }
        drop(seen);
        (0..numbers.next() % 2000).for_each(|_| std::hint::spin_loop());
    }
    // ORDERING: Relaxed; read when this thread has ended.
    tally.killed.store(killed, Ordering::Relaxed);
}

#[test]
fn calls_resolve_once_while_workers_are_killed_at_random() {
    // The whole size also where somebody asks for it, without optimization.
    let asked = std::env::var_os("CONCURRENT_FUTURES_TEST_STORM").is_some();
    alone(move |_| match cfg!(debug_assertions) && !asked {
        true => storm(10_000, 50, 0x5EED),
        false => storm(100_000, 1000, 0x5EED),
    });
}

#[test]
fn calls_resolve_once_while_workers_kill_one_another() {
    alone(|case| {
        let pool = builder(4).restart_limit(usize::MAX, Duration::from_secs(1)).build().unwrap();
        until("all four are there", || {
            let calls: Vec<_> = (0..50).map(|_| pool.submit(add, (1, 1)).unwrap()).collect();
            calls.into_iter().for_each(|call| _ = result(call).unwrap());
            (pool.worker_pids().len() == 4).then_some(())
        });
        let rounds = if cfg!(debug_assertions) { 40 } else { 400 };
        let calls: Vec<_> = (0..rounds)
            .map(|round| {
                let call = pool.submit(kill_a_sibling, round).unwrap();
                case.watch(format!("round {round}"), call)
            })
            .collect();
        for call in calls {
            if let Err(error) = result(call) {
                assert_eq!(error.kind(), TaskErrorKind::WorkerLost, "{error}");
            }
        }
        usable(&pool);
        drop(pool);
    });
}
