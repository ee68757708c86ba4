//! [`ArenaExecutor`]: tasks in static memory, run by a loop of the program.

use core::fmt;
use core::marker::PhantomData;
use core::pin::{Pin, pin};
use core::task::Poll;

use super::inside::{Next, WakeUp};
use super::pinned_task::PinnedTask;
use super::slots::{Arena, NoRoom};
use super::worker::{Turn, Worker, run};
use crate::backend::{RefusedReason, SubmitError};
use crate::body::{Callable, Fallible, Nothing, Plain};
use crate::error::TaskError;
use crate::future::Future;
use crate::lock::Lock;
use crate::park::Park;
use crate::promise::Promise;
use crate::slot::SlotRef;
use crate::sync::const_unless_modeled;

/// An executor in a static: `SLOTS` tasks at a time, and no allocator. Interrupt handlers or cores submit,
/// a loop runs.
///
/// A slot has `BYTES` bytes for what a callable captures, and then for its result. A result lies beside an
/// error, and takes at most its own size, rounded up to 8 bytes, and 8 more: for a `u64`, `BYTES` is 16. What
/// does not fit does not compile; [`PinnedTask`] is for what is too large for any slot.
///
/// With `CriticalSection` for its lock, everything but running and waiting may be called from an interrupt
/// handler, for callables and values that may be dropped there: submitting, looking at futures, cancelling
/// and dropping them. With a spin lock, nothing that takes it. The list, function by function, is in
/// [`contexts`](crate::contexts).
pub struct ArenaExecutor<L: 'static, const SLOTS: usize, const BYTES: usize> {
    arena: Arena<L, SLOTS, BYTES>,
}

/// An [`ArenaExecutor`] for one core with interrupts, and for chips whose `critical-section`
/// implementation spans cores. What `BYTES` are for is said there.
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
///     // Not between the look and the sleep may an interrupt come: a pending one ends the sleep all the same.
///     critical_section::with(|_| {
///         if EXECUTOR.queued() == 0 {
///             wfi();
///         }
///     });
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

/// An [`ArenaExecutor`] for several cores without an operating system. `R` says what a core does while
/// another has the lock; by default, the hint that processors have for this.
///
/// Not for interrupt handlers: one that interrupted the holder of the lock would spin for ever. Nothing
/// warns of that; where handlers submit, `StaticExecutor` is right.
///
/// # Examples
/// ```
/// use concurrent_futures_core::{MulticoreExecutor, RelaxStrategy, Spin, WakeFlag};
///
/// struct Relax;
///
/// impl RelaxStrategy for Relax {
///     fn relax() {
///         core::hint::spin_loop(); // or a few of them, or what an RTOS has
///     }
/// }
///
/// static EXECUTOR: MulticoreExecutor<8, 16, Relax> = MulticoreExecutor::new();
/// static SECOND: WakeFlag<Spin> = WakeFlag::new(Spin);
/// static FIRST: WakeFlag<Spin> = WakeFlag::new(Spin);
///
/// // What runs on the second core.
/// let second = std::thread::spawn(|| EXECUTOR.run_forever(&SECOND.parker()));
///
/// let future = EXECUTOR.submit(|| 6 * 7)?;
/// assert_eq!(future.result_with(&FIRST.parker())?, 42);
/// EXECUTOR.shutdown();
/// # second.join().ok();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

#[cfg(feature = "spin")]
impl<const SLOTS: usize, const BYTES: usize, R> MulticoreExecutor<SLOTS, BYTES, R>
where
    R: crate::lock::RelaxStrategy + Send + Sync + 'static,
{
    const_unless_modeled! {
    /// An executor with all slots free.
    pub const fn new() -> Self {
        Self::with_locks(crate::lock::SpinLock::new(), crate::lock::SpinLock::new())
    }
    }
}

