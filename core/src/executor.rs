//! [`Executor`]: the whole API over any backend.

use alloc::boxed::Box;
use core::error::Error;
use core::fmt;
use core::ptr::NonNull;

use crate::account::{Account, Counters, Remaining};
use crate::backend::{Backend, Refused, RefusedReason, SubmitError};
use crate::body::{Callable, Plain, Raising};
#[cfg(feature = "std")]
use crate::closing::Closing;
use crate::contain::contain;
use crate::error::TaskError;
use crate::future::Future;
use crate::hooked::{self, Hooked, Unstarted};
use crate::keeper::{Keeper, KeeperRef};
use crate::ledger::Ledger;
use crate::resolve::{Ended, Observe};
use crate::slot::{Header, SlotRef};
use crate::state::Claim;
use crate::storage::heap::{self, Entry, SlotLock};
use crate::supervise::{Seal, Supervise};
use crate::sync::Arc;
#[cfg(feature = "std")]
use crate::sync::{atomic::AtomicBool, atomic::Ordering};
use crate::task::Task;
use crate::task_hook::TaskHook;

/// Submits callables to a backend, and answers for them.
///
/// Dropping an executor closes it and waits until what was accepted has ended, as leaving Python's
/// `with` block does (with feature `std`; without, nobody waits). Dropped in one of its own tasks,
/// or after a shutdown that detached it, it does not wait.
pub struct Executor<B: Backend> {
    pub(crate) shared: Arc<Shared<B>>,
}

/// The keeper of tasks over a backend that does not account for them itself (I6).
pub(crate) struct Shared<B> {
    backend: B,
    lock: SlotLock,
    accounts: Accounts,
    hook: Option<Box<dyn TaskHook>>,
    /// Shut down without waiting: then dropping the executor does not wait either.
    #[cfg(feature = "std")]
    detached: AtomicBool,
    /// Whoever wants to know when it is closed, and need not keep it for that.
    #[cfg(feature = "std")]
    pub(crate) closing: alloc::sync::Arc<Closing>,
}

/// Who accounts for the tasks, and what is their keeper (I6).
enum Accounts {
    /// The executor: the keeper is what it shares with its tasks. The ledger is shared further, with
    /// those who let the executor go and tell the ledger afterwards: when that has ended, nobody else
    /// holds the backend.
    Ledger(Arc<Ledger>),
    /// The backend, which is the keeper of its tasks itself.
    Backend(KeeperRef),
}

impl<B: Backend> Executor<B> {
    /// An executor over `backend`.
    #[cfg(feature = "std")]
    pub fn new(backend: B) -> Self {
        Self::with_lock(backend, SlotLock::Os)
    }

    /// As [`new`](Self::new), with the lock of its futures chosen: for programs with an allocator
    /// but no operating system.
    pub fn with_lock(backend: B, lock: SlotLock) -> Self {
        Self::assemble(backend, lock, None)
    }

    /// As [`new`](Self::new), with a hook that hears of every task.
    #[cfg(feature = "std")]
    pub fn with_hook(backend: B, hook: impl TaskHook) -> Self {
        Self::with_lock_and_hook(backend, SlotLock::Os, hook)
    }

    /// As [`with_lock`](Self::with_lock), with a hook that hears of every task.
    pub fn with_lock_and_hook(backend: B, lock: SlotLock, hook: impl TaskHook) -> Self {
        Self::assemble(backend, lock, Some(Box::new(hook)))
    }

