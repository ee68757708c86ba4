//! Tasks that wait for tasks of their own pool (D6 of the architecture).

use core::time::Duration;
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;

use concurrent_futures::{
    FixedWaitSet, Future, ReturnWhen, SharedFuture, TaskErrorKind, ThreadParker,
    ThreadPoolExecutor, WaitEnd, WaitSet, as_completed, as_completed_timeout, promise, wait,
};

use crate::support::{Blocker, Counter, Thread, kind_of, pool, receive, within};

/// Runs `f` as a task of the pool and gives what it returns.
fn inside<T: Send + 'static>(
    pool: &Arc<ThreadPoolExecutor>,
    f: impl FnOnce(&Arc<ThreadPoolExecutor>) -> T + Send + 'static,
) -> T {
    let inner = pool.clone();
    pool.submit(move || f(&inner)).unwrap().result().unwrap()
}

#[test]
fn a_pool_of_one_can_wait_by_result() {
    within(|| {
        let value = inside(&Arc::new(pool(1)), |pool| {
            let here = thread::current().id();
            let there = pool.submit(|| thread::current().id()).unwrap().result().unwrap();
            assert_eq!(here, there);
            pool.submit(|| 6).unwrap().result().unwrap() * 7
        });
        assert_eq!(value, 42);
    });
}

#[test]
fn a_pool_of_one_can_wait_by_exception_and_by_reference() {
    within(|| {
        inside(&Arc::new(pool(1)), |pool| {
            let mut future = pool.submit_fallible(|| "x".parse::<u8>()).unwrap();
            assert_eq!(future.exception().unwrap().kind(), TaskErrorKind::Failed);
            let shared = pool.submit(|| String::from("lent")).unwrap().shared();
            assert_eq!(shared.result().unwrap(), "lent");
        });
    });
}

#[test]
fn a_pool_of_one_can_wait_for_all() {
    within(|| {
        let sum = inside(&Arc::new(pool(1)), |pool| {
            let futures: Vec<_> = (1..=10).map(|n| pool.submit(move || n).unwrap()).collect();
            let waited = wait(futures, None, ReturnWhen::AllCompleted);
            assert_eq!((waited.end, waited.not_done.len()), (WaitEnd::Condition, 0));
            waited.done.into_iter().map(|future| future.result().unwrap()).sum::<u32>()
        });
        assert_eq!(sum, 55);
    });
}

#[test]
fn a_pool_of_one_can_wait_for_the_first() {
    within(|| {
        inside(&Arc::new(pool(1)), |pool| {
            for when in [
                ReturnWhen::FirstCompleted,
                ReturnWhen::Completed(1),
                ReturnWhen::FirstException,
                ReturnWhen::Completed(3),
            ] {
                let submit = |n: u8| pool.submit_fallible(move || n.to_string().parse::<u8>());
                let mut futures: Vec<_> = (1..=3).map(|n| submit(n).unwrap()).collect();
                let bad = pool.submit_fallible(|| "x".parse::<u8>()).unwrap();
                futures.insert(1, bad);
                let waited = wait(futures, None, when);
                assert_eq!(waited.end, WaitEnd::Condition);
                let done = match when {
                    ReturnWhen::FirstException => 2,
                    ReturnWhen::Completed(count) => count,
                    _ => 1,
                };
                assert!(waited.done.len() >= done, "{when:?}: {}", waited.done.len());
            }
        });
    });
}

#[test]
fn a_pool_of_one_can_wait_as_they_complete() {
    within(|| {
        let sum = inside(&Arc::new(pool(1)), |pool| {
            let futures: Vec<_> = (1..=10).map(|n| pool.submit(move || n).unwrap()).collect();
            as_completed(futures).map(|future| future.result().unwrap()).sum::<u32>()
        });
        assert_eq!(sum, 55);
    });
}

#[test]
fn a_pool_of_one_can_map_inside_a_task() {
    within(|| {
        let squares = inside(&Arc::new(pool(1)), |pool| {
            pool.map(|n: u32| n * n, 0..2000).map(Result::unwrap).collect::<Vec<_>>()
        });
        assert_eq!(squares, (0..2000).map(|n| n * n).collect::<Vec<_>>());
    });
}

#[test]
fn what_is_claimed_is_taken_out_of_the_queue() {
    within(|| {
        inside(&Arc::new(pool(1)), |pool| {
            let futures: Vec<_> = (0..20).map(|n| pool.submit(move || n).unwrap()).collect();
            assert_eq!(pool.remaining().tasks, 20);
            for (done, future) in futures.into_iter().enumerate() {
                future.result().unwrap();
                assert_eq!(pool.remaining().tasks, 19 - done);
            }
        });
    });
}

