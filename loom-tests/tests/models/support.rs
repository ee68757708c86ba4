//! What the models share: values that notice how they end, wakers that count, a park without patience, and
//! backends that keep what they are given.
//!
//! What only the model looks at, after everybody has ended, is counted in core's atomics and not in loom's:
//! loom would explore who counts first.

use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::task::Wake;

use concurrent_futures_core::{
    Backend, OsLock, Park, Parked, Queue, Refused, RefusedReason, Ring, Task,
};
use loom::alloc::Track;
use loom::sync::atomic::AtomicU32;

/// How often something happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Count(Arc<AtomicUsize>);

impl Count {
    pub(crate) fn up(&self) {
        // ORDERING: Relaxed; loom runs its threads as coroutines of one.
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> usize {
        // ORDERING: as in `up`.
        self.0.load(Ordering::Relaxed)
    }
}

/// A number, as the value of a future or the capture of a closure. The model fails if it is read before it was
/// published, dropped while somebody may still read it, dropped twice, or never.
#[derive(Debug)]
pub(crate) struct Tracked {
    /// An atomic because loom's cell is not Sync; what is checked is that its end is exclusive.
    number: AtomicU32,
    drops: Count,
    _leak: Track<()>,
}

impl Tracked {
    pub(crate) fn new(number: u32) -> Self {
        Self::counted(number, &Count::default())
    }

    /// As `new`; `drops` counts its end.
    pub(crate) fn counted(number: u32, drops: &Count) -> Self {
        let drops = drops.clone();
        Self { number: AtomicU32::new(number), drops, _leak: Track::new(()) }
    }

    /// The number, which others may be reading too.
    pub(crate) fn shared_number(&self) -> u32 {
        // ORDERING: Relaxed; never written, and whether it is published is what is checked.
        self.number.load(Ordering::Relaxed)
    }

    /// The number, whose only owner the caller is.
    pub(crate) fn into_number(mut self) -> u32 {
        self.number.with_mut(|number| *number)
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        assert_eq!(self.drops.get(), 0, "dropped twice");
        self.drops.up();
        self.number.with_mut(|_| ());
    }
}

/// A waker that counts how often it was woken. One that is kept for ever is a leak.
#[derive(Debug)]
pub(crate) struct Bell {
    woken: Count,
    _leak: Track<()>,
}

impl Bell {
    /// A waker, and the count of its wake-ups.
    pub(crate) fn waker() -> (Waker, Count) {
        let woken = Count::default();
        let bell = Self { woken: woken.clone(), _leak: Track::new(()) };
        (Waker::from(Arc::new(bell)), woken)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.woken.up();
    }
}

/// Polls a future once.
pub(crate) fn poll<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

/// As `poll`, for a future that must not move.
pub(crate) fn poll_pinned<F: Future>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

/// A park whose deadline has always passed: time is an input of a model, and when it passes relative to the
/// other threads is what loom varies.
#[derive(Debug)]
pub(crate) struct Impatient;

impl Park for Impatient {
    type Instant = ();

    fn waker(&self) -> Waker {
        Bell::waker().0
    }

    fn park(&self, deadline: Option<()>) -> Parked {
        match deadline {
            Some(()) => Parked::DeadlinePassed,
            None => Parked::Woken,
        }
    }
}

/// A backend that keeps what it is given until the model takes it.
#[derive(Debug)]
pub(crate) struct Kept {
    tasks: Ring<OsLock, 4>,
    may_claim: bool,
}

impl Kept {
    pub(crate) fn new() -> Self {
        Self { tasks: Ring::new(OsLock::new()), may_claim: false }
    }

    /// One whose every context is a worker, that of the model's waiters included.
    pub(crate) fn by_workers() -> Self {
        Self { may_claim: true, ..Self::new() }
    }

    /// The oldest task that is left.
    pub(crate) fn take(&self) -> Option<Task> {
        self.tasks.pop()
    }
}

impl Backend for Kept {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        self.tasks.push(task).map_err(|task| Refused::new(task, RefusedReason::Full))
    }

    fn may_claim(&self) -> bool {
        self.may_claim
    }
}