    fn assemble(backend: B, lock: SlotLock, hook: Option<Box<dyn TaskHook>>) -> Self {
        #[cfg(feature = "std")]
        crate::panic_site::watch();
        let accounts = match backend.supervise(Seal(())) {
            Some(supervisor) => Accounts::Backend(supervisor.keeper().0),
            None => Accounts::Ledger(Arc::new(Ledger::new(lock))),
        };
        let shared = Shared {
            backend,
            lock,
            accounts,
            hook,
            #[cfg(feature = "std")]
            detached: AtomicBool::new(false),
            #[cfg(feature = "std")]
            closing: alloc::sync::Arc::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared<B>> {
        &self.shared
    }

    /// The backend.
    pub fn backend(&self) -> &B {
        &self.shared.backend
    }

    /// Submits a callable; its future has what it returns.
    ///
    /// A closure that returns a `Result` has that `Result` as its value; for errors that count as
    /// failures see [`submit_fallible`](Self::submit_fallible).
    ///
    /// # Errors
    /// The callable back, if the executor was shut down or the backend has no room or no worker.
    pub fn submit<F, T>(&self, callable: F) -> Result<Future<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Shared::submit(&self.shared, Plain(callable))
            .map_err(|(callable, reason)| SubmitError::new(callable.0, reason))
    }

    /// Submits a callable whose `Err` is a failure of the task ("raised", in Python).
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    ///
    /// # Examples
    /// ```
    /// # use concurrent_futures_core::{Executor, InlineBackend};
    /// let executor = Executor::new(InlineBackend);
    /// let future = executor.submit_fallible(|| "4x".parse::<u32>())?;
    /// let error = future.result().unwrap_err();
    /// assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn submit_fallible<F, T, E>(&self, callable: F) -> Result<Future<T>, SubmitError<F>>
    where
        F: FnOnce() -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + 'static,
    {
        Shared::submit(&self.shared, Raising(callable))
            .map_err(|(callable, reason)| SubmitError::new(callable.0, reason))
    }

    /// Accepts nothing from now on; what was accepted still runs. Returns at once.
    pub fn close(&self) {
        if let Some(account) = self.shared.account() {
            account.close();
        }
        #[cfg(feature = "std")]
        self.shared.closing.close();
    }

    /// As [`close`](Self::close), and cancels every task that has not started; says how many.
    pub fn close_and_cancel(&self) -> usize {
        let cancelled = self.shared.account().map_or(0, Account::close_and_cancel);
        #[cfg(feature = "std")]
        self.shared.closing.close();
        cancelled
    }

    /// What it still has to do.
    pub fn remaining(&self) -> Remaining {
        self.shared.account().map_or(Remaining { tasks: 0, workers: 0 }, Account::remaining)
    }

    /// What it has done so far.
    pub fn counters(&self) -> Counters {
        self.shared.account().map_or_else(Counters::default, Account::counters)
    }
}

#[cfg(feature = "std")]
mod with_std {
    use super::{Backend, Executor, Ordering, Remaining, Shared};
    use crate::park::{Park, Parked};
    use crate::shutdown::{Shutdown, ShutdownError};
    use crate::thread_parker::ThreadParker;
    use std::time::Instant;

    impl<B: Backend> Executor<B> {
        /// Accepts nothing from now on, and waits for the end of what was accepted, as `how` says.
        /// Idempotent; callable from any thread, task and callback.
        ///
        /// # Errors
        /// `WouldDeadlock` in a task of this very executor that would wait for its own end (it is
        /// closed all the same), `TimedOut` with what remains.
        pub fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownError> {
            if how.cancel_futures {
                self.close_and_cancel();
            } else {
                self.close();
            }
            // ORDERING: Relaxed; read again by whoever drops the executor, and has it alone.
            self.shared.detached.store(!how.wait, Ordering::Relaxed);
            if !how.wait {
                return Ok(());
            }
            if self.shared.on_worker() {
                return Err(ShutdownError::WouldDeadlock);
            }
            let deadline = how.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
            self.shared.wait_ended(deadline).map_err(ShutdownError::TimedOut)
        }
    }

    impl<B: Backend> Shared<B> {
        /// # Errors
        /// What remains at the deadline.
        pub(super) fn wait_ended(&self, deadline: Option<Instant>) -> Result<(), Remaining> {
            let Some(account) = self.account() else { return Ok(()) };
            let park = ThreadParker::new();
            let waker = park.waker();
            let ended = loop {
                if account.poll_ended(&waker).is_ready() {
                    break true;
                }
                let late = deadline.is_some_and(|deadline| deadline <= Instant::now());
                if !late && self.backend.run_one() {
                    continue;
                }
                if park.park(deadline) == Parked::DeadlinePassed {
                    break account.poll_ended(&waker).is_ready();
                }
            };
            account.stop_waiting(&waker);
            if ended { Ok(()) } else { Err(account.remaining()) }
        }
    }
}

impl<B: Backend> Drop for Executor<B> {
    fn drop(&mut self) {
        self.close();
        // ORDERING: Relaxed; as in `shutdown`.
        #[cfg(feature = "std")]
        if !self.shared.detached.load(Ordering::Relaxed) && !self.shared.on_worker() {
            let _ = self.shared.wait_ended(None); // without a deadline it ends
            self.shared.closing.wait_alone();
        }
    }
}

impl<B: Backend> Shared<B> {
    pub(crate) fn backend(&self) -> &B {
        &self.backend
    }

