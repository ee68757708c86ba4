//! The worker protocol: queues, sleeping and waking, growth and the end, over what a platform
//! supplies.
//!
//! ```text
//!   submit ──► global queue ──► a worker takes a batch ──► its own queue ──► run
//!                  │                                          ▲ steal │
//!                  └── nobody searching? wake one, or start one ──────┘
//! ```
//!
//! Invariants, cited as P1 to P6:
//!
//! - **P1** Whoever makes a task visible in a queue looks at the sleep word afterwards, and wakes or
//!   starts a worker if none is searching.
//! - **P2** A worker that stops searching because it found something, and was the last to search,
//!   looks whether more is visible, and acts as P1.
//! - **P3** A worker that goes to sleep says so in the sleep word first, and looks at the queues
//!   again before it parks.
//! - **P4** Whether the pool is closed is decided under the lock of the global queue: a push is
//!   accepted before or refused after.
//! - **P5** A task is accepted only when at least one worker has been started; until then whoever
//!   submits starts one, one after another.
//! - **P6** A worker accounts for itself when it ends, however it ends; the last one tells those who
//!   wait for the end.

mod platform;
mod sleep;
mod worker;

pub use platform::{Platform, StartError};
pub use worker::Worker;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ptr::NonNull;
use core::task::{Poll, Waker};

use crate::backend::{Backend, Refused, RefusedReason, Text};
use crate::error::TaskError;
use crate::lock::Guarded;
use crate::queue::{Chain, Fifo, home_of};
use crate::slot::SlotRef;
use crate::supervise::{Remaining, Supervise, TaskRef};
use crate::sync::{atomic::AtomicBool, atomic::AtomicU32, atomic::Ordering};
use crate::task::Task;
use sleep::Sleep;

/// The home of tasks in the global queue (I7); those of workers follow it.
const GLOBAL: u32 = 1;

/// A pool of workers, as a backend. What the workers are, the platform knows.
pub struct Pool<P: Platform> {
    inner: Arc<Inner<P>>,
}

pub(crate) struct Inner<P: Platform> {
    platform: P,
    sleep: Sleep,
    global: Guarded<P::Lock, Global>,
    desks: Box<[Desk<P>]>,
    /// Workers that sleep, the latest last: it is woken first, its caches are warm.
    idle: Guarded<P::Lock, Vec<Sleeper>>,
    /// How many workers were ever started; locked while one is being started (P5).
    started: Guarded<P::StartLock, usize>,
    /// How many desks to look through; changed under the lock of `started`.
    desks_in_use: AtomicU32,
    /// Set before anything is purged; whoever moves tasks from queue to queue looks at it after.
    purging: AtomicBool,
    /// Who waits for the end.
    joiners: Guarded<P::Lock, Vec<Waker>>,
    /// Workers parked in a wait.
    waiting: Guarded<P::Lock, Vec<Waker>>,
}

struct Global {
    chain: Chain,
    closed: Option<Closed>,
}

/// Why nothing is accepted, and what becomes of what is queued.
#[derive(Clone)]
enum Closed {
    Run,
    Cancel,
    Break(Text),
}

/// What a worker has that others may reach.
struct Desk<P: Platform> {
    queue: Fifo<P::Lock>,
    /// Whoever takes the worker from the idle list sets it, then wakes.
    called: AtomicBool,
}

struct Sleeper {
    desk: usize,
    waker: Waker,
}

