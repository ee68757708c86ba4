//! Whoever accepted a task: asked about claims, told of resolutions, kept alive until then (I6).

#[cfg(feature = "alloc")]
use crate::sync::Arc;
use core::ptr::NonNull;
use core::task::Waker;

use crate::resolve::Ended;
use crate::slot::SlotRef;

/// Accepts tasks and is told what becomes of them.
pub(crate) trait Keeper: Send + Sync + Sized {
    /// Whether its tasks start only when another has ended, which `precedent` names.
    const CHAINED: bool = false;

    /// Whether a waiter may ever run its tasks.
    const CLAIMABLE: bool = true;

    /// The task that has to end before the one that is asked about can start.
    fn precedent(&self) -> Option<SlotRef> {
        None
    }

    /// Whether the calling context is one of its workers.
    fn may_claim(&self) -> bool {
        false
    }

    /// Calls back a task that is away; says whether it will not start there. It is not away then.
    fn recall(&self, _task: &SlotRef) -> bool {
        false
    }

    /// Whether a task that is away has started.
    fn has_started(&self, _task: &SlotRef) -> bool {
        false
    }

    /// Somebody other than a worker has claimed the task, to run it or to cancel it: a queue entry
    /// that can be unlinked is.
    fn claimed_elsewhere(&self, _task: &SlotRef) {}

    /// One of its tasks has been started by a waiter, or by a worker that keeps no count of its own.
    fn started(&self) {}

    /// One of its tasks has ended: one of which `started` was told, or one that never started.
    fn ended(&self, _ended: Ended) {}

    /// A worker is about to park in a wait. When every worker is, their wakers are woken, so that
    /// one of them may claim.
    fn enter_wait(&self, _waker: &Waker) {}

    /// Whether every worker is parked in a wait, as far as one can tell.
    fn all_wait(&self) -> bool {
        false
    }

    /// The worker no longer waits.
    fn leave_wait(&self, _waker: &Waker) {}

    /// The task is resolved, its waiters are woken, its callbacks have run: the slot's reference is
    /// given up. Does not unwind.
    #[cfg(feature = "alloc")]
    fn let_go(this: Arc<Self>, _task: &SlotRef) {
        // The last one drops a backend, which may panic; that is nobody's failure here.
        let _ = crate::contain::contain(|| drop(this));
    }
}

/// Whether there are keepers on the heap. Those in statics are neither counted nor asked by strangers, and where there
/// are no others all that has to do with it costs nothing.
pub(crate) const ON_HEAP: bool = cfg!(feature = "alloc");

/// A counted reference to a keeper, two pointers wide, that a slot stores.
#[derive(Clone, Copy)]
pub(crate) struct KeeperRef {
    data: NonNull<()>,
    table: &'static Table,
}

// SAFETY: keepers are Send and Sync, and all that a reference does is call them.
unsafe impl Send for KeeperRef {}
// SAFETY: as above.
unsafe impl Sync for KeeperRef {}

struct Table {
    is_counted: bool,
    answers_strangers: bool,
    is_chained: bool,
    is_claimable: bool,
    recall: unsafe fn(NonNull<()>, &SlotRef) -> bool,
    has_started: unsafe fn(NonNull<()>, &SlotRef) -> bool,
    precedent: unsafe fn(NonNull<()>) -> Option<SlotRef>,
    may_claim: unsafe fn(NonNull<()>) -> bool,
    claimed_elsewhere: unsafe fn(NonNull<()>, &SlotRef),
    started: unsafe fn(NonNull<()>),
    ended: unsafe fn(NonNull<()>, Ended),
    enter_wait: unsafe fn(NonNull<()>, &Waker),
    all_wait: unsafe fn(NonNull<()>) -> bool,
    leave_wait: unsafe fn(NonNull<()>, &Waker),
    let_go: unsafe fn(NonNull<()>, &SlotRef),
    retain: unsafe fn(NonNull<()>),
    release: unsafe fn(NonNull<()>),
}

/// The table of a kind of keeper; `STRANGERS`: whether contexts that run none of its tasks may ask
/// it whether they may claim.
struct TableOf<K, const STRANGERS: bool>(core::marker::PhantomData<K>);