    pub(crate) fn supervisor(&self) -> Option<&dyn Supervise> {
        self.backend.supervise(Seal(()))
    }

    /// `None` never: a backend without a ledger accounts for itself.
    fn account(&self) -> Option<&dyn Account> {
        match &self.accounts {
            Accounts::Ledger(ledger) => Some(&**ledger),
            Accounts::Backend(_) => self.supervisor().map(|supervisor| supervisor as &dyn Account),
        }
    }

    /// Whether the end of this executor waits for the calling context.
    #[cfg(feature = "std")]
    fn on_worker(&self) -> bool {
        match &self.accounts {
            Accounts::Ledger(_) => {
                crate::context::is_busy_for(core::ptr::NonNull::from(self).cast())
            }
            Accounts::Backend(_) => self.supervisor().is_some_and(Supervise::on_worker),
        }
    }

    /// Allocates the task's slot and hands it to the backend.
    ///
    /// # Errors
    /// The callable, and why it was refused.
    #[inline]
    pub(crate) fn submit<C>(
        this: &Arc<Self>,
        callable: C,
    ) -> Result<Future<C::Output>, (C, RefusedReason)>
    where
        B: Backend,
        C: Callable + Send + 'static,
        C::Output: Send + 'static,
    {
        Self::submit_by(this, callable, |task| this.backend.schedule(task))
    }

    /// As `submit`, with something else than the backend's own `schedule`.
    ///
    /// # Errors
    /// As `submit`.
    #[inline]
    pub(crate) fn submit_by<C>(
        this: &Arc<Self>,
        callable: C,
        schedule: impl FnOnce(Task) -> Result<(), Refused>,
    ) -> Result<Future<C::Output>, (C, RefusedReason)>
    where
        B: Backend,
        C: Callable + Send + 'static,
        C::Output: Send + 'static,
    {
        match this.span::<C>() {
            None => Self::hand_over(this, callable, schedule),
            Some(span) => Self::submit_hooked(this, span, callable, schedule),
        }
    }

    /// What the hook sends along, if there is one.
    #[inline]
    fn span<C: Callable>(&self) -> Option<Unstarted> {
        self.hook().and_then(hooked::queued::<C>)
    }

    #[inline]
    pub(crate) fn hook(&self) -> Option<&dyn TaskHook> {
        self.hook.as_deref()
    }

    /// # Errors
    /// As `submit`; the span has been told.
    #[cold]
    fn submit_hooked<C>(
        this: &Arc<Self>,
        span: Unstarted,
        callable: C,
        schedule: impl FnOnce(Task) -> Result<(), Refused>,
    ) -> Result<Future<C::Output>, (C, RefusedReason)>
    where
        B: Backend,
        C: Callable + Send + 'static,
        C::Output: Send + 'static,
    {
        let mut schedule = Some(schedule);
        let mut schedule = |task| match schedule.take() {
            Some(schedule) => schedule(task),
            None => Err(Refused::new(task, RefusedReason::Full)), // not reached: called once
        };
        Self::hand_over_hooked(this, Hooked::new(span, callable), &mut schedule)
            // SAFETY: it was made with this callable.
            .map_err(|(hooked, reason)| (unsafe { hooked.into_callable() }, reason))
    }

