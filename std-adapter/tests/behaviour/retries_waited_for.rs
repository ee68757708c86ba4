//! Waiting for work that is attempted again, on workers and elsewhere.

use std::sync::{Arc, Mutex, OnceLock};

use concurrent_futures::{
    ReturnWhen, SharedFuture, TaskErrorKind, ThreadPoolExecutor, as_completed, wait,
};

use crate::retries::{fails, soon};
use crate::support::{Counter, pool, within};

type Shared<T> = Arc<T>;

fn shared_pool(workers: usize) -> Shared<ThreadPoolExecutor> {
    Arc::new(pool(workers))
}

/// Runs `f` in a pool of so many, as so many tasks at once.
fn in_each<R: Send + 'static>(
    workers: usize,
    f: impl Fn(&ThreadPoolExecutor) -> R + Send + Sync + 'static,
) -> Vec<R> {
    within(move || {
        let (pool, f) = (shared_pool(workers), Arc::new(f));
        let tasks: Vec<_> = (0..workers)
            .map(|_| {
                let (inner, f) = (pool.clone(), f.clone());
                pool.submit(move || f(&inner)).unwrap()
            })
            .collect();
        tasks.into_iter().map(|task| task.result().unwrap()).collect()
    })
}

#[test]
fn the_only_worker_waits_for_the_result() {
    let values = in_each(1, |pool| {
        let (future, history) = pool.submit_retry(&soon(5), fails(2, &Counter::new())).unwrap();
        (future.result().unwrap(), history.failed())
    });
    assert_eq!(values, [(3, 2)]);
}

#[test]
fn every_worker_waits_for_a_result() {
    for _ in 0..20 {
        let values = in_each(3, |pool| {
            let (future, _) = pool.submit_retry(&soon(5), fails(2, &Counter::new())).unwrap();
            future.result().unwrap()
        });
        assert_eq!(values, [3, 3, 3]);
    }
}

#[test]
fn the_only_worker_waits_for_a_shared_one() {
    let values = in_each(1, |pool| {
        let (future, _) = pool.submit_retry(&soon(5), fails(2, &Counter::new())).unwrap();
        *future.shared().result().unwrap()
    });
    assert_eq!(values, [3]);
}

#[test]
fn the_only_worker_waits_for_what_comes_after() {
    let values = in_each(1, |pool| {
        let (future, _) = pool.submit_retry(&soon(5), fails(2, &Counter::new())).unwrap();
        future.then(|calls| calls.unwrap() * 10).result().unwrap()
    });
    assert_eq!(values, [30]);
}

#[test]
fn the_only_worker_waits_for_several() {
    let values = in_each(1, |pool| {
        let futures = [0, 1, 2]
            .map(|times| pool.submit_retry(&soon(5), fails(times, &Counter::new())).unwrap().0);
        let waited = wait(futures, None, ReturnWhen::AllCompleted);
        let mut values: Vec<_> =
            waited.done.into_iter().map(|future| future.result().unwrap()).collect();
        values.sort_unstable();
        values
    });
    assert_eq!(values, [[1, 2, 3]]);
}

#[test]
fn every_worker_takes_several_as_they_complete() {
    for workers in [1, 2] {
        let values = in_each(workers, |pool| {
            let futures = [2, 1, 0]
                .map(|times| pool.submit_retry(&soon(5), fails(times, &Counter::new())).unwrap().0);
            let mut values: Vec<_> =
                as_completed(futures).map(|future| future.result().unwrap()).collect();
            values.sort_unstable();
            values
        });
        assert_eq!(values, vec![[1, 2, 3]; workers]);
    }
}

#[test]
fn a_retry_may_wait_for_a_retry() {
    let values = in_each(1, |pool| {
        let inner = pool.submit_retry(&soon(5), fails(2, &Counter::new())).unwrap().0.shared();
        let mut calls = 0;
        let outer = move || {
            calls += 1;
            let inner = *inner.result().map_err(|error| error.to_string())?;
            if calls < 3 { Err(format!("call {calls}")) } else { Ok(inner + calls) }
        };
        pool.submit_retry(&soon(5), outer).unwrap().0.result().unwrap()
    });
    assert_eq!(values, [6]);
}

#[test]
fn an_attempt_that_waits_for_its_own_future_gets_an_error() {
    within(|| {
        let pool = pool(1);
        let own: Arc<OnceLock<SharedFuture<u8>>> = Arc::default();
        let kinds = Arc::new(Mutex::new(Vec::new()));
        let (seen, noted) = (own.clone(), kinds.clone());
        let attempt = move || {
            let Some(own) = seen.get() else { return Err("not yet".to_owned()) };
            let error = own.result().map(|_| ()).unwrap_err();
            noted.lock().unwrap().push(error.kind());
            Ok(1)
        };
        let (future, _) = pool.submit_retry(&soon(u32::MAX), attempt).unwrap();
        let future = future.shared();
        own.set(future.clone()).unwrap();
        assert_eq!(*future.result().unwrap(), 1);
        assert_eq!(*kinds.lock().unwrap(), [TaskErrorKind::WouldDeadlock]);
    });
}

#[test]
fn sets_outside_of_the_pool_wait_over_all_attempts() {
    within(|| {
        let pool = pool(2);
        let futures = [3, 0, 2].map(|times| {
            (times, pool.submit_retry(&soon(5), fails(times, &Counter::new())).unwrap().0)
        });
        let mut seen = 0;
        for (times, future) in as_completed(futures) {
            assert_eq!(future.result().unwrap(), times + 1);
            seen += 1;
        }
        assert_eq!(seen, 3);
    });
}
