//! Threads that end when they have been idle, and are started again.

use core::time::Duration;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use concurrent_futures::{Counters, PoolSettings, RefusedReason, Shutdown, ThreadPoolExecutor};

use crate::platform::scarce_with;
use crate::support::{Counter, end, in_child, is_child, pool, within};

fn with_keep_alive(workers: usize, idle: Duration) -> ThreadPoolExecutor {
    ThreadPoolExecutor::builder().max_workers(workers).keep_alive(idle).build().unwrap()
}

/// Waits until the counters are as wanted, and fails rather than waits for ever.
#[track_caller]
fn await_counters(counters: impl Fn() -> Counters, wanted: impl Fn(Counters) -> bool) {
    let began = Instant::now();
    while !wanted(counters()) {
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", counters());
        thread::yield_now();
    }
}

#[test]
fn idle_threads_end_and_are_started_again() {
    within(|| {
        let pool = with_keep_alive(3, Duration::from_millis(2));
        for _ in 0..20 {
            let futures: Vec<_> = (0..10).map(|n| pool.submit(move || n).unwrap()).collect();
            let sum: usize = futures.into_iter().map(|future| future.result().unwrap()).sum();
            assert_eq!(sum, 45);
            await_counters(|| pool.counters(), |now| now.live_workers == 0);
            assert_eq!((pool.counters().idle_workers, pool.remaining().workers), (0, 0));
        }
    });
}

#[test]
fn each_thread_that_is_started_again_is_initialized() {
    within(|| {
        let initialized = Counter::new();
        let counted = initialized.clone();
        let builder = ThreadPoolExecutor::builder().max_workers(1).keep_alive(Duration::ZERO);
        let builder = builder.initializer(move || {
            counted.count();
            Ok::<_, &str>(())
        });
        let pool = builder.build().unwrap();
        for threads in 1..=5 {
            let name = pool.submit(|| thread::current().name().map(String::from));
            assert_eq!(name.unwrap().result().unwrap().as_deref(), Some("ThreadPoolExecutor-0"));
            await_counters(|| pool.counters(), |now| now.live_workers == 0);
            assert_eq!(initialized.get(), threads);
        }
    });
}

#[test]
fn threads_end_only_when_that_was_asked_for_and_not_before() {
    within(|| {
        for pool in [pool(1), with_keep_alive(1, Duration::MAX), {
            with_keep_alive(1, Duration::from_secs(3600))
        }] {
            let first = pool.submit(|| thread::current().id()).unwrap().result().unwrap();
            await_counters(|| pool.counters(), |now| now.idle_workers == 1);
            assert_eq!(pool.counters().live_workers, 1);
            let second = pool.submit(|| thread::current().id()).unwrap().result().unwrap();
            assert_eq!(first, second);
        }
    });
}

#[test]
fn a_pool_whose_threads_have_all_ended_ends_in_every_way() {
    within(|| {
        for how in [
            Shutdown::wait(),
            Shutdown::wait().cancel_futures(),
            Shutdown::wait_timeout(Duration::from_secs(10)),
            Shutdown::detach(),
        ] {
            let pool = with_keep_alive(2, Duration::ZERO);
            pool.submit(|| ()).unwrap().result().unwrap();
            await_counters(|| pool.counters(), |now| now.live_workers == 0);
            pool.shutdown(how).unwrap();
            assert_eq!(*pool.submit(|| ()).unwrap_err().reason(), RefusedReason::ShutDown);
        }
    });
}

#[test]
fn threads_that_come_and_go_in_a_storm_run_every_task_once() {
    const WORKERS: usize = 3;
    const TASKS: usize = 500;
    within(|| {
        for capacity in [None, Some(2)] {
            let builder = ThreadPoolExecutor::builder().max_workers(WORKERS);
            let builder = builder.keep_alive(Duration::from_micros(3));
            let builder = match capacity {
                None => builder,
                Some(tasks) => builder.queue_capacity(tasks),
            };
            let (pool, ran) = (Arc::new(builder.build().unwrap()), Counter::new());
            let submitters: Vec<_> = (0..4)
                .map(|_| {
                    let (pool, ran) = (pool.clone(), ran.clone());
                    thread::spawn(move || {
                        for n in 0..TASKS {
                            let (counted, inner) = (ran.clone(), pool.clone());
                            let task = move || {
                                counted.count();
                                // Some leave a task behind in the queue of a thread that may end.
                                if n % 7 == 0 {
                                    drop(inner.submit(move || counted.count()).unwrap());
                                }
                            };
                            let future = pool.submit(task).unwrap();
                            assert!(pool.counters().live_workers <= WORKERS);
                            if n % 3 == 0 {
                                future.result().unwrap();
                            }
                        }
                    })
                })
                .collect();
            submitters.into_iter().for_each(|thread| thread.join().unwrap());
            let all = 4 * (TASKS + TASKS.div_ceil(7));
            await_counters(|| pool.counters(), |now| now.finished == all);
            end(&pool);
            assert_eq!((ran.get(), pool.counters().live_workers), (all, 0));
        }
    });
}

#[test]
fn a_shutdown_that_meets_threads_that_are_about_to_end_waits_for_them() {
    within(|| {
        for _ in 0..300 {
            let pool = with_keep_alive(2, Duration::from_micros(1));
            let ran = Counter::new();
            for _ in 0..3 {
                let ran = ran.clone();
                drop(pool.submit(move || ran.count()).unwrap());
            }
            end(&pool);
            assert_eq!((ran.get(), pool.counters().live_workers), (3, 0));
        }
    });
}

#[test]
fn when_all_have_ended_and_there_is_no_thread_left_the_closure_comes_back() {
    within(|| {
        let settings = PoolSettings::new(2).keep_alive(Duration::ZERO);
        let pool = scarce_with(settings, |asked| asked != 1);
        assert_eq!(pool.submit(|| 1).unwrap().result().unwrap(), 1);
        await_counters(|| pool.counters(), |now| now.live_workers == 0);
        let refused = pool.submit(|| 2).unwrap_err();
        assert!(matches!(refused.reason(), RefusedReason::NoWorker(_)));
        assert_eq!(refused.into_inner()(), 2);
        assert_eq!(pool.submit(|| 3).unwrap().result().unwrap(), 3);
    });
}

#[test]
fn threads_that_have_ended_leave_nothing_behind() {
    /// Enough that their stacks, of 2 MiB each, would be seen.
    const THREADS: usize = 400;
    if !is_child() {
        // A process of its own: nobody else's memory is counted.
        let test = "keep_alive::threads_that_have_ended_leave_nothing_behind";
        let ended = in_child(&[], test);
        assert!(ended.status.success(), "{}", ended.printed);
        return;
    }
    let Some(before) = pages() else { return };
    let pool = with_keep_alive(1, Duration::ZERO);
    for _ in 0..THREADS {
        pool.submit(|| ()).unwrap().result().unwrap();
        await_counters(|| pool.counters(), |now| now.live_workers == 0);
    }
    let grown = pages().unwrap().saturating_sub(before) * 4096;
    assert!(grown < THREADS * (2 << 20) / 4, "{grown} bytes for {THREADS} threads");
}

/// The size of this process's memory, mapped or used, where one can look.
fn pages() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    text.split(' ').next()?.parse().ok()
}
