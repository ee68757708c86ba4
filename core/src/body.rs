//! The slot as those see it who know its types: the room, and the table that works on it.

use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use crate::contain::contain;
use crate::error::TaskError;
use crate::keeper::KeeperRef;
use crate::slot::{Access, Header, LedgerEntry, SlotRef, Table};
use crate::sync::{UnsafeCell, const_unless_modeled};

/// What a task runs.
pub(crate) trait Callable {
    /// The value of its future.
    type Output;
    /// What is kept of its outcome until somebody takes that.
    type Kept: Keep<Self::Output>;

    /// What is kept of a value that comes in bytes; `None` where none does.
    #[cfg(all(feature = "calls", feature = "std"))]
    const ARRIVED: Option<fn(crate::calls::Encoded) -> Self::Kept> = None;

    /// The error that bytes are, for who has no right to the outcome.
    #[cfg(all(feature = "calls", feature = "std"))]
    const RAISED: Option<fn(&crate::calls::Encoded) -> TaskError> = None;

    /// Runs it.
    ///
    /// # Errors
    /// The failure of the task.
    fn call(self) -> Result<Self::Output, TaskError>;

    /// The type that the user has given, for a [`TaskHook`](crate::TaskHook).
    fn type_name() -> &'static str
    where
        Self: Sized,
    {
        core::any::type_name::<Self>()
    }
}

/// What lies in the room of a slot that is finished.
pub(crate) trait Keep<T>: From<Result<T, TaskError>> {
    /// The outcome, which the caller may move out if it forgets the rest.
    fn outcome(&mut self) -> &Result<T, TaskError>;

    /// The outcome, for whoever looks at it where it is; perhaps several at once.
    fn look(&self) -> &Result<T, TaskError>;

    /// The error, if the outcome is known to be one.
    fn error(&self) -> Option<&TaskError>;
}

impl<T> Keep<T> for Result<T, TaskError> {
    #[inline]
    fn outcome(&mut self) -> &Self {
        self
    }

    #[inline]
    fn look(&self) -> &Self {
        self
    }

    #[inline]
    fn error(&self) -> Option<&TaskError> {
        self.as_ref().err()
    }
}

/// The callable of `submit`: all that it returns is a value.
pub(crate) struct Plain<F>(pub(crate) F);

impl<F: FnOnce() -> T, T> Callable for Plain<F> {
    type Output = T;
    type Kept = Result<T, TaskError>;

    fn call(self) -> Result<T, TaskError> {
        Ok((self.0)())
    }

    fn type_name() -> &'static str {
        core::any::type_name::<F>()
    }
}

/// A callable that makes its own [`TaskError`]s.
pub(crate) struct Fallible<F>(pub(crate) F);

impl<F: FnOnce() -> Result<T, TaskError>, T> Callable for Fallible<F> {
    type Output = T;
    type Kept = Result<T, TaskError>;

    fn call(self) -> Result<T, TaskError> {
        (self.0)()
    }

    fn type_name() -> &'static str {
        core::any::type_name::<F>()
    }
}

/// The callable of `submit_fallible`: an `Err` is a failure.
#[cfg(feature = "alloc")]
pub(crate) struct Raising<F>(pub(crate) F);

#[cfg(feature = "alloc")]
impl<F, T, E> Callable for Raising<F>
where
    F: FnOnce() -> Result<T, E>,
    E: Into<alloc::boxed::Box<dyn core::error::Error + Send + Sync>>,
{
    type Output = T;
    type Kept = Result<T, TaskError>;

    fn call(self) -> Result<T, TaskError> {
        (self.0)().map_err(TaskError::failed)
    }

    fn type_name() -> &'static str {
        core::any::type_name::<F>()
    }
}

/// The callable of a promise: somebody else will bring the value.
pub(crate) struct Nothing<T>(pub(crate) PhantomData<fn() -> T>);

impl<T> Callable for Nothing<T> {
    type Output = T;
    type Kept = Result<T, TaskError>;

    fn call(self) -> Result<T, TaskError> {
        Err(TaskError::abandoned())
    }
}

/// Where a slot lives, and which lock its list has.
pub(crate) trait Storage: Sized {
    /// Who accepted the slot, if anybody did: always the same (I6).
    fn keeper(&self) -> Option<KeeperRef>;

    /// Runs `f` under the lock of the slot at `header`, exactly once.
    fn with_lock(&self, header: NonNull<Header>, f: &mut dyn FnMut());

    /// Room to enter the slot into a ledger, where it has that.
    fn ledger_entry(&self) -> Option<&LedgerEntry> {
        None
    }

    /// The number of a call.
    #[cfg(all(feature = "calls", feature = "std"))]
    fn number(&self) -> u64 {
        0
    }

    /// Whether somebody is to be told by `settled`.
    const IS_WATCHED: bool = false;

    /// The slot is resolved, and all that follows a resolution is over.
    fn settled(&self) {}

    /// The outcome is about to be dropped; this is the error in it, if nobody was told of it.
    fn dropped_unread(&self, _error: &TaskError) {}

