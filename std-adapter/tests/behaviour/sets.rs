//! `wait` and `as_completed` over tasks of pools.

use core::time::Duration;
use std::sync::{Arc, mpsc};
use std::thread;

use concurrent_futures::{
    Executor, FixedWaitSet, Future, InlineBackend, ReturnWhen, Shutdown, TaskErrorKind,
    ThreadParker, WaitEnd, WaitSet, as_completed, as_completed_timeout, promise, wait,
};

use crate::support::{Blocker, Gate, Thread, kind_of, pool, within};

const SHORT: Duration = Duration::from_millis(5);

// --- wait ---

#[test]
fn waiting_for_all_gives_all_in_the_order_given() {
    within(|| {
        let pool = pool(4);
        let futures: Vec<_> = (0..200).map(|n| pool.submit(move || n).unwrap()).collect();
        let waited = wait(futures, None, ReturnWhen::AllCompleted);
        assert_eq!((waited.end, waited.not_done.len()), (WaitEnd::Condition, 0));
        let values = waited.done.into_iter().map(|future| future.result().unwrap());
        assert_eq!(values.collect::<Vec<_>>(), (0..200).collect::<Vec<_>>());
    });
}

#[test]
fn waiting_for_the_first_leaves_the_others_in_order() {
    within(|| {
        // Two of the three hold a worker each.
        let pool = pool(3);
        let gate = Gate::new();
        let pairs: Vec<_> = ["slow", "quick", "slower"]
            .map(|key| {
                let closed = gate.clone();
                let task = move || {
                    if key != "quick" {
                        closed.pass();
                    }
                    key
                };
                (key, pool.submit(task).unwrap())
            })
            .into();
        let waited = wait(pairs, None, ReturnWhen::FirstCompleted);
        assert_eq!(waited.end, WaitEnd::Condition);
        let keys = |futures: &[(&'static str, Future<&str>)]| {
            futures.iter().map(|(key, _)| *key).collect::<Vec<_>>()
        };
        assert_eq!(keys(&waited.done), ["quick"]);
        assert_eq!(keys(&waited.not_done), ["slow", "slower"]);
        gate.open();
        for (key, future) in waited.done.into_iter().chain(waited.not_done) {
            assert_eq!(future.result().unwrap(), key);
        }
    });
}

#[test]
fn waiting_for_the_first_failure_ends_with_it() {
    within(|| {
        let pool = pool(2);
        let gate = Gate::new();
        let closed = gate.clone();
        let slow = pool.submit_fallible(move || -> Result<u8, std::num::ParseIntError> {
            closed.pass();
            Ok(1)
        });
        let cancelled = {
            let blocker = Blocker::occupy(&pool);
            let future = pool.submit_fallible(|| "1".parse::<u8>()).unwrap();
            assert!(future.cancel());
            blocker.release();
            future
        };
        let bad = pool.submit_fallible(|| "x".parse::<u8>()).unwrap();
        let futures = vec![slow.unwrap(), cancelled, bad];
        let waited = wait(futures, None, ReturnWhen::FirstException);
        assert_eq!(waited.end, WaitEnd::Condition);
        assert_eq!((waited.done.len(), waited.not_done.len()), (2, 1));
        gate.open();
        let rest = wait(waited.not_done, None, ReturnWhen::FirstException);
        assert_eq!((rest.end, rest.done.len()), (WaitEnd::Condition, 1));
    });
}

#[test]
fn a_panic_is_a_failure_and_an_err_of_plain_submit_is_not() {
    within(|| {
        let pool = pool(2);
        let gate = Gate::new();
        let closed = gate.clone();
        let slow = pool
            .submit(move || {
                closed.pass();
                Ok(())
            })
            .unwrap();
        let value = pool.submit(|| Err(())).unwrap();
        let panics: Future<Result<(), ()>> = pool.submit(|| panic!("on purpose")).unwrap();
        let waited = wait([slow, value, panics], None, ReturnWhen::FirstException);
        assert!(waited.done.len() <= 2 && !waited.not_done.is_empty());
        assert_eq!(waited.end, WaitEnd::Condition);
        gate.open();
    });
}

#[test]
fn waiting_for_some_ends_with_so_many() {
    within(|| {
        let pool = pool(2);
        let gate = Gate::new();
        let closed = gate.clone();
        let slow = pool.submit(move || closed.pass()).unwrap();
        let mut futures = vec![slow];
        futures.extend((0..5).map(|_| pool.submit(|| ()).unwrap()));
        let waited = wait(futures, None, ReturnWhen::Completed(3));
        assert!((3..=5).contains(&waited.done.len()));
        gate.open();
        let rest = wait(waited.not_done, None, ReturnWhen::Completed(100));
        assert_eq!((rest.end, rest.not_done.len()), (WaitEnd::Condition, 0));
        let none = wait(Vec::<Future<()>>::new(), None, ReturnWhen::FirstCompleted);
        assert_eq!(none.end, WaitEnd::Condition);
    });
}

#[test]
fn a_wait_that_times_out_leaves_the_futures_as_they_were() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let mut future = pool.submit(|| 5).unwrap();
        let shared = pool.submit(|| 6).unwrap().shared();
        for _ in 0..3 {
            let waited = wait([&mut future], Some(SHORT), ReturnWhen::AllCompleted);
            assert_eq!((waited.end, waited.not_done.len()), (WaitEnd::TimedOut, 1));
            let waited = wait([shared.clone()], Some(SHORT), ReturnWhen::AllCompleted);
            assert_eq!((waited.end, waited.not_done.len()), (WaitEnd::TimedOut, 1));
            assert_eq!(kind_of(future.result_timeout(SHORT)), TaskErrorKind::TimedOut);
        }
        blocker.release();
        let long = Some(Duration::MAX);
        let waited = wait([&mut future], long, ReturnWhen::AllCompleted);
        assert_eq!(waited.end, WaitEnd::Condition);
        assert_eq!(future.result().unwrap(), 5);
        assert_eq!(*shared.result().unwrap(), 6);
    });
}

