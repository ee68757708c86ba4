//! [`PinnedTask`]: a task in its caller's own memory.

use core::cell::UnsafeCell;
use core::fmt;
use core::marker::{PhantomData, PhantomPinned};
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};

use crate::blocking;
use crate::body::{Callable, Plain, Slot, Storage};
use crate::contain::contain;
use crate::error::TaskError;
use crate::keeper::KeeperRef;
use crate::park::Park;
use crate::slot::{Header, SlotRef};
use crate::sync::{atomic::AtomicBool, atomic::Ordering, const_unless_modeled, wait_until};
use crate::unique::Unique;

/// A task in its caller's own memory: on a stack, in a static, in a struct. It takes no slot of the
/// executor that runs it, may be of any size, and is itself the future of its result.
///
/// Pin it, [submit](crate::ArenaExecutor::submit_pinned) it, and wait for it as for a
/// [`Future`](crate::Future). One that was not submitted stays pending until it is cancelled.
///
/// # Cancellation
/// [`cancel`](Self::cancel) succeeds while the task has not started. Dropping it does the same; if it
/// is running, **dropping waits**, spinning, until whoever runs it has let go of it.
///
/// That is a moment after its end: whoever runs it wakes the waiter first. So a task must not be dropped,
/// done or not, where that keeps its worker from going on: in an interrupt handler of the same core, in a
/// context of higher priority that the wake-up lets go on at once, or in the waker itself. It would wait
/// for ever. Those [submit](crate::ArenaExecutor::submit) to a slot of the executor, which waits for nobody.
///
/// # Examples
#[cfg_attr(feature = "critical-section", doc = "```")]
#[cfg_attr(not(feature = "critical-section"), doc = "```ignore")]
/// use concurrent_futures_core::{PinnedTask, StaticExecutor};
/// use std::pin::pin;
///
/// static EXECUTOR: StaticExecutor<0, 0> = StaticExecutor::new(); // no slots of its own
///
/// let table = [3u8; 1000];
/// let mut task = pin!(PinnedTask::new(move || table.iter().map(|&n| u32::from(n)).sum::<u32>()));
/// EXECUTOR.submit_pinned(task.as_mut())?;
/// EXECUTOR.run_pending();
/// assert_eq!(task.as_mut().try_result().transpose()?, Some(3000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// In a static its type has to be named, so there is a function in place of a closure. Whatever gives a
/// `&'static mut` will do: `static_cell`, or a `static mut` in the `main` of `cortex-m-rt`.
#[cfg_attr(feature = "critical-section", doc = "```")]
#[cfg_attr(not(feature = "critical-section"), doc = "```ignore")]
/// # use concurrent_futures_core::{PinnedTask, Spin, StaticExecutor, WakeFlag};
/// use core::pin::Pin;
///
/// # static EXECUTOR: StaticExecutor<0, 0> = StaticExecutor::new();
/// # static WOKEN: WakeFlag<Spin> = WakeFlag::new(Spin);
/// type Calibration = PinnedTask<fn() -> u32, u32>;
///
/// fn calibrate(memory: &'static mut Calibration) -> Result<u32, Box<dyn std::error::Error>> {
///     let mut task = Pin::static_mut(memory);
///     EXECUTOR.submit_pinned(task.as_mut())?;
/// #   EXECUTOR.run_pending();
///     Ok(task.result_with(&WOKEN.parker())?)
/// }
/// # static KEPT: std::sync::atomic::AtomicPtr<Calibration> = std::sync::atomic::AtomicPtr::new(std::ptr::null_mut());
/// # let memory = Box::leak(Box::new(Calibration::new(|| 5)));
/// # KEPT.store(std::ptr::from_mut(memory), std::sync::atomic::Ordering::Relaxed);
/// # assert_eq!(calibrate(memory)?, 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
/// In a struct it is pinned with that, by the crate `pin-project-lite` say.
pub struct PinnedTask<F: FnOnce() -> T, T> {
    slot: Slot<Plain<F>, InPlace>,
    /// As a promise, whose value is written by one and read by another.
    value: PhantomData<core::cell::Cell<T>>,
    _pinned: PhantomPinned,
}