    /// As `hand_over`, once for each type of result instead of once for each closure.
    ///
    /// # Errors
    /// As `submit`.
    #[inline(never)]
    fn hand_over_hooked<T: Send + 'static>(
        this: &Arc<Self>,
        hooked: Hooked<'static, T>,
        schedule: &mut dyn FnMut(Task) -> Result<(), Refused>,
    ) -> Result<Future<T>, (Hooked<'static, T>, RefusedReason)>
    where
        B: Backend,
    {
        Self::hand_over(this, hooked, schedule)
    }

    /// # Errors
    /// As `submit`.
    #[inline]
    fn hand_over<C>(
        this: &Arc<Self>,
        callable: C,
        schedule: impl FnOnce(Task) -> Result<(), Refused>,
    ) -> Result<Future<C::Output>, (C, RefusedReason)>
    where
        B: Backend,
        C: Callable + Send + 'static,
        C::Output: Send + 'static,
    {
        let (lock, entry) = (this.lock, this.entry());
        let (task, future) = heap::task(callable, lock, entry, Self::keeper(this));
        let accepted = Self::accept(this, task, future.slot(), schedule);
        let Err(refused) = accepted else { return Ok(future) };
        // SAFETY: made just now with this callable, lock and entry; arrow 1 is taken.
        let take = |slot| unsafe { heap::take_callable::<C>(slot, lock, entry) };
        take_back(future, refused, take, || this.not_accepted())
    }

    /// Hands a task to whoever schedules it. Its slot has just been allocated, with room for an entry
    /// if there is a ledger.
    ///
    /// # Errors
    /// The task, and why it was refused.
    #[inline]
    pub(crate) fn accept(
        this: &Arc<Self>,
        task: Task,
        slot: &SlotRef,
        schedule: impl FnOnce(Task) -> Result<(), Refused>,
    ) -> Result<(), Refused>
    where
        B: Backend,
    {
        if let Accounts::Ledger(ledger) = &this.accounts
            // SAFETY: allocated with room, just now.
            && !unsafe { ledger.enter(slot) }
        {
            return Err(Refused::new(task, RefusedReason::ShutDown));
        }
        schedule(task)
    }

    /// Who is named to a slot as its keeper; counted for it, if it is that.
    #[inline]
    pub(crate) fn keeper(this: &Arc<Self>) -> KeeperRef
    where
        B: Backend,
    {
        match &this.accounts {
            Accounts::Ledger(_) => KeeperRef::counted::<Self, true>(this),
            Accounts::Backend(keeper) => *keeper,
        }
    }

    #[inline]
    fn entry(&self) -> Entry {
        match self.accounts {
            Accounts::Ledger(_) => Entry::Ledgered,
            Accounts::Backend(_) => Entry::None,
        }
    }

    /// A task that was counted was given back to whoever submitted it.
    pub(crate) fn not_accepted(&self) {
        if let Accounts::Ledger(ledger) = &self.accounts {
            ledger.tally().submitted.take_back();
        }
    }

    /// Whether the calling thread may run tasks of it, if it waits for them.
    #[cfg(feature = "std")]
    pub(crate) fn may_claim_here(&self) -> bool
    where
        B: Backend,
    {
        let (address, may_claim) = match &self.accounts {
            Accounts::Ledger(_) => (NonNull::from(self).cast(), self.backend.may_claim()),
            Accounts::Backend(keeper) => (keeper.address(), false),
        };
        may_claim || crate::context::keeper(address).is_some()
    }

    #[cfg(feature = "std")]
    pub(crate) fn lock(&self) -> SlotLock {
        self.lock
    }
}

/// Takes the callable out of a task that was refused, unless it has run or was cancelled. `take` moves
/// it out of a slot of which arrow 1 was taken, `not_accepted` is called before the task is let go.
///
/// # Errors
/// The callable, and why it was refused.
#[cold]
pub(crate) fn take_back<C: Callable>(
    future: Future<C::Output>,
    refused: Refused,
    take: impl FnOnce(NonNull<Header>) -> C,
    not_accepted: impl FnOnce(),
) -> Result<Future<C::Output>, (C, RefusedReason)> {
    let Refused { task, reason } = refused;
    let same = task.id() == Some(future.id());
    if future.slot().claim() == Claim::TooLate {
        return Ok(future); // cancelled by a shutdown meanwhile, or run by a backend that errs
    }
    let callable = take(future.slot().as_raw());
    // SAFETY: arrow 1 was taken, and the room is empty.
    unsafe { future.slot().resolve_with_error(TaskError::abandoned()) };
    not_accepted();
    future.slot().let_keeper_go();
    drop(task);
    Err((callable, if same { reason } else { RefusedReason::WrongTask }))
}

impl<B: Backend> Keeper for Shared<B> {
    fn may_claim(&self) -> bool {
        self.backend.may_claim()
    }

    fn all_wait(&self) -> bool {
        true // nobody here knows how many workers there are: perhaps the caller is the only one
    }

    fn started(&self) {
        if let Accounts::Ledger(ledger) = &self.accounts {
            ledger.tally().started();
        }
    }

    fn ended(&self, ended: Ended) {
        if let Accounts::Ledger(ledger) = &self.accounts {
            ledger.tally().ended(ended);
        }
    }

    fn let_go(this: Arc<Self>, task: &SlotRef) {
        let ledger = match &this.accounts {
            Accounts::Ledger(ledger) => Some(ledger.clone()),
            Accounts::Backend(_) => None,
        };
        let _ = contain(|| drop(this)); // the last one drops the backend, which may panic
        if let Some(ledger) = ledger {
            ledger.strike(task);
        }
    }
}

impl<B: Backend> fmt::Debug for Executor<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("remaining", &self.remaining()).finish_non_exhaustive()
    }
}
