//! When threads are started and reused, and in what order they take tasks.

use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::BTreeSet;
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;

use concurrent_futures::{Future, ReturnWhen, ThreadPoolExecutor, wait};

use crate::support::{Blocker, Counter, Gate, Thread, pool, receive, within};

/// A pool that counts its threads.
fn counting_pool(workers: usize) -> (ThreadPoolExecutor, Counter) {
    let started = Counter::new();
    let counted = started.clone();
    let pool = ThreadPoolExecutor::builder()
        .max_workers(workers)
        .initializer(move || {
            counted.count();
            Ok::<_, &str>(())
        })
        .build()
        .unwrap();
    (pool, started)
}

#[test]
fn none_is_started_before_there_is_work() {
    within(|| {
        let (pool, started) = counting_pool(8);
        assert_eq!((pool.remaining().tasks, pool.remaining().workers), (0, 0));
        drop(pool);
        assert_eq!(started.get(), 0);
    });
}

#[cfg(target_os = "linux")] // to see that a thread is idle
#[test]
fn an_idle_one_is_reused_and_no_other_started() {
    within(|| {
        let (pool, started) = counting_pool(8);
        let first = pool.submit(|| (thread::current().id(), Thread::current())).unwrap();
        let (id, worker) = first.result().unwrap();
        for _ in 0..50 {
            worker.until_parked();
            let again = pool.submit(|| thread::current().id()).unwrap();
            assert_eq!(again.result().unwrap(), id);
        }
        assert_eq!(started.get(), 1);
    });
}

#[test]
fn one_task_gets_one_and_no_more() {
    within(|| {
        for _ in 0..300 {
            let (pool, started) = counting_pool(8);
            pool.submit(|| ()).unwrap().result().unwrap();
            drop(pool);
            assert_eq!(started.get(), 1);
        }
    });
}

#[test]
fn another_is_started_when_all_are_busy() {
    within(|| {
        let (pool, started) = counting_pool(3);
        let mut busy = Vec::new();
        for workers in 1..=3 {
            busy.push(Blocker::occupy(&pool));
            assert_eq!(started.get(), workers);
        }
        let threads: BTreeSet<_> =
            busy.iter().map(|blocker| format!("{:?}", blocker.worker)).collect();
        assert_eq!(threads.len(), 3);
        let queued = pool.submit(|| ()).unwrap();
        assert_eq!(pool.remaining().tasks, 1);
        busy.pop().unwrap().release();
        queued.result().unwrap();
        assert_eq!(started.get(), 3);
    });
}

#[test]
fn there_are_never_more_than_asked_for() {
    within(|| {
        let (pool, started) = counting_pool(3);
        let pool = Arc::new(pool);
        let submitters: Vec<_> = (0..4)
            .map(|_| {
                let pool = pool.clone();
                let task = move || {
                    for _ in 0..250 {
                        drop(pool.submit(|| ()).unwrap());
                        assert!(pool.remaining().workers <= 3);
                    }
                };
                thread::spawn(task)
            })
            .collect();
        submitters.into_iter().for_each(|submitter| submitter.join().unwrap());
        // Before the end: a pool that is closed replaces a worker that has ended too early.
        assert!(started.get() <= 3, "{}", started.get());
        drop(pool);
        assert!(started.get() >= 1);
    });
}

#[test]
fn a_burst_of_tasks_that_need_one_another_gets_a_worker_each() {
    const WORKERS: usize = 8;
    within(|| {
        for _ in 0..20 {
            let (pool, started) = counting_pool(WORKERS);
            let together = Arc::new(Barrier::new(WORKERS));
            // Twice: with threads to be started, and with threads to be woken.
            for _ in 0..2 {
                let futures: Vec<_> = (0..WORKERS)
                    .map(|_| {
                        let together = together.clone();
                        pool.submit(move || together.wait().is_leader()).unwrap()
                    })
                    .collect();
                let leaders = futures.into_iter().map(|future| future.result().unwrap());
                assert_eq!(leaders.filter(|leader| *leader).count(), 1);
            }
            assert_eq!(started.get(), WORKERS);
        }
    });
}

#[test]
fn a_task_that_submits_a_burst_gets_help_for_it() {
    within(|| {
        let pool = Arc::new(pool(4));
        let inner = pool.clone();
        let outer = pool.submit(move || {
            let together = Arc::new(Barrier::new(4));
            let futures: Vec<_> = (0..3)
                .map(|_| {
                    let together = together.clone();
                    inner.submit(move || together.wait()).unwrap()
                })
                .collect();
            together.wait();
            drop(futures);
        });
        outer.unwrap().result().unwrap();
    });
}

// --- order ---

