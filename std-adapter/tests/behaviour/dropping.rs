//! Dropping a pool: in the open, in its own tasks and callbacks, as a thread or the program ends.

use core::cell::RefCell;
use std::sync::{Arc, mpsc};
use std::thread;

use concurrent_futures::{Shutdown, ThreadPoolExecutor};

use crate::support::{Blocker, Counter, Gate, in_child, is_child, pool, receive, within};

#[test]
fn what_was_accepted_has_run_when_the_pool_is_gone() {
    within(|| {
        for workers in [1, 2, 4] {
            let pool = pool(workers);
            let ran = Counter::new();
            let futures: Vec<_> = (0..300)
                .map(|_| {
                    let ran = ran.clone();
                    pool.submit(move || ran.count()).unwrap()
                })
                .collect();
            drop(pool);
            assert_eq!(ran.get(), 300);
            assert!(futures.iter().all(|future| future.done() && !future.cancelled()));
        }
    });
}

#[test]
fn tasks_that_wait_for_tasks_of_a_pool_that_is_being_dropped_get_them() {
    fn descend(pool: &Arc<ThreadPoolExecutor>, depth: usize) -> usize {
        // Refused once the pool is closed: what was accepted before is waited for.
        let inner = pool.clone();
        match pool.submit(move || if depth == 0 { 0 } else { descend(&inner, depth - 1) }) {
            Ok(future) => future.result().unwrap() + 1,
            Err(_) => 0,
        }
    }
    within(|| {
        for _ in 0..100 {
            let pool = Arc::new(pool(2));
            let inner = pool.clone();
            let future = pool.submit(move || descend(&inner, 20)).unwrap();
            drop(pool);
            assert!(future.result().unwrap() <= 21);
        }
    });
}

#[test]
fn once_detached_a_pool_is_dropped_without_waiting() {
    within(|| {
        let pool = pool(1);
        let (told, outcome) = mpsc::channel();
        let gate = Gate::new();
        let closed = gate.clone();
        let blocked = pool.submit(move || closed.pass()).unwrap();
        let queued = pool.submit(|| 7).unwrap();
        pool.shutdown(Shutdown::detach()).unwrap();
        let dropper = thread::spawn(move || {
            drop(pool);
            told.send(()).unwrap();
        });
        let in_time = outcome.recv_timeout(core::time::Duration::from_secs(5)).is_ok();
        gate.open();
        dropper.join().unwrap();
        assert!(in_time, "dropping it waited for its tasks");
        blocked.result().unwrap();
        assert_eq!(queued.result().unwrap(), 7);
    });
}

#[test]
fn dropped_in_its_own_task_it_does_not_wait_and_what_was_accepted_runs() {
    within(|| {
        for workers in [1, 3] {
            let pool = Arc::new(pool(workers));
            let gate = Gate::new();
            let (closed, inner) = (gate.clone(), pool.clone());
            let last = pool.submit(move || {
                closed.pass();
                drop(inner); // the last handle
            });
            let last = last.unwrap();
            let ran = Counter::new();
            let queued: Vec<_> = (0..50)
                .map(|_| {
                    let ran = ran.clone();
                    pool.submit(move || ran.count()).unwrap()
                })
                .collect();
            drop(pool);
            gate.open();
            last.result().unwrap();
            queued.into_iter().for_each(|future| future.result().unwrap());
            assert_eq!(ran.get(), 50);
        }
    });
}

#[test]
fn dropped_in_a_callback_of_a_worker_it_does_not_wait() {
    within(|| {
        let pool = Arc::new(pool(1));
        let blocker = Blocker::occupy(&pool);
        let future = pool.submit(|| ()).unwrap();
        let queued = pool.submit(|| 5).unwrap();
        let (told, outcome) = mpsc::channel();
        future.add_done_callback(move |_| {
            drop(pool);
            told.send(()).unwrap();
        });
        blocker.release();
        receive(&outcome);
        assert_eq!(queued.result().unwrap(), 5);
    });
}

#[test]
fn dropped_in_a_callback_of_a_canceller_it_waits() {
    within(|| {
        let pool = Arc::new(pool(1));
        let blocker = Blocker::occupy(&pool);
        let gate = blocker.release_later();
        let future = pool.submit(|| ()).unwrap();
        let queued = pool.submit(|| 5).unwrap();
        future.add_done_callback(move |_| {
            gate.open();
            drop(pool);
        });
        assert!(future.cancel());
        assert!(queued.done());
        assert_eq!(queued.result().unwrap(), 5);
    });
}

