//! What a pool counts while its threads are at work.

use core::time::Duration;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use concurrent_futures::{Shutdown, ThreadPoolExecutor};

use crate::support::{Blocker, pool, within};

#[test]
fn what_has_a_result_is_counted_already() {
    within(|| {
        let pool = pool(2);
        for n in 1..=5000 {
            let future = pool.submit_fallible(move || if n % 2 == 0 { Err("no") } else { Ok(()) });
            assert_eq!(future.unwrap().result().is_err(), n % 2 == 0);
            let now = pool.counters();
            assert_eq!((now.submitted, now.started, now.finished), (n, n, n));
            assert_eq!((now.failed, now.cancelled, now.queued), (n / 2, 0, 0));
        }
    });
}

#[test]
fn threads_and_queue_are_counted() {
    within(|| {
        let pool = pool(3);
        assert_eq!((pool.counters().live_workers, pool.counters().idle_workers), (0, 0));
        let busy: Vec<_> = (0..3).map(|_| Blocker::occupy(&pool)).collect();
        let queued: Vec<_> = (0..5).map(|_| pool.submit(|| ()).unwrap()).collect();
        let now = pool.counters();
        assert_eq!((now.live_workers, now.idle_workers, now.queued), (3, 0, 5));
        assert_eq!((now.submitted, now.started, now.finished), (8, 3, 0));
        assert!(queued[2].cancel());
        assert_eq!((pool.counters().queued, pool.counters().cancelled), (4, 1));
        busy.into_iter().for_each(Blocker::release);
        queued.into_iter().filter(|future| !future.cancelled()).for_each(|f| f.result().unwrap());
        let began = Instant::now();
        while pool.counters().idle_workers < 3 {
            assert!(began.elapsed() < Duration::from_secs(30), "{:?}", pool.counters());
            thread::yield_now();
        }
        pool.shutdown(Shutdown::wait()).unwrap();
        assert_eq!((pool.counters().live_workers, pool.counters().idle_workers), (0, 0));
    });
}

#[test]
fn all_that_many_threads_have_done_adds_up() {
    const TASKS: usize = 600;
    within(|| {
        for capacity in [None, Some(5)] {
            let builder = ThreadPoolExecutor::builder().max_workers(3);
            let builder = match capacity {
                None => builder,
                Some(tasks) => builder.queue_capacity(tasks),
            };
            let pool = Arc::new(builder.build().unwrap());
            let submitters: Vec<_> = (0..4)
                .map(|_| {
                    let pool = pool.clone();
                    thread::spawn(move || {
                        let mut cancelled = 0;
                        for n in 0..TASKS {
                            let inner = pool.clone();
                            match n % 4 {
                                0 => drop(pool.submit(|| ()).unwrap()),
                                1 => drop(pool.submit_fallible(|| Err::<(), _>("no")).unwrap()),
                                2 => {
                                    // One of a task, which waits for it: run by whoever comes first.
                                    let outer = move || inner.submit(|| ()).unwrap().result();
                                    drop(pool.submit_fallible(outer).unwrap());
                                }
                                _ => {
                                    let future = pool.submit(|| ()).unwrap();
                                    cancelled += usize::from(future.cancel());
                                }
                            }
                        }
                        cancelled
                    })
                })
                .collect();
            let cancelled: usize =
                submitters.into_iter().map(|thread| thread.join().unwrap()).sum();
            let submitted = 4 * (TASKS + TASKS / 4);
            while pool.counters().finished + cancelled != submitted {
                thread::yield_now();
            }
            pool.shutdown(Shutdown::wait()).unwrap();
            let now = pool.counters();
            assert_eq!((now.submitted, now.cancelled), (submitted, cancelled));
            let ended = submitted - cancelled;
            assert_eq!((now.started, now.finished, now.failed), (ended, ended, TASKS));
            assert_eq!((now.queued, now.live_workers), (0, 0));
        }
    });
}
