//! The slot as those see it who do not know its types: header, table, counted references.

use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::task::{Poll, Waker};

use crate::completion::Completion;
use crate::contain::contain;
use crate::error::TaskError;
use crate::keeper::KeeperRef;
use crate::node::{Node, NodeList, Visit};
use crate::queue::Links;
use crate::state::{
    Arm, CancelClaim, Claim, Disarm, Farewell, List, Published, Release, Snapshot, State,
};
use crate::sync::{Tombstone, UnsafeCell, atomic::AtomicU32, const_unless_modeled};

/// What every slot begins with. Fields say who may touch them when; I1 to I8 are in `state.rs`.
#[repr(C)]
pub(crate) struct Header {
    pub(crate) state: State,
    /// Which list of its keeper holds the slot; 0 for none (I7).
    pub(crate) home: AtomicU32,
    table: &'static Table,
    /// The one inline waiter (I2).
    waker: UnsafeCell<Option<Waker>>,
    /// Callbacks and waiters of shared futures, under the slot's lock (I4).
    nodes: UnsafeCell<NodeList>,
    /// Neighbours in the list that `home` names (I7).
    pub(crate) links: UnsafeCell<Links>,
    /// Written before the slot is shared, never again (I6).
    keeper: UnsafeCell<Option<KeeperRef>>,
    pub(crate) tombstone: Tombstone,
}

/// What knows the types, the storage and the lock of a slot. Every function wants the address of a
/// live slot of the kind that the table was made for.
pub(crate) struct Table {
    /// Runs the callable, writes what came of it and settles. The caller has taken arrow 1.
    pub(crate) run: unsafe fn(NonNull<Header>),
    /// Drops the callable. The caller has taken arrow 1 or 2.
    pub(crate) drop_callable: unsafe fn(NonNull<Header>),
    /// Writes an outcome into the empty room. The caller has taken arrow 1.
    pub(crate) write_error: unsafe fn(NonNull<Header>, TaskError),
    /// The address of the outcome, a `Result<T, TaskError>`. The room is the caller's (I1, I3).
    pub(crate) outcome: unsafe fn(NonNull<Header>, Access) -> NonNull<()>,
    /// Drops the outcome. It is the caller's (I3).
    pub(crate) drop_outcome: unsafe fn(NonNull<Header>),
    /// A clone of the error in the room. The outcome is the caller's (I3).
    pub(crate) error: unsafe fn(NonNull<Header>) -> Option<TaskError>,
    /// Runs the argument under the slot's lock.
    pub(crate) with_lock: unsafe fn(NonNull<Header>, &mut dyn FnMut()),
    /// Gives the memory back (I5). Callable and outcome are gone.
    pub(crate) free: unsafe fn(NonNull<Header>),
    /// What `Debug` prints of the value.
    pub(crate) type_name: fn() -> &'static str,
}

/// What the caller is about to do in the room.
#[derive(Clone, Copy)]
pub(crate) enum Access {
    /// Look, as others may.
    Shared,
    /// Write, or move out.
    Exclusive,
}

impl Header {
    const_unless_modeled! {
    /// A pending slot with so many references.
    pub(crate) const fn new(table: &'static Table, references: u32) -> Self {
        Self {
            state: State::pending(references),
            home: AtomicU32::new(0),
            table,
            waker: UnsafeCell::new(None),
            nodes: UnsafeCell::new(NodeList::new()),
            links: UnsafeCell::new(Links::new()),
            keeper: UnsafeCell::new(None),
            tombstone: Tombstone::new(),
        }
    }
    }
}

/// Whether a waiter may run what it waits for.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claimable {
    /// It may try.
    Yes,
    /// Not pending, or not a task of this thread's executor.
    No,
    /// It might, but too many tasks are on this thread's stack already.
    TooDeep,
}

/// A counted reference to a slot (I8).
pub(crate) struct SlotRef(NonNull<Header>);

// SAFETY: everything shared in a header is atomic or guarded as I2 to I7 say. What the room holds
// is Send: the constructors of tasks and promises see to it, and the typed handles repeat it.
unsafe impl Send for SlotRef {}
// SAFETY: as above.
unsafe impl Sync for SlotRef {}

impl SlotRef {
    /// Takes over one reference.
    ///
    /// # Safety
    /// `header` is derived from a pointer to a whole live slot, and one reference to it is counted
    /// that nobody else uses.
    pub(crate) unsafe fn from_raw(header: NonNull<Header>) -> Self {
        Self(header)
    }

    /// Gives the reference to whoever will call `from_raw`.
    pub(crate) fn into_raw(self) -> NonNull<Header> {
        ManuallyDrop::new(self).0
    }