// SAFETY: what others than the owner touch of the slot is atomic or guarded as I1 to I8 say; closure and
// result go to another context and back, and are Send.
unsafe impl<F: FnOnce() -> T + Send, T: Send> Send for PinnedTask<F, T> {}
// SAFETY: as above; a `&PinnedTask` looks at the state and cancels, it gives out no `&T`.
unsafe impl<F: FnOnce() -> T + Send, T: Send> Sync for PinnedTask<F, T> {}

/// The storage of a slot that belongs to its owner, and is given back to it.
struct InPlace {
    /// Written before the slot is shared, never again (I6).
    keeper: UnsafeCell<Option<KeeperRef>>,
    /// Nobody but the owner refers to the slot.
    given_back: AtomicBool,
}

impl Storage for InPlace {
    fn keeper(&self) -> Option<KeeperRef> {
        // SAFETY: written by `submitted_to` before anybody else knew of the slot (I6).
        unsafe { *self.keeper.get() }
    }

    /// Nothing is ever linked into the list of such a slot: it has no done callbacks and is no member
    /// of a set. So nobody is to be kept out of it.
    fn with_lock(&self, _: NonNull<Header>, f: &mut dyn FnMut()) {
        f();
    }

    unsafe fn free<C: Callable>(slot: NonNull<Slot<C, Self>>) {
        // SAFETY: the owner waits for what is done here, so the slot is there.
        let tombstone = unsafe { &raw const (*slot.as_ptr()).header.tombstone };
        // SAFETY: as above.
        unsafe { &*tombstone }.bury();
        // SAFETY: as above.
        let given_back = unsafe { &raw const (*slot.as_ptr()).storage.given_back };
        // ORDERING: Release; pairs with the Acquire in `drop`: all that was done to the slot comes before
        // its end. The slot is not touched after this, which is why it is reached by raw pointers.
        // SAFETY: as above, until the owner has seen the store.
        unsafe { &*given_back }.store(true, Ordering::Release);
    }
}

impl<F: FnOnce() -> T, T> PinnedTask<F, T> {
    const_unless_modeled! {
    /// A task that is not submitted yet.
    pub const fn new(callable: F) -> Self {
        let storage = InPlace {
            keeper: UnsafeCell::new(None),
            given_back: AtomicBool::new(false),
        };
        Self { slot: Slot::new(Plain(callable), storage, 1), value: PhantomData, _pinned: PhantomPinned }
    }
    }

    fn header(&self) -> NonNull<Header> {
        NonNull::from(&self.slot).cast()
    }

    /// The owner's reference, which is given up in `drop`, for those who only look at it, clone it or cancel.
    fn owner(&self) -> ManuallyDrop<SlotRef> {
        // SAFETY: the address of a live slot, whose first reference is the owner's: counted until `drop`, which
        // nobody who borrows the owner outlives, and not given up here.
        ManuallyDrop::new(unsafe { SlotRef::from_raw(self.header()) })
    }

    /// The owner's reference, for those who wait or take.
    ///
    /// # Safety
    /// The caller has the task mutably, and drops this, if at all, as the last that is done with the task.
    unsafe fn unique(&self) -> ManuallyDrop<Unique> {
        let slot = ManuallyDrop::into_inner(self.owner());
        // SAFETY: who has the task mutably makes one at a time; none was dropped before, as the caller promises.
        ManuallyDrop::new(unsafe { Unique::new(slot) })
    }

    fn with_slot<R>(&self, f: impl FnOnce(&SlotRef) -> R) -> R {
        f(&self.owner())
    }

    /// A reference for the queue of whoever accepts the task; `None` if somebody has before.
    pub(super) fn submitted_to(self: Pin<&mut Self>, keeper: KeeperRef) -> Option<SlotRef> {
        if self.slot.storage.keeper().is_some() {
            return None;
        }
        // SAFETY: nobody has accepted it, so nobody but the caller, who has it mutably, knows of it.
        unsafe { *self.slot.storage.keeper.get() = Some(keeper) };
        Some(self.with_slot(SlotRef::clone))
    }

    /// The reference was dropped: the task was not accepted after all.
    pub(super) fn taken_back(self: Pin<&mut Self>) {
        // SAFETY: nobody but the caller, who has it mutably, knows of the slot.
        unsafe { *self.slot.storage.keeper.get() = None };
    }

