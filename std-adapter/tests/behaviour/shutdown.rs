//! Shutting down in all its forms. For dropping see `dropping`.

use core::cell::RefCell;
use core::time::Duration;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use concurrent_futures::{
    Future, RefusedReason, ReturnWhen, Shutdown, ShutdownError, TaskErrorKind, WaitEnd,
    as_completed, wait,
};

use crate::support::{Blocker, Counter, Gate, end, kind_of, pool, receive, within};

#[test]
fn waiting_returns_when_all_that_was_accepted_has_run() {
    within(|| {
        let pool = pool(3);
        let ran = Counter::new();
        for _ in 0..500 {
            let ran = ran.clone();
            drop(pool.submit(move || ran.count()).unwrap());
        }
        end(&pool);
        assert_eq!(ran.get(), 500);
        assert_eq!((pool.remaining().tasks, pool.remaining().workers), (0, 0));
    });
}

#[test]
fn detaching_returns_at_once_and_all_that_was_accepted_runs() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let queued: Vec<_> = (0..10).map(|n| pool.submit(move || n).unwrap()).collect();
        pool.shutdown(Shutdown::detach()).unwrap();
        assert_eq!((pool.remaining().tasks, pool.remaining().workers), (10, 1));
        blocker.release();
        let values: Vec<u32> = queued.into_iter().map(|future| future.result().unwrap()).collect();
        assert_eq!(values, (0..10).collect::<Vec<_>>());
        end(&pool);
    });
}

#[test]
fn afterwards_the_closure_comes_back() {
    within(|| {
        for how in [Shutdown::wait(), Shutdown::detach(), Shutdown::wait().cancel_futures()] {
            let pool = pool(2);
            pool.submit(|| ()).unwrap().result().unwrap();
            pool.shutdown(how).unwrap();
            let text = String::from("mine");
            let refused = pool.submit(move || text).unwrap_err();
            assert_eq!(*refused.reason(), RefusedReason::ShutDown);
            assert_eq!(
                refused.to_string(),
                "task not accepted: the executor was shut down: submit before that"
            );
            assert_eq!(refused.into_inner()(), "mine");
            let refused = pool.submit_fallible(|| "4".parse::<u8>()).unwrap_err();
            assert_eq!(refused.into_inner()(), Ok(4));
            let error = pool.map(|item: u8| item, [1]).next().unwrap().unwrap_err();
            assert_eq!(error.kind(), TaskErrorKind::Refused);
        }
    });
}

#[test]
fn a_pool_that_was_never_used_ends_at_once() {
    within(|| {
        let pool = pool(4);
        end(&pool);
        end(&pool);
        assert!(pool.submit(|| ()).is_err());
    });
}

#[test]
fn a_timeout_says_what_remains() {
    within(|| {
        let pool = pool(2);
        let (one, other) = (Blocker::occupy(&pool), Blocker::occupy(&pool));
        let queued: Vec<_> = (0..3).map(|_| pool.submit(|| ()).unwrap()).collect();
        let how = Shutdown::wait_timeout(Duration::from_millis(10));
        match pool.shutdown(how) {
            Err(ShutdownError::TimedOut(left)) => assert_eq!((left.tasks, left.workers), (3, 2)),
            other => panic!("{other:?}"),
        }
        let text = pool.shutdown(how).unwrap_err().to_string();
        assert_eq!(text, "not ended in time: 3 tasks and 2 workers remain");
        assert!(pool.submit(|| ()).is_err(), "it is closed all the same");
        one.release();
        other.release();
        pool.shutdown(Shutdown::wait_timeout(Duration::MAX)).unwrap();
        assert!(queued.iter().all(Future::done));
    });
}

#[test]
fn a_timeout_of_nothing_looks_and_does_not_wait() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        assert!(pool.shutdown(Shutdown::wait_timeout(Duration::ZERO)).is_err());
        blocker.release();
        end(&pool);
        pool.shutdown(Shutdown::wait_timeout(Duration::ZERO)).unwrap();
    });
}

#[test]
fn cancelling_wakes_whoever_waits_and_nothing_starts_afterwards() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let ran = Counter::new();
        let submit = || {
            let ran = ran.clone();
            pool.submit(move || ran.count()).unwrap()
        };
        let mut futures: Vec<_> = (0..20).map(|_| submit()).collect();
        let shared = submit().shared();
        let called = Counter::new();
        let counted = called.clone();
        shared.add_done_callback(move |done| {
            assert!(done.cancelled());
            counted.count();
        });
        // Waiters of every kind, in threads of their own.
        let by_result = submit();
        let by_set: Vec<_> = futures.drain(..5).collect();
        let by_wait: Vec<_> = futures.drain(..5).collect();
        let by_reference = shared.clone();
        let waiters = [
            thread::spawn(move || usize::from(by_result.result().unwrap_err().is_cancelled())),
            thread::spawn(move || as_completed(by_set).filter(Future::cancelled).count()),
            thread::spawn(move || {
                let waited = wait(by_wait, None, ReturnWhen::AllCompleted);
                assert_eq!(waited.end, WaitEnd::Condition);
                waited.done.iter().filter(|future| future.cancelled()).count()
            }),
            thread::spawn(move || {
                usize::from(by_reference.result().is_err_and(|error| error.is_cancelled()))
            }),
        ];
        pool.shutdown(Shutdown::detach().cancel_futures()).unwrap();
        // At once: the worker is still busy.
        let woken: Vec<_> = waiters.into_iter().map(|waiter| waiter.join().unwrap()).collect();
        assert_eq!(woken, [1, 5, 5, 1]);
        assert_eq!(called.get(), 1);
        assert!(futures.iter().all(Future::cancelled));
        assert_eq!(pool.remaining().tasks, 0);
        blocker.release();
        end(&pool);
        assert_eq!(ran.get(), 0);
    });
}

