//! Everything at once, from many threads, with exact accounts.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::Arc;
use std::thread;

use concurrent_futures::{ReturnWhen, Shutdown, TaskErrorKind, as_completed, wait};

use crate::support::{Counter, end, kind_of, pool, within};

/// The same numbers every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// What became of the tasks of a submitter, as it knows.
#[derive(Default)]
struct Account {
    accepted: usize,
    refused: usize,
    /// It saw the value.
    finished: usize,
    /// It saw that it was cancelled.
    cancelled: usize,
}

#[test]
fn every_accepted_task_is_resolved_exactly_once() {
    const SUBMITTERS: u64 = 4;
    const TASKS: usize = 3000;
    within(|| {
        let pool = Arc::new(pool(3));
        let (ran, dropped, called) = (Counter::new(), Counter::new(), Counter::new());
        let submitters: Vec<_> = (1..=SUBMITTERS)
            .map(|seed| {
                let (pool, ran) = (pool.clone(), ran.clone());
                let (dropped, called) = (dropped.clone(), called.clone());
                thread::spawn(move || {
                    let mut numbers = Numbers(seed * 0x9E37_79B9);
                    let mut account = Account::default();
                    for _ in 0..TASKS {
                        let (runs, guard) = (ran.clone(), crate::support::OnDrop(dropped.clone()));
                        let task = move || {
                            let _guard = guard;
                            runs.count();
                        };
                        let Ok(mut future) = pool.submit(task) else {
                            account.refused += 1;
                            continue;
                        };
                        account.accepted += 1;
                        let counted = called.clone();
                        future.add_done_callback(move |_| counted.count());
                        match numbers.below(7) {
                            0 => drop(future),
                            1 => {
                                if future.cancel() {
                                    account.cancelled += 1;
                                }
                            }
                            2 => {
                                future.result().unwrap();
                                account.finished += 1;
                            }
                            3 => {
                                let soon = Duration::from_micros(numbers.below(50));
                                match future.result_timeout(soon) {
                                    Ok(()) => account.finished += 1,
                                    Err(error) => {
                                        assert_eq!(error.kind(), TaskErrorKind::TimedOut);
                                        if future.cancel() {
                                            account.cancelled += 1;
                                        }
                                    }
                                }
                            }
                            4 => {
                                let shared = future.shared();
                                let other = shared.clone();
                                shared.cancel();
                                match other.result() {
                                    Ok(()) => account.finished += 1,
                                    Err(error) => {
                                        assert!(error.is_cancelled());
                                        account.cancelled += 1;
                                    }
                                }
                            }
                            5 => {
                                let canceller = future.canceller();
                                let waited = wait([future], None, ReturnWhen::FirstCompleted);
                                assert!(!canceller.cancel());
                                account.finished += waited.done.len();
                            }
                            _ => {
                                let canceller = future.canceller();
                                let before = canceller.cancel();
                                let future = as_completed([future]).next().unwrap();
                                assert_eq!(future.cancelled(), before);
                                if before {
                                    account.cancelled += 1;
                                } else {
                                    account.finished += 1;
                                }
                            }
                        }
                    }
                    account
                })
            })
            .collect();
        let mut sum = Account::default();
        for account in submitters.into_iter().map(|thread| thread.join().unwrap()) {
            sum.accepted += account.accepted;
            sum.refused += account.refused;
            sum.finished += account.finished;
            sum.cancelled += account.cancelled;
        }
        end(&pool);
        assert_eq!((sum.accepted, sum.refused), (SUBMITTERS as usize * TASKS, 0));
        assert_eq!(ran.get() + sum.cancelled, sum.accepted);
        assert!(sum.finished <= ran.get());
        assert_eq!((dropped.get(), called.get()), (sum.accepted, sum.accepted));
        assert_eq!((pool.remaining().tasks, pool.remaining().workers), (0, 0));
    });
}

