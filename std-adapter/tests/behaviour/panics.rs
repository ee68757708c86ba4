//! Panics in all that is not ours: the worker lives on. Payloads that panic are in `bombs`.

use core::task::{Context, Poll, Waker};
use std::panic::panic_any;
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::Wake;
use std::thread::{self, ThreadId};

use concurrent_futures::{TaskErrorKind, ThreadPoolExecutor, as_completed};

use crate::support::{Blocker, Counter, end, pool, receive, within};

fn worker_of(pool: &ThreadPoolExecutor) -> ThreadId {
    pool.submit(|| thread::current().id()).unwrap().result().unwrap()
}

/// A pool of one, whose one thread must be the same before and after.
fn survives(act: impl FnOnce(&ThreadPoolExecutor) + Send + 'static) {
    within(|| {
        let pool = pool(1);
        let before = worker_of(&pool);
        act(&pool);
        assert_eq!(worker_of(&pool), before);
        assert_eq!(pool.remaining().workers, 1);
        end(&pool);
    });
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("dropped, on purpose");
    }
}

#[test]
fn in_a_task_they_reach_whoever_waits() {
    survives(|pool| {
        let number = core::hint::black_box(7);
        let future = pool.submit(move || panic!("number {number}")).unwrap();
        let error = future.result().unwrap_err();
        assert_eq!((error.kind(), error.message()), (TaskErrorKind::Panicked, "number 7"));
        assert!(error.location().unwrap().contains("panics.rs"), "{error}");
        assert_eq!(*error.into_panic().unwrap().downcast::<String>().unwrap(), "number 7");
        let future = pool.submit(|| panic_any(7_u8)).unwrap();
        let payload = future.result().unwrap_err().into_panic().unwrap();
        assert_eq!(*payload.downcast::<u8>().unwrap(), 7);
    });
}

#[test]
fn many_in_a_row_cost_nothing_but_themselves() {
    survives(|pool| {
        let futures: Vec<_> =
            (0..100).map(|n| pool.submit(move || assert!(n % 2 == 0, "odd")).unwrap()).collect();
        let failed = as_completed(futures).filter_map(|future| future.result().err()).count();
        assert_eq!(failed, 50);
    });
}

#[test]
fn in_a_task_that_nobody_waits_for_they_are_dropped() {
    survives(|pool| drop(pool.submit(|| panic!("unheard"))));
}

#[test]
fn in_the_drop_of_a_capture_they_fail_the_task() {
    survives(|pool| {
        let captured = PanicsWhenDropped;
        let future = pool.submit(move || drop(captured)).unwrap();
        assert!(future.result().unwrap_err().is_panicked());
    });
}

#[test]
fn in_the_drop_of_a_cancelled_closure_they_are_contained() {
    survives(|pool| {
        let blocker = Blocker::occupy(pool);
        let captured = PanicsWhenDropped;
        let future = pool.submit(move || drop(captured)).unwrap();
        assert!(future.cancel());
        assert!(future.result().unwrap_err().is_cancelled());
        blocker.release();
    });
}

#[test]
fn in_the_drop_of_a_closure_that_the_end_cancels_they_are_contained() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let futures: Vec<_> = (0..3)
            .map(|_| {
                let captured = PanicsWhenDropped;
                pool.submit(move || drop(captured)).unwrap()
            })
            .collect();
        assert_eq!(pool.close_and_cancel(), 3);
        assert!(futures.iter().all(|future| future.cancelled()));
        blocker.release();
        end(&pool);
    });
}

#[test]
fn in_the_drop_of_a_value_they_are_contained_in_the_worker() {
    survives(|pool| {
        let blocker = Blocker::occupy(pool);
        drop(pool.submit(|| PanicsWhenDropped).unwrap());
        blocker.release();
    });
}

#[test]
fn in_the_drop_of_a_value_they_are_contained_in_whoever_drops_the_future() {
    survives(|pool| {
        let mut future = pool.submit(|| PanicsWhenDropped).unwrap();
        assert!(future.exception().is_none());
        drop(future);
    });
}