#[test]
fn cancelling_reaches_what_a_worker_took_along() {
    within(|| {
        let ready = Gate::new();
        let closed = ready.clone();
        let pool = concurrent_futures::ThreadPoolExecutor::builder()
            .max_workers(1)
            .initializer(move || {
                closed.pass();
                Ok::<_, &str>(())
            })
            .build()
            .unwrap();
        let (started, has_started) = mpsc::channel();
        let gate = Gate::new();
        let held = gate.clone();
        let running = pool.submit(move || {
            started.send(()).unwrap();
            held.pass();
        });
        let queued: Vec<_> = (0..40).map(|_| pool.submit(|| ()).unwrap()).collect();
        ready.open(); // it takes half of them along
        receive(&has_started);
        assert_eq!(pool.remaining().tasks, 40);
        assert_eq!(pool.close_and_cancel(), 40);
        assert!(queued.iter().all(Future::cancelled));
        assert_eq!(pool.remaining().tasks, 0);
        assert!(pool.submit(|| ()).is_err());
        gate.open();
        running.unwrap().result().unwrap();
        end(&pool);
    });
}

#[test]
fn cancelling_can_follow_detaching() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let queued = pool.submit(|| ()).unwrap();
        pool.shutdown(Shutdown::detach()).unwrap();
        assert!(!queued.done());
        pool.shutdown(Shutdown::detach().cancel_futures()).unwrap();
        assert!(queued.cancelled());
        blocker.release();
        end(&pool);
    });
}

#[test]
fn it_may_be_said_again_and_from_several_threads_at_once() {
    within(|| {
        for _ in 0..50 {
            let pool = Arc::new(pool(2));
            let ran = Counter::new();
            for _ in 0..20 {
                let ran = ran.clone();
                drop(pool.submit(move || ran.count()).unwrap());
            }
            let closers: Vec<_> = (0..3)
                .map(|_| {
                    let (pool, ran) = (pool.clone(), ran.clone());
                    let task = move || {
                        end(&pool);
                        assert_eq!(ran.get(), 20);
                    };
                    thread::spawn(task)
                })
                .collect();
            closers.into_iter().for_each(|closer| closer.join().unwrap());
            end(&pool);
        }
    });
}

#[test]
fn submitting_meanwhile_is_accepted_and_run_or_refused() {
    within(|| {
        for round in 0..20 {
            let pool = Arc::new(pool(2));
            let ran = Counter::new();
            let submitters: Vec<_> = (0..2)
                .map(|_| {
                    let (pool, ran) = (pool.clone(), ran.clone());
                    let task = move || {
                        let mut accepted = 0;
                        loop {
                            let ran = ran.clone();
                            match pool.submit(move || ran.count()) {
                                // Not too far ahead of the workers.
                                Ok(future) if accepted % 50 == 49 => future.result().unwrap(),
                                Ok(future) => drop(future),
                                Err(refused) => {
                                    assert_eq!(*refused.reason(), RefusedReason::ShutDown);
                                    return accepted;
                                }
                            }
                            accepted += 1;
                        }
                    };
                    thread::spawn(task)
                })
                .collect();
            // Some threads get further than others.
            for _ in 0..round {
                thread::yield_now();
            }
            end(&pool);
            let accepted: usize = submitters.into_iter().map(|thread| thread.join().unwrap()).sum();
            end(&pool);
            assert_eq!(ran.get(), accepted);
        }
    });
}

// --- from the inside ---

#[test]
fn a_task_that_would_wait_for_its_own_pool_is_told_so_and_the_pool_is_closed() {
    within(|| {
        let pool = Arc::new(pool(2));
        let inner = pool.clone();
        let future = pool.submit(move || {
            assert_eq!(inner.shutdown(Shutdown::wait()), Err(ShutdownError::WouldDeadlock));
            let timed = Shutdown::wait_timeout(Duration::from_secs(3600));
            assert_eq!(inner.shutdown(timed), Err(ShutdownError::WouldDeadlock));
            inner.submit(|| ()).is_err()
        });
        assert!(future.unwrap().result().unwrap());
        end(&pool);
    });
}

