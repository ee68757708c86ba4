//! [`ArenaExecutor`]: tasks in static memory, run by a loop of the program.

use core::fmt;
use core::marker::PhantomData;

use crate::backend::{RefusedReason, SubmitError};
use crate::body::{Callable, Fallible, Nothing, Plain};
use crate::error::TaskError;
use crate::future::Future;
use crate::keeper::{Keeper, KeeperRef};
use crate::lock::Lock;
use crate::promise::Promise;
use crate::queue::Fifo;
use crate::slot::SlotRef;
use crate::storage::arena::Arena;
use crate::sync::const_unless_modeled;

/// The home of tasks that are queued (I7).
const QUEUED: u32 = 1;

/// An executor in a static: `SLOTS` tasks at a time, whose callables and results take up to `BYTES`
/// bytes, and no allocator. Interrupt handlers submit, a loop runs.
///
/// Everything but running may be called from an interrupt handler, for callables and values that may
/// be dropped there: submitting, looking at futures, cancelling and dropping them.
pub struct ArenaExecutor<L: 'static, const SLOTS: usize, const BYTES: usize> {
    queue: Fifo<L>,
    arena: Arena<L, SLOTS, BYTES>,
}

/// An [`ArenaExecutor`] for one core with interrupts, and for chips whose `critical-section`
/// implementation spans cores.
///
/// # Examples
/// ```
/// # mod board { pub fn read() -> i32 { 20 } pub fn show(_: Result<i32, concurrent_futures_core::TaskError>) {} pub fn wfi() {} pub fn lost<F>(_: F) {} pub fn filter(x: i32) -> i32 { x + 1 } }
/// # use board::*;
/// use concurrent_futures_core::{Future, Mailbox, StaticExecutor};
///
/// static EXECUTOR: StaticExecutor<8, 64> = StaticExecutor::new();
/// static FILTERED: Mailbox<Future<i32>> = Mailbox::new();
///
/// // #[interrupt]
/// fn ADC() {
///     let sample = read();
///     match EXECUTOR.submit(move || filter(sample)) {
///         Ok(future) => FILTERED.put(future),
///         Err(refused) => lost(refused.into_inner()), // no slot is free: the closure, back
///     }
/// }
///
/// # ADC();
/// # let mut rounds = 0;
/// loop {
///     EXECUTOR.run_pending();
///     if let Some(mut future) = FILTERED.take() {
///         match future.try_result() {
///             Some(result) => show(result),
///             None => FILTERED.put(future),
///         }
///     }
///     wfi();
/// #   rounds += 1;
/// #   if rounds == 2 { break; }
/// }
/// ```
///
/// A closure that does not fit is refused when it is compiled:
/// ```compile_fail
/// # use concurrent_futures_core::StaticExecutor;
/// static EXECUTOR: StaticExecutor<8, 64> = StaticExecutor::new();
/// let large = [0u8; 65];
/// EXECUTOR.submit(move || large.len()).ok();
/// ```
#[cfg(feature = "critical-section")]
pub type StaticExecutor<const SLOTS: usize, const BYTES: usize> =
    ArenaExecutor<crate::lock::CriticalSection, SLOTS, BYTES>;

/// For several cores without an operating system. Not for interrupt handlers: one that interrupted
/// the holder of the lock would spin for ever.
#[cfg(feature = "spin")]
pub type MulticoreExecutor<const SLOTS: usize, const BYTES: usize, R = spin::relax::Spin> =
    ArenaExecutor<crate::lock::SpinLock<R>, SLOTS, BYTES>;

#[cfg(feature = "critical-section")]
impl<const SLOTS: usize, const BYTES: usize> StaticExecutor<SLOTS, BYTES> {
    const_unless_modeled! {
    /// An executor with all slots free.
    pub const fn new() -> Self {
        use crate::lock::CriticalSection;
        Self::with_locks(CriticalSection, CriticalSection)
    }
    }
}

