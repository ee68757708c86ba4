//! Calls where there may be no room: with another policy for once, or by awaiting room.
#![forbid(unsafe_code)]

use std::fmt;
use std::sync::LazyLock;

use concurrent_futures_core::calls::{Callee, Decode, FallibleCallee, FrameFlags, Portable};
use concurrent_futures_core::{Executor, Future, InlineBackend, WhenFull};

use super::call_error::{CallError, CallErrorReason, given_back};
use super::call_options::CallOptions;
use super::called::Called;
use super::caller::Caller;
use super::calls::Calling;
use super::decode::{AsFallible, AsValue};
use super::executor::ProcessPoolExecutor;

/// Runs calls in the thread that makes them.
static HERE: LazyLock<Executor<InlineBackend>> = LazyLock::new(|| Executor::new(InlineBackend));

/// A pool of processes, with a policy of one's own for when there is no room.
#[derive(Clone)]
pub struct ProcessSubmitter<'a> {
    executor: &'a ProcessPoolExecutor,
    caller: Caller,
}

impl ProcessPoolExecutor {
    /// This pool, with another policy for when there is no room than it was built with.
    ///
    /// With [`WhenFull::RunInCaller`] the function is called here, in this process, when there is none: for
    /// functions that are sent to processes for the sake of speed, not for what they might do to this one. A
    /// panic is contained; such a call is counted nowhere, and has no time limit.
    pub fn when_full(&self, when_full: WhenFull) -> ProcessSubmitter<'_> {
        ProcessSubmitter { executor: self, caller: self.caller().when_full(when_full) }
    }

    /// Calls a registered function as soon as there is room, without blocking the thread meanwhile.
    ///
    /// Who came first gets room first, whether blocking or awaiting. The arguments are encoded at once.
    ///
    /// # Cancellation
    /// Dropped before it is ready, it has submitted nothing, and its turn goes to the next.
    ///
    /// # Errors
    /// The arguments back, as [`submit`](Self::submit) does.
    pub async fn submit_async<F, A, M>(
        &self,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Output>, CallError<A>>
    where
        F: Callee<A, M>,
        A: Portable,
    {
        let _ = function; // its type says which it is
        let called = Called::find::<F>(FrameFlags::NONE, self.options());
        self.call_async::<AsValue<F::Output>, A>(called, arguments).await
    }

    /// As [`submit_async`](Self::submit_async); an `Err` of the function is a failure of the task.
    ///
    /// # Errors
    /// As there.
    pub async fn submit_fallible_async<F, A, M>(
        &self,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Value>, CallError<A>>
    where
        F: FallibleCallee<A, M>,
        A: Portable,
    {
        let _ = function; // its type says which it is
        let called = Called::find::<F>(FrameFlags::FALLIBLE, self.options());
        self.call_async::<AsFallible<F::Value, F::Error>, A>(called, arguments).await
    }

    /// # Errors
    /// As `submit`.
    async fn call_async<D, A>(
        &self,
        called: Result<Called, CallErrorReason>,
        arguments: A,
    ) -> Result<Future<D::Output>, CallError<A>>
    where
        D: Decode<Output: Send + 'static>,
        A: Portable,
    {
        let packed = called.and_then(|called| Ok((called, self.caller().pack(&arguments)?)));
        let future = match packed {
            Ok((called, packed)) => self.caller().submit_async::<D>(called, packed).await,
            Err(reason) => Err(reason),
        };
        given_back(future, arguments)
    }
}

impl ProcessSubmitter<'_> {
    /// As [`ProcessPoolExecutor::submit`].
    ///
    /// # Errors
    /// As there, and [`RefusedReason::Full`](crate::RefusedReason::Full) if the policy says so.
    pub fn submit<F, A, M>(
        &self,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Output>, CallError<A>>
    where
        F: Callee<A, M>,
        A: Portable,
        M: 'static,
    {
        self.submit_with(self.executor.options(), function, arguments)
    }

    /// As [`ProcessPoolExecutor::submit_with`].
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub fn submit_with<F, A, M>(
        &self,
        options: CallOptions,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Output>, CallError<A>>
    where
        F: Callee<A, M>,
        A: Portable,
        M: 'static,
    {
        self.caller.call_or_run(options, function, arguments)
    }

    /// As [`ProcessPoolExecutor::submit_fallible`].
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub fn submit_fallible<F, A, M>(
        &self,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Value>, CallError<A>>
    where
        F: FallibleCallee<A, M>,
        A: Portable,
        M: 'static,
    {
        self.submit_fallible_with(self.executor.options(), function, arguments)
    }

    /// As [`ProcessPoolExecutor::submit_fallible_with`].
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub fn submit_fallible_with<F, A, M>(
        &self,
        options: CallOptions,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Value>, CallError<A>>
    where
        F: FallibleCallee<A, M>,
        A: Portable,
        M: 'static,
    {
        self.caller.call_or_run_fallible(options, function, arguments)
    }
}

impl Caller {
    /// Calls a function in a worker; or here, if that is the policy and there is no room.
    ///
    /// # Errors
    /// Why not, and the arguments.
    pub(super) fn call_or_run<F, A, M>(
        &self,
        options: CallOptions,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Output>, CallError<A>>
    where
        F: Callee<A, M>,
        A: Portable,
        M: 'static,
    {
        let called = Called::find::<F>(FrameFlags::NONE, options);
        let call = |called| self.call::<AsValue<F::Output>, A>(called, &arguments);
        match called.and_then(call) {
            Err(reason) if self.runs_here(&reason) => {
                HERE.submit_call(function, arguments).map_err(CallError::refused)
            }
            future => given_back(future, arguments),
        }
    }

    /// As `call_or_run`; an `Err` is a failure.
    ///
    /// # Errors
    /// As there.
    pub(super) fn call_or_run_fallible<F, A, M>(
        &self,
        options: CallOptions,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Value>, CallError<A>>
    where
        F: FallibleCallee<A, M>,
        A: Portable,
        M: 'static,
    {
        let called = Called::find::<F>(FrameFlags::FALLIBLE, options);
        let call = |called| self.call::<AsFallible<F::Value, F::Error>, A>(called, &arguments);
        match called.and_then(call) {
            Err(reason) if self.runs_here(&reason) => {
                HERE.submit_call_fallible(function, arguments).map_err(CallError::refused)
            }
            future => given_back(future, arguments),
        }
    }
}

impl fmt::Debug for ProcessSubmitter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessSubmitter").field("caller", &self.caller).finish_non_exhaustive()
    }
}