#[test]
fn futures_of_different_executors_and_types_are_waited_for_together() {
    within(|| {
        let (one, other, inline) = (pool(1), pool(2), Executor::new(InlineBackend));
        let (promise, promised) = promise::<u8>();
        let later = other.submit(move || promise.complete(4)).unwrap();
        let futures = vec![
            ("text", one.submit(|| String::from("a")).unwrap().erase()),
            ("number", other.submit(|| 2_u64).unwrap().erase()),
            ("inline", inline.submit(|| 'c').unwrap().erase()),
            ("promise", promised.erase()),
            ("then", one.submit(|| 5_u32).unwrap().then(|five| five.unwrap() + 1).erase()),
        ];
        let waited = wait(futures, None, ReturnWhen::AllCompleted);
        let keys: Vec<_> = waited.done.iter().map(|(key, _)| *key).collect();
        assert_eq!(keys, ["text", "number", "inline", "promise", "then"]);
        let mut done = waited.done.into_iter().map(|(_, future)| future);
        let mut next = || done.next().unwrap();
        assert_eq!(next().downcast::<String>().unwrap().result().unwrap(), "a");
        assert_eq!(next().downcast::<u64>().unwrap().result().unwrap(), 2);
        assert_eq!(next().downcast::<char>().unwrap().result().unwrap(), 'c');
        let promised = next().downcast::<u16>().unwrap_err();
        assert!(promised.is::<u8>());
        assert_eq!(promised.downcast::<u8>().unwrap().result().unwrap(), 4);
        assert_eq!(next().downcast::<u32>().unwrap().result().unwrap(), 6);
        later.result().unwrap().unwrap();
    });
}

#[test]
fn many_threads_may_wait_for_one_shared_future() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let shared = pool.submit(|| vec![1, 2, 3]).unwrap().shared();
        let waiters: Vec<_> = (0..4)
            .map(|number| {
                let shared = shared.clone();
                let task = move || match number {
                    0 => shared.result().unwrap().len(),
                    1 => wait([shared], None, ReturnWhen::AllCompleted).done.len() + 2,
                    2 => as_completed([shared.clone(), shared]).count() + 2,
                    _ => shared.result_timeout(Duration::MAX).unwrap().len(),
                };
                thread::spawn(task)
            })
            .collect();
        blocker.release();
        assert!(waiters.into_iter().all(|waiter| waiter.join().unwrap() == 3));
    });
}

// --- as_completed ---

