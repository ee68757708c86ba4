//! What the handles and the workers of a pool share: queues, desks, and who sleeps.
#![forbid(unsafe_code)]

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ptr::NonNull;
use core::task::Waker;

use super::Platform;
use super::ending::Closed;
use super::padded::Padded;
use super::room::Room;
use super::settings::PoolSettings;
use super::sleep::Sleep;
use crate::contain::contain;
use crate::keeper::KeeperRef;
use crate::lock::Guarded;
use crate::queue::{Batch, Chain, Fifo};
use crate::slot::SlotRef;
use crate::sync::{
    Arc, Hint, PlainArc, Tombstone, atomic::AtomicBool, atomic::AtomicU32, atomic::Ordering,
};
use crate::tally::Tally;

/// The home of tasks in the global queue (I7); those of workers follow it.
pub(super) const GLOBAL: u32 = 1;

pub(super) struct Inner<P: Platform> {
    pub(super) platform: P,
    pub(super) settings: PoolSettings,
    pub(super) sleep: Padded<Sleep>,
    global: Padded<Guarded<P::Lock, Global>>,
    /// Apart from the lock, for those who look at it without.
    global_hint: Padded<Hint>,
    pub(super) desks: Box<[Desk<P>]>,
    /// Workers that sleep, the latest last: it is woken first, its caches are warm.
    pub(super) idle: Guarded<P::Lock, Vec<Sleeper>>,
    /// How many desks were ever in use; locked while a worker is being started or retires (P5).
    pub(super) started: Guarded<P::StartLock, usize>,
    /// Those of them whose workers have ended.
    pub(super) free: Guarded<P::Lock, Vec<usize>>,
    /// How many desks to look through; changed under the lock of `started`.
    pub(super) desks_in_use: AtomicU32,
    /// Set with `Global::closed`, for workers that submit to themselves.
    pub(super) closed: AtomicBool,
    /// Set before anything is purged; whoever moves tasks from queue to queue looks at it after.
    pub(super) purging: AtomicBool,
    /// Who waits for the end.
    pub(super) joiners: Guarded<P::Lock, Vec<Waker>>,
    /// Workers parked in a wait.
    pub(super) waiting: Guarded<P::Lock, Vec<PlainArc<Waker>>>,
    /// What was done by others than its workers.
    pub(super) outside: Tally,
    tombstone: Tombstone,
}

/// The queue that everybody may push to, and what is decided under its lock; what each push touches
/// comes first.
#[repr(C)]
pub(super) struct Global {
    pub(super) chain: Chain,
    /// Tasks that were accepted, but for those that workers submitted to themselves; wraps around.
    pub(super) submitted: usize,
    pub(super) closed: Option<Closed>,
    pub(super) room: Room,
    /// Tasks that run in the contexts that submitted them.
    pub(super) in_callers: usize,
}

/// What a worker has that others may reach.
#[repr(align(128))]
pub(super) struct Desk<P: Platform> {
    pub(super) queue: Fifo<P::Lock>,
    /// Whoever takes the worker from the idle list sets it, then wakes.
    pub(super) called: AtomicBool,
    /// Written by the worker at this desk.
    pub(super) tally: Tally,
}

pub(super) struct Sleeper {
    pub(super) desk: usize,
    pub(super) waker: Waker,
}

impl<P: Platform> Inner<P> {
    pub(super) fn new(platform: P, settings: PoolSettings) -> Self {
        let desk = |index| Desk {
            queue: Fifo::new(P::Lock::default(), index + GLOBAL + 1),
            called: AtomicBool::new(false),
            tally: Tally::default(),
        };
        let global = Global {
            chain: Chain::new(GLOBAL),
            closed: None,
            room: Room::default(),
            submitted: 0,
            in_callers: 0,
        };
        Self {
            platform,
            settings,
            sleep: Padded(Sleep::new()),
            global: Padded(Guarded::new(P::Lock::default(), global)),
            global_hint: Padded(Hint::new()),
            desks: (0..settings.max_workers as u32).map(desk).collect(),
            idle: Guarded::new(P::Lock::default(), Vec::new()),
            started: Guarded::new(P::StartLock::default(), 0),
            free: Guarded::new(P::Lock::default(), Vec::new()),
            desks_in_use: AtomicU32::new(0),
            closed: AtomicBool::new(false),
            purging: AtomicBool::new(false),
            joiners: Guarded::new(P::Lock::default(), Vec::new()),
            waiting: Guarded::new(P::Lock::default(), Vec::new()),
            outside: Tally::default(),
            tombstone: Tombstone::new(),
        }
    }