#[test]
fn with_one_tasks_start_in_the_order_submitted() {
    const TASKS: usize = 1000;
    within(|| {
        let order = Arc::new(Mutex::new(Vec::new()));
        let pool = pool(1);
        let note = |number: usize| {
            let order = order.clone();
            drop(pool.submit(move || order.lock().unwrap().push(number)).unwrap());
        };
        // Some are queued behind a busy worker, some race with it.
        let blocker = Blocker::occupy(&pool);
        (0..TASKS / 2).for_each(&note);
        blocker.release();
        (TASKS / 2..TASKS).for_each(&note);
        drop(pool);
        assert_eq!(*order.lock().unwrap(), (0..TASKS).collect::<Vec<_>>());
    });
}

#[test]
fn with_one_cancelled_tasks_leave_the_order_of_the_others() {
    within(|| {
        let order = Arc::new(Mutex::new(Vec::new()));
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let futures: Vec<_> = (0..300)
            .map(|number| {
                let order = order.clone();
                pool.submit(move || order.lock().unwrap().push(number)).unwrap()
            })
            .collect();
        for future in futures.iter().step_by(3) {
            assert!(future.cancel());
        }
        blocker.release();
        drop(pool);
        let expected: Vec<_> = (0..300).filter(|number| number % 3 != 0).collect();
        assert_eq!(*order.lock().unwrap(), expected);
    });
}

/// Submits a task that waits for one that is `behind` it in the queue.
fn waits_for_one_behind(pool: &ThreadPoolExecutor, behind: usize) -> [Future<()>; 2] {
    let gate = Gate::new();
    let closed = gate.clone();
    let first = pool.submit(move || closed.pass()).unwrap();
    for _ in 1..behind {
        drop(pool.submit(|| ()).unwrap());
    }
    [first, pool.submit(move || gate.open()).unwrap()]
}

#[test]
fn what_is_behind_a_long_task_is_taken_by_another() {
    within(|| {
        for behind in [1, 2, 5, 20, 31, 32, 33, 100] {
            let pool = pool(2);
            for _ in 0..10 {
                let waited =
                    wait(waits_for_one_behind(&pool, behind), None, ReturnWhen::AllCompleted);
                for future in waited.done {
                    future.result().unwrap();
                }
            }
        }
    });
}

#[test]
fn what_a_worker_took_along_is_stolen_by_one_that_comes_free() {
    within(|| {
        let pool = pool(2);
        let (one, other) = (Blocker::occupy(&pool), Blocker::occupy(&pool));
        let (started, has_started) = mpsc::channel();
        let gate = Gate::new();
        let closed = gate.clone();
        let first = pool.submit(move || {
            started.send(()).unwrap();
            closed.pass();
        });
        let rest: Vec<_> = (0..20).map(|_| pool.submit(|| ()).unwrap()).collect();
        let last = pool.submit(move || gate.open());
        // One worker takes the first and others along with it; then comes the second.
        one.release();
        receive(&has_started);
        other.release();
        last.unwrap().result().unwrap();
        first.unwrap().result().unwrap();
        rest.into_iter().for_each(|future| future.result().unwrap());
    });
}

#[test]
fn what_waits_behind_a_long_task_is_not_overtaken_for_ever() {
    fn again(pool: &Arc<ThreadPoolExecutor>, done: &Arc<AtomicBool>) {
        if !done.load(Ordering::SeqCst) {
            let (inner, flag) = (pool.clone(), done.clone());
            drop(pool.submit(move || again(&inner, &flag)).unwrap());
        }
    }
    within(|| {
        let pool = Arc::new(pool(2));
        let done = Arc::new(AtomicBool::new(false));
        let (one, other) = (Blocker::occupy(&pool), Blocker::occupy(&pool));
        let (started, has_started) = mpsc::channel();
        let gate = Gate::new();
        let closed = gate.clone();
        let long = pool.submit(move || {
            started.send(()).unwrap();
            closed.pass();
        });
        let (flag, open) = (done.clone(), gate.clone());
        let behind = pool.submit(move || {
            flag.store(true, Ordering::SeqCst);
            open.open();
        });
        // Taken along by the worker that runs the long task, since half of the queue is.
        let more: Vec<_> = (0..4).map(|_| pool.submit(|| ()).unwrap()).collect();
        one.release();
        receive(&has_started);
        again(&pool, &done); // from now on the global queue is never empty for long
        other.release();
        behind.unwrap().result().unwrap();
        long.unwrap().result().unwrap();
        more.into_iter().for_each(|future| future.result().unwrap());
    });
}

#[test]
fn pools_do_not_get_into_one_anothers_way() {
    within(|| {
        let (one, other) = (Arc::new(pool(1)), Arc::new(pool(1)));
        let inner = other.clone();
        let future = one.submit(move || {
            let here = thread::current().id();
            let there = inner.submit(|| thread::current().id()).unwrap().result().unwrap();
            assert_ne!(here, there);
        });
        future.unwrap().result().unwrap();
    });
}
