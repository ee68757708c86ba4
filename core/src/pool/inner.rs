//! What the handles and the workers of a pool share: queues, desks, and who sleeps.
#![forbid(unsafe_code)]

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::task::Waker;

use super::ending::Closed;
use super::sleep::{self, Sleep};
use super::worker::LOST;
use super::{Platform, StartError, Worker};
use crate::backend::{Refused, RefusedReason};
use crate::contain::contain;
use crate::lock::Guarded;
use crate::queue::{Chain, Fifo};
use crate::slot::SlotRef;
use crate::sync::{atomic::AtomicBool, atomic::AtomicU32, atomic::Ordering};
use crate::task::Task;

/// The home of tasks in the global queue (I7); those of workers follow it.
pub(super) const GLOBAL: u32 = 1;

pub(super) struct Inner<P: Platform> {
    pub(super) platform: P,
    pub(super) sleep: Sleep,
    pub(super) global: Guarded<P::Lock, Global>,
    pub(super) desks: Box<[Desk<P>]>,
    /// Workers that sleep, the latest last: it is woken first, its caches are warm.
    pub(super) idle: Guarded<P::Lock, Vec<Sleeper>>,
    /// How many desks were ever in use; locked while a worker is being started (P5).
    pub(super) started: Guarded<P::StartLock, usize>,
    /// Those of them whose workers have ended: in a pool that is being closed the last worker may
    /// find that it has more in its hands than it can run, and start others again.
    pub(super) free: Guarded<P::Lock, Vec<usize>>,
    /// How many desks to look through; changed under the lock of `started`.
    pub(super) desks_in_use: AtomicU32,
    /// Set before anything is purged; whoever moves tasks from queue to queue looks at it after.
    pub(super) purging: AtomicBool,
    /// Who waits for the end.
    pub(super) joiners: Guarded<P::Lock, Vec<Waker>>,
    /// Workers parked in a wait.
    pub(super) waiting: Guarded<P::Lock, Vec<Arc<Waker>>>,
}

pub(super) struct Global {
    pub(super) chain: Chain,
    pub(super) closed: Option<Closed>,
}

/// What a worker has that others may reach.
pub(super) struct Desk<P: Platform> {
    pub(super) queue: Fifo<P::Lock>,
    /// Whoever takes the worker from the idle list sets it, then wakes.
    pub(super) called: AtomicBool,
}

pub(super) struct Sleeper {
    pub(super) desk: usize,
    pub(super) waker: Waker,
}

impl<P: Platform> Inner<P> {
    pub(super) fn new(platform: P, max_workers: u32) -> Self {
        let desk = |index| Desk {
            queue: Fifo::new(P::Lock::default(), index + GLOBAL + 1),
            called: AtomicBool::new(false),
        };
        let global = Global { chain: Chain::new(GLOBAL), closed: None };
        Self {
            platform,
            sleep: Sleep::new(),
            global: Guarded::new(P::Lock::default(), global),
            desks: (0..max_workers).map(desk).collect(),
            idle: Guarded::new(P::Lock::default(), Vec::new()),
            started: Guarded::new(P::StartLock::default(), 0),
            free: Guarded::new(P::Lock::default(), Vec::new()),
            desks_in_use: AtomicU32::new(0),
            purging: AtomicBool::new(false),
            joiners: Guarded::new(P::Lock::default(), Vec::new()),
            waiting: Guarded::new(P::Lock::default(), Vec::new()),
        }
    }

    /// # Errors
    /// The task, if the pool is closed, or has no worker and cannot start one.
    pub(super) fn schedule(self: &Arc<Self>, slot: SlotRef) -> Result<(), Refused> {
        // Kept only while there is no worker, and the task may have to be taken back.
        let unstaffed = (!self.sleep.load().is_staffed()).then(|| slot.clone());
        let refused = self.global.with(|global| match &global.closed {
            None => {
                global.chain.push(slot);
                None
            }
            Some(closed) => Some((slot, closed.clone())),
        });
        if let Some((slot, closed)) = refused {
            let reason = match closed {
                Closed::Run | Closed::Cancel => RefusedReason::ShutDown,
                Closed::Break(cause) => RefusedReason::Broken(cause),
            };
            return Err(Refused::new(Task::from_slot(slot), reason));
        }
        match unstaffed {
            None => self.notify(),
            Some(slot) => {
                if let Err(error) = self.start_first() {
                    // Not there any more: a shutdown has cancelled it, so it was accepted.
                    if let Some(slot) = self.global.with(|global| global.chain.remove(&slot)) {
                        self.tell_joiners(); // who may have come meanwhile
                        let reason = RefusedReason::NoWorker(error.cause());
                        return Err(Refused::new(Task::from_slot(slot), reason));
                    }
                }
            }
        }
        Ok(())
    }

