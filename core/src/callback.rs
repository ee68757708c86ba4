//! Done callbacks and `then`.

#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::fmt;
use core::ptr::NonNull;

use crate::completion::Completion;
use crate::contain::contain;
use crate::future::Future;
#[cfg(feature = "std")]
use crate::keeper::{Keeper, KeeperRef};
use crate::node::Node;
#[cfg(feature = "alloc")]
use crate::slot::SlotRef;
use crate::state::List;
use crate::sync::{atomic::AtomicBool, atomic::Ordering, const_unless_modeled};

/// A done callback on the heap. The node comes first: its address is the box's.
#[cfg(feature = "alloc")]
#[repr(C)]
struct Boxed<F> {
    node: Node,
    callback: F,
}

#[cfg(feature = "alloc")]
impl<F: FnOnce(&Completion)> Boxed<F> {
    /// # Safety
    /// The node is that of a leaked `Box<Boxed<F>>`, unlinked, and called for the first time.
    unsafe fn call(node: NonNull<Node>, completion: &Completion) {
        // SAFETY: as the caller promises.
        let boxed = unsafe { Box::from_raw(node.cast::<Self>().as_ptr()) };
        if let Err(payload) = contain(move || (boxed.callback)(completion)) {
            crate::hook::callback_panicked(payload);
        }
    }
}

/// Links a boxed callback, or calls it at once if the slot is resolved.
#[cfg(feature = "alloc")]
pub(crate) fn add<F>(slot: &SlotRef, callback: F, completion: impl FnOnce() -> Completion)
where
    F: FnOnce(&Completion) + Send + 'static,
{
    let boxed = Box::new(Boxed { node: Node::callback(Boxed::<F>::call), callback });
    let node = NonNull::from(Box::leak(boxed)).cast::<Node>();
    // SAFETY: leaked until it is called, which happens exactly once: by whoever resolves the slot,
    // or below.
    if unsafe { slot.link_node(node) } == List::Resolved {
        // SAFETY: linked nowhere, and called by nobody else.
        unsafe { Boxed::<F>::call(node, &completion()) };
    }
}

impl<T> Future<T> {
    /// Calls `callback` once the future is done: in the thread that completes or cancels it, in the
    /// order added; at once in this one if it is done already.
    ///
    /// The callback learns how the task ended, not its value: for that see [`then`](Self::then). It
    /// may submit, cancel, add callbacks and drop executors. It should not block: it holds up a
    /// worker.
    ///
    /// # Panics
    /// Not here: a panic in a callback is reported to the [hook](crate::set_callback_panic_hook), and
    /// stops neither the other callbacks nor the worker.
    #[cfg(feature = "alloc")]
    pub fn add_done_callback<F>(&self, callback: F)
    where
        F: FnOnce(&Completion) + Send + 'static,
    {
        self.slot().header().state.mark_read(); // the callback is told
        add(self.slot(), callback, || self.completion_now());
    }

