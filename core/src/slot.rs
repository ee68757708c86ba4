//! The slot as those see it who do not know its types: header, table, counted references.

use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::task::Waker;

use crate::completion::FutureState;
use crate::contain::contain;
use crate::error::TaskError;
use crate::keeper::{KeeperRef, ON_HEAP};
use crate::node::{Node, NodeList, Visit};
use crate::queue::Links;
use crate::state::{List, Release, Snapshot, State};
use crate::sync::{Tombstone, UnsafeCell, atomic::AtomicU32, const_unless_modeled};

/// What every slot begins with. Fields say who may touch them when; I1 to I8 are in `state.rs`.
#[repr(C)]
pub(crate) struct Header {
    pub(crate) state: State,
    /// Which list of its keeper holds the slot; 0 for none (I7).
    pub(crate) home: AtomicU32,
    table: &'static Table,
    /// The one inline waiter (I2).
    pub(crate) waker: UnsafeCell<Option<Waker>>,
    /// Callbacks and waiters of shared futures, under the slot's lock (I4).
    nodes: UnsafeCell<NodeList>,
    /// Neighbours in the list that `home` names (I7).
    pub(crate) links: UnsafeCell<Links>,
    pub(crate) tombstone: Tombstone,
}

/// What knows the types, the storage and the lock of a slot. Every function wants the address of a
/// live slot of the kind that the table was made for.
pub(crate) struct Table {
    /// Runs the callable and writes what came of it; the error, if it is one. The caller has taken
    /// arrow 1 and publishes, unless this unwinds: then the slot is resolved.
    pub(crate) run: unsafe fn(NonNull<Header>) -> Option<TaskError>,
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
    /// Who accepted the slot, if anybody did: always the same (I6).
    pub(crate) keeper: unsafe fn(NonNull<Header>) -> Option<KeeperRef>,
    /// Runs the argument under the slot's lock.
    pub(crate) with_lock: unsafe fn(NonNull<Header>, &mut dyn FnMut()),
    /// Gives the memory back (I5). Callable and outcome are gone.
    pub(crate) free: unsafe fn(NonNull<Header>),
    /// The slot's entry in a ledger, if it has room for one.
    pub(crate) ledger_entry: unsafe fn(NonNull<Header>) -> Option<NonNull<LedgerEntry>>,
    /// Told when the slot is resolved and all that follows is over, where somebody waits for that.
    pub(crate) settled: Option<unsafe fn(NonNull<Header>)>,
    /// What `Debug` prints of the value.
    pub(crate) type_name: fn() -> &'static str,
    /// Writes what came in bytes into the empty room, where that can be. The caller has taken arrow 1.
    #[cfg(all(feature = "calls", feature = "std"))]
    pub(crate) arrive: Option<unsafe fn(NonNull<Header>, crate::calls::Encoded)>,
    /// The error that bytes are, where they can be one.
    #[cfg(all(feature = "calls", feature = "std"))]
    pub(crate) raised: Option<fn(&crate::calls::Encoded) -> TaskError>,
    /// The number of a call, 0 for all else.
    #[cfg(all(feature = "calls", feature = "std"))]
    pub(crate) number: unsafe fn(NonNull<Header>) -> u64,
}

impl Table {
    /// Whom to tell that the slot is settled, where somebody waits for that: a scope, so nobody without `std`.
    #[inline]
    pub(crate) fn settled(&self) -> Option<unsafe fn(NonNull<Header>)> {
        if cfg!(feature = "std") { self.settled } else { None }
    }
}

/// What links a slot into the ledger of its executor, beside whatever queue its backend has (I7).
pub(crate) struct LedgerEntry {
    pub(crate) home: AtomicU32,
    pub(crate) links: UnsafeCell<Links>,
}

impl LedgerEntry {
    /// An entry in no ledger.
    #[cfg(feature = "alloc")]
    pub(crate) fn new() -> Self {
        Self { home: AtomicU32::new(0), links: UnsafeCell::new(Links::new()) }
    }
}

/// What the caller is about to do in the room.
#[derive(Clone, Copy)]
pub(crate) enum Access {
    /// Look, as others may.
    Shared,
    /// Move out.
    Exclusive,
    /// Write, into an empty room in which an outcome is kept as it is.
    Empty,
}