    /// P1: something has become visible in a queue.
    #[inline]
    pub(super) fn notify(self: &Arc<Self>) {
        let now = self.sleep.load();
        if now.searching() == 0 {
            self.wake_or_start(now);
        }
    }

    #[cold]
    pub(super) fn wake_or_start(self: &Arc<Self>, now: sleep::Counts) {
        if now.idle() > 0 {
            self.wake_one();
        } else if now.live() < self.desks.len() {
            // With workers there already, one that cannot be started is not missed.
            let _ = self.started.with(|started| self.start_if_wanted(started));
        }
    }

    /// P5: waits for whoever is starting the first worker, or does so.
    ///
    /// # Errors
    /// Why it could not be started.
    #[cold]
    pub(super) fn start_first(self: &Arc<Self>) -> Result<(), StartError> {
        let was_staffed = self.started.with(|started| {
            let staffed = self.sleep.load().is_staffed();
            if staffed { Ok(true) } else { self.start(started).map(|()| false) }
        })?;
        if self.sleep.load().live() == 0 && !self.is_closed() {
            // The platform dropped the worker and did not say so: outside the lock, see `Worker`.
            self.break_down(LOST.into());
        } else if was_staffed {
            self.notify(); // the one just started searches, and comes to P2
        }
        Ok(())
    }

    /// # Errors
    /// Why it could not be started.
    pub(super) fn start_if_wanted(self: &Arc<Self>, started: &mut usize) -> Result<(), StartError> {
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
    pub(super) fn start(self: &Arc<Self>, started: &mut usize) -> Result<(), StartError> {
        let desk = self.free.with(Vec::pop).unwrap_or_else(|| {
            *started += 1;
            *started - 1
        });
        // ORDERING: Relaxed; published by the change of the sleep word that follows: whoever goes to
        // sleep after it looks at this desk too, whoever did before is seen sleeping by its worker.
        self.desks_in_use.store(*started as u32, Ordering::Relaxed);
        self.sleep.worker_starts();
        // Dropped unrun, the worker accounts for itself (P6), and does not break the pool under this
        // lock: there is another worker, or whoever submits sees to it.
        self.platform.start(Worker::new(self.clone(), desk))?;
        self.sleep.staffed();
        Ok(())
    }

    /// Wakes a sleeping worker, unless one is searching already.
    pub(super) fn wake_one(&self) {
        let sleeper = self.idle.with(|idle| {
            if self.sleep.load().searching() > 0 {
                return None;
            }
            let sleeper = idle.pop()?;
            self.sleep.idle_to_searching();
            Some(sleeper)
        });
        if let Some(sleeper) = sleeper {
            self.call(sleeper);
        }
    }

    pub(super) fn wake_all(&self) {
        // At once, not one by one: who goes to sleep again meanwhile has looked for itself.
        let sleepers = self.idle.with(|idle| {
            idle.iter().for_each(|_| self.sleep.idle_to_searching());
            core::mem::take(idle)
        });
        for sleeper in sleepers {
            self.call(sleeper);
        }
    }

    pub(super) fn call(&self, sleeper: Sleeper) {
        // ORDERING: Release; pairs with the Acquire in `Worker::sleep`. An RMW as the other side's is:
        // loom orders a plain store among them as C11 would not.
        self.desks[sleeper.desk].called.swap(true, Ordering::Release);
        let _ = contain(|| sleeper.waker.wake()); // a platform's own: the next is woken all the same
    }

    /// The desks at which somebody may be working.
    pub(super) fn desks_in_use(&self) -> &[Desk<P>] {
        // ORDERING: Relaxed; see `start`.
        let used = self.desks_in_use.load(Ordering::Relaxed) as usize;
        self.desks.get(..used).unwrap_or(&self.desks)
    }

    /// How many tasks are visible.
    pub(super) fn queued(&self) -> usize {
        let on_desks: usize = self.desks_in_use().iter().map(|desk| desk.queue.len()).sum();
        self.global.with(|global| global.chain.len()) + on_desks
    }

    /// Whether a task is visible anywhere. The global queue first: tasks move from there to desks.
    pub(super) fn has_work(&self) -> bool {
        self.global.with(|global| global.chain.len() > 0)
            || self.desks_in_use().iter().any(|desk| desk.queue.len() > 0)
    }
}