impl<P: Platform> Pool<P> {
    /// A pool of at most `max_workers`, none of which is started before there is work.
    ///
    /// # Errors
    /// [`PoolSizeError`] for zero workers, and for more than can be counted.
    pub fn new(platform: P, max_workers: usize) -> Result<Self, PoolSizeError> {
        if max_workers == 0 || max_workers > sleep::WORKERS_MAX {
            return Err(PoolSizeError { workers: max_workers });
        }
        let desk = |index| Desk {
            queue: Fifo::new(P::Lock::default(), index + GLOBAL + 1),
            called: AtomicBool::new(false),
        };
        let global = Global { chain: Chain::new(GLOBAL), closed: None };
        let inner = Inner {
            platform,
            sleep: Sleep::new(),
            global: Guarded::new(P::Lock::default(), global),
            desks: (0..max_workers as u32).map(desk).collect(),
            idle: Guarded::new(P::Lock::default(), Vec::new()),
            started: Guarded::new(P::StartLock::default(), 0),
            desks_in_use: AtomicU32::new(0),
            purging: AtomicBool::new(false),
            joiners: Guarded::new(P::Lock::default(), Vec::new()),
            waiting: Guarded::new(P::Lock::default(), Vec::new()),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The platform.
    pub fn platform(&self) -> &P {
        &self.inner.platform
    }

    /// How many workers there may be.
    pub fn max_workers(&self) -> usize {
        self.inner.desks.len()
    }
}

impl<P: Platform> Backend for Pool<P> {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        let Some(slot) = task.into_slot() else { return Ok(()) };
        self.inner.schedule(slot)
    }

    fn may_claim(&self) -> bool {
        true // asked only where one of its tasks runs, and those run on its workers
    }

    fn supervise(&self) -> Option<&dyn Supervise> {
        Some(&*self.inner)
    }
}

impl<P: Platform> Inner<P> {
    fn schedule(self: &Arc<Self>, slot: SlotRef) -> Result<(), Refused> {
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
    fn notify(self: &Arc<Self>) {
        let now = self.sleep.load();
        if now.searching() == 0 {
            self.wake_or_start(now);
        }
    }

    #[cold]
    fn wake_or_start(self: &Arc<Self>, now: sleep::Counts) {
        if now.idle() > 0 {
            self.wake_one();
        } else if now.live() < self.desks.len() {
            // With workers there already, one that cannot be started is not missed.
            let _ = self.started.with(|started| self.start_if_wanted(started));
        }
    }

    /// P5: waits for whoever is starting the first worker, or does so.
    #[cold]
    fn start_first(self: &Arc<Self>) -> Result<(), StartError> {
        self.started.with(|started| {
            if self.sleep.load().is_staffed() { Ok(()) } else { self.start(started) }
        })?;
        self.notify();
        Ok(())
    }

    fn start_if_wanted(self: &Arc<Self>, started: &mut usize) -> Result<(), StartError> {
        let now = self.sleep.load();
        if now.searching() > 0 || now.idle() > 0 || *started == self.desks.len() {
            return Ok(());
        }
        self.start(started)
    }

    /// Starts a worker, which searches from the first. Called under the lock of `started`.
    fn start(self: &Arc<Self>, started: &mut usize) -> Result<(), StartError> {
        let desk = *started;
        // ORDERING: Relaxed; published by the change of the sleep word that follows: whoever goes to
        // sleep after it looks at this desk too, whoever did before is seen sleeping by its worker.
        self.desks_in_use.store(desk as u32 + 1, Ordering::Relaxed);
        self.sleep.worker_starts();
        // Dropped unrun, the worker accounts for itself (P6).
        self.platform.start(Worker::new(self.clone(), desk))?;
        *started += 1;
        self.sleep.staffed();
        Ok(())
    }

    /// Wakes a sleeping worker, unless one is searching already.
    fn wake_one(&self) {
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

    fn wake_all(&self) {
        while let Some(sleeper) = self.idle.with(|idle| {
            let sleeper = idle.pop()?;
            self.sleep.idle_to_searching();
            Some(sleeper)
        }) {
            self.call(sleeper);
        }
    }

    fn call(&self, sleeper: Sleeper) {
        // ORDERING: Release; pairs with the Acquire in `Worker::sleep`.
        self.desks[sleeper.desk].called.store(true, Ordering::Release);
        sleeper.waker.wake();
    }

    /// The desks at which somebody may be working.
    fn desks_in_use(&self) -> &[Desk<P>] {
        // ORDERING: Relaxed; see `start`.
        let used = self.desks_in_use.load(Ordering::Relaxed) as usize;
        self.desks.get(..used).unwrap_or(&self.desks)
    }

    /// Whether a task is visible anywhere. The global queue first: tasks move from there to desks.
    fn has_work(&self) -> bool {
        self.global.with(|global| global.chain.len() > 0)
            || self.desks_in_use().iter().any(|desk| desk.queue.len() > 0)
    }

    fn is_closed(&self) -> bool {
        self.global.with(|global| global.closed.is_some())
    }

    /// P4. Cancelling after running, breaking after both: what was said last and is worse counts.
    fn close_as(&self, how: Closed) {
        let before = self.global.with(|global| {
            let worse = match (&global.closed, &how) {
                (None, _) | (Some(Closed::Run), Closed::Cancel | Closed::Break(_)) => true,
                (Some(Closed::Cancel), Closed::Break(_)) => true,
                (Some(_), _) => false,
            };
            if worse { global.closed.replace(how) } else { None }
        });
        drop(before);
        self.wake_all();
    }

    /// Resolves all that is queued, now and by whoever moves tasks from queue to queue later.
    fn purge(&self) -> usize {
        // ORDERING: Relaxed; the locks of the queues order it: a task that is pushed to a desk after
        // it was purged, is pushed by somebody who sees the flag then.
        self.purging.store(true, Ordering::Relaxed);
        let fate = self.global.with(|global| global.closed.clone());
        let mut purged = 0;
        while let Some(slot) = self.global.with(|global| global.chain.pop()) {
            purged += resolve(slot, &fate);
        }
        for desk in &self.desks {
            while let Some(slot) = desk.queue.pop() {
                purged += resolve(slot, &fate);
            }
        }
        purged
    }

    /// The pool gives up: what is queued fails with the cause, what comes is refused with it.
    fn break_down(&self, cause: Text) {
        self.close_as(Closed::Break(cause));
        self.purge();
    }

    /// P6: a worker has ended; `now` is the word after it said so.
    fn worker_ended(&self, now: sleep::Counts) {
        if now.live() == 0 {
            for waker in self.joiners.with(core::mem::take) {
                waker.wake();
            }
        } else if now.searching() == 0 && now.idle() > 0 && self.has_work() {
            // It was the last to search, and others relied on it (P2).
            self.wake_one();
        }
    }
}

/// Ends a task that was popped: 1 if this did.
fn resolve(slot: SlotRef, fate: &Option<Closed>) -> usize {
    if !slot.snapshot().is_pending() {
        return 0;
    }
    match fate {
        Some(Closed::Break(cause)) => {
            let resolved = slot.resolve_pending(TaskError::pool_broken(cause));
            usize::from(resolved == crate::state::Claim::Claimed)
        }
        _ => usize::from(slot.cancel()),
    }
}

impl<P: Platform> Supervise for Inner<P> {
    fn close(&self) {
        self.close_as(Closed::Run);
    }

    fn cancel_queued(&self) -> usize {
        self.close_as(Closed::Cancel);
        self.purge()
    }

    fn poll_ended(&self, waker: &Waker) -> Poll<()> {
        let waker = waker.clone();
        let unused = self.joiners.with(|joiners| {
            // Looked at under the lock that the last worker takes after it has accounted for itself.
            if self.sleep.load().live() == 0 {
                return Some(waker);
            }
            joiners.push(waker);
            None
        });
        if unused.is_some() { Poll::Ready(()) } else { Poll::Pending }
    }

    fn remaining(&self) -> Remaining {
        let queued: usize = self.desks_in_use().iter().map(|desk| desk.queue.len()).sum();
        Remaining {
            tasks: self.global.with(|global| global.chain.len()) + queued,
            workers: self.sleep.load().live(),
        }
    }

    fn on_worker(&self) -> bool {
        crate::context::works_for(NonNull::from(self).cast())
    }

    fn unlink(&self, task: &TaskRef<'_>) {
        loop {
            let entry = match home_of(task.0) {
                0 => return, // popped, or between two queues: whoever holds it finds it claimed
                GLOBAL => self.global.with(|global| global.chain.remove(task.0)),
                home => match self.desks.get((home - GLOBAL - 1) as usize) {
                    Some(desk) => desk.queue.remove(task.0),
                    None => return,
                },
            };
            if entry.is_some() {
                return; // and the entry's reference is dropped here, outside the lock
            }
        }
    }

    fn enter_wait(&self, waker: &Waker) {
        let entry = waker.clone();
        let others: Vec<Waker> = self.waiting.with(|waiting| {
            waiting.push(entry);
            if waiting.len() >= self.sleep.load().live() { waiting.clone() } else { Vec::new() }
        });
        for other in others.iter().filter(|other| !other.will_wake(waker)) {
            other.wake_by_ref();
        }
    }

    fn all_wait(&self) -> bool {
        let waiting = self.waiting.with(|waiting| waiting.len());
        waiting >= self.sleep.load().live()
    }

    fn leave_wait(&self, waker: &Waker) {
        let entry = self.waiting.with(|waiting| {
            let at = waiting.iter().position(|other| other.will_wake(waker))?;
            Some(waiting.swap_remove(at))
        });
        drop(entry);
    }
}

impl<P: Platform> fmt::Debug for Pool<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Pool");
        debug.field("max_workers", &self.max_workers());
        debug.field("workers", &self.inner.sleep.load().live()).finish_non_exhaustive()
    }
}

/// A pool cannot have that many workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolSizeError {
    /// The number asked for.
    pub workers: usize,
}

impl fmt::Display for PoolSizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (workers, most) = (self.workers, sleep::WORKERS_MAX);
        write!(f, "a pool of {workers} workers: ask for 1 at least and {most} at most")
    }
}

impl core::error::Error for PoolSizeError {}
