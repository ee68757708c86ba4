//! A park that sleeps until an interrupt, as a processor does.
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Waker;
use std::sync::Arc;
use std::task::Wake;

use concurrent_futures_core::{Park, Parked};

use crate::one_core::{in_users_code, uninterrupted};
use crate::world::World;

/// Sleeps until an interrupt that ends all that is under way, so that whoever waits is woken then, or would
/// sleep for ever. The interrupt of the run may have come just before.
#[derive(Debug)]
pub(crate) struct Sleeper<'a> {
    world: &'a World,
    woken: Arc<Woken>,
}

#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl<'a> Sleeper<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        Self { world, woken: Arc::default() }
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        in_users_code("a sleeper is woken");
        // ORDERING: Relaxed; a model has one thread.
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Park for Sleeper<'_> {
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
        uninterrupted(|| self.world.resolve_all());
        assert!(is_woken(), "a sleeper was not woken");
        Parked::Woken
    }
}