#[test]
fn done_ones_come_first_and_each_comes_once() {
    within(|| {
        let pool = pool(1);
        let done: Vec<_> = (0..3).map(|n| (n, pool.submit(move || n).unwrap())).collect();
        let waited = wait(done, None, ReturnWhen::AllCompleted);
        let blocker = Blocker::occupy(&pool);
        let pending = (10..13).map(|n| (n, pool.submit(move || n).unwrap()));
        let mut futures: Vec<_> = pending.collect();
        futures.extend(waited.done);
        let mut completed = as_completed(futures);
        let first: Vec<_> = completed.by_ref().take(3).collect();
        assert!(first.iter().all(|(key, _)| *key < 3), "{first:?}");
        blocker.release();
        let rest: Vec<_> = completed.by_ref().map(|(key, _)| key).collect();
        assert_eq!(rest, [10, 11, 12], "one worker: in the order run");
        assert!(completed.next().is_none());
        for (key, future) in first {
            assert_eq!(future.result().unwrap(), key);
        }
    });
}

#[test]
fn thousands_come_once_each() {
    const TASKS: usize = 5000;
    within(|| {
        let pool = pool(3);
        let futures: Vec<_> = (0..TASKS).map(|n| (n, pool.submit(move || n).unwrap())).collect();
        let mut seen = vec![0_u8; TASKS];
        for (key, future) in as_completed(futures) {
            assert_eq!(future.result().unwrap(), key);
            seen[key] += 1;
        }
        assert!(seen.iter().all(|times| *times == 1));
    });
}

#[test]
fn the_same_shared_future_comes_once() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let (one, other) =
            (pool.submit(|| 1).unwrap().shared(), pool.submit(|| 2).unwrap().shared());
        let futures = [one.clone(), other.clone(), one.clone(), other, one];
        let completed = as_completed(futures);
        blocker.release();
        let values: Vec<_> = completed.map(|shared| *shared.result().unwrap()).collect();
        assert_eq!(values, [1, 2]);
    });
}

#[test]
fn borrowed_futures_can_be_used_afterwards() {
    within(|| {
        let pool = pool(2);
        let mut futures: Vec<_> = (0..10).map(|n| pool.submit(move || n).unwrap()).collect();
        let sum: u32 = as_completed(&mut futures).map(|f| f.try_result().unwrap().unwrap()).sum();
        assert_eq!(sum, 45);
        assert!(futures.iter().all(Future::done));
        let taken = futures.pop().unwrap().result().unwrap_err();
        assert_eq!(taken.kind(), TaskErrorKind::Taken);
    });
}

#[test]
fn a_timeout_gives_back_what_is_pending() {
    within(|| {
        let pool = pool(2);
        let blocker = Blocker::occupy(&pool);
        let gate = Gate::new();
        let closed = gate.clone();
        let quick = pool.submit(|| 0).unwrap();
        quick.result().unwrap();
        let quick = pool.submit(|| 1).unwrap();
        let slow = pool
            .submit(move || {
                closed.pass();
                2
            })
            .unwrap();
        let later = pool.submit(|| 3).unwrap();
        let mut quick = quick;
        wait([&mut quick], None, ReturnWhen::AllCompleted);
        let mut completed =
            as_completed_timeout([(2, slow), (1, quick), (3, later)], Duration::from_millis(20));
        let (key, future) = completed.next().unwrap().unwrap();
        assert_eq!((key, future.result().unwrap()), (1, 1));
        let pending = completed.next().unwrap().unwrap_err();
        assert_eq!(pending.to_string(), "2 futures were not done when the time was up");
        assert!(completed.next().is_none() && completed.next().is_none());
        gate.open();
        let pending = pending.into_inner();
        assert_eq!(pending.iter().map(|(key, _)| *key).collect::<Vec<_>>(), [2, 3]);
        for (key, future) in pending {
            assert_eq!(future.result().unwrap(), key);
        }
        blocker.release();
    });
}

#[test]
fn cancelled_ones_are_done_at_once() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let futures: Vec<_> = (0..4).map(|n| (n, pool.submit(|| ()).unwrap())).collect();
        let cancellers: Vec<_> = futures.iter().map(|(_, future)| future.canceller()).collect();
        assert!(cancellers[2].cancel(), "before");
        let mut completed = as_completed(futures);
        assert_eq!(completed.next().unwrap().0, 2);
        let waiter = thread::spawn(move || {
            let (key, future) = completed.next().unwrap();
            assert!(future.cancelled());
            (key, completed)
        });
        assert!(cancellers[1].cancel(), "while it is waited for");
        let (key, mut completed) = waiter.join().unwrap();
        assert_eq!(key, 1);
        pool.shutdown(Shutdown::detach().cancel_futures()).unwrap();
        let rest: Vec<_> = completed.by_ref().map(|(key, _)| key).collect();
        assert_eq!(rest.len(), 2);
        blocker.release();
    });
}