    pub(crate) fn as_raw(&self) -> NonNull<Header> {
        self.0
    }

    /// For comparison.
    pub(crate) fn address(&self) -> NonNull<()> {
        self.0.cast()
    }

    #[inline]
    pub(crate) fn header(&self) -> &Header {
        // SAFETY: this reference is counted (I5), and headers are only ever shared.
        let header = unsafe { self.0.as_ref() };
        header.tombstone.assert_alive();
        header
    }

    #[inline]
    pub(crate) fn table(&self) -> &'static Table {
        self.header().table
    }

    #[inline]
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.header().state.load()
    }

    /// Runs `f` under the slot's lock. `f` neither unwinds nor takes another lock.
    pub(crate) fn with_lock<R>(&self, f: impl FnOnce() -> R) -> R {
        let mut f = Some(f);
        let mut result = None;
        // SAFETY: the table is this slot's.
        unsafe { (self.table().with_lock)(self.0, &mut || result = f.take().map(|f| f())) };
        // SAFETY: a lock runs its argument exactly once (contract of `Lock`).
        unsafe { result.unwrap_unchecked() }
    }

    // --- the keeper (I6) ---

    /// Names the keeper, before the slot is shared.
    ///
    /// # Safety
    /// No other reference to the slot is in use, and it has no keeper yet.
    pub(crate) unsafe fn set_keeper(&self, keeper: KeeperRef) {
        // SAFETY: as the caller promises, nobody else looks.
        self.header().keeper.with_mut(|cell| unsafe { *cell = Some(keeper) });
    }

    pub(crate) fn keeper(&self) -> Option<KeeperRef> {
        // SAFETY: written before the slot was shared, never after (I6).
        self.header().keeper.with(|cell| unsafe { *cell })
    }

    /// The task that a waiter would have to run for this one to end: itself, or the first of the
    /// chain that `then` has made.
    pub(crate) fn root(&self) -> SlotRef {
        let mut slot = self.clone();
        while slot.keeper().is_some_and(KeeperRef::is_chained) {
            // SAFETY: alive, says `ask`.
            match slot.ask(|keeper| unsafe { keeper.precedent() }) {
                Some(Some(precedent)) => slot = precedent,
                _ => break,
            }
        }
        slot
    }

    /// Whether this thread may run the task, which is still pending, while it waits for it.
    pub(crate) fn claimable(&self) -> Claimable {
        // SAFETY: alive, says `ask`.
        match self.ask(|keeper| unsafe { keeper.may_claim() }) {
            None | Some(false) => Claimable::No,
            Some(true) if crate::context::has_room() => Claimable::Yes,
            Some(true) => Claimable::TooDeep,
        }
    }

    /// As `claimable`, for a wait that other tasks may end as well: only if no worker is left who
    /// could run it.
    #[cfg(feature = "std")]
    pub(crate) fn claimable_at_last(&self) -> Claimable {
        // SAFETY: alive, says `ask`.
        match self.ask(|keeper| unsafe { keeper.all_wait() }) {
            None | Some(false) => Claimable::No,
            Some(true) => self.claimable(),
        }
    }

    /// Asks the keeper of a pending task, which is alive then; `None` if there is none to ask.
    fn ask<R>(&self, question: impl FnOnce(KeeperRef) -> R) -> Option<R> {
        let keeper = self.keeper()?;
        if !self.snapshot().is_pending() {
            return None;
        }
        if crate::context::keeper(keeper.address()).is_some() {
            return Some(question(keeper)); // a task of that keeper runs on this very thread
        }
        if !keeper.answers_strangers() {
            return None;
        }
        let alive = self.with_lock(|| {
            let alive = self.snapshot().is_pending();
            if alive {
                // SAFETY: pending, and whoever settles it releases the keeper after a turn of this
                // lock.
                unsafe { keeper.retain() };
            }
            alive
        });
        if !alive {
            return None;
        }
        let answer = question(keeper);
        // SAFETY: gives up what was retained above.
        unsafe { keeper.release() };
        Some(answer)
    }

    // --- starting and resolving ---

    /// Arrow 1, by a worker.
    #[inline]
    pub(crate) fn claim(&self) -> Claim {
        self.header().state.claim()
    }

    /// Arrow 1, by a waiter on a worker of the same keeper, and then the task itself.
    pub(crate) fn claim_and_run(&self) -> Claim {
        let claim = self.claim();
        if claim == Claim::Claimed {
            if let Some(keeper) = self.keeper() {
                // SAFETY: claimed and not settled: the slot keeps it alive (I6).
                unsafe { keeper.claimed_elsewhere(self) };
            }
            // SAFETY: claimed just now.
            unsafe { self.run_claimed() };
        }
        claim
    }

    /// Arrow 1 by a worker, and then the task; nothing if it was cancelled or claimed.
    #[inline]
    pub(crate) fn run(&self) {
        if self.claim() == Claim::Claimed {
            // SAFETY: claimed just now.
            unsafe { self.run_claimed() };
        }
    }

    /// # Safety
    /// The caller has taken arrow 1 and has not run, resolved or read it yet.
    #[inline]
    unsafe fn run_claimed(&self) {
        // Only when the frame is gone, and also when the task unwinds: what the keeper's end drops
        // may look at the frames of this thread.
        let _let_go = LetKeeperGo(self);
        crate::context::enter_task(self, || {
            // SAFETY: as the caller promises; the table is this slot's.
            unsafe { (self.table().run)(self.0) }
        });
    }

    /// Arrow 2 and all that follows; says whether it will never start.
    pub(crate) fn cancel(&self) -> bool {
        match self.header().state.claim_to_cancel() {
            CancelClaim::TooLate => false,
            CancelClaim::Already => true,
            CancelClaim::Claimed => {
                if let Some(keeper) = self.keeper() {
                    // SAFETY: claimed and not settled: the slot keeps it alive (I6).
                    unsafe { keeper.claimed_elsewhere(self) };
                }
                // SAFETY: arrow 2 was taken just now (I1).
                let _ = contain(|| unsafe { (self.table().drop_callable)(self.0) });
                let published = self.header().state.publish_cancelled();
                self.settle(published, || Completion::of_cancelled(self));
                self.let_keeper_go();
                true
            }
        }
    }

    /// Resolves a slot that nobody has started, whose callable (if any) is dropped.
    pub(crate) fn resolve_pending(&self, error: TaskError) -> Claim {
        let claim = self.claim();
        if claim == Claim::Claimed {
            if let Some(keeper) = self.keeper() {
                // SAFETY: claimed and not settled: the slot keeps it alive (I6).
                unsafe { keeper.claimed_elsewhere(self) };
            }
            // SAFETY: arrow 1 was taken just now (I1).
            let _ = contain(|| unsafe { (self.table().drop_callable)(self.0) });
            // SAFETY: as above; the room is empty now.
            unsafe { self.resolve_with_error(error) };
            self.let_keeper_go();
        }
        claim
    }

    /// Writes the error and takes arrow 3.
    ///
    /// # Safety
    /// The caller has taken arrow 1, and the room is empty.
    pub(crate) unsafe fn resolve_with_error(&self, error: TaskError) {
        // SAFETY: as the caller promises.
        unsafe { (self.table().write_error)(self.0, error.clone()) };
        // SAFETY: the room has just been filled.
        unsafe { self.finish(Some(error)) };
    }

    /// Writes the outcome of a promise and takes arrow 3.
    ///
    /// # Safety
    /// The caller has taken arrow 1, the room is empty, and `T` is the type of the slot's value.
    pub(crate) unsafe fn resolve_with<T>(&self, outcome: Result<T, TaskError>) {
        let error = outcome.as_ref().err().cloned();
        // SAFETY: the table is this slot's, and the room is the caller's.
        let place = unsafe { (self.table().outcome)(self.0, Access::Exclusive) };
        // SAFETY: empty, the caller's, and of this type.
        unsafe { place.cast::<Result<T, TaskError>>().write(outcome) };
        // SAFETY: the room has just been filled.
        unsafe { self.finish(error) };
    }

    /// Arrow 3 and all that follows. `error` is what the outcome is, if it is one.
    ///
    /// # Safety
    /// The caller has taken arrow 1 and has written the outcome.
    #[inline]
    pub(crate) unsafe fn finish(&self, error: Option<TaskError>) {
        let published = self.header().state.publish_finished();
        self.settle(published, || Completion::of_finished(self, error));
    }

    /// Wakes whoever waits, then tells the keeper. The caller's own reference keeps the slot alive
    /// meanwhile.
    #[inline]
    fn settle(&self, published: Published, completion: impl FnOnce() -> Completion) {
        if published.waiter {
            self.wake_waiter();
        }
        if published.listed {
            self.visit_nodes(&completion());
        }
        if published.future_gone {
            self.drop_outcome();
        }
        if let Some(keeper) = self.keeper() {
            // SAFETY: this slot's own reference is still counted (I6).
            unsafe { keeper.resolved(self) };
        }
    }

    /// Gives up the slot's reference to its keeper, once, after `settle` (I6). Skipping it leaks the
    /// keeper, no worse.
    pub(crate) fn let_keeper_go(&self) {
        let Some(keeper) = self.keeper() else { return };
        if keeper.answers_strangers() {
            // Waits for a stranger that saw the slot pending and is retaining the keeper.
            self.with_lock(|| ());
        }
        // SAFETY: the slot's own reference, given up by the one who resolved it; only its address is
        // used from now on.
        unsafe { keeper.release() };
    }

    fn wake_waiter(&self) {
        // SAFETY: published with WAITER set: the cell is the publisher's alone (I2).
        let waker = self.header().waker.with_mut(|cell| unsafe { (*cell).take() });
        if let Some(waker) = waker {
            let _ = contain(|| waker.wake()); // its panic is its own affair, the next is still woken
        }
    }

    #[cold]
    fn visit_nodes(&self, completion: &Completion) {
        loop {
            let visit = self.with_lock(|| {
                // SAFETY: under the slot's lock (I4).
                self.header().nodes.with_mut(|nodes| unsafe { (*nodes).pop() })
            });
            match visit {
                None => return,
                Some(Visit::Wake(waker)) => {
                    let _ = contain(|| waker.wake());
                }
                // SAFETY: popped: the node is ours, and it is called this once.
                Some(Visit::Call(node, call)) => unsafe { call(node, completion) },
            }
        }
    }

    // --- nodes (I4) ---

    /// Links a node, or says that the slot is resolved.
    ///
    /// # Safety
    /// The node stays where it is, alive, until it was visited or `unlink_node` returned.
    pub(crate) unsafe fn link_node(&self, node: NonNull<Node>) -> List {
        self.with_lock(|| {
            let list = self.header().state.open_list();
            if list == List::Open {
                // SAFETY: under the slot's lock; the node lives as the caller promises.
                self.header().nodes.with_mut(|nodes| unsafe { (*nodes).push(node) });
            }
            list
        })
    }

    /// Unlinks a node if it is still linked, and returns the waker in it.
    ///
    /// # Safety
    /// If the node is linked anywhere, it is in this slot's list.
    pub(crate) unsafe fn unlink_node(&self, node: NonNull<Node>) -> Option<Waker> {
        self.with_lock(|| {
            // SAFETY: under the slot's lock; the node is this list's as the caller promises.
            self.header().nodes.with_mut(|nodes| unsafe { (*nodes).remove(node) })
        })
    }

    // --- the outcome (I3) ---

    /// Drops the outcome.
    fn drop_outcome(&self) {
        if self.snapshot().has_outcome() {
            self.header().state.mark_taken();
            // SAFETY: there was an outcome, it is the caller's (I3), and nobody takes it again.
            let _ = contain(|| unsafe { (self.table().drop_outcome)(self.0) });
        }
    }
}