#[test]
fn nothing_is_lost_when_the_end_comes_in_the_middle() {
    within(|| {
        for round in 0..60 {
            let pool = Arc::new(pool(1 + round % 3));
            let (ran, dropped) = (Counter::new(), Counter::new());
            let submitters: Vec<_> = (0..3)
                .map(|_| {
                    let (pool, ran, dropped) = (pool.clone(), ran.clone(), dropped.clone());
                    thread::spawn(move || {
                        let mut futures = Vec::new();
                        for _ in 0..200 {
                            let (runs, guard) =
                                (ran.clone(), crate::support::OnDrop(dropped.clone()));
                            let task = move || {
                                let _guard = guard;
                                runs.count();
                            };
                            match pool.submit(task) {
                                Ok(future) => futures.push(future),
                                Err(refused) => drop(refused.into_inner()),
                            }
                        }
                        let (mut finished, mut cancelled) = (0, 0);
                        for future in as_completed(futures) {
                            match future.result() {
                                Ok(()) => finished += 1,
                                Err(error) => {
                                    assert!(error.is_cancelled());
                                    cancelled += 1;
                                }
                            }
                        }
                        (finished, cancelled)
                    })
                })
                .collect();
            for _ in 0..round {
                thread::yield_now();
            }
            let how =
                if round % 2 == 0 { Shutdown::wait().cancel_futures() } else { Shutdown::wait() };
            pool.shutdown(how).unwrap();
            let mut sums = (0, 0);
            for (finished, cancelled) in submitters.into_iter().map(|thread| thread.join().unwrap())
            {
                sums = (sums.0 + finished, sums.1 + cancelled);
            }
            end(&pool);
            assert_eq!((ran.get(), dropped.get()), (sums.0, 600));
            if round % 2 == 1 {
                assert_eq!(sums.1, 0, "nobody cancelled");
            }
        }
    });
}

#[test]
fn tasks_that_submit_wait_and_cancel_in_one_another_all_end() {
    within(|| {
        for workers in [1, 2, 4] {
            let pool = Arc::new(pool(workers));
            let resolved = Arc::new(AtomicUsize::new(0));
            let outer: Vec<_> = (1..=60_u64)
                .map(|seed| {
                    let (inner, resolved) = (pool.clone(), resolved.clone());
                    let task = move || {
                        let mut numbers = Numbers(seed * 0x9E37_79B9);
                        let futures: Vec<_> =
                            (0..20).map(|n| inner.submit(move || n).unwrap()).collect();
                        for future in futures.iter().step_by(5) {
                            future.cancel();
                        }
                        let mut done = 0;
                        match numbers.below(4) {
                            0 => {
                                for future in futures {
                                    done += 1;
                                    drop(future.result());
                                }
                            }
                            1 => done += as_completed(futures).count(),
                            2 => {
                                done += wait(futures, None, ReturnWhen::AllCompleted).done.len();
                            }
                            _ => {
                                let mut left = futures;
                                while !left.is_empty() {
                                    let waited = wait(left, None, ReturnWhen::FirstCompleted);
                                    done += waited.done.len();
                                    left = waited.not_done;
                                }
                            }
                        }
                        resolved.fetch_add(done, Ordering::SeqCst);
                    };
                    pool.submit(task).unwrap()
                })
                .collect();
            for future in as_completed(outer) {
                future.result().unwrap();
            }
            assert_eq!(resolved.load(Ordering::SeqCst), 60 * 20);
            assert_eq!(pool.remaining().tasks, 0);
        }
    });
}

#[test]
fn pools_come_and_go() {
    within(|| {
        for round in 0..300_usize {
            let pool = pool(1 + round % 4);
            let futures: Vec<_> = (0..round % 7).map(|n| pool.submit(move || n).unwrap()).collect();
            if round % 3 == 0 {
                pool.shutdown(Shutdown::detach().cancel_futures()).unwrap();
            }
            drop(pool);
            for (n, future) in futures.into_iter().enumerate() {
                // Once detached, what had started may be going on.
                assert!(future.done() || round % 3 == 0);
                match future.result() {
                    Ok(value) => assert_eq!(value, n),
                    error => assert_eq!(kind_of(error), TaskErrorKind::Cancelled),
                }
            }
        }
    });
}
