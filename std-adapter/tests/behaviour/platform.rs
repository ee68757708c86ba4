//! Threads that cannot be had, at exactly the moment wanted: a pool over a platform of our own.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

use concurrent_futures::{
    Executor, OsLock, Platform, Pool, PoolSettings, RefusedReason, Shutdown, StartError,
    TaskErrorKind, ThreadParker, Worker, as_completed,
};

use crate::support::{Counter, Gate, Thread, receive, within};

/// Asked before each start, with its number: may there be a thread?
type Permit = Box<dyn Fn(usize) -> bool + Send + Sync>;

pub(crate) struct Scarce {
    permit: Permit,
    asked: AtomicUsize,
}

impl Platform for Scarce {
    type Lock = OsLock;
    type StartLock = OsLock;
    type Park = ThreadParker;

    fn start(&self, worker: Worker<Self>) -> Result<(), StartError> {
        if !(self.permit)(self.asked.fetch_add(1, Ordering::SeqCst)) {
            return Err(StartError::new("the system has no thread left"));
        }
        thread::spawn(move || worker.run());
        Ok(())
    }

    fn parker(&self) -> ThreadParker {
        ThreadParker::current()
    }

    fn deadline_after(&self, time: Duration) -> Option<Instant> {
        Instant::now().checked_add(time)
    }
}

fn scarce(
    workers: usize,
    permit: impl Fn(usize) -> bool + Send + Sync + 'static,
) -> Executor<Pool<Scarce>> {
    scarce_with(PoolSettings::new(workers), permit)
}

/// A pool that has a thread started only when `permit` says so.
pub(crate) fn scarce_with(
    settings: PoolSettings,
    permit: impl Fn(usize) -> bool + Send + Sync + 'static,
) -> Executor<Pool<Scarce>> {
    let platform = Scarce { permit: Box::new(permit), asked: AtomicUsize::new(0) };
    Executor::new(Pool::with_settings(platform, settings).unwrap())
}

#[test]
fn without_a_first_worker_the_closure_comes_back_every_time() {
    within(|| {
        let pool = scarce(4, |_| false);
        for _ in 0..3 {
            let refused = pool.submit(|| 7).unwrap_err();
            let cause = RefusedReason::NoWorker("the system has no thread left".into());
            assert_eq!(*refused.reason(), cause);
            assert!(refused.to_string().contains("the system has no thread left"));
            assert_eq!(refused.into_inner()(), 7);
        }
        let error = pool.map(|n: u8| n, [1]).next().unwrap().unwrap_err();
        assert_eq!(error.kind(), TaskErrorKind::Refused);
        assert_eq!((pool.remaining().tasks, pool.remaining().workers), (0, 0));
        pool.shutdown(Shutdown::wait()).unwrap();
        assert_eq!(*pool.submit(|| 7).unwrap_err().reason(), RefusedReason::ShutDown);
    });
}

#[test]
fn when_there_are_threads_again_work_is_accepted_again() {
    within(|| {
        let pool = scarce(2, |asked| asked >= 2);
        assert!(pool.submit(|| 1).is_err());
        assert!(pool.submit(|| 2).is_err());
        assert_eq!(pool.submit(|| 3).unwrap().result().unwrap(), 3);
    });
}

#[test]
fn with_some_workers_those_that_cannot_be_started_are_not_missed() {
    within(|| {
        let pool = Arc::new(scarce(4, |asked| asked == 0));
        let ran = Counter::new();
        let futures: Vec<_> = (0..100)
            .map(|n| {
                let (inner, ran) = (pool.clone(), ran.clone());
                let task = move || {
                    ran.count();
                    inner.submit(move || n).unwrap().result().unwrap()
                };
                pool.submit(task).unwrap()
            })
            .collect();
        let sum: usize = as_completed(futures).map(|future| future.result().unwrap()).sum();
        assert_eq!((sum, ran.get()), (4950, 100));
        assert_eq!(pool.remaining().workers, 1);
    });
}

