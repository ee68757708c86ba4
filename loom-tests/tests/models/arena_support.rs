//! What the models of arenas share: an executor of a model's own, and workers that are polled by hand.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use concurrent_futures_core::{ArenaExecutor, OsLock};

use crate::support::{Bell, Count};

/// One that is never freed: an arena lies in a static.
pub(crate) type Executor<const SLOTS: usize> = ArenaExecutor<OsLock, SLOTS, 128>;

pub(crate) fn executor<const SLOTS: usize>() -> &'static Executor<SLOTS> {
    Box::leak(Box::new(Executor::with_locks(OsLock::new(), OsLock::new())))
}

/// A worker that is a task of an async executor, which is the model: it is polled when the model likes.
pub(crate) struct Worker {
    future: Pin<Box<dyn Future<Output = ()>>>,
    waker: Waker,
    woken: Count,
}

impl Worker {
    pub(crate) fn of<const SLOTS: usize>(executor: &'static Executor<SLOTS>) -> Self {
        let (waker, woken) = Bell::waker();
        Self { future: Box::pin(executor.run()), waker, woken }
    }

    /// One that sleeps.
    pub(crate) fn asleep<const SLOTS: usize>(executor: &'static Executor<SLOTS>) -> Self {
        let mut worker = Self::of(executor);
        assert!(worker.poll().is_pending());
        assert_eq!(worker.woken(), 0, "there was something to run");
        worker
    }

    /// Has another waker from now on, and was not woken by it yet.
    pub(crate) fn change_waker(&mut self) {
        (self.waker, self.woken) = Bell::waker();
    }

    pub(crate) fn poll(&mut self) -> Poll<()> {
        self.future.as_mut().poll(&mut Context::from_waker(&self.waker))
    }

    /// How often it was woken, by itself when it ran a task.
    pub(crate) fn woken(&self) -> usize {
        self.woken.get()
    }
}