    /// Gives the memory back.
    ///
    /// # Safety
    /// The slot lives in this kind of storage, its room is empty, nobody refers to it.
    unsafe fn free<C: Callable>(slot: NonNull<Slot<C, Self>>);
}

/// A slot whole. The header comes first, so that its address is the slot's.
#[repr(C)]
pub(crate) struct Slot<C: Callable, S> {
    pub(crate) header: Header,
    pub(crate) storage: S,
    room: UnsafeCell<Room<C>>,
}

/// Callable first, outcome later; which of them, if any, the state tells (I1, I3).
union Room<C: Callable> {
    callable: ManuallyDrop<C>,
    outcome: ManuallyDrop<C::Kept>,
}

impl<C: Callable, S: Storage> Slot<C, S> {
    const TABLE: Table = Table {
        run: Self::run,
        drop_callable: Self::drop_callable,
        write_error: Self::write_error,
        outcome: Self::outcome,
        drop_outcome: Self::drop_outcome,
        error: Self::error,
        keeper: Self::keeper,
        with_lock: Self::with_lock,
        free: Self::free,
        ledger_entry: Self::ledger_entry,
        settled: if S::IS_WATCHED { Some(Self::settled) } else { None },
        type_name: core::any::type_name::<C::Output>,
        #[cfg(all(feature = "calls", feature = "std"))]
        arrive: if C::ARRIVED.is_some() { Some(crate::calls::arrive::<C, S>) } else { None },
        #[cfg(all(feature = "calls", feature = "std"))]
        raised: C::RAISED,
        #[cfg(all(feature = "calls", feature = "std"))]
        number: Self::number,
    };

    const_unless_modeled! {
    /// A pending slot with so many references.
    pub(crate) const fn new(callable: C, storage: S, references: u32) -> Self {
        Self {
            header: Header::new(&Self::TABLE, references),
            storage,
            room: UnsafeCell::new(Room { callable: ManuallyDrop::new(callable) }),
        }
    }
    }

    /// # Safety
    /// `header` is that of a live `Slot<C, S>`.
    unsafe fn of<'a>(header: NonNull<Header>) -> &'a Self {
        // SAFETY: as the caller promises; the header is the first field.
        unsafe { header.cast::<Self>().as_ref() }
    }

    /// Moves the callable out.
    ///
    /// # Safety
    /// `header` is that of a live `Slot<C, S>`, and the caller has taken arrow 1 or 2 (I1).
    pub(crate) unsafe fn take_callable(header: NonNull<Header>) -> C {
        // SAFETY: as the caller promises.
        let slot = unsafe { Self::of(header) };
        let room = slot.room.with_mut(|room| room);
        // SAFETY: whoever takes arrow 1 or 2 is alone in the room (I1).
        let room = unsafe { &mut *room };
        // SAFETY: and finds the callable there.
        let callable = unsafe { &mut room.callable };
        // SAFETY: which nobody looks for any more once one of the arrows is taken.
        unsafe { ManuallyDrop::take(callable) }
    }

    /// Writes the outcome.
    ///
    /// # Safety
    /// As for `take_callable`, and the room is empty.
    pub(crate) unsafe fn write(header: NonNull<Header>, outcome: Result<C::Output, TaskError>) {
        // SAFETY: as the caller promises.
        unsafe { Self::keep(header, C::Kept::from(outcome)) };
    }

    /// Writes what is kept of the outcome.
    ///
    /// # Safety
    /// As for `write`.
    pub(crate) unsafe fn keep(header: NonNull<Header>, kept: C::Kept) {
        // SAFETY: as the caller promises.
        let slot = unsafe { Self::of(header) };
        let room = Room { outcome: ManuallyDrop::new(kept) };
        // SAFETY: whoever took arrow 1 is alone in the room (I1), and it is empty.
        slot.room.with_mut(|place| unsafe { place.write(room) });
    }

    /// # Safety
    /// As [`Table`] says of this function.
    unsafe fn run(header: NonNull<Header>) -> Option<TaskError> {
        // SAFETY: the caller has taken arrow 1.
        let callable = unsafe { Self::take_callable(header) };
        // Where an unwind is not caught, the future is resolved all the same.
        let unwound = AbandonOnUnwind(header);
        let outcome = contain(|| callable.call());
        core::mem::forget(unwound);
        let outcome = outcome.unwrap_or_else(|payload| Err(TaskError::panicked(payload)));
        let error = outcome.as_ref().err().cloned();
        // SAFETY: arrow 1 was taken and the callable is gone.
        unsafe { Self::write(header, outcome) };
        error
    }

    /// # Safety
    /// As [`Table`] says of this function.
    unsafe fn drop_callable(header: NonNull<Header>) {
        // SAFETY: the caller has taken arrow 1 or 2.
        drop(unsafe { Self::take_callable(header) });
    }