    /// As [`add_done_callback`](Self::add_done_callback) without an allocator: the caller supplies
    /// the node.
    ///
    /// # Errors
    /// [`InUse`] if the callback waits for another future.
    pub fn add_static_callback<F>(&self, callback: &'static StaticCallback<F>) -> Result<(), InUse>
    where
        F: Fn(&Completion) + Sync + 'static,
    {
        // ORDERING: Acquire; pairs with the Release in `call`: the node is unlinked by then.
        if callback.in_use.swap(true, Ordering::Acquire) {
            return Err(InUse);
        }
        self.slot().header().state.mark_read(); // the callback is told
        let node = NonNull::from(callback).cast::<Node>();
        // SAFETY: static, and marked as in use until it is called.
        if unsafe { self.slot().link_node(node) } == List::Resolved {
            // SAFETY: linked nowhere, and nobody else may use it.
            unsafe { StaticCallback::<F>::call(node, &self.completion_now()) };
        }
        Ok(())
    }

    /// How the task ended. The future is done.
    fn completion_now(&self) -> Completion {
        if self.cancelled() {
            Completion::of_cancelled(self.slot())
        } else {
            Completion::of_finished(self.slot(), self.error_now())
        }
    }

    /// Calls `function` with the outcome once there is one, in the thread that completes or cancels,
    /// and gives a future of what it returns.
    ///
    /// A panic of `function` is that future's failure. Cancelling it keeps `function` from running.
    ///
    /// Each link of a chain runs on top of the one before: a chain of thousands needs a stack to
    /// match. Where one is that long, a loop over `await` or `result` serves better.
    ///
    /// # Examples
    /// ```
    /// let (promise, future) = concurrent_futures_core::promise();
    /// let length = future.then(|text| text.map(|text: &str| text.len()));
    /// promise.complete("four").ok();
    /// assert_eq!(length.result()??, 4);
    /// # Ok::<(), concurrent_futures_core::TaskError>(())
    /// ```
    #[cfg(feature = "std")]
    pub fn then<U, F>(self, function: F) -> Future<U>
    where
        F: FnOnce(Result<T, crate::TaskError>) -> U + Send + 'static,
        T: Send + 'static,
        U: Send + 'static,
    {
        let source = self.slot().clone();
        let mut future = self;
        let callable = crate::body::Plain(move || {
            let outcome = future.try_result();
            function(outcome.unwrap_or_else(|| Err(crate::TaskError::abandoned())))
        });
        use crate::storage::heap::{Entry, task};
        let keeper = crate::sync::Arc::new(Chained { source: source.clone() });
        let keeper = KeeperRef::counted::<Chained, true>(&keeper);
        let (task, next) = task(callable, crate::SlotLock::Os, Entry::None, keeper);
        let done = source.clone();
        add(&source, move |_| task.run(), move || Completion::of_finished(&done, None));
        next
    }
}

/// The keeper of the task that `then` makes: it runs when another has ended.
#[cfg(feature = "std")]
struct Chained {
    source: SlotRef,
}

#[cfg(feature = "std")]
impl Keeper for Chained {
    const CHAINED: bool = true;

    fn precedent(&self) -> Option<SlotRef> {
        Some(self.source.clone())
    }
}

/// A done callback that lives in a static. It is called in the context that completes or cancels the
/// future, which may be an interrupt handler.
///
/// ```
/// use concurrent_futures_core::{Completion, StaticCallback};
/// static COUNT: StaticCallback<fn(&Completion)> = StaticCallback::new(|done| {
///     println!("{:?} is {}", done.id(), done.state());
/// });
/// let (promise, future) = concurrent_futures_core::promise();
/// future.add_static_callback(&COUNT)?;
/// promise.complete(1).ok();
/// # Ok::<(), concurrent_futures_core::InUse>(())
/// ```
#[repr(C)]
pub struct StaticCallback<F> {
    node: Node,
    in_use: AtomicBool,
    callback: F,
}

/// The static callback waits for another future.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct InUse;

impl fmt::Display for InUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the static callback still waits for another future: use one for each")
    }
}

impl core::error::Error for InUse {}

impl<F: Fn(&Completion) + Sync + 'static> StaticCallback<F> {
    const_unless_modeled! {
    /// A callback that waits for nothing yet.
    pub const fn new(callback: F) -> Self {
        Self { node: Node::callback(Self::call), in_use: AtomicBool::new(false), callback }
    }
    }

    /// # Safety
    /// The node is that of a `&'static Self`, in use and unlinked.
    unsafe fn call(node: NonNull<Node>, completion: &Completion) {
        // SAFETY: as the caller promises.
        let this: &'static Self = unsafe { node.cast::<Self>().as_ref() };
        // ORDERING: Release; pairs with the Acquire in `add_static_callback`. Before the call, so
        // that the callback may be added again from within.
        this.in_use.swap(false, Ordering::Release);
        if let Err(payload) = contain(|| (this.callback)(completion)) {
            crate::hook::callback_panicked(payload);
        }
    }
}

impl<F> fmt::Debug for StaticCallback<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticCallback").field("in_use", &self.in_use).finish_non_exhaustive()
    }
}
