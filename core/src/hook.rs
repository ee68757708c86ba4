//! Where that is reported which nobody waits for: panics of done callbacks and of task hooks, and
//! failures that were dropped unread.
#![forbid(unsafe_code)]

use crate::contain::Payload;

#[cfg(feature = "std")]
mod with_std {
    use super::Payload;
    use crate::completion::FutureId;
    use crate::error::{TaskError, TaskErrorKind};
    use alloc::boxed::Box;
    use alloc::sync::Arc;
    use core::any::Any;
    use core::sync::atomic::{AtomicBool, Ordering};
    use std::sync::RwLock;

    type Hook = Arc<dyn Fn(Box<dyn Any + Send>) + Send + Sync>;
    static HOOK: RwLock<Option<Hook>> = RwLock::new(None);

    /// Sets what is called with the payload when a done callback or a [`TaskHook`](crate::TaskHook)
    /// panics, in the thread where it did. By default nothing: the panic hook of the program has had its
    /// say.
    pub fn set_callback_panic_hook(hook: impl Fn(Box<dyn Any + Send>) + Send + Sync + 'static) {
        let hook: Hook = Arc::new(hook);
        let before = HOOK.write().unwrap_or_else(|poison| poison.into_inner()).replace(hook);
        drop(before);
    }

    type FailureHook = Arc<dyn Fn(&TaskError, FutureId) + Send + Sync>;
    static FAILURE_HOOK: RwLock<Option<FailureHook>> = RwLock::new(None);
    /// Not the model's atomic: nothing is ordered by it.
    static WANTS_FAILURES: AtomicBool = AtomicBool::new(false);

    /// Sets what is called with a failure that is dropped unread, in the thread that drops it: the
    /// one that drops the future, or, if that was dropped before, the one that ran the task.
    /// By default nothing is.
    ///
    /// A failure was read if its error was taken by `result`, `try_result` or `.await`, seen by
    /// `exception`, or lent by a shared future. A future with a done callback counts as read too:
    /// the callback is told of the error, and whoever adds one often drops the future at once.
    /// Tasks that were cancelled or abandoned are not reported: nobody did any work that failed.
    ///
    /// # Panics
    /// A panic in the hook is contained.
    ///
    /// # Examples
    /// ```
    /// use concurrent_futures_core::{Executor, InlineBackend, set_unread_failure_hook};
    /// use std::sync::mpsc::channel;
    ///
    /// let (sender, reports) = channel();
    /// set_unread_failure_hook(move |error, _| drop(sender.send(error.to_string())));
    /// let executor = Executor::new(InlineBackend);
    /// drop(executor.submit_fallible(|| "4x".parse::<u32>())?); // and nobody knows
    /// assert_eq!(reports.recv()?, "task failed: invalid digit found in string");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_unread_failure_hook(hook: impl Fn(&TaskError, FutureId) + Send + Sync + 'static) {
        let hook: FailureHook = Arc::new(hook);
        let mut current = FAILURE_HOOK.write().unwrap_or_else(|poison| poison.into_inner());
        let before = current.replace(hook);
        drop(current);
        // ORDERING: Relaxed; the hook itself is behind the lock, and may be seen a moment later.
        WANTS_FAILURES.store(true, Ordering::Relaxed);
        drop(before);
    }

    /// Whether there is a hook for failures that nobody reads.
    pub(crate) fn wants_unread_failures() -> bool {
        // ORDERING: Relaxed; as above.
        WANTS_FAILURES.load(Ordering::Relaxed)
    }

    pub(crate) fn unread_failure(error: &TaskError, id: FutureId) {
        if matches!(error.kind(), TaskErrorKind::Cancelled | TaskErrorKind::Abandoned) {
            return;
        }
        let hook = FAILURE_HOOK.read().unwrap_or_else(|poison| poison.into_inner()).clone();
        if let Some(hook) = hook {
            drop(crate::contain::contain(|| hook(error, id)));
        }
    }

    pub(crate) fn callback_panicked(payload: Payload) {
        let hook = HOOK.read().unwrap_or_else(|poison| poison.into_inner()).clone();
        if let Some(hook) = hook {
            // A hook that panics is not reported to itself.
            drop(crate::contain::contain(|| hook(payload.into_inner())));
        }
    }
}
#[cfg(feature = "std")]
pub(crate) use with_std::{callback_panicked, unread_failure, wants_unread_failures};
#[cfg(feature = "std")]
pub use with_std::{set_callback_panic_hook, set_unread_failure_hook};

#[cfg(not(feature = "std"))]
pub(crate) fn callback_panicked(payload: Payload) {
    match payload {}
}