struct LetKeeperGo<'a>(&'a SlotRef);

impl Drop for LetKeeperGo<'_> {
    fn drop(&mut self) {
        self.0.let_keeper_go();
    }
}

impl Clone for SlotRef {
    fn clone(&self) -> Self {
        self.header().state.retain();
        Self(self.0)
    }
}

impl Drop for SlotRef {
    #[inline]
    fn drop(&mut self) {
        if self.header().state.release() == Release::Last {
            free(self.0);
        }
    }
}

/// Ends a slot to which no reference is left.
fn free(header: NonNull<Header>) {
    // SAFETY: the last reference was ours (I5).
    let shared = unsafe { header.as_ref() };
    let table = shared.table;
    if shared.state.load().has_outcome() {
        // SAFETY: nobody is left who could take it.
        let _ = contain(|| unsafe { (table.drop_outcome)(header) });
    }
    // SAFETY: the last reference was ours, and the room is empty.
    unsafe { (table.free)(header) };
}

impl fmt::Debug for SlotRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {:p} state={:?}", self.0, self.snapshot())
    }
}

/// The reference of the one future that may wait inline and take the outcome.
pub(crate) struct Unique(SlotRef);

impl Unique {
    /// # Safety
    /// There is at most one for a slot, at any time, and no `Unique` for it was dropped before.
    pub(crate) unsafe fn new(slot: SlotRef) -> Self {
        Self(slot)
    }

