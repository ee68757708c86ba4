//! [`Future`]: the right to a task's value.

use core::fmt;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::blocking;
use crate::error::TaskError;
use crate::park::Park;
use crate::slot::SlotRef;
use crate::unique::Unique;

/// The right to the value of a task or promise.
///
/// One pointer wide. Wait for it by blocking ([`result`](Self::result)), by `.await`, or look with
/// [`try_result`](Self::try_result); it is the same future whoever works on it. Dropping a future
/// detaches it: the task still runs. A future that is never dropped keeps its slot and nothing else.
///
/// Everything but waiting may be done from an interrupt handler, if callable, value and wakers allow
/// that; [`contexts`](crate::contexts) says of each function what it does to them.
///
/// # Cancellation
/// [`cancel`](Self::cancel) succeeds while the task has not started. A future that one waits for by
/// value can be cancelled by its [`canceller`](Self::canceller).
#[must_use = "a future that is dropped detaches its task"]
pub struct Future<T> {
    unique: Unique,
    value: PhantomData<T>,
}

// SAFETY: a `&Future<T>` gives out no `&T`: it cancels, looks at the state and adds callbacks, which
// get no value. Send follows from T.
unsafe impl<T: Send> Sync for Future<T> {}

impl<T> Future<T> {
    /// # Safety
    /// The slot's value is a `T`, and this is its only future, ever.
    pub(crate) unsafe fn new(slot: SlotRef) -> Self {
        // SAFETY: as the caller promises.
        Self { unique: unsafe { Unique::new(slot) }, value: PhantomData }
    }

    /// # Safety
    /// It is the `Unique` of a `Future<T>` of this very `T`.
    pub(crate) unsafe fn from_unique(unique: Unique) -> Self {
        Self { unique, value: PhantomData }
    }

    pub(crate) fn into_unique(self) -> Unique {
        self.unique
    }

    pub(crate) fn unique(&mut self) -> &mut Unique {
        &mut self.unique
    }

    /// The outcome where it is, if there is one. For shared futures, which are unsound without
    /// `T: Sync` across threads; they see to that.
    #[cfg(feature = "alloc")]
    pub(crate) fn peek(&self) -> Option<&Result<T, TaskError>> {
        // SAFETY: a `Future<T>` is made only for slots whose value is a `T`.
        unsafe { self.unique.peek() }
    }

    pub(crate) fn error_now(&self) -> Option<TaskError> {
        self.unique.error()
    }

    pub(crate) fn slot(&self) -> &SlotRef {
        self.unique.slot()
    }

    crate::observe::observers!();

    /// A guard of this future that cancels it when dropped.
    pub fn cancel_on_drop(self) -> crate::CancelOnDrop<T> {
        crate::CancelOnDrop::new(self)
    }

    /// The outcome, if there is one yet. Never waits.
    ///
    /// The second time the outcome is an error of kind [`Taken`](crate::TaskErrorKind::Taken).
    pub fn try_result(&mut self) -> Option<Result<T, TaskError>> {
        // SAFETY: a `Future<T>` is made only for slots whose value is a `T`.
        unsafe { self.unique.take() }
    }

    /// Waits on `park` for the outcome. [`result`](Self::result) is this for threads. Like all that
    /// waits, not for interrupt handlers.
    ///
    /// # Errors
    /// What became of the task, or `WouldDeadlock` if it waits for itself.
    pub fn result_with<P: Park>(mut self, park: &P) -> Result<T, TaskError> {
        self.wait_with(park, None)?;
        self.into_result()
    }

    /// # Errors
    /// What became of the task, which is done.
    fn into_result(self) -> Result<T, TaskError> {
        // SAFETY: a `Future<T>` is made only for slots whose value is a `T`.
        match unsafe { self.unique.into_outcome() } {
            Ok(outcome) => outcome,
            Err(mut unique) => {
                // SAFETY: as above.
                unsafe { unique.take() }.unwrap_or_else(|| Err(TaskError::abandoned()))
            }
        }
    }

