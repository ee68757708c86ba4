//! What a worker does all day.
#![forbid(unsafe_code)]

use core::cell::Cell;
use core::fmt;
use core::task::Waker;

use super::Platform;
use super::inner::{Desk, PoolRef, Sleeper};
use super::sleep::Counts;
use crate::backend::Text;
use crate::park::{Park, Parked};
use crate::queue::Batch;
use crate::resolve::{Ended, Observe, Ran};
use crate::sync::atomic::Ordering;
use crate::tally::Own;
use crate::task::Task;

/// How often a worker looks elsewhere before its own queue, at others' and at the global one in turn, so
/// that nothing is overtaken for ever: not what waits behind a long task by what comes to the global
/// queue, and not what is in there by what workers submit to themselves.
const LOOK_ELSEWHERE: u32 = 32;

/// Why a pool is broken whose platform drops workers, or unwinds out of them.
pub(super) const LOST: &str = "the last worker ended before its time";

/// A worker that is to be run in a context of its own. Dropped unrun, it accounts for itself.
#[must_use = "a worker does nothing until it is run"]
pub struct Worker<P: Platform> {
    pool: PoolRef<P>,
    desk: usize,
    /// Counted as searching in the sleep word.
    searching: bool,
    turns: u32,
    /// Came to the end of `run`.
    ended: bool,
    /// On the idle list, or taken from it by somebody who has called.
    asleep: bool,
    /// Has accounted for itself already.
    retired: bool,
}

impl<P: Platform> Worker<P> {
    pub(super) fn new(pool: PoolRef<P>, desk: usize) -> Self {
        Self { pool, desk, searching: true, turns: 0, ended: false, asleep: false, retired: false }
    }

    /// Which worker of the pool it is, from 0.
    pub fn index(&self) -> usize {
        self.desk
    }

    /// Runs tasks until the pool is closed and there are none left.
    pub fn run(mut self) {
        let (pool, desk) = (self.pool.address(), self.desk as u32);
        crate::context::enter_worker(pool, desk, || match self.initialize() {
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
            // P2, for tasks that came since this worker was started. One is for each that lives and is
            // not asleep: those who are may be wanted for any.
            let busy = if now.idle() > 0 { 0 } else { now.live() };
            if now.searching() == 0 && self.pool.queued() > busy {
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
        let mut has_spun = false;
        loop {
            if let Some(task) = self.find(has_spun) {
                self.found();
                self.run_one(task);
                has_spun = false;
            } else if !has_spun {
                if !self.searching {
                    self.pool.sleep.start_searching();
                    self.searching = true;
                }
                park.spin(&|| self.pool.is_promising());
                has_spun = true;
            } else if !self.sleep(&park, &waker) {
                return;
            } else {
                has_spun = false;
            }
        }
    }

    fn run_one(&mut self, task: Task) {
        let Some(slot) = task.into_slot() else { return };
        // ORDERING: Relaxed; ordered by the lock of the queue it came from, see `purge`.
        if self.pool.purging.load(Ordering::Relaxed) {
            return self.pool.resolve_purged(slot);
        }
        let turn = Turn { pool: &self.pool, desk: self.own(), searching: Cell::new(false) };
        let ran = slot.run(&turn);
        self.searching = turn.searching.get();
        if let Ran::TooLate(slot) = ran {
            self.pool.discard(slot);
        }
    }

    fn own(&self) -> &Desk<P> {
        &self.pool.desks[self.desk]
    }

    /// The next task: from the own queue, a batch from the global one, half of somebody's.
    fn find(&mut self, has_spun: bool) -> Option<Task> {
        self.turns = self.turns.wrapping_add(1);
        // The only worker has nowhere to look, and keeps the order in which tasks came.
        if self.turns.is_multiple_of(LOOK_ELSEWHERE) && self.pool.desks.len() > 1 {
            let others_first = self.turns.is_multiple_of(2 * LOOK_ELSEWHERE);
            let elsewhere = if others_first { self.steal() } else { self.take_from_global() };
            if elsewhere.is_some() {
                return elsewhere;
            }
        }
        let own = &self.own().queue;
        let next = if own.is_promising() { own.pop() } else { None };
        if next.is_some() {
            return next.map(Task::from_slot);
        }
        if !has_spun {
            self.pool.let_more_come();
        }
        self.take_from_global().or_else(|| self.steal())
    }

    fn take_from_global(&mut self) -> Option<Task> {
        let mut batch = Batch::new();
        self.pool.take_from_global(&mut batch);
        self.keep(batch)
    }

    fn steal(&mut self) -> Option<Task> {
        let desks = self.pool.desks_in_use();
        let (before, after) = desks.split_at(self.desk.min(desks.len()));
        let others = after.iter().skip(1).chain(before);
        let mut batch = Batch::new();
        for desk in others.filter(|desk| desk.queue.is_promising()) {
            desk.queue.take_half(&mut batch);
            if !batch.is_empty() {
                break;
            }
        }
        self.keep(batch)
    }

    /// Runs the first itself, and puts the others where they can be stolen. What is in its hand is a
    /// `Task`, so that it is resolved whatever the platform throws.
    fn keep(&mut self, mut batch: Batch) -> Option<Task> {
        let first = Task::from_slot(batch.pop_front()?);
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
            self.pool.stop_searching();
        }
    }

    /// Sleeps until there may be work. False when there will be none any more.
    fn sleep(&mut self, park: &P::Park, waker: &Waker) -> bool {
        let sleeper = Sleeper { desk: self.desk, waker: waker.clone() };
        self.searching = false;
        self.pool.idle.with(|idle| {
            self.pool.sleep.searching_to_idle();
            idle.push(sleeper);
        });
        self.asleep = true;
        let goes_on = self.sleep_until_called(park);
        self.asleep = false;
        goes_on
    }

    /// As `sleep`, on the idle list.
    fn sleep_until_called(&mut self, park: &P::Park) -> bool {
        let closed = self.pool.is_closed();
        let work = self.pool.has_work();
        if (closed || work) && self.wake_self() {
            self.searching = true;
            return work; // closed and empty: nothing can come any more (P4)
        }
        let keep_alive = self.pool.settings.keep_alive;
        let mut deadline = keep_alive.and_then(|idle| self.pool.platform.deadline_after(idle));
        // ORDERING: Acquire; pairs with the Release in `Inner::call`.
        while !self.own().called.swap(false, Ordering::Acquire) {
            // For whatever other reason it returns, `called` decides.
            if park.park(deadline) == Parked::DeadlinePassed {
                match self.retire() {
                    Retirement::Retired => return false,
                    Retirement::Wanted => return true,
                    Retirement::Called => deadline = None, // and the next look sees it
                }
            }
        }
        self.searching = true; // counted so by whoever called
        true
    }

    /// Ends for want of work, unless there is some. Who relied on this worker, having seen it asleep, has
    /// pushed before it left; who comes later does not see it any more, and starts another.
    fn retire(&mut self) -> Retirement {
        let pool = self.pool.clone();
        let (retirement, now) = pool.started.with(|_| {
            let Some(now) = self.leave_idle() else { return (Retirement::Called, None) };
            if now.searching() == 0 && pool.has_work() {
                // Under the lock of those who start workers, so that there are not too many.
                pool.sleep.worker_starts();
                pool.sleep.staffed();
                return (Retirement::Wanted, None);
            }
            pool.free.with(|free| free.push(self.desk));
            (Retirement::Retired, Some(now))
        });
        self.searching = matches!(retirement, Retirement::Wanted);
        if let Some(now) = now {
            self.retired = true;
            pool.worker_ended(now); // P6
        }
        retirement
    }

    /// Takes itself from the idle list, and is not counted any more; the value after.
    fn leave_idle(&self) -> Option<Counts> {
        self.pool
            .idle
            .with(|idle| {
                let at = idle.iter().position(|sleeper| sleeper.desk == self.desk)?;
                let sleeper = idle.remove(at);
                Some((sleeper, self.pool.sleep.idle_ends()))
            })
            .map(|(_sleeper, now)| now)
    }

    /// Takes itself from the idle list, unless somebody else was first, and has called it.
    fn wake_self(&self) -> bool {
        let sleeper = self.pool.idle.with(|idle| {
            let at = idle.iter().position(|sleeper| sleeper.desk == self.desk)?;
            self.pool.sleep.idle_to_searching();
            Some(idle.remove(at))
        });
        sleeper.is_some()
    }
}

/// A worker that runs a task.
struct Turn<'a, P: Platform> {
    pool: &'a PoolRef<P>,
    desk: &'a Desk<P>,
    /// Counted as searching in the sleep word.
    searching: Cell<bool>,
}

impl<P: Platform> Observe for Turn<'_, P> {
    #[inline]
    fn started(&self) {
        Own(&self.desk.tally).started();
    }