/// Waits for a task that waits for a task, and so on; the depth reached, or why not.
fn descend(pool: &Arc<ThreadPoolExecutor>, depth: usize) -> Result<usize, TaskErrorKind> {
    if depth == 0 {
        return Ok(0);
    }
    let inner = pool.clone();
    let future = pool.submit(move || descend(&inner, depth - 1)).unwrap();
    match future.result() {
        Ok(deeper) => deeper.map(|depth| depth + 1),
        Err(error) => Err(error.kind()),
    }
}

#[test]
fn waiting_may_nest_a_hundred_deep() {
    within(|| {
        for workers in [1, 2] {
            assert_eq!(inside(&Arc::new(pool(workers)), |pool| descend(pool, 100)), Ok(100));
        }
    });
}

#[test]
fn nesting_that_would_overflow_the_stack_is_an_error() {
    within(|| {
        let pool = Arc::new(pool(1));
        let outcome = inside(&pool, |pool| descend(pool, 1000));
        assert_eq!(outcome, Err(TaskErrorKind::WouldDeadlock));
        // The pool is as good as before.
        assert_eq!(inside(&pool, |pool| descend(pool, 50)), Ok(50));
    });
}

#[test]
fn nesting_too_deep_is_an_error_in_sets_too() {
    fn descend(pool: &Arc<ThreadPoolExecutor>, depth: usize, by_wait: bool) -> bool {
        if depth == 0 {
            return true;
        }
        let inner = pool.clone();
        let future = pool.submit(move || descend(&inner, depth - 1, by_wait)).unwrap();
        if by_wait {
            let mut waited = wait([future], None, ReturnWhen::AllCompleted);
            match waited.end {
                WaitEnd::Condition => waited.done.remove(0).result().unwrap(),
                end => {
                    assert_eq!((end, waited.not_done.len()), (WaitEnd::WouldDeadlock, 1));
                    false
                }
            }
        } else {
            let mut future = as_completed([future]).next().unwrap();
            future.try_result().is_some_and(|deeper| deeper.unwrap())
        }
    }
    within(|| {
        for by_wait in [true, false] {
            let pool = Arc::new(pool(1));
            assert!(inside(&pool, move |pool| descend(pool, 100, by_wait)));
            assert!(!inside(&pool, move |pool| descend(pool, 300, by_wait)));
        }
    });
}

#[test]
fn a_tree_of_tasks_finishes_in_a_pool_of_any_size() {
    fn fibonacci(pool: &Arc<ThreadPoolExecutor>, n: u64) -> u64 {
        if n < 2 {
            return n;
        }
        let submit = |n| {
            let inner = pool.clone();
            pool.submit(move || fibonacci(&inner, n)).unwrap()
        };
        if n.is_multiple_of(2) {
            let [one, other] = [submit(n - 1), submit(n - 2)];
            one.result().unwrap() + other.result().unwrap()
        } else {
            as_completed([submit(n - 1), submit(n - 2)]).map(|f| f.result().unwrap()).sum()
        }
    }
    within(|| {
        for workers in [1, 2, 3, 4] {
            assert_eq!(inside(&Arc::new(pool(workers)), |pool| fibonacci(pool, 14)), 377);
        }
    });
}

// --- waiting for oneself ---

/// Submits a task that is given its own future.
fn with_its_own_future<T: Send + 'static>(
    pool: &ThreadPoolExecutor,
    f: impl FnOnce(Future<()>) -> T + Send + 'static,
) -> T {
    let (give, given) = mpsc::channel();
    let (told, outcome) = mpsc::channel();
    let future = pool.submit(move || told.send(f(receive(&given))).unwrap()).unwrap();
    give.send(future).unwrap();
    receive(&outcome)
}

#[test]
fn a_task_that_waits_for_itself_gets_an_error() {
    within(|| {
        for workers in [1, 2] {
            let pool = pool(workers);
            let kind = with_its_own_future(&pool, |own| kind_of(own.result()));
            assert_eq!(kind, TaskErrorKind::WouldDeadlock);
            let kind = with_its_own_future(&pool, |mut own| own.exception().unwrap().kind());
            assert_eq!(kind, TaskErrorKind::WouldDeadlock);
            let kind = with_its_own_future(&pool, |own| own.shared().result().unwrap_err().kind());
            assert_eq!(kind, TaskErrorKind::WouldDeadlock);
        }
    });
}