#[cfg(feature = "spin")]
impl<const SLOTS: usize, const BYTES: usize, R> Default for MulticoreExecutor<SLOTS, BYTES, R>
where
    R: crate::lock::RelaxStrategy + Send + Sync + 'static,
{
    fn default() -> Self {
        Self::new()
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
        Self { arena: Arena::new(queue, lists) }
    }
    }

    /// Submits a callable. Never waits. Dropping the future detaches the task, which runs all the same.
    ///
    /// # Errors
    /// The callable back, if no slot is free, or the executor was shut down. A slot is free again when
    /// its task has ended and its future is dropped.
    pub fn submit<F, T>(&'static self, callable: F) -> Result<Future<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.submit_callable(Plain(callable)).map_err(|(Plain(f), reason)| refused(f, reason))
    }

    /// As [`submit`](Self::submit), of a callable whose `Err` is a failure of the task.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub fn submit_fallible<F, T>(&'static self, callable: F) -> Result<Future<T>, SubmitError<F>>
    where
        F: FnOnce() -> Result<T, TaskError> + Send + 'static,
        T: Send + 'static,
    {
        self.submit_callable(Fallible(callable)).map_err(|(Fallible(f), reason)| refused(f, reason))
    }

    /// Submits a task that lies in its caller's own memory, and takes no slot. Never waits. One that was
    /// cancelled before is accepted, and never queued.
    ///
    /// # Errors
    /// Why not: the executor was shut down, or the task was submitted before.
    pub fn submit_pinned<F, T>(
        &'static self,
        mut task: Pin<&mut PinnedTask<F, T>>,
    ) -> Result<(), SubmitError<()>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let refused = |reason| SubmitError::new((), reason);
        let slot = task.as_mut().submitted_to(self.arena.as_keeper());
        let slot = slot.ok_or_else(|| refused(RefusedReason::InUse))?;
        if task.cancelled() {
            return Ok(()); // who cancelled it has left the queue alone, and would not come again
        }
        self.arena.push(slot).map_err(|slot| {
            drop(slot);
            task.taken_back();
            refused(RefusedReason::ShutDown)
        })
    }

    /// A promise and its future, in a slot of this executor.
    ///
    /// # Errors
    /// Why not: no slot is free, or the executor was shut down.
    pub fn promise<T>(&'static self) -> Result<(Promise<T>, Future<T>), SubmitError<()>>
    where
        T: Send + 'static,
    {
        let made = self.arena.allocate(Nothing::<T>(PhantomData));
        let header = made.map_err(|(_, reason)| refused((), reason))?;
        // SAFETY: two references were counted for us.
        let theirs = unsafe { SlotRef::from_raw(header) };
        // SAFETY: the second of them.
        let ours = unsafe { SlotRef::from_raw(header) };
        // SAFETY: the only future of a slot just made, whose value is a `T`.
        let future = unsafe { Future::new(theirs) };
        // SAFETY: a slot just made for a `T`, and its only promise.
        Ok((unsafe { Promise::new(ours) }, future))
    }

    /// # Errors
    /// The callable, and why it is not accepted.
    fn submit_callable<C>(&'static self, callable: C) -> Result<Future<C::Output>, (C, NoRoom)>
    where
        C: Callable + Send + 'static,
        C::Output: Send + 'static,
    {
        let header = self.arena.submit(callable)?;
        // SAFETY: the second of its references; the first is the queue's.
        let slot = unsafe { SlotRef::from_raw(header) };
        // SAFETY: the only future of a slot just made, whose value is a `C::Output`.
        Ok(unsafe { Future::new(slot) })
    }

    /// Runs the task at the front of the queue, here; `false` if there is none. In an interrupt handler
    /// only where all that is submitted may run in it.
    pub fn run_one(&self) -> bool {
        match self.arena.with(|inside| inside.next()) {
            Next::Run(slot) => {
                run(slot);
                true
            }
            Next::Nothing | Next::Over => false,
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

    /// Runs tasks as they come, and parks while there are none, until the executor is
    /// [shut down](Self::shutdown) and its queue empty. For a core, a thread or an RTOS task that has
    /// nothing else to do; several may be in here at once.
    ///
    /// Each `submit` wakes one of those that park, the one that has parked longest.
    ///
    /// # Examples
    #[cfg_attr(feature = "critical-section", doc = "```")]
    #[cfg_attr(not(feature = "critical-section"), doc = "```ignore")]
    /// use concurrent_futures_core::{Spin, StaticExecutor, WakeFlag};
    ///
    /// static EXECUTOR: StaticExecutor<8, 64> = StaticExecutor::new();
    /// static WOKEN: WakeFlag<Spin> = WakeFlag::new(Spin); // a chip would have `Wfe`, or `Wfi`
    ///
    /// // What runs on the second core.
    /// let second = std::thread::spawn(|| EXECUTOR.run_forever(&WOKEN.parker()));
    ///
    /// let sum = EXECUTOR.submit(|| (1..=100u32).sum::<u32>())?;
    /// assert_eq!(sum.result()?, 5050);
    /// EXECUTOR.shutdown();
    /// second.join().unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run_forever<P: Park>(&self, park: &P) {
        let worker = pin!(Worker::new(&self.arena));
        let waker = park.waker();
        loop {
            match worker.as_ref().turn(&waker) {
                Turn::Ran => {}
                Turn::Asleep => {
                    let _ = park.park(None); // woken, or for no reason: it looks again
                }
                Turn::Over => return,
            }
        }
    }

    /// As [`run_forever`](Self::run_forever), for a task of an async executor: it runs one task each
    /// time it is polled, so that others have their turn in between.
    pub async fn run(&self) {
        let mut worker = pin!(Worker::new(&self.arena));
        core::future::poll_fn(|context| match worker.as_mut().as_ref().turn(context.waker()) {
            Turn::Ran => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Turn::Asleep => Poll::Pending,
            Turn::Over => Poll::Ready(()),
        })
        .await;
    }

    /// Ends the executor, as Python's `shutdown(wait=False)`: what is submitted from now on is refused,
    /// what is queued still runs, and [`run_forever`](Self::run_forever) returns when nothing is. There
    /// is no way back.
    pub fn shutdown(&self) {
        self.arena.with(|inside| inside.shut_down());
        let everybody = WakeEverybody(&self.arena);
        while everybody.wake_one() {}
        core::mem::forget(everybody);
    }

    /// Cancels what is queued at this moment; says how many tasks.
    pub fn cancel_queued(&self) -> usize {
        let mut count = 0;
        for _ in 0..self.queued() {
            let Some(slot) = self.arena.with(|inside| inside.queue().pop()) else { break };
            count += usize::from(slot.cancel()); // or whoever waits for it runs it, since a moment ago
        }
        count
    }

    /// How many tasks are queued, at the moment.
    pub fn queued(&self) -> usize {
        self.arena.with(|inside| inside.queue().len())
    }

    /// How many slots are free, at the moment.
    pub fn free_slots(&self) -> usize {
        self.arena.with(|inside| inside.free().len())
    }
}

/// Wakes every worker that sleeps; when dropped those that are left, since a waker has unwound.
struct WakeEverybody<'a, L: Lock, const SLOTS: usize, const BYTES: usize>(
    &'a Arena<L, SLOTS, BYTES>,
);

impl<L: Lock, const SLOTS: usize, const BYTES: usize> WakeEverybody<'_, L, SLOTS, BYTES> {
    fn wake_one(&self) -> bool {
        self.0.with(|inside| inside.next_idle()).map(WakeUp::wake).is_some()
    }
}

impl<L: Lock, const SLOTS: usize, const BYTES: usize> Drop for WakeEverybody<'_, L, SLOTS, BYTES> {
    fn drop(&mut self) {
        while self.wake_one() {}
    }
}

fn refused<F>(callable: F, why: NoRoom) -> SubmitError<F> {
    let reason = match why {
        NoRoom::Full => RefusedReason::Full,
        NoRoom::ShutDown => RefusedReason::ShutDown,
    };
    SubmitError::new(callable, reason)
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
