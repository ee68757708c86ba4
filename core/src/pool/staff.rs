//! Enough workers awake: whom a task that has become visible wakes, or has started.
#![forbid(unsafe_code)]

use alloc::vec::Vec;

use super::inner::{Inner, PoolRef, Sleeper};
use super::worker::LOST;
use super::{Platform, StartError, Worker, sleep};
use crate::contain::contain;
use crate::sync::atomic::Ordering;

impl<P: Platform> PoolRef<P> {
    /// P1: something has become visible in a queue.
    #[inline]
    pub(super) fn notify(&self) {
        let now = self.sleep.load();
        if now.searching() == 0 {
            self.wake_or_start(now);
        }
    }

    /// P2: a worker that searched does something else.
    pub(super) fn stop_searching(&self) {
        let now = self.sleep.stop_searching();
        if now.searching() == 0 && self.has_work() {
            self.notify();
        }
    }

    #[cold]
    pub(super) fn wake_or_start(&self, now: sleep::Counts) {
        if now.idle() > 0 && self.wake_one() {
            return;
        }
        // Also when those that slept have retired meanwhile.
        if now.live() < self.desks.len() || self.settings.keep_alive.is_some() {
            // With workers there already, one that cannot be started is not missed.
            let _ = self.started.with(|started| self.start_if_wanted(started));
        }
    }

    /// P5: waits for whoever is starting the first worker, or does so.
    ///
    /// # Errors
    /// Why it could not be started.
    #[cold]
    pub(super) fn start_first(&self) -> Result<(), StartError> {
        let was_staffed = self.started.with(|started| {
            let staffed = self.sleep.load().is_staffed();
            if staffed { Ok(true) } else { self.start(started).map(|()| false) }
        })?;
        let now = self.sleep.load();
        if now.live() == 0 && now.is_staffed() {
            // The platform dropped the worker and did not say so: outside the lock, see `Worker`. One
            // that has retired since would have left the pool without a staff.
            if self.is_closed() {
                self.purge(); // nobody will run what is left
            } else {
                self.break_down(LOST.into());
            }
        } else if was_staffed {
            self.notify(); // the one just started searches, and comes to P2
        }
        Ok(())
    }

    /// # Errors
    /// Why it could not be started.
    pub(super) fn start_if_wanted(&self, started: &mut usize) -> Result<(), StartError> {
        let now = self.sleep.load();
        let enough = now.searching() > 0 || now.idle() > 0 || now.live() == self.desks.len();
        if enough || !self.has_work() {
            return Ok(());
        }
        self.start(started)
    }

    /// Starts a worker, which searches from the first. Called under the lock of `started`.
    ///
    /// # Errors
    /// Why it could not be started.
    pub(super) fn start(&self, started: &mut usize) -> Result<(), StartError> {
        let desk = self.free.with(Vec::pop).unwrap_or_else(|| {
            *started += 1;
            *started - 1
        });
        // ORDERING: Relaxed; published by the change of the sleep word that follows: whoever goes to
        // sleep after it looks at this desk too, whoever did before is seen sleeping by its worker.
        self.desks_in_use.store(*started as u32, Ordering::Relaxed);
        self.sleep.worker_starts();
        if self.is_closed() && !self.has_work() {
            // The last worker has done it all: whoever waits for the end may be gone already.
            self.free.with(|free| free.push(desk));
            self.worker_ended(self.sleep.worker_ends(true));
            return Ok(());
        }
        // Dropped unrun, the worker accounts for itself (P6), and does not break the pool under this
        // lock: there is another worker, or whoever submits sees to it.
        contain(|| self.platform.start(Worker::new(self.clone(), desk)))
            .unwrap_or_else(|payload| Err(StartError::panicked(payload)))?;
        self.sleep.staffed();
        Ok(())
    }
}

impl<P: Platform> Inner<P> {
    /// Wakes a sleeping worker, unless one is searching already; whether one searches now.
    pub(super) fn wake_one(&self) -> bool {
        let sleeper = self.idle.with(|idle| {
            if self.sleep.load().searching() > 0 {
                return Err(true);
            }
            let sleeper = idle.pop().ok_or(false)?;
            self.call(&sleeper);
            Ok(sleeper)
        });
        match sleeper {
            Ok(sleeper) => {
                rouse(sleeper);
                true
            }
            Err(searched) => searched,
        }
    }

    pub(super) fn wake_all(&self) {
        // At once, not one by one: who goes to sleep again meanwhile has looked for itself.
        let sleepers = self.idle.with(|idle| {
            idle.iter().for_each(|sleeper| self.call(sleeper));
            core::mem::take(idle)
        });
        sleepers.into_iter().for_each(rouse);
    }

    /// Takes a worker for searching. Under the lock of the idle list: one that does not find itself there
    /// any more was called, and by nobody later.
    fn call(&self, sleeper: &Sleeper) {
        self.sleep.idle_to_searching();
        // ORDERING: Release; pairs with the Acquire in `Worker::sleep_until_called`. An RMW as the other side's is:
        // loom orders a plain store among them as C11 would not.
        self.desks[sleeper.desk].called.swap(true, Ordering::Release);
    }
}

/// Ends the sleep of a worker that was called, outside the lock.
fn rouse(sleeper: Sleeper) {
    let _ = contain(|| sleeper.waker.wake()); // a platform's own: the next is woken all the same
}