    /// Cancels the task if it has not started; says whether it will never start.
    pub fn cancel(&self) -> bool {
        self.with_slot(SlotRef::cancel)
    }

    /// Whether it was cancelled; once true, true for ever.
    pub fn cancelled(&self) -> bool {
        self.with_slot(|slot| slot.snapshot().is_cancelled())
    }

    /// Whether it is being executed right now.
    pub fn running(&self) -> bool {
        self.with_slot(|slot| slot.snapshot().is_running())
    }

    /// Whether it has a value, or was cancelled; once true, true for ever.
    pub fn done(&self) -> bool {
        self.with_slot(|slot| slot.snapshot().is_done())
    }

    /// Where the task is in its life.
    pub fn state(&self) -> crate::FutureState {
        self.with_slot(SlotRef::life)
    }

    /// The outcome, if there is one yet. Never waits.
    ///
    /// The second time the outcome is an error of kind [`Taken`](crate::TaskErrorKind::Taken).
    pub fn try_result(self: Pin<&mut Self>) -> Option<Result<T, TaskError>> {
        // SAFETY: we have it mutably, and do not drop it.
        let mut unique = unsafe { self.unique() };
        // SAFETY: the slot's value is a `T`.
        unsafe { unique.take() }
    }

    /// Waits on `park` for the outcome, as [`Future::result_with`](crate::Future::result_with).
    ///
    /// # Errors
    /// What became of the task.
    pub fn result_with<P: Park>(self: Pin<&mut Self>, park: &P) -> Result<T, TaskError> {
        self.wait_with(park, None)
    }

    /// Waits on `park` until the deadline. After it the task is as it was.
    ///
    /// # Errors
    /// What became of the task, or `TimedOut`.
    pub fn result_deadline_with<P: Park>(
        self: Pin<&mut Self>,
        park: &P,
        deadline: P::Instant,
    ) -> Result<T, TaskError> {
        self.wait_with(park, Some(deadline))
    }

    /// # Errors
    /// What became of the task, or why it was not waited for to the end.
    fn wait_with<P: Park>(
        self: Pin<&mut Self>,
        park: &P,
        deadline: Option<P::Instant>,
    ) -> Result<T, TaskError> {
        // SAFETY: we have it mutably, and do not drop it.
        let mut unique = unsafe { self.unique() };
        blocking::wait(&mut *unique, park, deadline).into_result()?;
        self.try_result().unwrap_or_else(|| Err(TaskError::timed_out()))
    }
}

impl<F: FnOnce() -> T, T> core::future::Future for PinnedTask<F, T> {
    type Output = Result<T, TaskError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: we have it mutably, and do not drop it.
        let mut unique = unsafe { self.unique() };
        match unique.poll_done(context.waker()) {
            Poll::Ready(()) => self.try_result().map_or(Poll::Pending, Poll::Ready),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<F: FnOnce() -> T, T> Drop for PinnedTask<F, T> {
    fn drop(&mut self) {
        // Closure, value or waker may unwind, where nothing catches that. The memory goes then too: so first the
        // reference and then the wait come at the end of all that, in whatever way it ends.
        let _wait = WaitUntilGivenBack(&self.slot);
        // The last of the owner's reference: it wants no result and no waking any more.
        // SAFETY: the owner itself, for the last time.
        let mut owner = ManuallyDrop::into_inner(unsafe { self.unique() });
        let waker = owner.take_waker_back(owner.slot().snapshot()); // which the cancel would wake
        owner.slot().cancel();
        let _ = contain(|| drop(waker));
    }
}

/// Waits, when dropped, until nobody refers to the slot any more.
struct WaitUntilGivenBack<'a, C: Callable>(&'a Slot<C, InPlace>);

impl<C: Callable> Drop for WaitUntilGivenBack<'_, C> {
    fn drop(&mut self) {
        // ORDERING: Acquire; pairs with the Release in `free`.
        wait_until(|| self.0.storage.given_back.load(Ordering::Acquire));
        self.0.header.tombstone.assert_buried();
    }
}

impl<F: FnOnce() -> T, T> fmt::Debug for PinnedTask<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<PinnedTask state={}>", self.state())
    }
}