#[cfg(feature = "critical-section")]
impl<const SLOTS: usize, const BYTES: usize> Default for StaticExecutor<SLOTS, BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<L: Lock, const SLOTS: usize, const BYTES: usize> ArenaExecutor<L, SLOTS, BYTES> {
    const_unless_modeled! {
    /// An executor with all slots free; one lock is for its queue, one for the lists of its futures.
    pub const fn with_locks(queue: L, lists: L) -> Self {
        Self { queue: Fifo::new(queue, QUEUED), arena: Arena::new(lists) }
    }
    }

    /// Submits a callable. Never waits.
    ///
    /// # Errors
    /// The callable back, if no slot is free. A slot is free again when its task has ended and its
    /// future is dropped.
    pub fn submit<F, T>(&'static self, callable: F) -> Result<Future<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.submit_callable(Plain(callable)).map_err(|Plain(f)| full(f))
    }

    /// Submits a callable whose `Err` is a failure of the task.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub fn submit_fallible<F, T>(&'static self, callable: F) -> Result<Future<T>, SubmitError<F>>
    where
        F: FnOnce() -> Result<T, TaskError> + Send + 'static,
        T: Send + 'static,
    {
        self.submit_callable(Fallible(callable)).map_err(|Fallible(f)| full(f))
    }

    /// A promise and its future, in a slot of this executor; `None` if none is free.
    pub fn promise<T: Send + 'static>(&'static self) -> Option<(Promise<T>, Future<T>)> {
        let (slot, future) = self.allocate(Nothing::<T>(PhantomData)).ok()?;
        // SAFETY: a slot just made for a `T`, and its only promise.
        Some((unsafe { Promise::new(slot) }, future))
    }

    /// # Errors
    /// The callable, if no slot is free.
    fn submit_callable<C>(&'static self, callable: C) -> Result<Future<C::Output>, C>
    where
        C: Callable + Send + 'static,
        C::Output: Send + 'static,
    {
        let (slot, future) = self.allocate(callable)?;
        // SAFETY: just made, and nobody else has seen it.
        unsafe { slot.set_keeper(KeeperRef::to_static(self)) };
        self.queue.push(slot);
        Ok(future)
    }

    /// # Errors
    /// The callable, if no slot is free.
    fn allocate<C: Callable>(
        &'static self,
        callable: C,
    ) -> Result<(SlotRef, Future<C::Output>), C> {
        let header = self.arena.allocate(callable, 2)?;
        // SAFETY: two references were counted for us.
        let slot = unsafe { SlotRef::from_raw(header) };
        // SAFETY: the second of them.
        let second = unsafe { SlotRef::from_raw(header) };
        // SAFETY: the only future of a slot just made, whose value is a `C::Output`.
        Ok((slot, unsafe { Future::new(second) }))
    }

    /// Runs the task at the front of the queue, here; `false` if there is none.
    pub fn run_one(&self) -> bool {
        match self.queue.pop() {
            Some(slot) => {
                let _ = slot.run(&()); // too late: whoever claimed it resolves it
                true
            }
            None => false,
        }
    }

    /// Runs what is queued, and what is submitted meanwhile, until nothing is; says how many tasks.
    pub fn run_pending(&self) -> usize {
        let mut count = 0;
        while self.run_one() {
            count += 1;
        }
        count
    }

    /// How many tasks are queued, at the moment.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// How many slots are free, at the moment.
    pub fn free_slots(&self) -> usize {
        self.arena.free_slots()
    }
}

fn full<F>(callable: F) -> SubmitError<F> {
    SubmitError::new(callable, RefusedReason::Full)
}

impl<L: Lock, const SLOTS: usize, const BYTES: usize> Keeper for ArenaExecutor<L, SLOTS, BYTES> {
    fn claimed_elsewhere(&self, task: &SlotRef) {
        drop(self.queue.remove(task));
    }
}

impl<L: Lock, const SLOTS: usize, const BYTES: usize> fmt::Debug
    for ArenaExecutor<L, SLOTS, BYTES>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArenaExecutor")
            .field("slots", &SLOTS)
            .field("free", &self.free_slots())
            .field("queued", &self.queued())
            .finish()
    }
}
