//! Executors chosen at run time.

use std::sync::{Arc, mpsc};
use std::thread;

use concurrent_futures::{
    AnyExecutor, Backend, Executor, InlineBackend, OsLock, QueueBackend, RefusedReason, Ring,
    Shutdown, ShutdownError, TaskError, ThreadPoolExecutor, as_completed,
};

use crate::support::{Counter, Gate, OnDrop, receive, within};

fn choose(name: &str) -> AnyExecutor {
    match name {
        "threads" => ThreadPoolExecutor::builder().max_workers(2).build_any().unwrap(),
        "one thread" => ThreadPoolExecutor::builder().max_workers(1).build_any().unwrap(),
        _ => AnyExecutor::new(InlineBackend),
    }
}

const ALL: [&str; 3] = ["threads", "one thread", "inline"];

#[test]
fn each_has_the_whole_api() {
    within(|| {
        for executor in ALL.map(choose) {
            let text = String::from("lent");
            assert_eq!(executor.submit(|| 6 * 7).unwrap().result().unwrap(), 42);
            let failed = executor.submit_fallible(|| "x".parse::<u8>()).unwrap().result();
            assert!(failed.unwrap_err().downcast_ref::<std::num::ParseIntError>().is_some());
            let squares = executor.map(|n| n * n, 0..4).collect::<Result<Vec<u32>, _>>();
            assert_eq!(squares.unwrap(), [0, 1, 4, 9]);
            let length = executor.scope(|scope| scope.submit(|| text.len()).unwrap().result());
            assert_eq!(length.unwrap(), 4);
            executor.shutdown(Shutdown::wait()).unwrap();
            assert_eq!(executor.remaining().tasks, 0);
        }
    });
}

#[test]
fn their_futures_go_into_one_set() {
    within(|| {
        let executors = ALL.map(choose);
        let futures: Vec<_> =
            (0..30).map(|n| executors[n % 3].submit(move || n).unwrap()).collect();
        let sum = as_completed(futures).map(|future| future.result()).sum::<Result<usize, _>>();
        assert_eq!(sum.unwrap(), 435);
    });
}

#[test]
fn a_refused_closure_comes_back_unharmed() {
    within(|| {
        for executor in ALL.map(choose) {
            executor.close();
            let counter = Counter::new();
            let captured = OnDrop(counter.clone());
            let text = String::from("mine");
            let refused = executor
                .submit(move || {
                    drop(captured);
                    text
                })
                .unwrap_err();
            assert_eq!(*refused.reason(), RefusedReason::ShutDown);
            assert_eq!(counter.get(), 0);
            assert_eq!(refused.into_inner()(), "mine");
            assert_eq!(counter.get(), 1);
        }
    });
}

#[test]
fn what_the_chosen_backend_refuses_comes_back_too() {
    let ring = QueueBackend::new(Ring::<_, 1>::new(OsLock::new()));
    let executor = AnyExecutor::new(ring);
    let first = executor.submit(|| 1).unwrap();
    let text = String::from("mine");
    let refused = executor.submit(move || text).unwrap_err();
    assert_eq!(*refused.reason(), RefusedReason::Full);
    assert_eq!(refused.into_inner()(), "mine");
    executor.shutdown(Shutdown::wait()).unwrap(); // by running it here
    assert_eq!(first.result().unwrap(), 1);
}

#[test]
fn a_task_of_a_pool_of_one_waits_for_tasks_of_its_own() {
    within(|| {
        let executor = Arc::new(choose("one thread"));
        let inside = executor.clone();
        let task = move || -> Result<_, TaskError> {
            let number = inside.submit(|| 6)?.result()?;
            let mut scoped = 0;
            inside.scope(|scope| scope.submit(|| scoped = 7).map(drop))?;
            Ok((number * scoped, inside.shutdown(Shutdown::wait())))
        };
        let (product, ended) = executor.submit(task).unwrap().result().unwrap().unwrap();
        assert_eq!((product, ended), (42, Err(ShutdownError::WouldDeadlock)));
    });
}

#[test]
fn dropping_it_runs_what_was_accepted_and_waits_for_the_threads() {
    thread_local! {
        static LOCAL: std::cell::RefCell<Option<OnDrop>> = const { std::cell::RefCell::new(None) };
    }
    within(|| {
        let executor = choose("threads");
        let (ran, gone) = (Counter::new(), Counter::new());
        for _ in 0..100 {
            let (ran, gone) = (ran.clone(), gone.clone());
            let task = move || {
                LOCAL.with(|local| {
                    let mut local = local.borrow_mut();
                    if local.is_none() {
                        *local = Some(OnDrop(gone));
                    }
                });
                ran.count();
            };
            drop(executor.submit(task).unwrap());
        }
        drop(executor);
        assert_eq!(ran.get(), 100);
        assert!((1..=2).contains(&gone.get()), "destructors of {} threads", gone.get());
        assert_eq!(gone.handles(), 1);
    });
}

#[test]
fn detached_it_is_not_waited_for() {
    within(|| {
        let executor = choose("threads");
        let gate = Gate::new();
        let (closed, (done, is_done)) = (gate.clone(), mpsc::channel());
        let task = move || {
            closed.pass();
            done.send(()).unwrap();
        };
        drop(executor.submit(task).unwrap());
        executor.shutdown(Shutdown::detach()).unwrap();
        drop(executor); // hangs here if it waits
        gate.open();
        receive(&is_done);
    });
}

#[test]
fn one_type_serves_functions_that_know_nothing_of_threads() {
    fn double(executor: &Executor<Box<dyn Backend>>, number: u32) -> u32 {
        executor.submit(move || 2 * number).unwrap().result().unwrap()
    }
    within(|| {
        for executor in ALL.map(choose) {
            let executor = Arc::new(executor);
            let shared = executor.clone();
            let other = thread::spawn(move || double(&shared, 4));
            assert_eq!(double(&executor, 3) + other.join().unwrap(), 14);
        }
    });
}
