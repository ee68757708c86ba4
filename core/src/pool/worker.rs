//! What a worker does all day.
#![forbid(unsafe_code)]

use alloc::sync::Arc;
use core::fmt;
use core::ptr::NonNull;
use core::task::Waker;

use super::Platform;
use super::inner::{Desk, Inner, Sleeper};
use crate::backend::Text;
use crate::park::Park;
use crate::queue::Batch;
use crate::slot::SlotRef;
use crate::sync::atomic::Ordering;

/// How often a worker looks at others' queues before its own, so that what waits behind a long task
/// is not overtaken for ever by what comes to the global queue.
const STEAL_FIRST: u32 = 32;

/// Why a pool is broken whose platform drops workers, or unwinds out of them.
pub(super) const LOST: &str = "the last worker ended before its time";

/// A worker that is to be run in a context of its own. Dropped unrun, it accounts for itself.
#[must_use = "a worker does nothing until it is run"]
pub struct Worker<P: Platform> {
    pool: Arc<Inner<P>>,
    desk: usize,
    /// Counted as searching in the sleep word.
    searching: bool,
    turns: u32,
    /// Came to the end of `run`.
    ended: bool,
}

impl<P: Platform> Worker<P> {
    pub(super) fn new(pool: Arc<Inner<P>>, desk: usize) -> Self {
        Self { pool, desk, searching: true, turns: 0, ended: false }
    }

    /// Which worker of the pool it is, from 0.
    pub fn index(&self) -> usize {
        self.desk
    }

    /// Runs tasks until the pool is closed and there are none left.
    pub fn run(mut self) {
        let pool = NonNull::from(&*self.pool).cast();
        crate::context::enter_worker(pool, || match self.initialize() {
            Ok(()) => self.work(),
            Err(cause) => self.pool.break_down(cause),
        });
        self.ended = true;
    }

    /// Takes as long as it likes: whoever submits meanwhile starts another worker.
    ///
    /// # Errors
    /// Why the pool is broken.
    fn initialize(&mut self) -> Result<(), Text> {
        if self.pool.platform.has_initializer() {
            self.searching = false;
            let now = self.pool.sleep.stop_searching();
            // P2, for tasks that came since this worker was started: one is for each that lives.
            if now.searching() == 0 && self.pool.queued() > now.live() {
                self.pool.notify();
            }
        }
        let initialized = self.pool.platform.initialize();
        if !self.searching {
            self.pool.sleep.start_searching();
            self.searching = true;
        }
        initialized
    }

    fn work(&mut self) {
        let park = self.pool.platform.parker();
        let waker = park.waker();
        loop {
            if let Some(slot) = self.find() {
                self.found();
                // ORDERING: Relaxed; ordered by the lock of the queue it came from, see `purge`.
                if self.pool.purging.load(Ordering::Relaxed) {
                    self.pool.resolve_purged(slot);
                } else {
                    slot.run();
                }
            } else if !self.searching {
                self.pool.sleep.start_searching();
                self.searching = true;
                self.spin();
            } else if !self.sleep(&park, &waker) {
                return;
            }
        }
    }

    fn own(&self) -> &Desk<P> {
        &self.pool.desks[self.desk]
    }

    /// The next task: from the own queue, a batch from the global one, half of somebody's.
    fn find(&mut self) -> Option<SlotRef> {
        self.turns = self.turns.wrapping_add(1);
        if self.turns.is_multiple_of(STEAL_FIRST)
            && let Some(slot) = self.steal()
        {
            return Some(slot);
        }
        if let Some(slot) = self.own().queue.pop() {
            return Some(slot);
        }
        let mut batch = Batch::new();
        self.pool.global.with(|global| global.chain.take_half(&mut batch));
        self.keep(batch).or_else(|| self.steal())
    }

    fn steal(&mut self) -> Option<SlotRef> {
        let desks = self.pool.desks_in_use();
        let (before, after) = desks.split_at(self.desk.min(desks.len()));
        let others = after.iter().skip(1).chain(before);
        let mut batch = Batch::new();
        for desk in others {
            desk.queue.take_half(&mut batch);
            if !batch.is_empty() {
                break;
            }
        }
        self.keep(batch)
    }

    /// Runs the first itself, and puts the others where they can be stolen.
    fn keep(&mut self, mut batch: Batch) -> Option<SlotRef> {
        let first = batch.pop_front()?;
        if !batch.is_empty() {
            self.own().queue.push_all(batch);
            // ORDERING: Relaxed; ordered by the lock of the queue, see `purge`.
            if self.pool.purging.load(Ordering::Relaxed) {
                self.pool.purge();
            } else if !self.searching {
                self.pool.notify(); // P1; a searching worker comes to P2
            }
        }
        Some(first)
    }

    /// P2.
    fn found(&mut self) {
        if self.searching {
            self.searching = false;
            let now = self.pool.sleep.stop_searching();
            if now.searching() == 0 && self.pool.has_work() {
                self.pool.notify();
            }
        }
    }

    /// Looks for about a microsecond before sleeping: being woken costs twenty times that.
    fn spin(&self) {
        #[cfg(feature = "std")]
        crate::sync::spin_until(|| false);
    }

    /// Sleeps until there may be work. False when there will be none any more.
    fn sleep(&mut self, park: &P::Park, waker: &Waker) -> bool {
        let sleeper = Sleeper { desk: self.desk, waker: waker.clone() };
        self.searching = false;
        self.pool.idle.with(|idle| {
            self.pool.sleep.searching_to_idle();
            idle.push(sleeper);
        });
        let closed = self.pool.is_closed();
        let work = self.pool.has_work();
        if (closed || work) && self.wake_self() {
            self.searching = true;
            return work; // closed and empty: nothing can come any more (P4)
        }
        // ORDERING: Acquire; pairs with the Release in `Inner::call`.
        while !self.own().called.swap(false, Ordering::Acquire) {
            let _ = park.park(None); // for whatever reason it returns, `called` decides
        }
        self.searching = true; // counted so by whoever called
        true
    }

    /// Takes itself from the idle list, unless somebody else was first, and calls.
    fn wake_self(&self) -> bool {
        let sleeper = self.pool.idle.with(|idle| {
            let at = idle.iter().position(|sleeper| sleeper.desk == self.desk)?;
            self.pool.sleep.idle_to_searching();
            Some(idle.remove(at))
        });
        sleeper.is_some()
    }
}

impl<P: Platform> Drop for Worker<P> {
    fn drop(&mut self) {
        let desk = self.desk;
        self.pool.free.with(|free| free.push(desk));
        let now = self.pool.sleep.worker_ends(self.searching);
        if !self.ended && now.live() == 0 && now.is_staffed() {
            self.pool.break_down(LOST.into()); // nobody is left who could run what is queued
        }
        self.pool.worker_ended(now); // P6
        // P2, for a batch that another worker had in its hands when this one saw nothing left. Not
        // where it is dropped unrun, under the lock of those who start workers.
        if self.ended && now.live() > 0 && now.searching() == 0 && self.pool.has_work() {
            self.pool.notify();
        }
    }
}

impl<P: Platform> fmt::Debug for Worker<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("index", &self.desk).finish_non_exhaustive()
    }
}