impl Header {
    pub(crate) fn table(&self) -> &'static Table {
        self.table
    }

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
    /// There are others who could: ask again when all of them wait.
    NotYet,
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
        // SAFETY: a storage runs it exactly once, as a lock does (contracts of `Storage` and `Lock`).
        unsafe { result.unwrap_unchecked() }
    }

    // --- the keeper (I6) ---

    pub(crate) fn keeper(&self) -> Option<KeeperRef> {
        // SAFETY: the table is this slot's.
        unsafe { (self.table().keeper)(self.0) }
    }

    /// The keeper, where one that lives on the heap would make a difference; `None` where none does, for
    /// which the slot is not even asked.
    #[inline]
    pub(crate) fn keeper_on_heap(&self) -> Option<KeeperRef> {
        if ON_HEAP { self.keeper() } else { None }
    }

    /// The keeper of which the slot holds a reference, if it is one of those.
    #[inline]
    pub(crate) fn counted_keeper(&self) -> Option<KeeperRef> {
        self.keeper_on_heap().filter(|keeper| keeper.is_counted())
    }

    /// Whether another task has to end before this one can start.
    pub(crate) fn is_chained(&self) -> bool {
        self.keeper_on_heap().is_some_and(KeeperRef::is_chained)
    }

    /// The task that a waiter would have to run for this one to end: itself, or the first of the
    /// chain that `then` has made.
    pub(crate) fn root(&self) -> SlotRef {
        let mut slot = self.clone();
        let mut walk = Walk::from(&slot);
        while slot.is_chained() {
            // SAFETY: alive, says `ask`.
            match slot.ask(|keeper| unsafe { keeper.precedent() }) {
                Some(Some(precedent)) if walk.is_new(&precedent) => slot = precedent,
                _ => break,
            }
        }
        slot
    }

    /// Whether this thread may run the task, which is still pending, while it waits for it: if it
    /// runs another of the same keeper already, or the keeper says so.
    pub(crate) fn claimable(&self) -> Claimable {
        let ours = self.ask(|keeper| {
            // SAFETY: alive, says `ask`.
            crate::context::keeper(keeper.address()).is_some() || unsafe { keeper.may_claim() }
        });
        match ours {
            None | Some(false) => Claimable::No,
            Some(true) if crate::context::has_room() => Claimable::Yes,
            Some(true) => Claimable::TooDeep,
        }
    }

    /// Whether it is worth while to ask whether this thread may run what this slot waits for. Costs
    /// no write.
    pub(crate) fn may_be_claimed(&self) -> bool {
        self.snapshot().is_pending()
            && self.keeper_on_heap().is_some_and(|keeper| {
                keeper.is_claimable() && (keeper.answers_strangers() || crate::context::in_task())
            })
    }

    /// Calls the task back if it is away; says whether it is still pending, and here.
    #[cold]
    pub(crate) fn call_back(&self) -> bool {
        // SAFETY: alive, says `ask`.
        let recalled = self.ask(|keeper| unsafe { keeper.recall(self) });
        // Not recalled: it has started. Or somebody else was first, or the worker died, and it is back.
        recalled == Some(true) || !self.snapshot().is_away()
    }

    /// Where the task is in its life. Of one that is away the keeper knows more.
    pub(crate) fn life(&self) -> FutureState {
        let snapshot = self.snapshot();
        if !snapshot.is_away() {
            return FutureState::of(snapshot);
        }
        let started = self.has_started();
        // Meanwhile it may have been resolved, or it is back: then the answer was about another time.
        let snapshot = self.snapshot();
        if started && snapshot.is_away() { FutureState::Running } else { FutureState::of(snapshot) }
    }

    #[cold]
    fn has_started(&self) -> bool {
        // SAFETY: alive, says `ask`.
        self.ask(|keeper| unsafe { keeper.has_started(self) }) == Some(true)
    }

    /// As `claimable`, for a wait that other tasks may end as well: only if no worker is left who
    /// could run it.
    pub(crate) fn claimable_at_last(&self) -> Claimable {
        // SAFETY: alive, says `ask`.
        match self.ask(|keeper| unsafe { keeper.all_wait() }) {
            None => Claimable::No,
            Some(false) => Claimable::NotYet,
            Some(true) => self.claimable(),
        }
    }

    /// Has the waker woken when `root` may have come to name another task, wherever that can be; says
    /// whether it can.
    #[cfg(feature = "std")]
    pub(crate) fn watch_root(&self, waker: &Waker) -> bool {
        let mut slot = self.clone();
        let mut may_change = false;
        let mut walk = Walk::from(&slot);
        while slot.keeper().is_some_and(KeeperRef::is_chained) {
            let precedent = slot.ask_unless(Snapshot::is_done, |keeper| {
                // SAFETY: alive, says `ask_unless`.
                unsafe { keeper.enter_wait(waker) };
                // SAFETY: as above.
                unsafe { keeper.precedent() }
            });
            may_change |= precedent.is_some();
            match precedent.flatten() {
                Some(precedent) if walk.is_new(&precedent) => slot = precedent,
                _ => break,
            }
        }
        may_change
    }

    /// Asks the keeper of a pending task, which is alive then; `None` if there is none to ask.
    fn ask<R>(&self, question: impl FnOnce(KeeperRef) -> R) -> Option<R> {
        self.ask_unless(|now| !now.is_pending(), question)
    }

    /// Asks the keeper unless the slot is `over`, which it is at the latest when resolved.
    fn ask_unless<R>(
        &self,
        over: impl Fn(Snapshot) -> bool,
        question: impl FnOnce(KeeperRef) -> R,
    ) -> Option<R> {
        // One in a static answers no strangers, and without a heap nobody knows of himself that he is none.
        let keeper = self.keeper_on_heap()?;
        if over(self.snapshot()) {
            return None;
        }
        if crate::context::keeper(keeper.address()).is_some() {
            return Some(question(keeper)); // a task of that keeper runs on this very thread
        }
        if !keeper.answers_strangers() {
            return None;
        }
        let alive = self.with_lock(|| {
            let alive = !over(self.snapshot());
            if alive {
                // SAFETY: not resolved, and whoever settles it releases the keeper after a turn of
                // this lock.
                unsafe { keeper.retain() };
            }
            alive
        });
        if !alive {
            return None;
        }
        let _retained = Retained(keeper); // given up also when the backend's answer is a panic
        Some(question(keeper))
    }

    // --- nodes (I4) ---

    fn with_nodes<R>(&self, f: impl FnOnce(&mut NodeList) -> R) -> R {
        // SAFETY: under the slot's lock; `f` keeps no reference.
        self.with_lock(|| self.header().nodes.with_mut(|nodes| f(unsafe { &mut *nodes })))
    }

    /// Links a node, or says that the slot is resolved.
    ///
    /// # Safety
    /// The node stays where it is, alive, until it was visited or `unlink_node` returned.
    pub(crate) unsafe fn link_node(&self, node: NonNull<Node>) -> List {
        self.with_nodes(|nodes| {
            let list = self.header().state.open_list();
            if list == List::Open {
                // SAFETY: under the slot's lock; the node lives as the caller promises.
                unsafe { nodes.push(node) };
            }
            list
        })
    }

    /// Unlinks the first node, for the caller to visit.
    pub(crate) fn pop_node(&self) -> Option<Visit> {
        // SAFETY: under the slot's lock (I4).
        self.with_nodes(|nodes| unsafe { nodes.pop() })
    }

    /// Unlinks a node if it is still linked, and returns the waker in it.
    ///
    /// # Safety
    /// If the node is linked anywhere, it is in this slot's list.
    pub(crate) unsafe fn unlink_node(&self, node: NonNull<Node>) -> Option<Waker> {
        // SAFETY: under the slot's lock; the node is this list's as the caller promises.
        self.with_nodes(|nodes| unsafe { nodes.remove(node) })
    }
}