#[test]
fn in_a_callback_they_stop_neither_the_others_nor_the_worker() {
    survives(|pool| {
        let blocker = Blocker::occupy(pool);
        let called = Counter::new();
        let future = pool.submit(|| 1).unwrap();
        for number in 0..6 {
            let called = called.clone();
            future.add_done_callback(move |_| {
                called.count();
                assert!(number % 2 == 0, "callback, on purpose");
            });
        }
        blocker.release();
        assert_eq!(future.result().unwrap(), 1);
        worker_of(pool);
        assert_eq!(called.get(), 6);
    });
}

#[test]
fn in_the_drop_of_what_a_callback_holds_they_are_contained() {
    survives(|pool| {
        let blocker = Blocker::occupy(pool);
        let future = pool.submit(|| 1).unwrap();
        let captured = PanicsWhenDropped;
        future.add_done_callback(move |_| drop(captured));
        blocker.release();
        assert_eq!(future.result().unwrap(), 1);
    });
}

#[test]
fn in_then_they_fail_the_future_that_follows() {
    survives(|pool| {
        let follows = pool.submit(|| 1).unwrap().then(|_| panic!("then")).then(|outcome| {
            let error = outcome.unwrap_err();
            error.message().to_string()
        });
        assert_eq!(follows.result().unwrap(), "then");
    });
}

/// A waker that panics when it wakes, and says when it did.
struct Panics(mpsc::Sender<()>);

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        self.0.send(()).unwrap();
        panic!("woken, on purpose");
    }
}

#[test]
fn in_a_waker_they_do_not_keep_the_next_from_being_woken() {
    survives(|pool| {
        let blocker = Blocker::occupy(pool);
        let shared = pool.submit(|| 1).unwrap().shared();
        let (told, woken) = mpsc::channel();
        let waker = Waker::from(Arc::new(Panics(told)));
        let mut awaiting = pin!((&shared).into_future());
        assert!(awaiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        let called = Counter::new();
        let counted = called.clone();
        shared.add_done_callback(move |_| counted.count());
        let other = shared.clone();
        let waiter = thread::spawn(move || *other.result().unwrap());
        blocker.release();
        receive(&woken);
        assert_eq!(waiter.join().unwrap(), 1);
        worker_of(pool);
        assert_eq!(called.get(), 1);
        let polled = awaiting.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Ready(Ok(1))));
    });
}

#[test]
fn in_the_inline_waker_they_are_contained() {
    survives(|pool| {
        let blocker = Blocker::occupy(pool);
        let mut future = pool.submit(|| 1).unwrap();
        let (told, woken) = mpsc::channel();
        let waker = Waker::from(Arc::new(Panics(told)));
        let mut context = Context::from_waker(&waker);
        assert!(pin!(&mut future).poll(&mut context).is_pending());
        blocker.release();
        receive(&woken);
        assert_eq!(future.result().unwrap(), 1);
    });
}

#[test]
fn in_the_iterator_of_a_map_they_reach_the_caller_and_cancel_the_rest() {
    survives(|pool| {
        let blocker = Blocker::occupy(pool);
        let items = (0..100).inspect(|n| assert!(*n < 50, "iterator, on purpose"));
        let unwound = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
            drop(pool.map(|n: u8| n, items));
        }));
        assert!(unwound.is_err());
        assert_eq!(pool.remaining().tasks, 0);
        blocker.release();
    });
}

#[test]
fn in_several_workers_at_once_each_keeps_its_place() {
    within(|| {
        let pool = pool(4);
        let futures: Vec<_> =
            (0..400).map(|n: usize| (n, pool.submit(move || panic_any(n)).unwrap())).collect();
        for (n, future) in as_completed(futures) {
            let payload = future.result().unwrap_err().into_panic().unwrap();
            assert_eq!(*payload.downcast::<usize>().unwrap(), n);
        }
        end(&pool);
    });
}
