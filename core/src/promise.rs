//! [`Promise`]: the right to resolve a future, for workers that are no executor's.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;

use crate::error::TaskError;
use crate::slot::SlotRef;
use crate::state::Claim;

/// A pair of a promise and the future that it resolves, on the heap.
///
/// # Examples
/// ```
/// let (promise, future) = concurrent_futures_core::promise();
/// std::thread::spawn(move || promise.complete(42));
/// assert_eq!(future.result()?, 42);
/// # Ok::<(), concurrent_futures_core::TaskError>(())
/// ```
#[cfg(feature = "std")]
pub fn promise<T>() -> (Promise<T>, crate::Future<T>) {
    promise_with_lock(crate::SlotLock::Os)
}

/// As [`promise`], with the lock chosen.
#[cfg(feature = "alloc")]
pub fn promise_with_lock<T>(lock: crate::SlotLock) -> (Promise<T>, crate::Future<T>) {
    promise_kept_by(None, lock)
}

/// As [`promise`], with who watches over it.
#[cfg(feature = "alloc")]
pub(crate) fn promise_kept_by<T>(
    keeper: Option<crate::keeper::KeeperRef>,
    lock: crate::SlotLock,
) -> (Promise<T>, crate::Future<T>) {
    use crate::storage::heap::{Entry, allocate};
    let header = allocate(crate::body::Nothing::<T>(PhantomData), lock, Entry::None, keeper, 2);
    // SAFETY: two references were counted for us.
    let theirs = unsafe { SlotRef::from_raw(header) };
    // SAFETY: the second of them.
    let ours = unsafe { SlotRef::from_raw(header) };
    // SAFETY: the only future of a slot just made, whose value is a `T`.
    let future = unsafe { crate::Future::new(theirs) };
    // SAFETY: a slot just made for a `T`, and its only promise.
    (unsafe { Promise::new(ours) }, future)
}

/// The right to resolve a future. Dropped unfulfilled, it resolves it as abandoned.
///
/// Whoever resolves wakes those who wait and calls the done callbacks: an interrupt handler may, if they
/// may be called there.
#[must_use = "dropping a promise abandons its future"]
pub struct Promise<T> {
    slot: SlotRef,
    /// Invariant: what is written here is read as a `T` at the other end.
    value: PhantomData<Cell<T>>,
}

/// A promise that has started: its future can no longer be cancelled, unless it is
/// [suspended](Self::suspend).
#[must_use = "dropping a promise abandons its future"]
pub struct Running<T> {
    slot: SlotRef,
    value: PhantomData<Cell<T>>,
}

/// The future was cancelled before the promise started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cancelled;

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the future was cancelled before its promise started")
    }
}

impl core::error::Error for Cancelled {}

impl<T> Promise<T> {
    /// # Safety
    /// The slot was made for a promise, its value is a `T`, and this is its only promise.
    pub(crate) unsafe fn new(slot: SlotRef) -> Self {
        Self { slot, value: PhantomData }
    }

    /// Says that the work begins: from now on the future is running and cannot be cancelled.
    ///
    /// # Errors
    /// [`Cancelled`] if it has been.
    pub fn start(self) -> Result<Running<T>, Cancelled> {
        match self.slot.claim() {
            Claim::Claimed => Ok(Running { slot: self.into_slot(), value: PhantomData }),
            Claim::TooLate => Err(Cancelled),
        }
    }

    /// Cancels the future, as [`Future::cancel`](crate::Future::cancel) does.
    pub fn cancel(self) {
        self.slot.cancel();
    }

    /// Whether the task was asked to stop.
    pub fn stop_requested(&self) -> bool {
        self.slot.snapshot().is_stop_requested()
    }

    fn into_slot(self) -> SlotRef {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is not used again, nor dropped.
        unsafe { core::ptr::read(&this.slot) }
    }

    /// Resolves the future with a value.
    ///
    /// # Errors
    /// The value, if the future was cancelled.
    pub fn complete(self, value: T) -> Result<(), T> {
        match self.start() {
            Ok(running) => {
                running.complete(value);
                Ok(())
            }
            Err(Cancelled) => Err(value),
        }
    }

    /// Resolves the future with an error.
    ///
    /// # Errors
    /// The error, if the future was cancelled.
    pub fn fail(self, error: TaskError) -> Result<(), TaskError> {
        match self.start() {
            Ok(running) => {
                running.fail(error);
                Ok(())
            }
            Err(Cancelled) => Err(error),
        }
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        let _ = self.slot.resolve_pending(TaskError::abandoned()); // too late: started or cancelled
    }
}

impl<T> Running<T> {
    /// Resolves the future with a value.
    pub fn complete(self, value: T) {
        self.resolve(Ok(value));
    }

    /// Resolves the future with an error.
    pub fn fail(self, error: TaskError) {
        self.resolve(Err(error));
    }

    /// Takes the start back, for work that is done in several attempts: until the promise starts
    /// again the future is pending, can be cancelled, and is not [`running`](crate::Future::running).
    ///
    /// # Examples
    /// ```
    /// # use concurrent_futures_core::promise;
    /// let (promise, future) = promise::<u32>();
    /// let running = promise.start()?;
    /// assert!(future.running() && !future.cancel());
    /// let promise = running.suspend(); // the attempt failed, the next is due in a while
    /// assert!(!future.running() && future.cancel());
    /// assert!(promise.start().is_err());
    /// # Ok::<(), concurrent_futures_core::Cancelled>(())
    /// ```
    pub fn suspend(self) -> Promise<T> {
        let slot = self.into_slot();
        slot.header().state.suspend();
        Promise { slot, value: PhantomData }
    }

    /// Whether the task was asked to stop.
    pub fn stop_requested(&self) -> bool {
        self.slot.snapshot().is_stop_requested()
    }

    /// Calls `f` as the work of this promise: in it, [`stop_requested`](crate::stop_requested())
    /// speaks of this promise's future, and waiting for that future is an error of kind
    /// [`WouldDeadlock`](crate::TaskErrorKind::WouldDeadlock).
    #[cfg(feature = "std")]
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> R {
        crate::context::enter_promise(&self.slot, f)
    }

    fn into_slot(self) -> SlotRef {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is not used again, nor dropped.
        unsafe { core::ptr::read(&this.slot) }
    }

    fn resolve(self, outcome: Result<T, TaskError>) {
        let slot = self.into_slot();
        // SAFETY: `start` took arrow 1, the callable of a promise is nothing, and the value is a
        // `T`, invariantly.
        unsafe { slot.resolve_with(outcome) };
        slot.let_keeper_go();
    }
}

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        // SAFETY: `start` took arrow 1, and the callable of a promise is nothing.
        unsafe { self.slot.resolve_with_error(TaskError::abandoned()) };
        self.slot.let_keeper_go();
    }
}

impl<T> fmt::Debug for Promise<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Promise {:?}>", self.slot)
    }
}

impl<T> fmt::Debug for Running<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Running {:?}>", self.slot)
    }
}
