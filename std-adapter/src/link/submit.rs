//! How a call of a function comes to a link.
#![forbid(unsafe_code)]

use std::any::{TypeId, type_name};

use concurrent_futures_core::calls::link::LinkCall;
use concurrent_futures_core::calls::{
    Callee, Decode, FallibleCallee, FrameFlags, Portable, TaskEntry, encode_into,
};
use concurrent_futures_core::{Future, RefusedReason};

use super::executor::LinkExecutor;
use crate::contain::contain;
use crate::process::call_error::given_back;
use crate::process::registration::NotRegistered;
use crate::{AsFallible, AsValue, CallError, CallErrorReason, CallOptions};

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
        let future = self.call::<F, AsValue<F::Output>, A>(options, FrameFlags::NONE, &arguments);
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
        let flags = FrameFlags::FALLIBLE;
        let future = self.call::<F, AsFallible<F::Value, F::Error>, A>(options, flags, &arguments);
        given_back(future, arguments)
    }

    /// # Errors
    /// Why the call was not accepted.
    fn call<F, D, A>(
        &self,
        options: CallOptions,
        flags: FrameFlags,
        arguments: &A,
    ) -> Result<Future<D::Output>, CallErrorReason>
    where
        F: 'static,
        D: Decode<Output: Send + 'static>,
        A: Portable,
    {
        let (task, name) = self.find::<F>().map_err(CallErrorReason::NotRegistered)?;
        let payload = self.encode(arguments)?;
        let desk = self.desk();
        if desk.is_copy() {
            return Err(CallErrorReason::Refused(RefusedReason::ShutDown));
        }
        let number = desk.number();
        let (promise, future) = desk.call::<D>(number);
        let mut call = LinkCall::new(number, promise, task, name, payload).flags(flags);
        if let Some(time) = options.queue_timeout {
            call = call.start_by(desk.now().saturating_add(time));
        }
        if let Some(time) = options.run_timeout {
            call = call.run_for(time);
        }
        let submitted = desk.with(|link, now| link.submit(now, call));
        submitted.map_err(|(_, reason)| CallErrorReason::Refused(reason))?;
        Ok(future)
    }

    /// The function's number and name here.
    ///
    /// # Errors
    /// It has none.
    fn find<F: 'static>(&self) -> Result<(u32, &'static str), NotRegistered> {
        let unknown = NotRegistered::Unknown { function: type_name::<F>() };
        let index = self.registry().index_of(TypeId::of::<F>()).ok_or(unknown)?;
        Ok((index, self.registry().get(index).map_or("", TaskEntry::name)))
    }

    /// # Errors
    /// Why the arguments cannot be sent.
    fn encode<A: Portable>(&self, arguments: &A) -> Result<Vec<u8>, CallErrorReason> {
        let mut payload = Vec::new();
        let encoded = contain(|| encode_into(&mut payload, arguments, self.limits(), None));
        encoded.ok_or(CallErrorReason::ArgumentsPanicked)?.map_err(CallErrorReason::Arguments)?;
        Ok(payload)
    }
}
