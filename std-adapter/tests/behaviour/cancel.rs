//! Cancelling tasks of a pool.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use concurrent_futures::{Future, FutureState, TaskErrorKind};

use crate::support::{Blocker, Counter, OnDrop, end, kind_of, pool, receive, within};

#[test]
fn a_queued_task_is_cancelled_and_never_runs() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let ran = Counter::new();
        let counted = ran.clone();
        let future = pool.submit(move || counted.count()).unwrap();
        assert_eq!(future.state(), FutureState::Pending);
        assert!(future.cancel() && future.cancel(), "again is as good");
        assert!(future.cancelled() && future.done() && !future.running());
        blocker.release();
        end(&pool);
        assert_eq!(ran.get(), 0);
        assert_eq!(kind_of(future.result()), TaskErrorKind::Cancelled);
    });
}

#[test]
fn a_running_or_finished_task_is_not_cancelled() {
    within(|| {
        let pool = pool(1);
        let (hand, own) = mpsc::channel::<Future<()>>();
        let (told, outcome) = mpsc::channel();
        let future = pool.submit(move || {
            let own = receive(&own);
            told.send((own.running(), own.cancel(), own)).unwrap();
        });
        hand.send(future.unwrap()).unwrap();
        let (running, cancelled, future) = receive(&outcome);
        assert!(running && !cancelled);
        end(&pool);
        assert!(!future.cancel() && future.done() && !future.cancelled());
        future.result().unwrap();
    });
}

#[test]
fn the_canceller_drops_the_closure_before_cancel_returns() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let dropped = Counter::new();
        let guard = OnDrop(dropped.clone());
        let future = pool.submit(move || drop(guard)).unwrap();
        assert!(future.cancel());
        assert_eq!(dropped.get(), 1);
        blocker.release();
    });
}

#[test]
fn cancelled_tasks_leave_the_queue_at_once() {
    within(|| {
        let pool = pool(2);
        let busy = [Blocker::occupy(&pool), Blocker::occupy(&pool)];
        let mut futures: Vec<_> = (0..100).map(|_| pool.submit(|| ()).unwrap()).collect();
        assert_eq!(pool.remaining().tasks, 100);
        // From the front, the back and the middle.
        for (cancelled, at) in [0, 98, 50, 51, 3].into_iter().enumerate() {
            assert!(futures.remove(at).cancel());
            assert_eq!(pool.remaining().tasks, 99 - cancelled);
        }
        assert!(futures.iter().all(Future::cancel));
        assert_eq!(pool.remaining().tasks, 0);
        busy.into_iter().for_each(Blocker::release);
        assert_eq!(pool.submit(|| 1).unwrap().result().unwrap(), 1);
    });
}

#[test]
fn a_canceller_in_another_thread_wakes_whoever_waits() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let future = pool.submit(|| ()).unwrap();
        let canceller = future.canceller();
        let waiter = thread::spawn(move || kind_of(future.result()));
        assert!(canceller.clone().cancel());
        assert_eq!(waiter.join().unwrap(), TaskErrorKind::Cancelled);
        assert!(canceller.done());
        blocker.release();
    });
}

#[test]
fn a_future_may_cancel_its_task_by_being_dropped() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let ran = Counter::new();
        let submit = || {
            let ran = ran.clone();
            pool.submit(move || ran.count()).unwrap()
        };
        drop(submit()); // runs
        drop(submit().cancel_on_drop()); // does not
        let kept = submit().cancel_on_drop().into_inner().unwrap();
        assert_eq!(pool.remaining().tasks, 2);
        blocker.release();
        kept.result().unwrap();
        end(&pool);
        assert_eq!(ran.get(), 2);
    });
}

#[test]
fn a_task_may_cancel_others_of_its_pool() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let (hand, others) = mpsc::channel::<Vec<Future<()>>>();
        let canceller = pool
            .submit(move || receive(&others).iter().filter(|other| other.cancel()).count())
            .unwrap();
        hand.send((0..10).map(|_| pool.submit(|| ()).unwrap()).collect()).unwrap();
        blocker.release();
        assert_eq!(canceller.result().unwrap(), 10);
    });
}

#[test]
fn every_task_is_run_or_cancelled_and_never_both() {
    const TASKS: usize = 5000;
    within(|| {
        for workers in [1, 3] {
            let pool = pool(workers);
            let (hand, to_cancel) = mpsc::channel::<(usize, Future<()>)>();
            let ran: Arc<[AtomicBool]> = (0..TASKS).map(|_| AtomicBool::new(false)).collect();
            let canceller = {
                let ran = ran.clone();
                thread::spawn(move || {
                    let mut cancelled = 0;
                    for (number, future) in to_cancel {
                        if future.cancel() {
                            cancelled += 1;
                            assert!(!ran[number].load(Ordering::SeqCst));
                            assert_eq!(kind_of(future.result()), TaskErrorKind::Cancelled);
                        } else {
                            future.result().unwrap();
                            assert!(ran[number].load(Ordering::SeqCst));
                        }
                    }
                    cancelled
                })
            };
            for number in 0..TASKS {
                let flags = ran.clone();
                let task = move || assert!(!flags[number].swap(true, Ordering::SeqCst));
                hand.send((number, pool.submit(task).unwrap())).unwrap();
            }
            drop(hand);
            let cancelled: usize = canceller.join().unwrap();
            end(&pool);
            let runs = ran.iter().filter(|ran| ran.load(Ordering::SeqCst)).count();
            assert_eq!(runs + cancelled, TASKS);
            assert_eq!(pool.remaining().tasks, 0);
        }
    });
}
