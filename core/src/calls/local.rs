//! Registered functions in an executor of this program: the same calls, without bytes.
#![forbid(unsafe_code)]

use core::fmt;
use core::marker::PhantomData;

use super::callee::{Callee, FallibleCallee, Portable};
use crate::backend::{Backend, SubmitError};
use crate::body::Callable;
use crate::error::TaskError;
use crate::executor::{Executor, Shared};
use crate::future::Future;
use crate::map::{Closures, MapFunction, Pace};

/// The function of a [`Map`](crate::Map) that could also be called from afar.
pub struct LocalFn<F, M>(F, PhantomData<fn() -> M>);

/// As [`LocalFn`], for one whose `Err` is a failure.
pub struct LocalFallibleFn<F, M>(F, PhantomData<fn() -> M>);

impl<B: Backend> Executor<B> {
    /// Calls a function here as a pool of worker processes would call it there. Nothing is encoded.
    ///
    /// For programs that choose at run time which of the two runs their functions; where it is always this
    /// one, [`submit`](Self::submit) says the same with a closure.
    ///
    /// # Errors
    /// The arguments back, if the executor was shut down or the backend has no room or no worker.
    ///
    /// # Examples
    /// ```
    /// use concurrent_futures_core::{Executor, InlineBackend};
    ///
    /// fn area(width: u32, height: u32) -> u32 {
    ///     width * height
    /// }
    /// let executor = Executor::new(InlineBackend);
    /// assert_eq!(executor.submit_call(area, (6, 7))?.result()?, 42);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn submit_call<F, A, M>(
        &self,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Output>, SubmitError<A>>
    where
        F: Callee<A, M>,
        A: Portable,
        M: 'static,
    {
        let call = Call { function, arguments, of: PhantomData::<fn() -> M> };
        Shared::submit(self.shared(), call)
            .map_err(|(call, reason)| SubmitError::new(call.arguments, reason))
    }

    /// As [`submit_call`](Self::submit_call), for a function whose `Err` is a failure of the task.
    ///
    /// # Errors
    /// As there.
    pub fn submit_call_fallible<F, A, M>(
        &self,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Value>, SubmitError<A>>
    where
        F: FallibleCallee<A, M>,
        A: Portable,
        M: 'static,
    {
        let call = FallibleCall(Call { function, arguments, of: PhantomData::<fn() -> M> });
        Shared::submit(self.shared(), call)
            .map_err(|(call, reason)| SubmitError::new(call.0.arguments, reason))
    }

    /// Has this executor call a function with the items of a [`Map`](crate::Map): for
    /// [`Map::over`](crate::Map::over).
    pub fn map_source<F, A, M>(
        &self,
        function: F,
        pace: Pace,
    ) -> Closures<B, LocalFn<F, M>, A, F::Output>
    where
        F: Callee<A, M>,
    {
        Closures::new(self.shared().clone(), LocalFn(function, PhantomData), pace)
    }

    /// As [`map_source`](Self::map_source), for a function whose `Err` is a failure of its item.
    pub fn map_source_fallible<F, A, M>(
        &self,
        function: F,
        pace: Pace,
    ) -> Closures<B, LocalFallibleFn<F, M>, A, F::Value>
    where
        F: FallibleCallee<A, M>,
    {
        Closures::new(self.shared().clone(), LocalFallibleFn(function, PhantomData), pace)
    }
}

/// A function, and what it is to be called with.
struct Call<F, A, M> {
    function: F,
    arguments: A,
    of: PhantomData<fn() -> M>,
}

/// One whose `Err` is a failure.
struct FallibleCall<F, A, M>(Call<F, A, M>);

impl<F: Callee<A, M>, A, M> Callable for Call<F, A, M> {
    type Output = F::Output;
    type Kept = Result<F::Output, TaskError>;

    fn call(self) -> Result<F::Output, TaskError> {
        Ok(self.function.call(self.arguments))
    }

    fn type_name() -> &'static str {
        core::any::type_name::<F>()
    }
}

impl<F: FallibleCallee<A, M>, A, M> Callable for FallibleCall<F, A, M> {
    type Output = F::Value;
    type Kept = Result<F::Value, TaskError>;

    fn call(self) -> Result<F::Value, TaskError> {
        self.0.function.call(self.0.arguments).map_err(TaskError::failed)
    }

    fn type_name() -> &'static str {
        core::any::type_name::<F>()
    }
}

impl<F: Callee<A, M>, A, M: 'static> MapFunction<A, F::Output> for LocalFn<F, M> {
    #[inline]
    fn call(&self, item: A) -> Result<F::Output, TaskError> {
        Ok(self.0.call(item))
    }
}

impl<F: FallibleCallee<A, M>, A, M: 'static> MapFunction<A, F::Value> for LocalFallibleFn<F, M> {
    #[inline]
    fn call(&self, item: A) -> Result<F::Value, TaskError> {
        self.0.call(item).map_err(TaskError::failed)
    }
}

impl<F, M> fmt::Debug for LocalFn<F, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalFn").finish_non_exhaustive()
    }
}

impl<F, M> fmt::Debug for LocalFallibleFn<F, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalFallibleFn").finish_non_exhaustive()
    }
}