    pub(crate) fn slot(&self) -> &SlotRef {
        &self.0
    }

    /// Registers the waker, replacing the one before, or says that the slot is resolved.
    pub(crate) fn poll_done(&mut self, waker: &Waker) -> Poll<()> {
        let snapshot = self.0.snapshot();
        if snapshot.is_done() {
            return Poll::Ready(());
        }
        let cell = &self.0.header().waker;
        if snapshot.has_waiter() {
            // SAFETY: armed: publishers only take it after resolving, and then read the same; but a
            // publisher may be about to, so the cell is not even looked at before it is disarmed.
            match self.0.header().state.disarm() {
                Disarm::Resolved => return Poll::Ready(()),
                Disarm::Disarmed => {}
            }
        }
        // SAFETY: not armed, so the cell is ours (I2).
        let same =
            cell.with(|cell| unsafe { (*cell).as_ref() }.is_some_and(|old| old.will_wake(waker)));
        if !same {
            let new = waker.clone();
            // SAFETY: as above; clone and drop run outside of the access.
            let old = cell.with_mut(|cell| unsafe { core::mem::replace(&mut *cell, Some(new)) });
            drop(old);
        }
        match self.0.header().state.arm() {
            Arm::Armed => Poll::Pending,
            Arm::Resolved => {
                self.drop_waker();
                Poll::Ready(())
            }
        }
    }

