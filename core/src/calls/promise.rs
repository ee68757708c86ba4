//! [`CallPromise`]: the right to resolve the future of a call, by whoever supervises the workers.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::mem;
use core::ptr::NonNull;

use super::encoded::{Arrived, Decode, Encoded};
use crate::body::Callable;
use crate::completion::{Completion, FutureId};
use crate::error::TaskError;
use crate::future::Future;
use crate::keeper::{Keeper, KeeperRef};
use crate::node::{Call, Node, Visit};
use crate::resolve::Ended;
use crate::slot::{Header, SlotRef};
use crate::state::{CancelClaim, Claim, Departure, Ending, Published};
use crate::storage::heap::{Numbered, SlotLock, allocate_with};
use crate::sync::Arc;

/// Answers for calls that were sent to workers. Its methods are called in any thread that has a future
/// of a call, under no lock of this crate.
pub trait Desk: Send + Sync + 'static {
    /// Calls back a call that was sent to a worker. `true` if the worker will never run it: then the desk
    /// has forgotten it, with [`CallPromise::relinquish`], and the caller resolves its future.
    fn recall(&self, call: u64) -> bool;

    /// Whether a call that was sent to a worker has started there; also once its outcome has come and
    /// is about to land. Of a call that is back the answer does not matter.
    fn has_started(&self, call: u64) -> bool;

    /// A call that had not been sent, or was back, has been cancelled: what is kept of it can go.
    fn cancelled(&self, call: u64);
}

/// A desk, shared by all its calls.
pub struct CallDesk<K>(Arc<Keeping<K>>);

/// The keeper of calls (I6).
struct Keeping<K>(K);

impl<K: Desk> Keeper for Keeping<K> {
    const CLAIMABLE: bool = false;

    fn recall(&self, task: &SlotRef) -> bool {
        self.0.recall(number(task))
    }

    fn has_started(&self, task: &SlotRef) -> bool {
        self.0.has_started(number(task))
    }

    fn claimed_elsewhere(&self, task: &SlotRef) {
        self.0.cancelled(number(task));
    }

    fn ended(&self, _: Ended) {}
}

/// The number that its desk gave to the call of this slot.
fn number(slot: &SlotRef) -> u64 {
    // SAFETY: the table is this slot's.
    unsafe { (slot.table().number)(slot.as_raw()) }
}

impl<K: Desk> CallDesk<K> {
    /// A desk without calls.
    pub fn new(desk: K) -> Self {
        Self(Arc::new(Keeping(desk)))
    }

    /// A call with this number, and the future that whoever takes it decodes with `D`. Numbers are
    /// given once.
    pub fn call<D>(&self, number: u64) -> (CallPromise, Future<D::Output>)
    where
        D: Decode<Output: Send + 'static>,
    {
        let awaited = Awaited::<D>(PhantomData);
        let keeper = KeeperRef::counted::<Keeping<K>, true>(&self.0);
        let header = allocate_with(awaited, SlotLock::Os, Numbered(number), Some(keeper), 2);
        // SAFETY: two references were counted for us.
        let theirs = unsafe { SlotRef::from_raw(header) };
        // SAFETY: the second of them.
        let ours = unsafe { SlotRef::from_raw(header) };
        // SAFETY: the only future of a slot just made, whose value is a `D::Output`.
        let future = unsafe { Future::new(theirs) };
        (CallPromise { slot: ours }, future)
    }
}

impl<K> Clone for CallDesk<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K> core::ops::Deref for CallDesk<K> {
    type Target = K;

    fn deref(&self) -> &K {
        &self.0.0
    }
}

impl<K: fmt::Debug> fmt::Debug for CallDesk<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.0.fmt(f)
    }
}

/// The callable of a call: the worker will bring the value, and `D` decode it.
struct Awaited<D>(PhantomData<fn() -> D>);

impl<D: Decode> Callable for Awaited<D> {
    type Output = D::Output;
    type Kept = Arrived<D>;

    const ARRIVED: Option<fn(Encoded) -> Arrived<D>> = Some(Arrived::new);
    const RAISED: Option<fn(&Encoded) -> TaskError> = Some(raised::<D>);