#[test]
fn a_task_that_was_claimed_is_told_so_too() {
    within(|| {
        let pool = Arc::new(pool(1));
        let inner = pool.clone();
        let future = pool.submit(move || {
            let innermost = inner.clone();
            let claimed = inner.submit(move || innermost.shutdown(Shutdown::wait())).unwrap();
            claimed.result().unwrap()
        });
        assert_eq!(future.unwrap().result().unwrap(), Err(ShutdownError::WouldDeadlock));
    });
}

#[test]
fn a_task_may_detach_and_cancel_its_own_pool() {
    within(|| {
        let pool = Arc::new(pool(1));
        let gate = Gate::new();
        let (inner, closed) = (pool.clone(), gate.clone());
        let future = pool.submit(move || {
            closed.pass();
            inner.shutdown(Shutdown::detach().cancel_futures())
        });
        let queued = pool.submit(|| ()).unwrap();
        gate.open();
        assert_eq!(future.unwrap().result().unwrap(), Ok(()));
        assert_eq!(kind_of(queued.result()), TaskErrorKind::Cancelled);
        end(&pool);
    });
}

#[test]
fn a_task_may_wait_for_the_end_of_another_pool() {
    within(|| {
        let (one, other) = (pool(1), Arc::new(pool(1)));
        let ran = Counter::new();
        let counted = ran.clone();
        drop(other.submit(move || counted.count()).unwrap());
        let future = one.submit(move || other.shutdown(Shutdown::wait())).unwrap();
        assert_eq!(future.result().unwrap(), Ok(()));
        assert_eq!(ran.get(), 1);
    });
}

#[test]
fn a_callback_in_a_worker_is_told_that_it_would_deadlock() {
    within(|| {
        let pool = Arc::new(pool(1));
        let (told, outcome) = mpsc::channel();
        let blocker = Blocker::occupy(&pool);
        let future = pool.submit(|| ()).unwrap();
        let inner = pool.clone();
        future.add_done_callback(move |_| {
            told.send(inner.shutdown(Shutdown::wait())).unwrap();
            told.send(inner.shutdown(Shutdown::detach())).unwrap();
        });
        blocker.release();
        assert_eq!(receive(&outcome), Err(ShutdownError::WouldDeadlock));
        assert_eq!(receive(&outcome), Ok(()));
        end(&pool);
    });
}

#[test]
fn a_callback_in_the_canceller_may_wait_for_the_end() {
    within(|| {
        let pool = Arc::new(pool(1));
        let blocker = Blocker::occupy(&pool);
        let ran = Counter::new();
        let counted = ran.clone();
        drop(pool.submit(move || counted.count()).unwrap());
        let future = pool.submit(|| ()).unwrap();
        let (told, outcome) = mpsc::channel();
        let (inner, gate) = (pool.clone(), blocker.release_later());
        future.add_done_callback(move |_| {
            gate.open();
            told.send(inner.shutdown(Shutdown::wait())).unwrap();
        });
        assert!(future.cancel());
        assert_eq!(receive(&outcome), Ok(()));
        assert_eq!(ran.get(), 1);
    });
}

#[test]
fn callbacks_of_futures_cancelled_by_the_end_may_use_the_pool() {
    within(|| {
        let pool = Arc::new(pool(1));
        let blocker = Blocker::occupy(&pool);
        let refused = Counter::new();
        let queued: Vec<_> = (0..10).map(|_| pool.submit(|| ()).unwrap()).collect();
        for future in &queued {
            let (inner, counted) = (pool.clone(), refused.clone());
            future.add_done_callback(move |_| {
                assert!(inner.submit(|| ()).is_err());
                inner.shutdown(Shutdown::detach().cancel_futures()).unwrap();
                counted.count();
            });
        }
        pool.shutdown(Shutdown::detach().cancel_futures()).unwrap();
        assert_eq!(refused.get(), 10);
        blocker.release();
        end(&pool);
    });
}

// --- the threads themselves ---

/// Told when its thread has destroyed its locals.
struct Leaving {
    may_leave: Gate,
    left: Arc<Mutex<bool>>,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        // Bounded: the gate is opened by whoever returns too early. When all is well nobody does.
        self.may_leave.opens_within(Duration::from_millis(200));
        *self.left.lock().unwrap() = true;
    }
}

std::thread_local! {
    static LEAVING: RefCell<Option<Leaving>> = const { RefCell::new(None) };
}

#[test]
fn having_waited_the_threads_are_gone_whoever_waited() {
    within(|| {
        let pool = Arc::new(pool(1));
        let left = Arc::new(Mutex::new(false));
        let early = Gate::new();
        let leaving = Leaving { may_leave: early.clone(), left: left.clone() };
        pool.submit(|| LEAVING.set(Some(leaving))).unwrap().result().unwrap();
        let closers: Vec<_> = (0..2)
            .map(|_| {
                let (pool, left, early) = (pool.clone(), left.clone(), early.clone());
                let task = move || {
                    end(&pool);
                    let gone = *left.lock().unwrap();
                    early.open();
                    gone
                };
                thread::spawn(task)
            })
            .collect();
        for closer in closers {
            assert!(closer.join().unwrap(), "a thread-local destructor was still to run");
        }
    });
}
