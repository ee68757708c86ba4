//! The life of a slot from the outside: claiming, running, resolving, cancelling, and all that
//! follows a resolution.

use crate::completion::Completion;
use crate::contain::contain;
use crate::context::{Entered, enter_task};
use crate::error::TaskError;
use crate::keeper::KeeperRef;
use crate::node::Visit;
use crate::slot::{Access, SlotRef};
use crate::state::{CancelClaim, Claim, Ending, Published, PublishedAndReleased};

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It has a value.
    Returned,
    /// It has an error.
    Failed,
    /// It has an error, and was never started.
    FailedUnstarted,
    /// It was cancelled.
    Cancelled,
}

/// Who keeps count of what becomes of tasks. Called before anybody else can know.
pub(crate) trait Observe {
    fn started(&self) {}

    fn ended(&self, _: Ended) {}

    /// The task has ended, and those who wait for it are about to be told: what they do then may take
    /// its time.
    fn tells(&self) {}
}

impl Observe for () {}

/// What came of running a queue's entry.
#[must_use]
pub(crate) enum Ran {
    /// It has ended.
    Done,
    /// Somebody else has claimed it, and may not have resolved it yet.
    TooLate(SlotRef),
}

impl SlotRef {
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
                // SAFETY: claimed and not settled: alive, and so it is, if not counted, by the task of
                // the same keeper that this thread is running (I6).
                unsafe { keeper.claimed_elsewhere(self) };
            }
            // SAFETY: claimed just now.
            unsafe { self.run_claimed(Entered::new(self)) };
        }
        claim
    }

    /// Arrow 1 by a worker, and then the task; nothing if it was cancelled or claimed.
    #[inline]
    pub(crate) fn run(self, observer: &impl Observe) -> Ran {
        if self.claim() == Claim::TooLate {
            return Ran::TooLate(self);
        }
        let entered = Entered::new(&self);
        if entered.keeper.is_some_and(KeeperRef::is_counted) {
            // SAFETY: claimed just now.
            unsafe { self.run_claimed(entered) };
        } else {
            // SAFETY: claimed just now, and nobody has to be let go.
            unsafe { self.run_and_release(entered, observer) };
        }
        Ran::Done
    }

    /// # Safety
    /// The caller has taken arrow 1 and has not run, resolved or read it yet.
    unsafe fn run_claimed(&self, entered: Entered) {
        let keeper = entered.keeper;
        // Only when the frame is gone, and also when the task unwinds: what the keeper's end drops
        // may look at the frames of this thread.
        let _let_go = LetKeeperGo(self);
        enter_task(entered, || {
            if let Some(keeper) = keeper {
                // SAFETY: claimed and not settled (I6); if not counted, this thread runs for it.
                unsafe { keeper.started() };
            }
            // SAFETY: as the caller promises; the table is this slot's.
            let error = unsafe { (self.table().run)(self.as_raw()) };
            if let Some(keeper) = keeper {
                // SAFETY: as above.
                unsafe { keeper.ended(Ended::of(&error)) };
            }
            // SAFETY: the outcome has just been written.
            unsafe { self.finish(error) };
        });
    }

    /// As `run_claimed`, and gives up this reference: in one step, if nobody waits.
    ///
    /// # Safety
    /// As for `run_claimed`, and the slot has no counted keeper.
    #[inline]
    unsafe fn run_and_release(self, entered: Entered, observer: &impl Observe) {
        // What is left of the reference goes after the frame, which its end may look at.
        let _held = enter_task(entered, move || {
            observer.started();
            // SAFETY: as the caller promises; the table is this slot's.
            let error = unsafe { (self.table().run)(self.as_raw()) };
            observer.ended(Ended::of(&error));
            let state = &self.header().state;
            // An error is a user's, and its end may look at this frame, whose slot has to be there.
            let published = match (&error, self.table().settled()) {
                (None, None) => state.publish_finished_and_release(),
                (None, Some(_)) => {
                    PublishedAndReleased::Held(state.publish_finished(Ending::Value))
                }
                (Some(_), _) => PublishedAndReleased::Held(state.publish_finished(Ending::Error)),
            };
            match published {
                PublishedAndReleased::Gone => {
                    core::mem::forget(self);
                    None
                }
                PublishedAndReleased::Held(published) => {
                    observer.tells();
                    Some(self.tell_finished(published, error))
                }
            }
        });
    }

    /// Tells those who wait that a task has run. Out of line: a slot for which nobody waits is done sooner.
    #[inline(never)]
    fn tell_finished(self, published: Published, error: Option<TaskError>) -> Self {
        self.settle(published, || Completion::of_finished(&self, error));
        self.tell_settled();
        self
    }

    /// Arrow 2 and all that follows; says whether it will never start.
    pub(crate) fn cancel(&self) -> bool {
        match self.header().state.claim_to_cancel() {
            CancelClaim::TooLate => false,
            CancelClaim::Already => true,
            CancelClaim::Away => self.call_back() && self.cancel(),
            CancelClaim::Claimed => {
                // SAFETY: arrow 2 was taken just now.
                let _let_go = unsafe { KeeperHeld::after_claim(self, Ended::Cancelled) };
                crate::context::enter_resolving(self, || {
                    let _publish = PublishCancelled(self); // also where an unwind is not caught
                    // SAFETY: arrow 2 was taken just now (I1).
                    let _ = contain(|| unsafe { (self.table().drop_callable)(self.as_raw()) });
                });
                true
            }
        }
    }

    /// Resolves a slot that nobody has started, whose callable (if any) is dropped.
    pub(crate) fn resolve_pending(&self, error: TaskError) -> Claim {
        let claim = self.claim();
        if claim == Claim::Claimed {
            // SAFETY: arrow 1 was taken just now.
            let _let_go = unsafe { KeeperHeld::after_claim(self, Ended::FailedUnstarted) };
            crate::context::enter_resolving(self, || {
                let _resolve = ResolveWithError(self, Some(error));
                // SAFETY: arrow 1 was taken just now (I1).
                let _ = contain(|| unsafe { (self.table().drop_callable)(self.as_raw()) });
            });
        }
        claim
    }

    /// Writes the error and takes arrow 3.
    ///
    /// # Safety
    /// The caller has taken arrow 1, and the room is empty.
    pub(crate) unsafe fn resolve_with_error(&self, error: TaskError) {
        // SAFETY: as the caller promises.
        unsafe { (self.table().write_error)(self.as_raw(), error.clone()) };
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
        let place = unsafe { (self.table().outcome)(self.as_raw(), Access::Empty) };
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
        let ending = if error.is_some() { Ending::Error } else { Ending::Value };
        let published = self.header().state.publish_finished(ending);
        self.settle(published, || Completion::of_finished(self, error));
    }

    /// Wakes whoever waits, also by nodes. The caller's own reference keeps the slot alive meanwhile.
    #[inline]
    fn settle(&self, published: Published, completion: impl FnOnce() -> Completion) {
        if !(published.waiter || published.listed || published.future_gone) {
            return; // nobody is to be told, as mostly where a result is there before it is asked for
        }
        let _rest = SettleRest { slot: self, published, completion: Some(completion) };
        if published.waiter {
            self.wake_waiter();
        }
    }

    /// The last that whoever resolved the slot does to it, once, after `settle`: gives up the slot's
    /// reference to its keeper, if that is counted (I6).
    pub(crate) fn let_keeper_go(&self) {
        self.give_keeper_up();
        self.tell_settled();
    }

    /// Tells whoever waits until the slot is settled, if somebody does: a scope.
    #[inline]
    fn tell_settled(&self) {
        if let Some(settled) = self.table().settled() {
            // SAFETY: the table is this slot's.
            unsafe { settled(self.as_raw()) };
        }
    }

    /// Skipping it leaks the keeper, no worse.
    fn give_keeper_up(&self) {
        let Some(keeper) = self.counted_keeper() else { return };
        if keeper.answers_strangers() {
            // Waits for a stranger that saw the slot pending and is retaining the keeper.
            self.with_lock(|| ());
        }
        // SAFETY: the slot's own reference, given up by the one who resolved it; only its address is
        // used from now on.
        unsafe { keeper.let_go(self) };
    }

    pub(crate) fn wake_waiter(&self) {
        // SAFETY: published with WAITER set: the cell is the publisher's alone (I2).
        let waker = self.header().waker.with_mut(|cell| unsafe { (*cell).take() });
        if let Some(waker) = waker {
            let _ = contain(|| waker.wake()); // its panic is its own affair, the next is still woken
        }
    }

    #[cold]
    fn visit_nodes(&self, completion: &Completion) {
        let mut visitor = Visitor { slot: self, completion };
        while visitor.visit_one() {}
    }

    /// Drops the outcome.
    pub(crate) fn drop_outcome(&self) {
        let snapshot = self.snapshot();
        if snapshot.has_outcome() {
            #[cfg(feature = "std")]
            if snapshot.is_unread_failure() && crate::hook::wants_unread_failures() {
                self.report_unread_failure();
            }
            self.header().state.mark_taken();
            // SAFETY: there was an outcome, it is the caller's (I3), and nobody takes it again.
            let _ = contain(|| unsafe { (self.table().drop_outcome)(self.as_raw()) });
        }
    }
}

