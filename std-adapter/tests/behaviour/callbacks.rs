//! Done callbacks of tasks of a pool.

use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use concurrent_futures::{FutureState, ReturnWhen, TaskErrorKind, ThreadPoolExecutor, wait};

use crate::support::{Blocker, Counter, end, pool, receive, within};

#[test]
fn they_are_called_in_the_worker_in_the_order_added() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let future = pool.submit(|| ()).unwrap();
        let (told, calls) = mpsc::channel();
        for number in 0..5 {
            let told = told.clone();
            let id = future.id();
            future.add_done_callback(move |done| {
                assert_eq!((done.id(), done.state()), (id, FutureState::Finished));
                told.send((number, thread::current().id())).unwrap();
            });
        }
        let worker = blocker.worker;
        blocker.release();
        for number in 0..5 {
            assert_eq!(receive(&calls), (number, worker));
        }
    });
}

#[test]
fn added_late_they_are_called_here_and_now() {
    within(|| {
        let pool = pool(1);
        let mut future = pool.submit(|| ()).unwrap();
        wait([&mut future], None, ReturnWhen::AllCompleted);
        let (told, calls) = mpsc::channel();
        future.add_done_callback(move |_| told.send(thread::current().id()).unwrap());
        assert_eq!(calls.try_recv().unwrap(), thread::current().id());
    });
}

#[test]
fn they_learn_how_it_ended() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let kinds = Arc::new(Mutex::new(Vec::new()));
        let note = |future: &concurrent_futures::Future<u8>| {
            let kinds = kinds.clone();
            future.add_done_callback(move |done| {
                kinds.lock().unwrap().push(done.error().map(|error| error.kind()));
            });
        };
        let value = pool.submit(|| 1).unwrap();
        let panicked = pool.submit(|| panic!("on purpose")).unwrap();
        let failed = pool.submit_fallible(|| "x".parse::<u8>()).unwrap();
        let cancelled = pool.submit(|| 1).unwrap();
        [&value, &panicked, &failed, &cancelled].into_iter().for_each(note);
        assert!(cancelled.cancel());
        assert_eq!(*kinds.lock().unwrap(), [Some(TaskErrorKind::Cancelled)]);
        blocker.release();
        end(&pool);
        let kinds = kinds.lock().unwrap();
        let expected = [None, Some(TaskErrorKind::Panicked), Some(TaskErrorKind::Failed)];
        assert_eq!(kinds[1..], expected);
    });
}

#[test]
fn they_may_submit_to_the_same_pool_again_and_again() {
    fn chain(pool: &Arc<ThreadPoolExecutor>, left: usize, told: mpsc::Sender<usize>) {
        let inner = pool.clone();
        let future = pool.submit(move || left).unwrap();
        future.add_done_callback(move |_| {
            told.send(left).unwrap();
            if left > 0 {
                chain(&inner, left - 1, told);
            }
        });
    }
    within(|| {
        for workers in [1, 2] {
            let pool = Arc::new(pool(workers));
            let (told, calls) = mpsc::channel();
            chain(&pool, 200, told);
            for left in (0..=200).rev() {
                assert_eq!(receive(&calls), left);
            }
        }
    });
}

#[test]
fn they_may_wait_for_tasks_of_the_same_pool() {
    within(|| {
        let pool = Arc::new(pool(1));
        let blocker = Blocker::occupy(&pool);
        let future = pool.submit(|| ()).unwrap();
        let (told, calls) = mpsc::channel();
        let inner = pool.clone();
        future.add_done_callback(move |_| {
            told.send(inner.submit(|| 9).unwrap().result().unwrap()).unwrap();
        });
        blocker.release();
        assert_eq!(receive(&calls), 9);
    });
}

#[test]
fn after_the_end_was_asked_for_their_submissions_are_refused() {
    within(|| {
        let pool = Arc::new(pool(1));
        let blocker = Blocker::occupy(&pool);
        let future = pool.submit(|| ()).unwrap();
        let (told, calls) = mpsc::channel();
        let inner = pool.clone();
        future.add_done_callback(move |_| {
            let refused = inner.submit(|| 9).unwrap_err();
            told.send(refused.into_inner()()).unwrap();
        });
        pool.close();
        blocker.release();
        assert_eq!(receive(&calls), 9);
        end(&pool);
    });
}

#[test]
fn they_may_cancel_others_and_add_callbacks() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let first = pool.submit(|| ()).unwrap();
        let other = pool.submit(|| ()).unwrap().shared();
        let called = Counter::new();
        let (counted, victim) = (called.clone(), other.clone());
        first.add_done_callback(move |_| {
            let again = counted.clone();
            victim.add_done_callback(move |done| {
                assert!(done.cancelled());
                again.count();
            });
            assert!(victim.cancel());
            counted.count();
        });
        blocker.release();
        end(&pool);
        assert_eq!(called.get(), 2);
        assert!(other.cancelled());
    });
}

#[test]
fn each_is_called_exactly_once_whoever_is_first() {
    within(|| {
        let pool = pool(2);
        let called = Counter::new();
        for _ in 0..2000 {
            let future = pool.submit(|| ()).unwrap();
            for _ in 0..2 {
                let counted = called.clone();
                future.add_done_callback(move |_| counted.count());
            }
            future.cancel();
        }
        end(&pool);
        assert_eq!(called.get(), 4000);
    });
}

#[test]
fn then_goes_on_with_the_value() {
    within(|| {
        let pool = pool(2);
        let length = pool
            .submit(|| "four")
            .unwrap()
            .then(|text| text.unwrap().len())
            .then(|length| length.unwrap() * 2);
        assert_eq!(length.result().unwrap(), 8);
    });
}
