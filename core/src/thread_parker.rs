//! The parker of an operating system's thread: a flag, a mutex and a condition variable.
//!
//! Not `std::thread::park`, whose token belongs to the program: eating it would lose a wake-up that
//! somebody else waits for.
#![forbid(unsafe_code)]

use alloc::sync::Arc;
use alloc::task::Wake;
use core::task::Waker;
use std::time::Instant;

use crate::park::{Park, Parked};
use crate::patience::Patience;
use crate::sync::{Condvar, Mutex, atomic::AtomicU32, atomic::Ordering};

const EMPTY: u32 = 0;
const PARKED: u32 = 1;
const NOTIFIED: u32 = 2;

/// Parks one thread; its wakers may be woken from any.
#[derive(Debug, Clone)]
pub struct ThreadParker {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: AtomicU32,
    patience: Patience,
    lock: Mutex<()>,
    changed: Condvar,
}

impl ThreadParker {
    /// A parker with no wake-up pending.
    pub fn new() -> Self {
        Self {
            inner: Arc::new(Inner {
                state: AtomicU32::new(EMPTY),
                patience: Patience::new(),
                lock: Mutex::new(()),
                changed: Condvar::new(),
            }),
        }
    }

    /// The calling thread's own.
    pub fn current() -> Self {
        crate::sync::thread_local! {
            static CURRENT: ThreadParker = ThreadParker::new();
        }
        // A thread whose locals are gone is ending; it may still wait, with a parker for the once.
        CURRENT.try_with(Clone::clone).unwrap_or_else(|_| Self::new())
    }
}

impl Default for ThreadParker {
    fn default() -> Self {
        Self::new()
    }
}

impl Park for ThreadParker {
    type Instant = Instant;

    fn waker(&self) -> Waker {
        Waker::from(self.inner.clone())
    }

    fn park(&self, deadline: Option<Instant>) -> Parked {
        let start = Instant::now();
        let parked = self.inner.park(deadline);
        self.inner.patience.learn(start.elapsed());
        parked
    }

    fn spin(&self, done: &dyn Fn() -> bool) -> bool {
        self.inner.patience.spin(done)
    }
}

impl Inner {
    fn park(&self, deadline: Option<Instant>) -> Parked {
        if self.take_notification() {
            return Parked::Woken;
        }
        let mut guard = self.lock.lock().unwrap_or_else(|poison| poison.into_inner());
        // ORDERING: Acquire on failure; pairs with the Release in `wake`.
        if self.state.compare_exchange(EMPTY, PARKED, Ordering::Relaxed, Ordering::Acquire).is_err()
        {
            // ORDERING: Acquire again; another wake-up may have come since, and must be seen too.
            self.state.swap(EMPTY, Ordering::Acquire);
            return Parked::Woken;
        }
        loop {
            let passed = match deadline {
                None => {
                    guard = self.changed.wait(guard).unwrap_or_else(|poison| poison.into_inner());
                    false
                }
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        true
                    } else {
                        let waited = self.changed.wait_timeout(guard, left);
                        guard = waited.unwrap_or_else(|poison| poison.into_inner()).0;
                        false
                    }
                }
            };
            if self.take_notification() {
                return Parked::Woken;
            }
            if passed {
                // ORDERING: Acquire; pairs with the Release in `wake`: a wake-up that comes at the
                // last moment counts.
                let before = self.state.swap(EMPTY, Ordering::Acquire);
                return if before == NOTIFIED { Parked::Woken } else { Parked::DeadlinePassed };
            }
        }
    }

    fn take_notification(&self) -> bool {
        // ORDERING: Acquire; pairs with the Release in `wake`.
        self.state.compare_exchange(NOTIFIED, EMPTY, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }
}

impl Wake for Inner {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // ORDERING: Release; pairs with the Acquires in `park`: what the waker wrote is seen.
        // AcqRel because two wakers in a row must both be seen by the one return.
        if self.state.swap(NOTIFIED, Ordering::AcqRel) == PARKED {
            // The lock: the thread set PARKED under it, so it is waiting by the time we have it.
            drop(self.lock.lock().unwrap_or_else(|poison| poison.into_inner()));
            self.changed.notify_one();
        }
    }
}
