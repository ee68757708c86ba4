//! Fibonacci numbers, with a task for one of two children at each call.

use std::pin::Pin;

use concurrent_futures::ThreadPoolExecutor;
use futures::executor::{ThreadPool, ThreadPoolBuilder, block_on};
use futures::task::SpawnExt;

use crate::contestant::Contestant;
use crate::harness::Figures;
use crate::harness::timing::timed;
use crate::pools::{Ours, Pool, Rayon};

/// The time of one call of those that the `n`th number takes.
pub(crate) fn run(contestant: Contestant, workers: usize, n: u64) -> Option<Figures> {
    let times = match contestant {
        Contestant::Ours => {
            let pool: &'static Ours = Box::leak(Box::new(Ours::start(workers)));
            measure(n, |n| Ours::result(pool.submit(move || ours(&pool.0, n))))
        }
        Contestant::Tokio => {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(workers).build();
            let runtime = runtime.expect("a runtime");
            measure(n, |n| runtime.block_on(runtime.spawn(with_tokio(n))).expect("no task fails"))
        }
        Contestant::Futures => {
            let pool = ThreadPoolBuilder::new().pool_size(workers).create();
            let pool = pool.expect("threads can be started");
            let run = |n| pool.spawn_with_handle(with_futures(pool.clone(), n));
            measure(n, |n| block_on(run(n).expect("the pool is open")))
        }
        Contestant::Join => {
            let pool = Rayon::start(workers);
            measure(n, |n| pool.0.install(|| with_join(n)))
        }
        Contestant::Scope => {
            let pool = Rayon::start(workers);
            measure(n, |n| pool.0.install(|| with_scope(n)))
        }
        _ => return None,
    };
    Some(times)
}

fn measure(n: u64, fib: impl Fn(u64) -> u64) -> Figures {
    fib(n.min(15));
    let (value, time) = timed(|| fib(n));
    assert_eq!(value, nth(n), "the number is right");
    // As many calls as leaves and sums make.
    let calls = 2 * nth(n + 1) - 1;
    vec![("time", time.as_secs_f64() * 1e9 / calls as f64)]
}

fn nth(n: u64) -> u64 {
    (0..n).fold((0, 1), |(now, next), _| (next, now + next)).0
}

fn ours(pool: &'static ThreadPoolExecutor, n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let child = pool.submit(move || ours(pool, n - 1)).expect("the pool is open");
    let other = ours(pool, n - 2);
    child.result().expect("no task fails") + other
}

fn with_tokio(n: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        if n < 2 {
            return n;
        }
        let child = tokio::spawn(with_tokio(n - 1));
        let other = with_tokio(n - 2).await;
        child.await.expect("no task fails") + other
    })
}

fn with_futures(pool: ThreadPool, n: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        if n < 2 {
            return n;
        }
        let child = pool.spawn_with_handle(with_futures(pool.clone(), n - 1));
        let other = with_futures(pool, n - 2).await;
        child.expect("the pool is open").await + other
    })
}

fn with_join(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (child, other) = rayon::join(|| with_join(n - 1), || with_join(n - 2));
    child + other
}

fn with_scope(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (mut child, mut other) = (0, 0);
    rayon::scope(|scope| {
        scope.spawn(|_| child = with_scope(n - 1));
        other = with_scope(n - 2);
    });
    child + other
}