/// # Safety
/// `data` came from a `&K` or `Arc<K>` that is still alive.
unsafe fn keeper<'a, K>(data: NonNull<()>) -> &'a K {
    // SAFETY: as the caller promises.
    unsafe { data.cast().as_ref() }
}

impl<K: Keeper, const STRANGERS: bool> TableOf<K, STRANGERS> {
    #[cfg(feature = "alloc")]
    const COUNTED: &'static Table = &Table {
        is_counted: true,
        let_go: |data, task| {
            // SAFETY: as below.
            let keeper = unsafe { Arc::from_raw(data.as_ptr().cast::<K>()) };
            K::let_go(keeper, task);
        },
        ..*Self::UNCOUNTED
    };

    #[cfg(feature = "alloc")]
    const UNCOUNTED: &'static Table = &Table {
        // SAFETY: the pointer came from `Arc::into_raw`, and the reference counts.
        retain: |data| unsafe { Arc::increment_strong_count(data.as_ptr().cast::<K>()) },
        release: |data| {
            // SAFETY: as above, and the count that is given up is this reference's own.
            let keeper = unsafe { Arc::from_raw(data.as_ptr().cast::<K>()) };
            let _ = crate::contain::contain(|| drop(keeper)); // as `let_go` says
        },
        ..*Self::STATIC
    };

    const STATIC: &'static Table = &Table {
        is_counted: false,
        answers_strangers: STRANGERS,
        is_chained: K::CHAINED,
        is_claimable: K::CLAIMABLE,
        // SAFETY: as below.
        recall: |data, task| unsafe { keeper::<K>(data) }.recall(task),
        // SAFETY: as below.
        has_started: |data, task| unsafe { keeper::<K>(data) }.has_started(task),
        // SAFETY: a table's functions are called with the pointer that it is stored with, while the
        // keeper lives.
        precedent: |data| unsafe { keeper::<K>(data) }.precedent(),
        // SAFETY: as above.
        may_claim: |data| unsafe { keeper::<K>(data) }.may_claim(),
        // SAFETY: as above.
        claimed_elsewhere: |data, task| unsafe { keeper::<K>(data) }.claimed_elsewhere(task),
        // SAFETY: as above.
        started: |data| unsafe { keeper::<K>(data) }.started(),
        // SAFETY: as above.
        ended: |data, ended| unsafe { keeper::<K>(data) }.ended(ended),
        // SAFETY: as above.
        enter_wait: |data, waker| unsafe { keeper::<K>(data) }.enter_wait(waker),
        // SAFETY: as above.
        all_wait: |data| unsafe { keeper::<K>(data) }.all_wait(),
        // SAFETY: as above.
        leave_wait: |data, waker| unsafe { keeper::<K>(data) }.leave_wait(waker),
        let_go: |_, _| (),
        retain: |_| (),
        release: |_| (),
    };
}