impl Ended {
    #[inline]
    fn of(error: &Option<TaskError>) -> Self {
        if error.is_some() { Self::Failed } else { Self::Returned }
    }
}

#[cfg(feature = "std")]
impl SlotRef {
    /// Tells the hook of an error that is about to be dropped, by the one whose it is.
    #[cold]
    fn report_unread_failure(&self) {
        // SAFETY: there is an outcome, and it is the caller's (I3).
        let error = unsafe { (self.table().error)(self.as_raw()) };
        if let Some(error) = error {
            crate::hook::unread_failure(&error, crate::FutureId::of(self));
        }
    }
}

/// Lets the keeper go when dropped.
struct LetKeeperGo<'a>(&'a SlotRef);

impl Drop for LetKeeperGo<'_> {
    fn drop(&mut self) {
        self.0.let_keeper_go();
    }
}

/// The reference to the keeper of whoever resolves a slot elsewhere than in a worker.
struct KeeperHeld<'a>(&'a SlotRef);

impl<'a> KeeperHeld<'a> {
    /// Tells the keeper that somebody else than a worker has claimed the slot, not to run it.
    ///
    /// # Safety
    /// The caller has just taken arrow 1 or 2.
    unsafe fn after_claim(slot: &'a SlotRef, ended: Ended) -> Self {
        let held = Self(slot);
        if let Some(keeper) = slot.keeper() {
            if !keeper.is_counted() {
                // SAFETY: claimed, not published: whoever has the entry keeps it alive (I6).
                unsafe { keeper.retain() };
            }
            // SAFETY: a reference is counted now.
            unsafe { keeper.claimed_elsewhere(slot) };
            // SAFETY: as above.
            unsafe { keeper.ended(ended) };
        }
        held
    }
}

