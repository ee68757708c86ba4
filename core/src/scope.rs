//! Scopes: tasks that may borrow from the stack of whoever submits them.
//!
//! The one room in which lifetimes are erased: a task is `'static` to its backend, while its closure
//! and its value live for `'scope` only. Invariants, cited as S1 to S4:
//!
//! - **S1** A task is counted before its slot is made, by code that is counted itself: the scope's
//!   closure, or a task of the scope. So the count, once zero, stays zero.
//! - **S2** A task is over, and counted no more, when whoever resolved it has done the last that it
//!   does to the slot: the closure is dropped, or has been given back to whoever submitted; the
//!   outcome is published; waiters are woken and callbacks called; the outcome is dropped, if the
//!   future was gone before. Not when it is resolved: its outcome may be being dropped then.
//! - **S3** [`Executor::scope`] returns, or unwinds, after the count is zero, and by no other way.
//! - **S4** Once a task is over, nothing but its future touches its outcome. That has `T` in its
//!   type, so the compiler keeps it inside of what `T` borrows.
//!
//! Case by case, what is left of a task that is over:
//!
//! | what | holds | may do |
//! |---|---|---|
//! | its future, in whatever disguise that names `T` (shared, cancelled on drop, in a set) | the outcome | take it, drop it: S4 |
//! | its future, dropped before | nothing | the outcome was dropped by whoever resolved it (I3): S2 |
//! | its future, dropped since | nothing | it has dropped the outcome itself (I3): S4 |
//! | its future, forgotten | a reference for ever | nothing: the slot is never freed, the outcome never dropped |
//! | `AnyFuture`, `then` | an outcome that borrows nothing | they ask for `T: 'static` |
//! | cancellers, queue entries, ids | references to a slot | find it claimed; freeing it drops no outcome, see above |
//! | a task that was refused | nothing | its closure is the submitter's, whose type names it |
//! | callbacks, wakers, errors, panics | nothing of the scope | they are `'static` |
//!
//! A backend that leaks a task, neither running nor dropping it, leaves its scope waiting for ever.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::error::Error;
use core::fmt;
use core::marker::PhantomData;

use crate::backend::{Backend, Refused, RefusedReason, SubmitError};
use crate::body::{Callable, Plain, Raising};
use crate::contain::contain;
use crate::executor::{Executor, Shared, take_back};
use crate::future::Future;
use crate::hooked::{self, Hooked};
use crate::keeper::KeeperRef;
use crate::scope_state::{Owner, ScopeEntry, ScopeState};
use crate::slot::SlotRef;
use crate::storage::heap::{self, SlotLock};
use crate::sync;
use crate::task::Task;
use crate::task_hook::TaskHook;
use crate::thread_parker::ThreadParker;

/// A scope of tasks that may borrow. Made by [`Executor::scope`], which has the documentation.
///
/// `'scope` is the life of the scope: it begins before its closure runs and ends when every task of
/// it is over. `'env` is the life of whatever is borrowed from outside, which is longer.
pub struct Scope<'scope, 'env: 'scope> {
    host: &'scope dyn Host,
    state: Arc<ScopeState>,
    /// Invariant: a scope can be taken neither for a longer nor for a shorter one.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// The executor of a scope, whatever its backend is: so that the type of a scope does not name it.
trait Host: Send + Sync {
    fn lock(&self) -> SlotLock;

    fn hook(&self) -> Option<&dyn TaskHook>;

    /// Who is named to the slots of its tasks.
    fn keeper(&self) -> KeeperRef;

    /// Hands a task to the backend.
    ///
    /// # Errors
    /// The task, and why it was refused.
    fn accept(&self, task: Task, slot: &SlotRef) -> Result<(), Refused>;

    /// The task was given back to whoever submitted it.
    fn not_accepted(&self);
}

impl<B: Backend> Host for sync::Arc<Shared<B>> {
    fn lock(&self) -> SlotLock {
        Shared::lock(self)
    }

    fn hook(&self) -> Option<&dyn TaskHook> {
        Shared::hook(self)
    }

    fn keeper(&self) -> KeeperRef {
        Shared::keeper(self)
    }

    fn accept(&self, task: Task, slot: &SlotRef) -> Result<(), Refused> {
        Shared::accept(self, task, slot, |task| self.backend().schedule(task))
    }

    fn not_accepted(&self) {
        Shared::not_accepted(self);
    }
}