#[test]
fn a_task_that_waits_for_itself_with_a_timeout_times_out() {
    within(|| {
        let pool = pool(1);
        let kind = with_its_own_future(&pool, |mut own| {
            kind_of(own.result_timeout(Duration::from_millis(5)))
        });
        assert_eq!(kind, TaskErrorKind::TimedOut);
    });
}

#[test]
fn a_set_of_oneself_alone_gets_an_error() {
    within(|| {
        let pool = pool(1);
        for when in [ReturnWhen::AllCompleted, ReturnWhen::FirstCompleted] {
            let (end, left) = with_its_own_future(&pool, move |own| {
                let waited = wait([own], None, when);
                (waited.end, waited.not_done.len())
            });
            assert_eq!((end, left), (WaitEnd::WouldDeadlock, 1));
        }
        let kind = with_its_own_future(&pool, |own| {
            let mut futures = as_completed([own]);
            let own = futures.next().unwrap();
            assert!(own.running() && futures.next().is_none());
            kind_of(own.result())
        });
        assert_eq!(kind, TaskErrorKind::WouldDeadlock);
    });
}

#[test]
fn a_set_of_oneself_and_others_has_the_others_first() {
    within(|| {
        for workers in [1, 2] {
            let pool = Arc::new(pool(workers));
            let inner = pool.clone();
            let order = with_its_own_future(&pool, move |own| {
                let others = (0..3).map(|_| inner.submit(|| ()).unwrap());
                let futures: Vec<_> = std::iter::once(own).chain(others).collect();
                as_completed(futures).map(|future| future.done()).collect::<Vec<_>>()
            });
            assert_eq!(order, [true, true, true, false]);
            let inner = pool.clone();
            let left = with_its_own_future(&pool, move |own| {
                let other = inner.submit(|| ()).unwrap();
                let waited = wait([own, other], None, ReturnWhen::AllCompleted);
                assert_eq!(waited.end, WaitEnd::WouldDeadlock);
                (waited.done.len(), waited.not_done.len())
            });
            assert_eq!(left, (1, 1));
        }
    });
}

#[test]
fn a_claimed_task_that_waits_for_the_one_that_claimed_it_gets_an_error() {
    within(|| {
        let pool = Arc::new(pool(1));
        let inner = pool.clone();
        let kind = with_its_own_future(&pool, move |own| {
            inner.submit(move || kind_of(own.result())).unwrap().result().unwrap()
        });
        assert_eq!(kind, TaskErrorKind::WouldDeadlock);
    });
}

// --- who claims, and who does not ---

#[test]
fn waits_with_a_timeout_never_claim() {
    within(|| {
        inside(&Arc::new(pool(1)), |pool| {
            let short = Duration::from_millis(5);
            let ran = Counter::new();
            let submit = || {
                let ran = ran.clone();
                pool.submit(move || ran.count()).unwrap()
            };
            let mut future = submit();
            assert_eq!(kind_of(future.result_timeout(short)), TaskErrorKind::TimedOut);
            assert_eq!(future.exception_timeout(short).unwrap().kind(), TaskErrorKind::TimedOut);
            let shared = submit().shared();
            assert_eq!(shared.result_timeout(short).unwrap_err().kind(), TaskErrorKind::TimedOut);
            let waited = wait([submit()], Some(short), ReturnWhen::AllCompleted);
            assert_eq!((waited.end, waited.done.len()), (WaitEnd::TimedOut, 0));
            assert!(as_completed_timeout([submit()], short).next().unwrap().is_err());
            assert_eq!(ran.get(), 0);
            assert!(!future.done() && !shared.done());
        });
    });
}

#[test]
fn polls_never_claim() {
    within(|| {
        inside(&Arc::new(pool(1)), |pool| {
            let mut future = pool.submit(|| ()).unwrap();
            assert!(future.try_result().is_none() && !future.running());
        });
    });
}

#[test]
fn a_thread_outside_runs_no_task() {
    within(|| {
        let pool = pool(2);
        let here = thread::current().id();
        let submit = || pool.submit(|| thread::current().id()).unwrap();
        for _ in 0..50 {
            assert_ne!(submit().result().unwrap(), here);
            let waited = wait([submit(), submit()], None, ReturnWhen::AllCompleted);
            let waited = waited.done.into_iter().map(|future| future.result().unwrap());
            let completed = as_completed([submit(), submit()]).map(|f| f.result().unwrap());
            let mapped = pool.map(|_| thread::current().id(), 0..5).map(Result::unwrap);
            assert!(waited.chain(completed).chain(mapped).all(|thread| thread != here));
        }
    });
}