impl Drop for KeeperHeld<'_> {
    fn drop(&mut self) {
        match self.0.keeper_on_heap() {
            Some(keeper) if !keeper.is_counted() => {
                // SAFETY: counted by `after_claim`.
                unsafe { keeper.release() };
                self.0.tell_settled();
            }
            _ => self.0.let_keeper_go(),
        }
    }
}

/// Publishes and settles when the callable of a cancelled task is gone, however it went.
struct PublishCancelled<'a>(&'a SlotRef);

impl Drop for PublishCancelled<'_> {
    fn drop(&mut self) {
        let published = self.0.header().state.publish_cancelled();
        self.0.settle(published, || Completion::of_cancelled(self.0));
    }
}

/// Resolves when the callable of a task that never started is gone, however it went. Arrow 1 was
/// taken by whoever makes one.
struct ResolveWithError<'a>(&'a SlotRef, Option<TaskError>);

impl Drop for ResolveWithError<'_> {
    fn drop(&mut self) {
        if let Some(error) = self.1.take() {
            // SAFETY: arrow 1 was taken, and the room is empty now.
            unsafe { self.0.resolve_with_error(error) };
        }
    }
}

/// What is to be done when the one waiter has been woken, also when that unwinds.
struct SettleRest<'a, F: FnOnce() -> Completion> {
    slot: &'a SlotRef,
    published: Published,
    completion: Option<F>,
}

impl<F: FnOnce() -> Completion> Drop for SettleRest<'_, F> {
    #[inline]
    fn drop(&mut self) {
        if self.published.listed
            && let Some(completion) = self.completion.take()
        {
            self.slot.visit_nodes(&completion());
        }
        if self.published.future_gone {
            self.slot.drop_outcome();
        }
    }
}

/// Visits the nodes of a resolved slot, the rest of them also when one unwinds.
struct Visitor<'a> {
    slot: &'a SlotRef,
    completion: &'a Completion,
}

impl Visitor<'_> {
    fn visit_one(&mut self) -> bool {
        match self.slot.pop_node() {
            None => return false,
            Some(Visit::Nothing) => {}
            Some(Visit::Wake(waker)) => {
                let _ = contain(|| waker.wake());
            }
            // SAFETY: popped: the node is ours, and it is called this once.
            Some(Visit::Call(node, call)) => unsafe { call(node, self.completion) },
        }
        true
    }
}

impl Drop for Visitor<'_> {
    fn drop(&mut self) {
        while self.visit_one() {}
    }
}
