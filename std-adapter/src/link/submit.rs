//! `LinkExecutor::submit` and its kin.
#![forbid(unsafe_code)]

use concurrent_futures_core::Future;
use concurrent_futures_core::calls::{Callee, FallibleCallee, FrameFlags, Portable};

use super::executor::LinkExecutor;
use crate::process::call_error::given_back;
use crate::process::calls::Calling;
use crate::{AsFallible, AsValue, CallError, CallOptions};

impl LinkExecutor {
    /// Calls a function in the worker. Its arguments: `()` for none, one as itself, several as a tuple.
    ///
    /// Whatever the function returns is the value of the future, a `Result` too; for errors that count as failures see
    /// [`submit_fallible`](Self::submit_fallible). The arguments are encoded in this call, which does not wait.
    ///
    /// # Errors
    /// The arguments back, if the function is not one of this link's, they cannot be sent, or the link takes no calls.
    pub fn submit<F, A, M>(
        &self,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Output>, CallError<A>>
    where
        F: Callee<A, M>,
        A: Portable,
    {
        self.submit_with(self.options(), function, arguments)
    }

    /// As [`submit`](Self::submit), with limits of its own on the time.
    ///
    /// # Errors
    /// As there.
    pub fn submit_with<F, A, M>(
        &self,
        options: CallOptions,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Output>, CallError<A>>
    where
        F: Callee<A, M>,
        A: Portable,
    {
        let _ = function; // its type says which it is
        let called = self.caller().find::<F>(FrameFlags::NONE, options);
        let call = |called| self.caller().call::<AsValue<F::Output>, A>(called, &arguments);
        let future = called.and_then(call);
        given_back(future, arguments)
    }

    /// As [`submit`](Self::submit), for a function whose `Err` is a failure of the task ("raised", in Python).
    ///
    /// # Errors
    /// As there.
    pub fn submit_fallible<F, A, M>(
        &self,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Value>, CallError<A>>
    where
        F: FallibleCallee<A, M>,
        A: Portable,
    {
        self.submit_fallible_with(self.options(), function, arguments)
    }

    /// As [`submit_fallible`](Self::submit_fallible), with limits of its own on the time.
    ///
    /// # Errors
    /// As there.
    pub fn submit_fallible_with<F, A, M>(
        &self,
        options: CallOptions,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Value>, CallError<A>>
    where
        F: FallibleCallee<A, M>,
        A: Portable,
    {
        let _ = function; // its type says which it is
        let called = self.caller().find::<F>(FrameFlags::FALLIBLE, options);
        let call =
            |called| self.caller().call::<AsFallible<F::Value, F::Error>, A>(called, &arguments);
        let future = called.and_then(call);
        given_back(future, arguments)
    }
}
