//! A callable with the span that its executor's hook has given it.

use alloc::boxed::Box;

use crate::body::Callable;
use crate::contain::contain;
use crate::error::TaskError;
use crate::hook::callback_panicked;
use crate::task_hook::{QueuedTask, Run, TaskHook, TaskRun, TaskSpan};

/// The callable of a task whose executor has a hook, in the slot where the bare one would be: a slot
/// of an executor without a hook has no room for a span, and needs none.
///
/// Its own type is forgotten. Otherwise every closure of a program would bring the code of two kinds of
/// slots, hook or no hook; so it costs those who have one an allocation more.
pub(crate) struct Hooked<'a, T> {
    span: Unstarted, // before the callable, so that it is told before that is dropped
    callable: Box<dyn Erased<T> + 'a>,
}

/// A [`Callable`] of whatever type.
trait Erased<T>: Send {
    /// # Errors
    /// The failure of the task.
    fn call_boxed(self: Box<Self>) -> Result<T, TaskError>;
}

impl<C: Callable + Send> Erased<C::Output> for C {
    fn call_boxed(self: Box<Self>) -> Result<C::Output, TaskError> {
        (*self).call()
    }
}

/// A span that has not been given its task; dropped, it is told so.
pub(crate) struct Unstarted(Option<Box<dyn TaskSpan>>);

/// Asks the hook about a callable of that type.
pub(crate) fn queued<C: Callable>(hook: &dyn TaskHook) -> Option<Unstarted> {
    ask(hook, C::type_name(), core::any::type_name::<C::Output>())
}

#[cold]
fn ask(
    hook: &dyn TaskHook,
    callable_type: &'static str,
    result_type: &'static str,
) -> Option<Unstarted> {
    let mut span = None;
    report(|| span = hook.queued(&QueuedTask { callable_type, result_type }));
    span.map(|span| Unstarted(Some(span)))
}

impl<'a, T> Hooked<'a, T> {
    pub(crate) fn new<C>(span: Unstarted, callable: C) -> Self
    where
        C: Callable<Output = T> + Send + 'a,
    {
        Self { span, callable: Box::new(callable) }
    }

    /// The callable of a task that was refused.
    ///
    /// # Safety
    /// It was made with a `C`.
    pub(crate) unsafe fn into_callable<C: Callable<Output = T>>(self) -> C {
        let callable = Box::into_raw(self.callable).cast::<C>();
        // SAFETY: a `C`, as the caller promises, in a box that has just been taken apart.
        *unsafe { Box::from_raw(callable) }
    }
}

impl<T> Callable for Hooked<'_, T> {
    type Output = T;
    type Kept = Result<T, TaskError>;

    fn call(mut self) -> Result<T, TaskError> {
        let span = self.span.0.take();
        let mut stage = Stage { callable: Some(self.callable), outcome: None };
        if let Some(span) = span {
            report(|| span.run(TaskRun(&mut stage)));
        }
        let _ = stage.run(); // nothing, unless the span has left it
        stage.outcome.unwrap_or_else(|| Err(TaskError::abandoned()))
    }
}

/// The callable first, its outcome later.
struct Stage<'a, T> {
    callable: Option<Box<dyn Erased<T> + 'a>>,
    outcome: Option<Result<T, TaskError>>,
}

impl<T> Run for Stage<'_, T> {
    fn run(&mut self) -> Result<(), TaskError> {
        if let Some(callable) = self.callable.take() {
            // Caught here already, so that the span learns of it, and at once, so that nothing which
            // the span throws is taken for it.
            let outcome = contain(|| callable.call_boxed());
            self.outcome =
                Some(outcome.unwrap_or_else(|payload| Err(TaskError::panicked(payload))));
        }
        match &self.outcome {
            Some(Err(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }
}

impl Drop for Unstarted {
    fn drop(&mut self) {
        if let Some(span) = self.0.take() {
            report(|| span.never_started());
        }
    }
}

/// Runs what is the hook's; its panic is its own affair.
fn report(f: impl FnOnce()) {
    if let Err(payload) = contain(f) {
        callback_panicked(payload);
    }
}
