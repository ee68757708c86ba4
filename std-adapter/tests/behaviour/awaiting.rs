//! Futures of a pool in async code, with the smallest of runtimes.

use core::future::Future as StdFuture;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::task::Wake;
use std::thread::{self, Thread};

use concurrent_futures::{Future, TaskError};

use crate::support::{Blocker, Counter, OnDrop, end, pool, within};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: StdFuture>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// All of several, each polled with the one waker.
struct Join<T>(Vec<Member<T>>);

/// A future, and its outcome once there is one.
type Member<T> = (Future<T>, Option<Result<T, TaskError>>);

impl<T: Unpin> StdFuture for Join<T> {
    type Output = Vec<Result<T, TaskError>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        for (future, outcome) in &mut self.0 {
            if outcome.is_none()
                && let Poll::Ready(ready) = Pin::new(future).poll(context)
            {
                *outcome = Some(ready);
            }
        }
        if self.0.iter().all(|(_, outcome)| outcome.is_some()) {
            let all = self.0.drain(..).filter_map(|(_, outcome)| outcome);
            return Poll::Ready(all.collect());
        }
        Poll::Pending
    }
}

#[test]
fn a_future_can_be_awaited() {
    within(|| {
        let pool = pool(2);
        let sum = block_on(async {
            let one = pool.submit(|| 20)?;
            let other = pool.submit(|| 22)?;
            Ok::<_, Box<dyn std::error::Error>>(one.await? + other.await?)
        });
        assert_eq!(sum.unwrap(), 42);
    });
}

#[test]
fn a_thousand_round_trips_lose_no_wake_up() {
    within(|| {
        let pool = pool(2);
        let sum = block_on(async {
            let mut sum = 0;
            for n in 0..1000_u32 {
                sum += pool.submit(move || n).unwrap().await.unwrap();
            }
            sum
        });
        assert_eq!(sum, 499_500);
    });
}

#[test]
fn many_can_be_awaited_together() {
    within(|| {
        let pool = pool(3);
        let futures = (0..500).map(|n| (pool.submit(move || n).unwrap(), None)).collect();
        let values = block_on(Join(futures));
        let values: Vec<usize> = values.into_iter().map(Result::unwrap).collect();
        assert_eq!(values, (0..500).collect::<Vec<_>>());
    });
}

#[test]
fn a_shared_future_can_be_awaited_by_many() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let shared = pool.submit(|| String::from("lent")).unwrap().shared();
        let waiters: Vec<_> = (0..3)
            .map(|_| {
                let shared = shared.clone();
                thread::spawn(move || block_on(async { (&shared).await.unwrap().len() }))
            })
            .collect();
        blocker.release();
        assert!(waiters.into_iter().all(|waiter| waiter.join().unwrap() == 4));
    });
}

#[test]
fn errors_are_awaited_too() {
    within(|| {
        let pool = pool(1);
        let panicked = pool.submit(|| panic!("on purpose")).unwrap();
        assert!(block_on(panicked).unwrap_err().is_panicked());
        let blocker = Blocker::occupy(&pool);
        let cancelled = pool.submit(|| ()).unwrap();
        let canceller = cancelled.canceller();
        let waiter = thread::spawn(move || block_on(cancelled));
        assert!(canceller.cancel());
        assert!(waiter.join().unwrap().unwrap_err().is_cancelled());
        blocker.release();
    });
}

#[test]
fn an_await_that_is_dropped_leaves_the_task_to_run() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let ran = Counter::new();
        let counted = ran.clone();
        let future = pool.submit(move || counted.count()).unwrap();
        let waker_gone = Counter::new();
        struct Held(#[expect(dead_code, reason = "for its drop")] OnDrop);
        impl Wake for Held {
            fn wake(self: Arc<Self>) {}
        }
        {
            let waker = Waker::from(Arc::new(Held(OnDrop(waker_gone.clone()))));
            let mut awaiting = Box::pin(future);
            assert!(awaiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        assert_eq!(waker_gone.get(), 1, "the waker went with the future");
        blocker.release();
        end(&pool);
        assert_eq!(ran.get(), 1);
    });
}

#[test]
fn cancelled_on_drop_it_can_be_awaited_all_the_same() {
    within(|| {
        let pool = pool(1);
        assert_eq!(block_on(pool.submit(|| 3).unwrap().cancel_on_drop()).unwrap(), 3);
    });
}

#[test]
fn one_may_poll_first_and_block_later() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let mut future = pool.submit(|| 8).unwrap();
        let polled = Pin::new(&mut future).poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        let gate = blocker.release_later();
        gate.open();
        assert_eq!(future.result().unwrap(), 8);
    });
}