    /// # Safety
    /// As [`Table`] says of this function.
    unsafe fn write_error(header: NonNull<Header>, error: TaskError) {
        // SAFETY: the caller has taken arrow 1, and the room is empty.
        unsafe { Self::write(header, Err(error)) };
    }

    /// # Safety
    /// As [`Table`] says of this function.
    unsafe fn outcome(header: NonNull<Header>, access: Access) -> NonNull<()> {
        // SAFETY: the caller's slot is of this kind.
        let slot = unsafe { Self::of(header) };
        match access {
            Access::Empty => {
                let room = slot.room.with_mut(|room| room);
                // SAFETY: the address of a field of the live slot; where a union puts it is not promised.
                let outcome = unsafe { &raw mut (*room).outcome };
                // SAFETY: and so it is not null.
                unsafe { NonNull::new_unchecked(outcome.cast()) }
            }
            Access::Shared => {
                let room = slot.room.with(|room| room);
                // SAFETY: nobody moves the outcome meanwhile, says the caller (I3).
                let room = unsafe { &*room };
                // SAFETY: there is one, says the caller.
                let kept = unsafe { &room.outcome };
                NonNull::from(kept.look()).cast()
            }
            Access::Exclusive => {
                let room = slot.room.with_mut(|room| room);
                // SAFETY: the outcome, and with it the room, is the caller's (I3).
                let room = unsafe { &mut *room };
                // SAFETY: there is one, says the caller.
                let kept = unsafe { &mut room.outcome };
                NonNull::from(kept.outcome()).cast()
            }
        }
    }

    /// # Safety
    /// As [`Table`] says of this function.
    unsafe fn drop_outcome(header: NonNull<Header>) {
        // SAFETY: the caller's slot is of this kind.
        let slot = unsafe { Self::of(header) };
        let room = slot.room.with_mut(|room| room);
        // SAFETY: the outcome, and with it the room, is the caller's (I3).
        let room = unsafe { &mut *room };
        // SAFETY: there is one, says the caller.
        let outcome = unsafe { &mut room.outcome };
        if !slot.header.state.load().is_read()
            && let Some(error) = outcome.error()
        {
            slot.storage.dropped_unread(error);
        }
        // SAFETY: which has been marked as taken, so that it is dropped once.
        unsafe { ManuallyDrop::drop(outcome) };
    }

    /// # Safety
    /// As [`Table`] says of this function.
    unsafe fn error(header: NonNull<Header>) -> Option<TaskError> {
        // SAFETY: the caller's slot is of this kind.
        let slot = unsafe { Self::of(header) };
        let room = slot.room.with(|room| room);
        // SAFETY: nobody moves the outcome meanwhile, says the caller (I3).
        let room = unsafe { &*room };
        // SAFETY: there is one, says the caller.
        let outcome = unsafe { &room.outcome };
        outcome.error().cloned()
    }

    /// # Safety
    /// As [`Table`] says of this function.
    unsafe fn keeper(header: NonNull<Header>) -> Option<KeeperRef> {
        // SAFETY: the caller's slot is of this kind.
        unsafe { Self::of(header) }.storage.keeper()
    }

    /// # Safety
    /// As [`Table`] says of this function.
    unsafe fn with_lock(header: NonNull<Header>, f: &mut dyn FnMut()) {
        // SAFETY: the caller's slot is of this kind.
        unsafe { Self::of(header) }.storage.with_lock(header, f);
    }

    /// # Safety
    /// As [`Table`] says of this function.
    unsafe fn ledger_entry(header: NonNull<Header>) -> Option<NonNull<LedgerEntry>> {
        // SAFETY: the caller's slot is of this kind.
        unsafe { Self::of(header) }.storage.ledger_entry().map(NonNull::from)
    }

    /// # Safety
    /// As [`Table`] says of this function.
    #[cfg(all(feature = "calls", feature = "std"))]
    unsafe fn number(header: NonNull<Header>) -> u64 {
        // SAFETY: the caller's slot is of this kind.
        unsafe { Self::of(header) }.storage.number()
    }

    /// # Safety
    /// As [`Table`] says of this function.
    unsafe fn settled(header: NonNull<Header>) {
        // SAFETY: the caller's slot is of this kind.
        unsafe { Self::of(header) }.storage.settled();
    }

    /// # Safety
    /// As [`Table`] says of this function.
    unsafe fn free(header: NonNull<Header>) {
        // SAFETY: the caller's slot is of this kind, and it held the last reference.
        unsafe { S::free(header.cast::<Self>()) };
    }
}

/// Resolves the slot as abandoned when the callable unwinds through a worker that catches nothing.
struct AbandonOnUnwind(NonNull<Header>);

impl Drop for AbandonOnUnwind {
    fn drop(&mut self) {
        // SAFETY: whoever runs the task holds a reference, which this borrows.
        let slot = ManuallyDrop::new(unsafe { SlotRef::from_raw(self.0) });
        // SAFETY: arrow 1 was taken by whoever runs, and the callable has been moved out.
        unsafe { slot.resolve_with_error(TaskError::abandoned()) };
    }
}