    /// Whoever sees that the task has ended may submit the next at once, and is not to wake another
    /// worker for it: with nothing left in its queue, this one searches from now on.
    #[inline]
    fn ended(&self, ended: Ended) {
        Own(&self.desk.tally).ended(ended);
        if self.desk.queue.is_unpromising() {
            self.pool.sleep.start_searching();
            self.searching.set(true);
        }
    }

    /// Not before what others do here is over, though.
    fn tells(&self) {
        if self.searching.take() {
            self.pool.stop_searching();
        }
    }
}

/// What came of a worker's wish to end.
#[must_use]
enum Retirement {
    /// It is counted no longer, and has to end.
    Retired,
    /// There is work: it is counted as searching again.
    Wanted,
    /// Somebody has taken it from the idle list, and has called it.
    Called,
}

impl<P: Platform> Drop for Worker<P> {
    fn drop(&mut self) {
        if self.retired {
            return;
        }
        if self.asleep && !self.wake_self() {
            // It unwound out of its parker when it had been called already: whoever sits down at this
            // desk next was not.
            // ORDERING: Acquire; as in `sleep_until_called`.
            self.own().called.swap(false, Ordering::Acquire);
        }
        self.searching |= self.asleep;
        let desk = self.desk;
        self.pool.free.with(|free| free.push(desk));
        let now = self.pool.sleep.worker_ends(self.searching);
        if !self.ended && now.live() == 0 && now.is_staffed() {
            self.pool.break_down(LOST.into()); // nobody is left who could run what is queued
        }
        self.pool.worker_ended(now); // P6
        // P2, for a batch that another worker had in its hands when this one saw nothing left, and for
        // whatever it was called for. Not where it is dropped unrun, under the lock of those who start
        // workers.
        if (self.ended || self.asleep)
            && now.live() > 0
            && now.searching() == 0
            && self.pool.has_work()
        {
            self.pool.notify();
        }
    }
}

impl<P: Platform> fmt::Debug for Worker<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("index", &self.desk).finish_non_exhaustive()
    }
}