impl KeeperRef {
    /// Counts one more reference to a keeper on the heap.
    #[cfg(feature = "alloc")]
    pub(crate) fn counted<K: Keeper + 'static, const STRANGERS: bool>(keeper: &Arc<K>) -> Self {
        let raw = Arc::into_raw(keeper.clone()).cast_mut().cast();
        // SAFETY: `Arc::into_raw` is never null.
        let data = unsafe { NonNull::new_unchecked(raw) };
        Self { data, table: TableOf::<K, STRANGERS>::COUNTED }
    }

    /// Refers to a keeper on the heap that is kept alive by whoever has an entry of the task, and
    /// discards none that somebody else has claimed before that one has counted a reference (I6).
    #[cfg(feature = "alloc")]
    pub(crate) fn uncounted<K: Keeper + 'static>(keeper: &Arc<K>) -> Self {
        let raw = Arc::as_ptr(keeper).cast_mut().cast();
        // SAFETY: `Arc::as_ptr` is never null.
        let data = unsafe { NonNull::new_unchecked(raw) };
        Self { data, table: TableOf::<K, false>::UNCOUNTED }
    }

    /// Refers to a keeper that is never dropped.
    pub(crate) fn to_static<K: Keeper>(keeper: &'static K) -> Self {
        Self { data: NonNull::from(keeper).cast(), table: TableOf::<K, false>::STATIC }
    }

    /// For comparison.
    pub(crate) fn address(self) -> NonNull<()> {
        self.data
    }

    /// Whether each slot holds a reference, which is given up by `let_go`.
    pub(crate) fn is_counted(self) -> bool {
        ON_HEAP && self.table.is_counted
    }

    /// Whether contexts that run none of its tasks may ask it.
    pub(crate) fn answers_strangers(self) -> bool {
        ON_HEAP && self.table.answers_strangers
    }

    /// Whether a waiter may ever run its tasks.
    pub(crate) fn is_claimable(self) -> bool {
        self.table.is_claimable
    }

    /// # Safety
    /// The keeper is alive.
    pub(crate) unsafe fn recall(self, task: &SlotRef) -> bool {
        // SAFETY: as the caller promises.
        unsafe { (self.table.recall)(self.data, task) }
    }

    /// # Safety
    /// The keeper is alive.
    pub(crate) unsafe fn has_started(self, task: &SlotRef) -> bool {
        // SAFETY: as the caller promises.
        unsafe { (self.table.has_started)(self.data, task) }
    }

    /// Whether its tasks have a precedent.
    pub(crate) fn is_chained(self) -> bool {
        self.table.is_chained
    }

    /// # Safety
    /// The keeper is alive.
    pub(crate) unsafe fn precedent(self) -> Option<SlotRef> {
        // SAFETY: as the caller promises.
        unsafe { (self.table.precedent)(self.data) }
    }

    /// # Safety
    /// The keeper is alive.
    pub(crate) unsafe fn may_claim(self) -> bool {
        // SAFETY: as the caller promises.
        unsafe { (self.table.may_claim)(self.data) }
    }

    /// # Safety
    /// The keeper is alive.
    pub(crate) unsafe fn claimed_elsewhere(self, task: &SlotRef) {
        // SAFETY: as the caller promises.
        unsafe { (self.table.claimed_elsewhere)(self.data, task) }
    }

    /// # Safety
    /// The keeper is alive.
    pub(crate) unsafe fn started(self) {
        // SAFETY: as the caller promises.
        unsafe { (self.table.started)(self.data) }
    }

    /// # Safety
    /// The keeper is alive.
    pub(crate) unsafe fn ended(self, ended: Ended) {
        // SAFETY: as the caller promises.
        unsafe { (self.table.ended)(self.data, ended) }
    }

    /// # Safety
    /// The keeper is alive.
    pub(crate) unsafe fn enter_wait(self, waker: &Waker) {
        // SAFETY: as the caller promises.
        unsafe { (self.table.enter_wait)(self.data, waker) }
    }

    /// # Safety
    /// The keeper is alive.
    pub(crate) unsafe fn all_wait(self) -> bool {
        // SAFETY: as the caller promises.
        unsafe { (self.table.all_wait)(self.data) }
    }

    /// # Safety
    /// The keeper is alive.
    pub(crate) unsafe fn leave_wait(self, waker: &Waker) {
        // SAFETY: as the caller promises.
        unsafe { (self.table.leave_wait)(self.data, waker) }
    }

    /// Gives up the reference of a slot whose task is resolved.
    ///
    /// # Safety
    /// The reference was counted, and is not used again.
    pub(crate) unsafe fn let_go(self, task: &SlotRef) {
        // SAFETY: as the caller promises.
        unsafe { (self.table.let_go)(self.data, task) }
    }

    /// # Safety
    /// The keeper is alive.
    pub(crate) unsafe fn retain(self) {
        if ON_HEAP {
            // SAFETY: as the caller promises.
            unsafe { (self.table.retain)(self.data) }
        }
    }

    /// # Safety
    /// The reference that is given up was counted, and is not used again.
    pub(crate) unsafe fn release(self) {
        if ON_HEAP {
            // SAFETY: as the caller promises.
            unsafe { (self.table.release)(self.data) }
        }
    }
}