#[test]
fn dropped_while_unwinding_it_waits_as_ever() {
    within(|| {
        let ran = Counter::new();
        let counted = ran.clone();
        let unwound = thread::spawn(move || {
            let pool = pool(1);
            for _ in 0..10 {
                let counted = counted.clone();
                drop(pool.submit(move || counted.count()).unwrap());
            }
            panic!("on purpose");
        });
        assert!(unwound.join().is_err());
        assert_eq!(ran.get(), 10);
    });
}

#[test]
fn dropped_by_the_value_of_its_own_task_it_does_not_wait() {
    within(|| {
        let pool = Arc::new(pool(1));
        let gate = Gate::new();
        let (closed, inner) = (gate.clone(), pool.clone());
        // Nobody takes the value: the worker drops it, and with it the pool.
        drop(pool.submit(move || {
            closed.pass();
            inner
        }));
        let queued = pool.submit(|| 3).unwrap();
        drop(pool);
        gate.open();
        assert_eq!(queued.result().unwrap(), 3);
    });
}

// --- T6: destructors of thread locals ---

/// What a thread does last.
struct AtExit(Option<Box<dyn FnOnce()>>);

impl Drop for AtExit {
    fn drop(&mut self) {
        if let Some(act) = self.0.take() {
            act();
        }
    }
}

std::thread_local! {
    static AT_EXIT: RefCell<AtExit> = const { RefCell::new(AtExit(None)) };
}

fn at_exit(act: impl FnOnce() + 'static) {
    AT_EXIT.with(|slot| slot.borrow_mut().0 = Some(Box::new(act)));
}

#[test]
fn dropped_by_a_thread_local_of_one_of_its_workers_it_ends() {
    within(|| {
        for workers in [1, 3] {
            let pool = Arc::new(pool(workers));
            let (told, outcome) = mpsc::channel();
            let others: Vec<_> = (1..workers).map(|_| Blocker::occupy(&pool)).collect();
            let (inner, gate) = (pool.clone(), Gate::new());
            let closed = gate.clone();
            let set = pool.submit(move || {
                closed.pass();
                inner.shutdown(Shutdown::detach()).unwrap();
                at_exit(move || {
                    drop(inner); // the last handle
                    told.send(()).unwrap();
                });
            });
            drop(pool);
            gate.open();
            set.unwrap().result().unwrap();
            others.into_iter().for_each(Blocker::release);
            receive(&outcome);
        }
    });
}

#[test]
fn a_thread_local_of_a_worker_gets_an_error_from_the_pool_that_ends() {
    within(|| {
        let pool = Arc::new(pool(1));
        let (told, outcome) = mpsc::channel();
        let inner = pool.clone();
        let set = pool.submit(move || {
            at_exit(move || {
                let refused = inner.submit(|| ()).is_err();
                let ended = inner.shutdown(Shutdown::wait()).is_ok();
                told.send((refused, ended)).unwrap();
            });
        });
        set.unwrap().result().unwrap();
        pool.shutdown(Shutdown::wait()).unwrap();
        assert_eq!(receive(&outcome), (true, true));
    });
}

#[test]
fn a_pool_in_a_thread_local_of_anothers_worker_loses_nothing() {
    within(|| {
        let ran = Counter::new();
        let counted = ran.clone();
        let outer = pool(1);
        let set = outer.submit(move || {
            let inner = pool(2);
            for _ in 0..50 {
                let counted = counted.clone();
                drop(inner.submit(move || counted.count()).unwrap());
            }
            at_exit(move || {
                // A pool that is used by a thread whose locals are going, then dropped by it.
                let value = inner.submit(|| 1).unwrap().result().unwrap();
                assert_eq!(value, 1);
                drop(inner);
            });
        });
        set.unwrap().result().unwrap();
        drop(outer);
        assert_eq!(ran.get(), 50);
    });
}

// --- the end of the program ---

#[test]
fn the_program_may_return_with_work_queued() {
    const TASKS: usize = 200;
    if is_child() {
        // What `main` does in a program: the pool is a local, and the tasks print.
        let pool = pool(2);
        for _ in 0..TASKS {
            let nested = pool.submit(|| ()).unwrap();
            drop(pool.submit(move || {
                nested.result().unwrap();
                println!("\nran");
            }));
        }
        return;
    }
    within(|| {
        let ended = in_child(&[], "dropping::the_program_may_return_with_work_queued");
        assert!(ended.status.success(), "{}", ended.printed);
        assert_eq!(ended.lines("ran"), TASKS, "{}", ended.printed);
    });
}