#[test]
fn dropping_it_early_leaves_the_tasks_alone() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let mut futures: Vec<_> = (0..3).map(|n| pool.submit(move || n).unwrap()).collect();
        drop(as_completed(&mut futures));
        let mut abandoned = as_completed(futures.split_off(2));
        blocker.release();
        assert_eq!(abandoned.next().unwrap().result().unwrap(), 2);
        for (n, future) in futures.into_iter().enumerate() {
            assert_eq!(future.result().unwrap(), n);
        }
    });
}

#[test]
fn it_may_be_made_in_one_thread_and_waited_for_in_another() {
    within(|| {
        // While the thread that made it waits for something else with the same parker.
        let (early, first) = promise::<u8>();
        let (late, second) = promise::<u8>();
        let mut completed = as_completed([first]);
        let (told, consumer) = mpsc::channel();
        let waiter = thread::spawn(move || {
            told.send(Thread::current()).unwrap();
            let value = completed.next().unwrap().result().unwrap();
            late.complete(value + 1).unwrap();
        });
        let here = Thread::current();
        let completer = thread::spawn(move || {
            here.until_parked();
            consumer.recv().unwrap().until_parked();
            early.complete(1).unwrap();
        });
        assert_eq!(second.result().unwrap(), 2);
        completer.join().unwrap();
        waiter.join().unwrap();
    });
}

#[test]
fn sets_of_pending_tasks_can_be_made_and_dropped_while_they_complete() {
    within(|| {
        let pool = Arc::new(pool(2));
        for _ in 0..200 {
            let mut futures: Vec<_> = (0..8).map(|n| pool.submit(move || n).unwrap()).collect();
            for _ in 0..4 {
                drop(wait(&mut futures, Some(Duration::ZERO), ReturnWhen::AllCompleted));
                drop(as_completed(&mut futures));
                drop(wait(&mut futures, None, ReturnWhen::FirstCompleted));
            }
            let sum: u32 = as_completed(futures).map(|future| future.result().unwrap()).sum();
            assert_eq!(sum, 28);
        }
    });
}

// --- WaitSet ---

#[test]
fn a_window_over_many_tasks_yields_each_once() {
    const TASKS: usize = 2000;
    within(|| {
        let pool = pool(3);
        let mut set = WaitSet::new();
        let mut values = 0;
        for n in 0..TASKS {
            set.insert(pool.submit(move || n).unwrap());
            if set.len() == 16 {
                values += set.next().unwrap().result().unwrap();
            }
        }
        values += core::iter::from_fn(|| set.next()).map(|f| f.result().unwrap()).sum::<usize>();
        assert_eq!(values, TASKS * (TASKS - 1) / 2);
    });
}

#[test]
fn a_fixed_window_over_many_tasks_yields_each_once() {
    const TASKS: usize = 2000;
    within(|| {
        let pool = pool(3);
        let mut set = Box::pin(FixedWaitSet::<_, 16>::new());
        let park = ThreadParker::current();
        let mut values = 0;
        for n in 0..TASKS {
            if let Err(full) = set.as_mut().insert(pool.submit(move || n).unwrap()) {
                let next = set.as_mut().next_with(&park, None).unwrap();
                values += next.result().unwrap();
                set.as_mut().insert(full.into_inner()).unwrap();
            }
        }
        while let Some(future) = set.as_mut().next_with(&park, None) {
            values += future.result().unwrap();
        }
        assert_eq!(values, TASKS * (TASKS - 1) / 2);
    });
}

#[test]
fn sets_of_both_kinds_can_be_dropped_and_emptied_while_they_complete() {
    within(|| {
        let pool = pool(2);
        for round in 0..300 {
            let mut set = WaitSet::new();
            let mut fixed = Box::pin(FixedWaitSet::<_, 8>::new());
            let mut keys = Vec::new();
            for n in 0..8_u32 {
                keys.push(set.insert(pool.submit(move || n).unwrap()));
                fixed.as_mut().insert(pool.submit(move || n).unwrap()).unwrap();
            }
            let taken = keys.into_iter().step_by(2).filter_map(|key| set.remove(key));
            let mut sum: u32 = taken.map(|future| future.result().unwrap()).sum();
            if round % 2 == 0 {
                sum += core::iter::from_fn(|| set.next()).map(|f| f.result().unwrap()).sum::<u32>();
                assert_eq!(sum, 28);
            }
        }
    });
}