    /// Waits on `park` until the deadline. After it the future is as it was.
    ///
    /// # Errors
    /// What became of the task, or `TimedOut`.
    pub fn result_deadline_with<P: Park>(
        &mut self,
        park: &P,
        deadline: P::Instant,
    ) -> Result<T, TaskError> {
        self.wait_with(park, Some(deadline))?;
        self.try_result().unwrap_or_else(|| Err(TaskError::timed_out()))
    }

    /// # Errors
    /// Why it was not waited for to the end.
    fn wait_with<P: Park>(
        &mut self,
        park: &P,
        deadline: Option<P::Instant>,
    ) -> Result<(), TaskError> {
        blocking::wait(&mut self.unique, park, deadline).into_result()
    }
}

#[cfg(feature = "std")]
mod with_std {
    use super::{Future, TaskError};
    use crate::thread_parker::ThreadParker;
    use core::time::Duration;
    use std::time::Instant;

    impl<T> Future<T> {
        /// Blocks the thread until the task has ended, and gives its value.
        ///
        /// On a worker of the task's own executor, a task that has not started is run right here
        /// instead, so that a pool cannot starve by waiting for itself.
        ///
        /// # Errors
        /// What became of the task, or `WouldDeadlock` if it waits for itself.
        ///
        /// # Examples
        /// ```
        /// let (promise, future) = concurrent_futures_core::promise();
        /// drop(promise);
        /// let error = future.result().map(|()| ()).unwrap_err();
        /// assert_eq!(error.to_string(), "dropped by whoever was to fulfil it");
        /// ```
        pub fn result(self) -> Result<T, TaskError> {
            if self.done() {
                self.into_result()
            } else {
                self.result_with(&ThreadParker::current())
            }
        }

        /// Blocks for at most `timeout`. After that the future is as it was, and may be asked again.
        ///
        /// # Errors
        /// What became of the task, or `TimedOut`.
        pub fn result_timeout(&mut self, timeout: Duration) -> Result<T, TaskError> {
            match Instant::now().checked_add(timeout) {
                Some(deadline) => self.result_deadline(deadline),
                None => {
                    self.wait_with(&ThreadParker::current(), None)?; // longer than the clock goes
                    self.try_result().unwrap_or_else(|| Err(TaskError::timed_out()))
                }
            }
        }

        /// Blocks until `deadline` at most.
        ///
        /// # Errors
        /// What became of the task, or `TimedOut`.
        pub fn result_deadline(&mut self, deadline: Instant) -> Result<T, TaskError> {
            self.result_deadline_with(&ThreadParker::current(), deadline)
        }

        /// Blocks until the task has ended and says why it has no value; `None` if it has one,
        /// which stays where it is, or had one that was taken.
        ///
        /// An error that was taken is an error of kind [`Taken`](crate::TaskErrorKind::Taken).
        pub fn exception(&mut self) -> Option<TaskError> {
            match self.wait_with(&ThreadParker::current(), None) {
                Ok(()) => self.unique.read_error(),
                Err(error) => Some(error),
            }
        }

        /// As [`exception`](Self::exception), for at most `timeout`; then an error of kind
        /// [`TimedOut`](crate::TaskErrorKind::TimedOut).
        pub fn exception_timeout(&mut self, timeout: Duration) -> Option<TaskError> {
            match Instant::now().checked_add(timeout) {
                Some(deadline) => self.exception_deadline(deadline),
                None => self.exception(), // longer than the clock goes
            }
        }

        /// As [`exception_timeout`](Self::exception_timeout), until `deadline`.
        pub fn exception_deadline(&mut self, deadline: Instant) -> Option<TaskError> {
            match self.wait_with(&ThreadParker::current(), Some(deadline)) {
                Ok(()) => self.unique.read_error(),
                Err(error) => Some(error),
            }
        }
    }
}

impl<T> core::future::Future for Future<T> {
    type Output = Result<T, TaskError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.unique.poll_done(context.waker()) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => match self.try_result() {
                Some(outcome) => Poll::Ready(outcome),
                None => Poll::Pending, // not reached: done is stable
            },
        }
    }
}

impl<T> Unpin for Future<T> {}

impl<T> fmt::Debug for Future<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.unique.print(f, "Future")
    }
}

impl<T> fmt::Display for Future<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.unique.print(f, "Future")
    }
}
