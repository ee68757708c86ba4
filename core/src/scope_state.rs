//! What a scope and its tasks share: how many of them are not over, who waits for that, and which of
//! them the one who waits may run.
#![forbid(unsafe_code)]

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::task::Waker;

use crate::contain::contain;
use crate::context::Waiting;
use crate::error::TaskError;
use crate::lock::{Guarded, OsLock};
use crate::park::Park;
use crate::slot::{LedgerEntry, SlotRef};
use crate::storage::heap::EntryRoom;
use crate::sync::{atomic::AtomicUsize, atomic::Ordering};
use crate::thread_parker::ThreadParker;

/// Fewer tasks than this are not looked through for those that somebody has started.
const PRUNE_AT_LEAST: usize = 64;

/// Whether the thread that opened a scope may run tasks of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// It is no worker of the executor: it waits.
    Waits,
    /// It is one: at the end of the scope it runs what nobody has started.
    Claims,
    /// It is one, and runs too many tasks already: the scope takes none.
    TooDeep,
}

/// One scope, kept alive by its slots.
pub(crate) struct ScopeState {
    /// Tasks that are not over (S2), and one more until the scope's closure has returned.
    unfinished: AtomicUsize,
    /// Woken when none is left, and when there is more to run.
    waker: Waker,
    owner: Owner,
    offered: Guarded<OsLock, Offered>,
    /// The first panic that nobody has taken.
    panicked: Guarded<OsLock, Option<TaskError>>,
}

/// Tasks that the owner may run.
struct Offered {
    tasks: VecDeque<SlotRef>,
    prune_at: usize,
    /// It has found none, and is to be told of the next.
    owner_waits: bool,
}

impl ScopeState {
    pub(crate) fn new(park: &ThreadParker, owner: Owner) -> Self {
        let offered =
            Offered { tasks: VecDeque::new(), prune_at: PRUNE_AT_LEAST, owner_waits: false };
        Self {
            unfinished: AtomicUsize::new(1),
            waker: park.waker(),
            owner,
            offered: Guarded::new(OsLock::new(), offered),
            panicked: Guarded::new(OsLock::new(), None),
        }
    }

    pub(crate) fn owner(&self) -> Owner {
        self.owner
    }

    /// Counts a task that is about to be made. Called in what is counted itself: in the scope's
    /// closure, or in a task of the scope.
    pub(crate) fn task_begins(&self) {
        // ORDERING: Relaxed; the caller's own count keeps the scope open.
        self.unfinished.fetch_add(1, Ordering::Relaxed);
    }

    fn task_is_over(&self) {
        // ORDERING: Release; pairs with the Acquire in `is_over`: all that was done with what the
        // task borrowed comes before the scope returns.
        if self.unfinished.fetch_sub(1, Ordering::Release) == 1 {
            self.wake_owner();
        }
    }

    fn is_over(&self) -> bool {
        // ORDERING: Acquire; pairs with the Release of every `task_is_over`, which are RMWs in one
        // sequence.
        self.unfinished.load(Ordering::Acquire) == 0
    }

    fn wake_owner(&self) {
        let _ = contain(|| self.waker.wake_by_ref());
    }

    /// Lets the owner run a task, unless somebody has started it.
    pub(crate) fn offer(&self, task: &SlotRef) {
        if self.owner != Owner::Claims || !task.snapshot().is_pending() {
            return;
        }
        let task = task.clone();
        let (started, wake) = self.offered.with(|offered| {
            let started = offered.prune();
            offered.tasks.push_back(task);
            (started, core::mem::take(&mut offered.owner_waits))
        });
        drop(started);
        if wake {
            self.wake_owner();
        }
    }

    /// Runs what nobody has started, the oldest first.
    fn run_offered(&self, waiting: &mut Option<Waiting<'_>>) {
        if self.owner != Owner::Claims {
            return;
        }
        while let Some(task) = self.offered.with(Offered::next) {
            drop(waiting.take()); // while it runs a task, this worker does not wait
            let _ = task.claim_and_run(); // or somebody else does
        }
    }

    /// Waits until every task is over. The scope's closure has returned.
    pub(crate) fn wait_until_over(&self, park: &ThreadParker) {
        // ORDERING: Relaxed; what the closure did was done by this very thread.
        self.unfinished.fetch_sub(1, Ordering::Relaxed);
        let mut waiting = None;
        loop {
            self.run_offered(&mut waiting);
            if park.spin(&|| self.is_over()) {
                break;
            }
            waiting.get_or_insert_with(|| Waiting::enter(&self.waker));
            if !self.is_over() {
                let _ = park.park(None); // for whatever reason it returns, the count decides
            }
        }
        // Started by others since: their slots keep this scope's state, which keeps them.
        drop(self.offered.with(|offered| core::mem::take(&mut offered.tasks)));
    }

    /// How many tasks are not over, the scope's own closure counted as one.
    pub(crate) fn unfinished(&self) -> usize {
        // ORDERING: Relaxed; for the eyes of a user.
        self.unfinished.load(Ordering::Relaxed)
    }

    /// The first panic that nobody has taken.
    pub(crate) fn take_panic(&self) -> Option<TaskError> {
        self.panicked.with(Option::take)
    }
}

impl Offered {
    /// The oldest task; if there is none, the owner is to be told of the next.
    fn next(&mut self) -> Option<SlotRef> {
        let next = self.tasks.pop_front();
        self.owner_waits = next.is_none();
        next
    }

    /// Takes out what somebody has started, when there is twice as much as after the last time: a
    /// scope of a million tasks does not keep the memory of each.
    fn prune(&mut self) -> VecDeque<SlotRef> {
        if self.tasks.len() < self.prune_at {
            return VecDeque::new();
        }
        let tasks = core::mem::take(&mut self.tasks);
        let (pending, started) = tasks.into_iter().partition(|task| task.snapshot().is_pending());
        self.tasks = pending;
        self.prune_at = (2 * self.tasks.len()).max(PRUNE_AT_LEAST);
        started
    }
}

/// What a slot of a scope has beside its entry in a ledger.
pub(crate) struct ScopeEntry {
    scope: Arc<ScopeState>,
    ledger: LedgerEntry,
}

impl ScopeEntry {
    /// The entry of a task that has been counted.
    pub(crate) fn new(scope: Arc<ScopeState>) -> Self {
        Self { scope, ledger: LedgerEntry::new() }
    }
}

impl EntryRoom for ScopeEntry {
    const IS_WATCHED: bool = true;

    fn get(&self) -> Option<&LedgerEntry> {
        Some(&self.ledger)
    }

    fn settled(&self) {
        self.scope.task_is_over();
    }

    fn dropped_unread(&self, error: &TaskError) {
        if !error.is_panicked() {
            return;
        }
        let mut error = Some(error.clone());
        self.scope.panicked.with(|first| {
            if first.is_none() {
                *first = error.take();
            }
        });
        drop(error); // a later one, if it still is here: outside the lock
    }
}