impl<B: Backend> Executor<B> {
    /// Opens a scope, whose tasks may borrow what lives longer than this call: as
    /// [`std::thread::scope`], with the workers of this executor.
    ///
    /// Returns what `f` returns, when `f` has returned and every task submitted into the scope is
    /// over: it has run, was cancelled or was dropped, and its closure is destroyed, with all that
    /// it had borrowed. Futures may be waited for inside, in any of the ways that there are, or be
    /// dropped; those of values that borrow nothing of the scope may also be returned. Forgetting a
    /// future (`mem::forget`) leaks its value and delays nothing.
    ///
    /// # Blocking
    /// Blocks until then. A worker of this very executor runs, meanwhile, those tasks of the scope
    /// that nobody has started: in a task, scopes may be opened in a pool of one too. A thread
    /// outside runs none. With 128 tasks on top of one another on this thread, a scope takes no task
    /// any more, rather than overflow the stack: they are refused, with
    /// [`TooDeep`](RefusedReason::TooDeep).
    ///
    /// The scope's end does not time out. A backend that leaks a task, against its contract, leaves
    /// it waiting for ever.
    ///
    /// # Cancellation
    /// Dropping a future inside detaches it, and the scope waits for its task. To leave early, cancel
    /// what has not started: by the futures, by `cancel_on_drop`, or by shutting the executor down.
    ///
    /// # Panics
    /// If `f` panics, with what it threw, when every task is over. Otherwise, if a task has
    /// panicked and its future was dropped unread, with what the first of those threw. A panic that
    /// was read, by `result`, `try_result`, `exception` or `await`, is the reader's affair.
    ///
    /// # Examples
    /// ```
    /// use concurrent_futures_core::{Executor, InlineBackend, TaskError};
    ///
    /// let executor = Executor::new(InlineBackend);
    /// let words = vec![String::from("to"), String::from("borrow")];
    /// let mut lengths = [0; 2];
    ///
    /// let total = executor.scope(|scope| -> Result<usize, TaskError> {
    ///     for (word, length) in words.iter().zip(&mut lengths) {
    ///         drop(scope.submit(|| *length = word.len())?); // the scope waits for it
    ///     }
    ///     let total = scope.submit(|| words.iter().map(String::len).sum())?;
    ///     total.result()
    /// })?;
    /// assert_eq!((total, lengths), (8, [2, 6]));
    /// # Ok::<(), TaskError>(())
    /// ```
    pub fn scope<'env, F, R>(&self, f: F) -> R
    where
        F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    {
        let park = ThreadParker::current();
        let owner = match self.shared.may_claim_here() {
            false => Owner::Waits,
            true if crate::context::has_room() => Owner::Claims,
            true => Owner::TooDeep,
        };
        let state = Arc::new(ScopeState::new(&park, owner));
        let scope = Scope { host: &self.shared, state, scope: PhantomData, env: PhantomData };
        let outcome = contain(|| f(&scope));
        let early = AbortOnUnwind;
        scope.state.wait_until_over(&park); // S3
        core::mem::forget(early);
        let unread = scope.state.take_panic().and_then(|error| error.into_panic().ok());
        match (outcome, unread) {
            (Err(payload), _) => std::panic::resume_unwind(payload.into_inner()),
            (Ok(value), Some(payload)) => {
                let _ = contain(|| drop(value)); // not while unwinding
                std::panic::resume_unwind(payload)
            }
            (Ok(value), None) => value,
        }
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Submits a callable that may borrow; its future has what it returns.
    ///
    /// Tasks of the scope may submit into it as well, through the `&Scope` that they capture.
    ///
    /// # Errors
    /// The callable back, as [`Executor::submit`]; also if too many tasks are on the stack of the
    /// thread that opened the scope. Where the callable borrows, `?` wants
    /// [`without_callable`](SubmitError::without_callable) first, except into a
    /// [`TaskError`](crate::TaskError).
    pub fn submit<F, T>(&'scope self, callable: F) -> Result<Future<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        self.submit_callable(Plain(callable))
            .map_err(|(callable, reason)| SubmitError::new(callable.0, reason))
    }

    /// Submits a callable that may borrow and whose `Err` is a failure of the task.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub fn submit_fallible<F, T, E>(&'scope self, callable: F) -> Result<Future<T>, SubmitError<F>>
    where
        F: FnOnce() -> Result<T, E> + Send + 'scope,
        T: Send + 'scope,
        E: Into<Box<dyn Error + Send + Sync>> + 'scope,
    {
        self.submit_callable(Raising(callable))
            .map_err(|(callable, reason)| SubmitError::new(callable.0, reason))
    }

    /// # Errors
    /// The callable, and why it was refused.
    fn submit_callable<C>(
        &'scope self,
        callable: C,
    ) -> Result<Future<C::Output>, (C, RefusedReason)>
    where
        C: Callable + Send + 'scope,
        C::Output: Send + 'scope,
    {
        if self.state.owner() == Owner::TooDeep {
            return Err((callable, RefusedReason::TooDeep));
        }
        match self.host.hook().and_then(hooked::queued::<C>) {
            None => self.hand_over(callable),
            Some(span) => self
                .hand_over(Hooked::new(span, callable))
                // SAFETY: it was made with this callable.
                .map_err(|(hooked, reason)| (unsafe { hooked.into_callable() }, reason)),
        }
    }

    /// # Errors
    /// The callable, and why it was refused.
    fn hand_over<C>(&'scope self, callable: C) -> Result<Future<C::Output>, (C, RefusedReason)>
    where
        C: Callable + Send + 'scope,
        C::Output: Send + 'scope,
    {
        let lock = self.host.lock();
        self.state.task_begins(); // S1
        let entry = ScopeEntry::new(self.state.clone());
        let header = heap::allocate_with(callable, lock, entry, Some(self.host.keeper()), 2);
        // SAFETY: two references were counted for us. That the task outlives `'scope` for those who
        // hold it is harmless: by S3 the scope outlives all that they do to closure and outcome.
        let task = Task::from_slot(unsafe { SlotRef::from_raw(header) });
        // SAFETY: the second of them.
        let slot = unsafe { SlotRef::from_raw(header) };
        // SAFETY: the only future of a slot just made, whose value is a `C::Output`.
        let future = unsafe { Future::new(slot) };
        let Err(refused) = self.host.accept(task, future.slot()) else {
            self.state.offer(future.slot());
            return Ok(future);
        };
        // SAFETY: made above with this callable, entry and lock; arrow 1 is taken.
        let take = |slot| unsafe { heap::take_callable_with::<C, ScopeEntry>(slot, lock) };
        take_back(future, refused, take, || self.host.not_accepted())
    }
}

/// Ends the program rather than let a scope be left while tasks borrow from beyond it (S3).
struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        std::process::abort();
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("unfinished", &self.state.unfinished())
            .finish_non_exhaustive()
    }
}
