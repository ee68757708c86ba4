//! A park that sleeps until an interrupt, as a processor does.
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Waker;
use std::sync::Arc;
use std::task::Wake;

use concurrent_futures_core::{Park, Parked, SleepStrategy};

use crate::one_core::{in_users_code, uninterrupted};
use crate::world::{Executor, World};

/// Sleeps until an interrupt that does what ends the wait, so that whoever waits is woken then, or would sleep
/// for ever. The interrupt of the run may have come just before.
pub(crate) struct Sleeper<F> {
    interrupt: F,
    woken: Arc<Woken>,
}

#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl<F: Fn()> Sleeper<F> {
    pub(crate) fn until(interrupt: F) -> Self {
        Self { interrupt, woken: Arc::default() }
    }
}

/// Sleeps until an interrupt that ends all that is under way.
pub(crate) fn sleeper(world: &World) -> Sleeper<impl Fn()> {
    Sleeper::until(|| world.resolve_all())
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        in_users_code("a sleeper is woken");
        // ORDERING: Relaxed; a model has one thread.
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<F: Fn()> Park for Sleeper<F> {
    type Instant = ();

    fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.woken))
    }

    /// # Panics
    /// If nobody wakes it any more.
    fn park(&self, deadline: Option<()>) -> Parked {
        in_users_code("the thread is about to sleep");
        // ORDERING: as in `wake`.
        let is_woken = || self.woken.0.swap(false, Ordering::Relaxed);
        if is_woken() {
            return Parked::Woken;
        }
        if deadline.is_some() {
            return Parked::DeadlinePassed;
        }
        uninterrupted(&self.interrupt);
        assert!(is_woken(), "a sleeper was not woken");
        Parked::Woken
    }
}

/// As `Sleeper`, for a `WakeFlag`: nobody wakes it but the task at the front of the queue, which is run then.
#[derive(Debug)]
pub(crate) struct Doze(pub(crate) &'static Executor);

impl SleepStrategy for Doze {
    /// # Panics
    /// If nobody wakes it any more.
    fn sleep(&self, is_woken: impl Fn() -> bool) {
        in_users_code("the core is about to sleep");
        if !is_woken() {
            uninterrupted(|| {
                self.0.run_pending();
            });
            assert!(is_woken(), "a sleeper was not woken");
        }
    }

    fn wake(&self) {
        in_users_code("a core is woken");
    }
}