    /// For a model: nobody comes here after the end (I6).
    #[inline]
    pub(super) fn assert_alive(&self) {
        self.tombstone.assert_alive();
    }

    /// For comparison with what the calling context does.
    pub(super) fn address(&self) -> NonNull<()> {
        NonNull::from(self).cast()
    }

    /// Runs `f` under the lock of the global queue. A place that it frees in a bounded queue is granted
    /// to whoever has waited longest for one.
    #[inline]
    pub(super) fn global<R>(&self, f: impl FnOnce(&mut Global) -> R) -> R {
        self.assert_alive();
        let (result, granted) = self.global.with(|global| {
            let result = f(global);
            self.global_hint.set(global.chain.len());
            let capacity = self.settings.queue_capacity;
            let taken = global.chain.len();
            (result, capacity.and_then(|capacity| global.room.grant(taken, capacity)))
        });
        if let Some(waker) = granted {
            let _ = contain(|| waker.wake());
        }
        result
    }

    /// Half of the global queue, or of a bounded one a single task: then all that has not started is in
    /// the global queue, and counts.
    pub(super) fn take_from_global(&self, batch: &mut Batch) {
        if !self.global_hint.is_promising() {
            return;
        }
        let over = self.global(|global| match self.settings.queue_capacity {
            None => {
                global.chain.take_half(batch);
                None
            }
            Some(_) => batch.push_back(global.chain.pop()?).err(),
        });
        debug_assert!(over.is_none(), "a batch that was empty has room for one");
    }

    /// For a worker that has just finished a task and finds the next in the global queue already: tasks
    /// come faster than it can fetch them one by one, and whoever pushes and whoever fetches would do
    /// nothing but take the lock from one another. Half a microsecond makes a batch of them.
    #[inline]
    pub(super) fn let_more_come(&self) {
        #[cfg(feature = "std")]
        if self.settings.queue_capacity.is_none() && (1..8).contains(&self.global_hint.count()) {
            crate::sync::spin_until(32, || self.global_hint.count() >= 16);
        }
    }

    /// Whether there may be something to do, without taking a lock.
    pub(super) fn is_promising(&self) -> bool {
        self.global_hint.is_promising()
            || self.desks_in_use().iter().any(|desk| desk.queue.is_promising())
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
        self.global(|global| global.chain.len()) + on_desks
    }

    /// Whether a task is visible anywhere. The global queue first: tasks move from there to desks.
    pub(super) fn has_work(&self) -> bool {
        self.global(|global| global.chain.len() > 0)
            || self.desks_in_use().iter().any(|desk| desk.queue.len() > 0)
    }
}

impl<P: Platform> Drop for Inner<P> {
    fn drop(&mut self) {
        // What is in a queue has a worker (P5), which keeps the pool. Should it ever be otherwise: to
        // resolve a task would be to tell its keeper, which is ending here (I6), so it is leaked.
        debug_assert_eq!(self.queued(), 0, "a pool ends with tasks in its queues");
        self.global.with(|global| global.chain.leak());
        self.desks.iter().for_each(|desk| desk.queue.leak());
        self.tombstone.bury();
    }
}

/// A counted reference to the inside of a pool: each worker has one, and each handle.
pub(super) struct PoolRef<P: Platform>(Arc<Inner<P>>);

impl<P: Platform> PoolRef<P> {
    pub(super) fn new(inner: Inner<P>) -> Self {
        Self(Arc::new(inner))
    }

    /// For tasks, which do not count.
    pub(super) fn as_keeper(&self) -> KeeperRef {
        KeeperRef::uncounted(&self.0)
    }

    /// What is left of a queue entry that could not be run: nothing, or, while somebody else is in the
    /// middle of resolving it and has nothing but its word that the pool is there, the pool (I6).
    pub(super) fn discard(&self, slot: SlotRef) {
        if !slot.snapshot().is_done() {
            let pool = self.clone();
            let over = crate::completion::Completion::of_cancelled(&slot);
            crate::callback::add(&slot, move |_| drop(pool), move || over);
        }
    }
}

impl<P: Platform> Clone for PoolRef<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<P: Platform> core::ops::Deref for PoolRef<P> {
    type Target = Inner<P>;

    fn deref(&self) -> &Inner<P> {
        &self.0
    }
}