/// A walk along a chain that a user may have closed to a ring: it is left when it comes back to a
/// slot that was marked, and the mark is moved on whenever the way since has become twice as long.
struct Walk {
    mark: SlotRef,
    steps: usize,
    until_moved: usize,
}

impl Walk {
    fn from(slot: &SlotRef) -> Self {
        Self { mark: slot.clone(), steps: 0, until_moved: 1 }
    }

    /// Whether the next slot is none that was marked.
    fn is_new(&mut self, next: &SlotRef) -> bool {
        if self.mark.address() == next.address() {
            return false;
        }
        self.steps += 1;
        if self.steps == self.until_moved {
            (self.steps, self.until_moved) = (0, self.until_moved.saturating_mul(2));
            self.mark = next.clone();
        }
        true
    }
}

/// What a stranger holds while it asks.
struct Retained(KeeperRef);

impl Drop for Retained {
    fn drop(&mut self) {
        // SAFETY: retained by `ask`, for this.
        unsafe { self.0.release() };
    }
}

impl Clone for SlotRef {
    fn clone(&self) -> Self {
        self.header().state.retain();
        Self(self.0)
    }
}

impl SlotRef {
    /// Gives up the reference of the unique future, which has moved the outcome out of the room.
    ///
    /// # Safety
    /// It has, it is the future's own reference, and the outcome was not marked as taken.
    #[inline]
    pub(crate) unsafe fn leave_with_outcome(self) {
        let this = ManuallyDrop::new(self);
        if let Release::Last(_) = this.header().state.leave_with_outcome() {
            // SAFETY: the last reference was ours (I5), and the room is empty.
            unsafe { (this.header().table.free)(this.0) };
        }
    }

    /// Gives the memory back without giving up the last reference first: nobody is left who would look.
    ///
    /// # Safety
    /// This reference is the last, and the caller has seen the slot as spent.
    #[inline]
    pub(crate) unsafe fn end(self) {
        let this = ManuallyDrop::new(self);
        // SAFETY: the last reference is ours (I5), and the room is empty.
        unsafe { (this.header().table.free)(this.0) };
    }
}

impl Drop for SlotRef {
    #[inline]
    fn drop(&mut self) {
        if let Release::Last(state) = self.header().state.release() {
            free(self.0, state);
        }
    }
}

/// Ends a slot to which no reference is left, and of which that is the state.
fn free(header: NonNull<Header>, state: Snapshot) {
    // SAFETY: the last reference was ours (I5).
    let table = unsafe { header.as_ref() }.table;
    if state.has_outcome() {
        // SAFETY: nobody is left who could take it.
        let _ = contain(|| unsafe { (table.drop_outcome)(header) });
    }
    // SAFETY: the last reference was ours, and the room is empty.
    unsafe { (table.free)(header) };
}

impl fmt::Debug for SlotRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {:p} state={}", self.0, self.life())
    }
}