    /// Takes the waker back, so that nothing of the waiter is kept.
    pub(crate) fn stop_waiting(&mut self) {
        if self.0.snapshot().has_waiter() && self.0.header().state.disarm() == Disarm::Disarmed {
            self.drop_waker();
        }
    }

    /// The caller has seen that the cell is the future's (I2).
    fn drop_waker(&mut self) {
        // SAFETY: not armed, or armed too late to be seen: the cell is ours (I2).
        let waker = self.0.header().waker.with_mut(|cell| unsafe { (*cell).take() });
        let _ = contain(|| drop(waker));
    }

    /// A clone of the error, if the outcome is one; the slot is resolved.
    pub(crate) fn error(&self) -> Option<TaskError> {
        let snapshot = self.0.snapshot();
        if snapshot.is_cancelled() {
            Some(TaskError::cancelled())
        } else if snapshot.has_outcome() {
            // SAFETY: there is an outcome, it is ours (I3), and only a `&mut self` moves it out.
            unsafe { (self.0.table().error)(self.0.as_raw()) }
        } else if snapshot.is_done() {
            Some(TaskError::taken())
        } else {
            None
        }
    }

    /// Whether the outcome is an error; being cancelled is none.
    #[cfg(feature = "std")]
    pub(crate) fn failed(&self) -> bool {
        self.0.snapshot().has_outcome() && self.error().is_some()
    }

    /// Moves the outcome out, if the slot is resolved.
    ///
    /// # Safety
    /// `T` is the type of the slot's value.
    pub(crate) unsafe fn take<T>(&mut self) -> Option<Result<T, TaskError>> {
        let snapshot = self.0.snapshot();
        if !snapshot.is_done() {
            return None;
        }
        if snapshot.is_cancelled() {
            return Some(Err(TaskError::cancelled()));
        }
        if !snapshot.has_outcome() {
            return Some(Err(TaskError::taken()));
        }
        self.0.header().state.mark_taken();
        // SAFETY: the table is this slot's.
        let outcome = unsafe { (self.0.table().outcome)(self.0.as_raw(), Access::Exclusive) };
        // SAFETY: there was an outcome, it is ours (I3) and now marked as taken; `T` is its type.
        Some(unsafe { outcome.cast::<Result<T, TaskError>>().read() })
    }

    /// Looks at the outcome where it is, if the slot is resolved and has one.
    ///
    /// # Safety
    /// `T` is the type of the slot's value.
    pub(crate) unsafe fn peek<T>(&self) -> Option<&Result<T, TaskError>> {
        if !self.0.snapshot().has_outcome() {
            return None;
        }
        // SAFETY: the table is this slot's.
        let outcome = unsafe { (self.0.table().outcome)(self.0.as_raw(), Access::Shared) };
        // SAFETY: there is an outcome; only a `&mut self` moves it out (I3).
        Some(unsafe { outcome.cast::<Result<T, TaskError>>().as_ref() })
    }
}

impl Unique {
    /// As Python prints it: `<Future at 0x… state=finished returned u64>`.
    pub(crate) fn print(&self, f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
        write!(f, "<{name} {:?}", self.0)?;
        if self.0.snapshot().has_outcome() {
            match self.error() {
                None => write!(f, " returned {}", (self.0.table().type_name)())?,
                Some(error) => write!(f, " raised {:?}", error.kind())?,
            }
        }
        f.write_str(">")
    }
}

impl Drop for Unique {
    fn drop(&mut self) {
        self.stop_waiting();
        match self.0.header().state.farewell() {
            Farewell::DropOutcome => self.0.drop_outcome(),
            Farewell::Nothing => {}
        }
    }
}