    fn call(self) -> Result<D::Output, TaskError> {
        Err(TaskError::abandoned())
    }
}

/// The error that was encoded, for who has no right to the outcome itself.
fn raised<D: Decode>(encoded: &Encoded) -> TaskError {
    let decoded = crate::contain::contain(|| match D::decode(encoded) {
        Err(error) => error,
        Ok(value) => {
            drop(value);
            TaskError::failed(String::from("the worker called a value an error"))
        }
    });
    decoded.unwrap_or_else(|_| TaskError::failed(String::from("the error panicked when dropped")))
}

/// What became of a call.
#[derive(Debug)]
pub enum Landing {
    /// It has a value.
    Value(Encoded),
    /// It returned an error that counts as a failure.
    Raised(Encoded),
    /// It has none, and why.
    Failed(TaskError),
    /// It will not be started.
    Cancelled,
}

/// Whether the call may be sent.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// It may, now.
    Now,
    /// It was cancelled: forget it.
    Cancelled,
}

/// The right to resolve the future of a call. Dropped unfulfilled, it resolves it as abandoned.
///
/// As long as the call is not [away](Self::go_away), the future is pending and can be cancelled by
/// itself. While it is, who cancels asks the [`Desk`].
#[must_use = "dropping a promise abandons its future"]
pub struct CallPromise {
    slot: SlotRef,
}

impl CallPromise {
    /// Which future.
    pub fn id(&self) -> FutureId {
        FutureId::of(&self.slot)
    }

    /// The number that the desk gave to the call.
    pub fn number(&self) -> u64 {
        number(&self.slot)
    }

    /// The call is about to be sent to a worker. Under the lock under which the desk recalls.
    pub fn go_away(&self) -> Leave {
        match self.slot.header().state.depart() {
            Departure::Away => Leave::Now,
            Departure::Resolved => Leave::Cancelled,
        }
    }

    /// The call was not started by the worker and never will be. Under the lock under which the desk
    /// recalls.
    pub fn come_home(&self) {
        self.slot.header().state.come_home();
    }

    /// Gives the promise up for one who has called the call back and will resolve the future.
    pub fn relinquish(self) {
        self.come_home();
        drop(self.into_slot());
    }

    /// Whether the future was asked to have its task stop.
    pub fn stop_requested(&self) -> bool {
        self.slot.snapshot().is_stop_requested()
    }

    /// Resolves the future, and wakes whoever waits. What runs code of a user is left, to be run where
    /// that holds up nobody; `None` if there is nothing, or somebody else has cancelled the call.
    pub fn land(self, landing: Landing) -> Option<Aftermath> {
        let slot = self.into_slot();
        let (published, told) = match landing {
            Landing::Value(encoded) => finish(&slot, Told::Value, encoded)?,
            Landing::Raised(encoded) => {
                // Whoever is only told must not touch what the future has from now on.
                let copy = encoded.clone();
                finish(&slot, Told::Raised(copy), encoded.into_raised())?
            }
            Landing::Failed(error) => fail(&slot, error)?,
            Landing::Cancelled => cancel(&slot)?,
        };
        Aftermath::settle(slot, published, told)
    }

    fn into_slot(self) -> SlotRef {
        let this = mem::ManuallyDrop::new(self);
        // SAFETY: `this` is not used again, nor dropped.
        unsafe { core::ptr::read(&this.slot) }
    }
}

/// Arrows 1 and 3, with what came; nothing if it was cancelled.
fn finish(slot: &SlotRef, told: Told, encoded: Encoded) -> Option<(Published, Told)> {
    if slot.claim() == Claim::TooLate {
        return None;
    }
    if let Some(arrive) = slot.table().arrive {
        // SAFETY: the table is this slot's; arrow 1 was taken, and the room is empty.
        unsafe { arrive(slot.as_raw(), encoded) };
    }
    let ending = if let Told::Value = told { Ending::Value } else { Ending::Error };
    Some((slot.header().state.publish_finished(ending), told))
}