#[test]
fn a_worker_of_another_pool_runs_no_task() {
    within(|| {
        let other = Arc::new(pool(1));
        inside(&Arc::new(pool(1)), move |_| {
            let here = thread::current().id();
            let submit = || other.submit(|| thread::current().id()).unwrap();
            assert_ne!(submit().result().unwrap(), here);
            let waited = wait([submit(), submit()], None, ReturnWhen::AllCompleted);
            assert!(waited.done.into_iter().all(|future| future.result().unwrap() != here));
            assert!(as_completed([submit()]).all(|future| future.result().unwrap() != here));
        });
    });
}

#[test]
fn a_set_leaves_the_work_to_workers_that_are_free() {
    within(|| {
        // One worker waits, the other is held outside of any wait: nothing may be claimed.
        let pool = Arc::new(pool(2));
        let blocker = Blocker::occupy(&pool);
        let (told, waiting) = mpsc::channel();
        let (returns, returned) = mpsc::channel();
        let inner = pool.clone();
        let future = pool.submit(move || {
            let here = thread::current().id();
            let (promise, outside) = promise();
            let inside = inner.submit(|| thread::current().id()).unwrap();
            told.send((promise, Thread::current())).unwrap();
            let waited = wait([inside.erase(), outside.erase()], None, ReturnWhen::FirstCompleted);
            returns.send(()).unwrap();
            let [outside] = waited.done.try_into().unwrap();
            outside.downcast::<()>().unwrap().result().unwrap();
            let [inside] = waited.not_done.try_into().unwrap();
            let there = inside.downcast::<thread::ThreadId>().unwrap();
            (here, there.result().unwrap())
        });
        let (promise, worker) = receive(&waiting);
        worker.until_parked();
        assert_eq!(pool.remaining().tasks, 1, "claimed though another worker was left");
        promise.complete(()).unwrap();
        receive(&returned);
        blocker.release();
        future.unwrap().result().unwrap();
    });
}

#[test]
fn two_workers_that_both_wait_as_tasks_complete_do_not_starve() {
    within(|| {
        for _ in 0..50 {
            let pool = Arc::new(pool(2));
            let together = Arc::new(Barrier::new(2));
            let futures: Vec<_> = (0..2)
                .map(|_| {
                    let (inner, together) = (pool.clone(), together.clone());
                    let task = move || {
                        together.wait(); // so that nobody is left for what follows
                        let futures: Vec<_> =
                            (1..=4).map(|n| inner.submit(move || n).unwrap()).collect();
                        as_completed(futures).map(|future| future.result().unwrap()).sum::<u32>()
                    };
                    pool.submit(task).unwrap()
                })
                .collect();
            for future in futures {
                assert_eq!(future.result().unwrap(), 10);
            }
        }
    });
}

#[test]
fn a_worker_claims_when_the_others_wait_for_something_else() {
    within(|| {
        for timed in [false, true] {
            let pool = Arc::new(pool(2));
            let (fulfil, mut promised) = promise::<u32>();
            let (told, waiting) = mpsc::channel();
            // It waits for what only the other's set will bring.
            let first = pool.submit(move || {
                told.send(()).unwrap();
                if timed {
                    promised.result_timeout(Duration::from_secs(3600)).unwrap()
                } else {
                    promised.result().unwrap()
                }
            });
            receive(&waiting);
            let inner = pool.clone();
            let second = pool.submit(move || {
                let futures = [1, 2].map(|n| inner.submit(move || n).unwrap());
                let sum = as_completed(futures).map(|future| future.result().unwrap()).sum();
                fulfil.complete(sum).unwrap();
            });
            second.unwrap().result().unwrap();
            assert_eq!(first.unwrap().result().unwrap(), 3);
        }
    });
}

#[test]
fn workers_that_wait_for_one_shared_future_get_it_once() {
    within(|| {
        let pool = Arc::new(pool(3));
        let ran = Counter::new();
        let held: Vec<_> = (0..3).map(|_| Blocker::occupy(&pool)).collect();
        let shared: Arc<Mutex<Option<SharedFuture<usize>>>> = Arc::default();
        let waiters: Vec<_> = (0..6)
            .map(|_| {
                let shared = shared.clone();
                let task = move || {
                    let shared = shared.lock().unwrap().clone().unwrap();
                    *shared.result().unwrap()
                };
                pool.submit(task).unwrap()
            })
            .collect();
        let counted = ran.clone();
        let last = pool.submit(move || {
            counted.count();
            counted.get()
        });
        *shared.lock().unwrap() = Some(last.unwrap().shared());
        held.into_iter().for_each(Blocker::release);
        for waiter in waiters {
            assert_eq!(waiter.result().unwrap(), 1);
        }
        assert_eq!(ran.get(), 1);
    });
}