#[test]
fn threads_that_submit_together_get_their_closures_back_or_run() {
    within(|| {
        for failures in [0, 1, 2, 3, 50] {
            let pool = Arc::new(scarce(3, move |asked| asked >= failures));
            let ran = Counter::new();
            let submitters: Vec<_> = (0..3)
                .map(|_| {
                    let (pool, ran) = (pool.clone(), ran.clone());
                    let task = move || {
                        let mut accepted = Vec::new();
                        for _ in 0..20 {
                            let ran = ran.clone();
                            match pool.submit(move || ran.count()) {
                                Ok(future) => accepted.push(future),
                                Err(refused) => {
                                    assert!(matches!(refused.reason(), RefusedReason::NoWorker(_)));
                                }
                            }
                        }
                        accepted.into_iter().map(|future| future.result().unwrap()).count()
                    };
                    thread::spawn(task)
                })
                .collect();
            let accepted: usize = submitters.into_iter().map(|thread| thread.join().unwrap()).sum();
            pool.shutdown(Shutdown::wait()).unwrap();
            assert_eq!(ran.get(), accepted);
        }
    });
}

#[test]
fn a_worker_that_waits_for_help_is_told_when_none_comes() {
    within(|| {
        // While a second worker is being started, the first waits for a task that the second could
        // run. Then there is no second worker: the first has to run it itself.
        let (entered, starting) = mpsc::channel();
        let gate = Gate::new();
        let closed = gate.clone();
        let pool = Arc::new(scarce(2, move |asked| {
            if asked == 1 {
                entered.send(()).unwrap();
                closed.pass();
            }
            asked == 0
        }));
        let (told, worker) = mpsc::channel();
        let (go, may_go) = mpsc::channel::<()>();
        let inner = pool.clone();
        let waits = pool.submit(move || {
            told.send(Thread::current()).unwrap();
            receive(&may_go);
            let future = inner.submit(|| 5).unwrap();
            as_completed([future]).next().unwrap().result().unwrap()
        });
        let worker = receive(&worker);
        let other = {
            let pool = pool.clone();
            thread::spawn(move || pool.submit(|| 6).unwrap().result().unwrap())
        };
        receive(&starting);
        go.send(()).unwrap();
        worker.until_parked();
        gate.open();
        let mut waits = waits.unwrap();
        let value = waits.result_timeout(core::time::Duration::from_secs(10));
        assert_eq!(value.expect("run by the worker that waits for it"), 5);
        assert_eq!(other.join().unwrap(), 6);
    });
}

#[test]
fn a_shutdown_while_the_first_worker_is_being_started_waits_for_it() {
    within(|| {
        let (entered, starting) = mpsc::channel();
        let gate = Gate::new();
        let closed = gate.clone();
        let pool = Arc::new(scarce(1, move |_| {
            entered.send(()).unwrap();
            closed.pass();
            true
        }));
        let inner = pool.clone();
        let submitter = thread::spawn(move || inner.submit(|| 5).unwrap().result().unwrap());
        receive(&starting);
        let inner = pool.clone();
        let (told, closer) = mpsc::channel();
        let closing = thread::spawn(move || {
            told.send(Thread::current()).unwrap();
            inner.shutdown(Shutdown::wait()).unwrap();
            inner.remaining().workers
        });
        receive(&closer).until_parked();
        gate.open();
        assert_eq!(submitter.join().unwrap(), 5);
        assert_eq!(closing.join().unwrap(), 0);
    });
}

#[test]
fn a_task_cancelled_while_no_worker_could_be_started_counts_as_accepted() {
    within(|| {
        let (entered, starting) = mpsc::channel();
        let gate = Gate::new();
        let closed = gate.clone();
        let pool = Arc::new(scarce(1, move |_| {
            entered.send(()).unwrap();
            closed.pass();
            false
        }));
        let inner = pool.clone();
        let submitter = thread::spawn(move || inner.submit(|| 5).map(|future| future.result()));
        receive(&starting);
        assert_eq!(pool.close_and_cancel(), 1);
        gate.open();
        let outcome = submitter.join().unwrap().expect("accepted, since it was cancelled");
        assert!(outcome.unwrap_err().is_cancelled());
        pool.shutdown(Shutdown::wait()).unwrap();
    });
}