/// Arrows 1 and 3, with an error; nothing if it was cancelled.
fn fail(slot: &SlotRef, error: TaskError) -> Option<(Published, Told)> {
    if slot.claim() == Claim::TooLate {
        return None;
    }
    // SAFETY: arrow 1 was taken just now, and the callable of a call is nothing.
    unsafe { (slot.table().write_error)(slot.as_raw(), error.clone()) };
    Some((slot.header().state.publish_finished(Ending::Error), Told::Error(error)))
}

/// Arrows 2 and 4; nothing if it was cancelled by somebody else.
fn cancel(slot: &SlotRef) -> Option<(Published, Told)> {
    slot.header().state.come_home();
    match slot.header().state.claim_to_cancel() {
        CancelClaim::Claimed => Some((slot.header().state.publish_cancelled(), Told::Cancelled)),
        _ => None,
    }
}

impl Drop for CallPromise {
    fn drop(&mut self) {
        let _ = self.slot.resolve_pending(TaskError::abandoned()); // too late: cancelled
    }
}

impl fmt::Debug for CallPromise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<CallPromise {:?}>", self.slot)
    }
}

/// What callbacks are told.
enum Told {
    Value,
    Cancelled,
    Error(TaskError),
    Raised(Encoded),
}

/// What is left to do for a future that is resolved: its callbacks, and the end of an outcome that
/// nobody wants. Dropping it does it too.
#[must_use = "callbacks are to be called where they hold up nobody"]
pub struct Aftermath {
    slot: SlotRef,
    told: Told,
    callbacks: Vec<(NonNull<Node>, Call)>,
    unwanted: bool,
}

// SAFETY: the nodes are callbacks, which are Send, and nobody else has them: they were popped.
unsafe impl Send for Aftermath {}

impl Aftermath {
    fn settle(slot: SlotRef, published: Published, told: Told) -> Option<Self> {
        if published.waiter {
            slot.wake_waiter();
        }
        let mut this = Self { slot, told, callbacks: Vec::new(), unwanted: published.future_gone };
        if published.listed {
            this.wake_listed();
        }
        if this.callbacks.is_empty() && !this.unwanted {
            return None; // and is dropped, which lets the keeper go
        }
        Some(this)
    }

    /// Wakes those who wait in the list, and takes the callbacks out, in their order.
    fn wake_listed(&mut self) {
        while let Some(visit) = self.slot.pop_node() {
            match visit {
                Visit::Nothing => {}
                Visit::Wake(waker) => drop(crate::contain::contain(|| waker.wake())),
                Visit::Call(node, call) => self.callbacks.push((node, call)),
            }
        }
    }

    /// Calls the callbacks, in the order in which they were added.
    pub fn run(self) {
        drop(self);
    }

    fn completion(&self) -> Completion {
        let error = match &self.told {
            Told::Value => None,
            Told::Cancelled => return Completion::of_cancelled(&self.slot),
            Told::Error(error) => Some(error.clone()),
            Told::Raised(encoded) => self.slot.table().raised.map(|raised| raised(encoded)),
        };
        Completion::of_finished(&self.slot, error)
    }
}

impl Drop for Aftermath {
    fn drop(&mut self) {
        if !self.callbacks.is_empty() {
            let completion = self.completion();
            for (node, call) in mem::take(&mut self.callbacks) {
                // SAFETY: popped: the node is ours, and it is called this once.
                unsafe { call(node, &completion) };
            }
        }
        if self.unwanted {
            self.slot.drop_outcome();
        }
        self.slot.let_keeper_go();
    }
}

impl fmt::Debug for Aftermath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Aftermath");
        debug.field("slot", &self.slot).field("callbacks", &self.callbacks.len());
        debug.finish_non_exhaustive()
    }
}

/// The function `arrive` of a slot's table.
///
/// # Safety
/// As [`Table`](crate::slot::Table) says of `arrive`.
pub(crate) unsafe fn arrive<C: Callable, S: crate::body::Storage>(
    header: NonNull<Header>,
    encoded: Encoded,
) {
    if let Some(arrived) = C::ARRIVED {
        // SAFETY: as the caller promises.
        unsafe { crate::body::Slot::<C, S>::keep(header, arrived(encoded)) };
    }
}