#[test]
fn a_claimed_task_that_panics_is_a_failure_like_any_other() {
    within(|| {
        inside(&Arc::new(pool(1)), |pool| {
            let future = pool.submit(|| panic!("inside")).unwrap();
            let error = future.result().unwrap_err();
            assert_eq!((error.kind(), error.message()), (TaskErrorKind::Panicked, "inside"));
            let futures: [Future<()>; 2] =
                [pool.submit(|| panic!("one")).unwrap(), pool.submit(|| ()).unwrap()];
            let failed = as_completed(futures).filter_map(|future| future.result().err()).count();
            assert_eq!(failed, 1);
        });
    });
}

#[test]
fn the_order_of_the_others_is_kept() {
    within(|| {
        let order = Arc::new(Mutex::new(Vec::new()));
        let pool = Arc::new(pool(1));
        let seen = order.clone();
        inside(&pool, move |pool| {
            let mut futures: Vec<_> = (0..10)
                .map(|n| {
                    let seen = seen.clone();
                    pool.submit(move || seen.lock().unwrap().push(n)).unwrap()
                })
                .collect();
            futures.remove(7).result().unwrap();
            futures.remove(2).result().unwrap();
        });
        drop(pool);
        assert_eq!(*order.lock().unwrap(), [7, 2, 0, 1, 3, 4, 5, 6, 8, 9]);
    });
}

// --- WaitSet ---

#[test]
fn a_pool_of_one_can_wait_for_a_set_that_is_added_to() {
    within(|| {
        for workers in [1, 2] {
            let leaves = inside(&Arc::new(pool(workers)), |pool| {
                let halves =
                    |n: u32| pool.submit(move || (n > 1).then_some((n / 2, n - n / 2))).unwrap();
                let mut set = WaitSet::from_iter([halves(50)]);
                let mut leaves = 0;
                while let Some(future) = set.next() {
                    match future.result().unwrap() {
                        None => leaves += 1,
                        Some((one, other)) => set.extend([halves(one), halves(other)]),
                    }
                }
                leaves
            });
            assert_eq!(leaves, 50);
        }
    });
}

#[test]
fn a_pool_of_one_can_wait_for_a_fixed_set() {
    within(|| {
        let sum = inside(&Arc::new(pool(1)), |pool| {
            let mut set = Box::pin(FixedWaitSet::<_, 3>::new());
            for n in 1..=3 {
                set.as_mut().insert(pool.submit(move || n).unwrap()).unwrap();
            }
            let park = ThreadParker::current();
            let mut sum = 0;
            while let Some(future) = set.as_mut().next_with(&park, None) {
                sum += future.result().unwrap();
                if sum < 6 && set.len() < 2 {
                    set.as_mut().insert(pool.submit(|| 10).unwrap()).unwrap();
                }
            }
            sum
        });
        assert!((16..=26).contains(&sum), "{sum}");
    });
}

#[test]
fn timed_and_polled_waits_for_a_set_never_claim() {
    within(|| {
        inside(&Arc::new(pool(1)), |pool| {
            let short = Duration::from_millis(5);
            let ran = Counter::new();
            let count = ran.clone();
            let mut set = WaitSet::from_iter([pool.submit(move || count.count()).unwrap()]);
            let mut context = core::task::Context::from_waker(core::task::Waker::noop());
            assert!(set.next_timeout(short).is_none() && set.try_next().is_none());
            assert!(core::pin::Pin::new(&mut set).poll_next(&mut context).is_pending());
            assert_eq!((ran.get(), set.len()), (0, 1));
            assert!(set.next().is_some_and(|future| future.done()), "an untimed one does");
            assert_eq!(ran.get(), 1);
        });
    });
}

#[test]
fn a_set_gives_out_what_waits_for_itself_when_nothing_else_is_left() {
    within(|| {
        let pool = Arc::new(pool(1));
        let inner = pool.clone();
        let order = with_its_own_future(&pool, move |own| {
            let mut set = WaitSet::from_iter([own, inner.submit(|| ()).unwrap()]);
            let first = set.next().unwrap().done();
            let second = set.next().unwrap().done();
            (first, second, set.is_empty())
        });
        assert_eq!(order, (true, false, true));
        let kind = with_its_own_future(&pool, move |own| {
            let mut set = Box::pin(FixedWaitSet::<_, 1>::new());
            set.as_mut().insert(own).unwrap();
            kind_of(set.as_mut().next_with(&ThreadParker::current(), None).unwrap().result())
        });
        assert_eq!(kind, TaskErrorKind::WouldDeadlock);
    });
}
