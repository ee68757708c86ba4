//! [`Attempts`]: what stands behind a promise whose work is done in several attempts.
#![forbid(unsafe_code)]

use core::task::Waker;

use crate::canceller::Canceller;
use crate::future::Future;
use crate::keeper::{Keeper, KeeperRef};
use crate::promise::{Promise, promise_kept_by};
use crate::slot::SlotRef;
use crate::storage::heap::SlotLock;
use crate::sync::Arc;

/// What stands behind a promise whose work is done in several attempts, each a task of some executor.
///
/// The promise [suspends](crate::Running::suspend) between two of them. Nothing here is called under
/// a lock of this crate, and each from whatever thread.
pub trait Attempts: Send + Sync + 'static {
    /// The task that makes the next attempt, if it is queued: a worker of the same executor that
    /// waits for the promise's future runs it itself. A task that waits for this very promise, in
    /// however many steps, is run by no waiter.
    fn queued(&self) -> Option<Canceller>;

    /// Somebody waits for the promise's future: the waker is woken, once, when another attempt is
    /// queued, after `queued` names it. It may be dropped when the promise is resolved.
    fn watch(&self, waker: &Waker);

    /// The future was cancelled, or the promise dropped while it was pending: what is held for
    /// another attempt can go.
    fn ended(&self);
}

/// As [`promise`](crate::promise()), for work that is done in attempts.
pub fn promise_in_attempts<T>(attempts: alloc::sync::Arc<dyn Attempts>) -> (Promise<T>, Future<T>) {
    let keeper = KeeperRef::counted::<Behind, true>(&Arc::new(Behind(attempts)));
    promise_kept_by(Some(keeper), SlotLock::Os)
}

/// The keeper of a promise.
struct Behind(alloc::sync::Arc<dyn Attempts>);

impl Keeper for Behind {
    const CHAINED: bool = true;

    fn precedent(&self) -> Option<SlotRef> {
        self.0.queued().map(Canceller::into_slot)
    }

    fn claimed_elsewhere(&self, _task: &SlotRef) {
        let _ = crate::contain::contain(|| self.0.ended());
    }

    fn enter_wait(&self, waker: &Waker) {
        self.0.watch(waker);
    }
}

impl Canceller {
    fn into_slot(self) -> SlotRef {
        self.slot
    }
}
