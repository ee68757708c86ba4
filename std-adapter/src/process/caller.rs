//! [`Caller`]: how a call of a function comes to a pool.
#![forbid(unsafe_code)]

use std::time::Duration;

use concurrent_futures_core::calls::supervisor::NewCall;
use concurrent_futures_core::calls::{
    CallDesk, CallPromise, Decode, EncodeError, FrameFlags, Limits, Portable,
};
use concurrent_futures_core::{Future, RefusedReason, WhenFull};

use super::admission::Offer;
use super::call_error::CallErrorReason;
use super::call_options::CallOptions;
use super::called::Called;
use super::calls::Calling;
use super::desk::PoolDesk;
use super::file::{SharedFile, Writing};
use super::os::Os;
use super::packing::{encode, encode_chunk};
use super::registration;

/// Makes calls in a pool. Clones make them in the same one, which does not wait for them to go.
#[derive(Debug, Clone)]
pub struct Caller {
    desk: CallDesk<PoolDesk<Os>>,
    limits: Limits,
    when_full: WhenFull,
}

/// Arguments in bytes, with what goes along.
#[derive(Debug, Clone, Default)]
pub struct Packed {
    payload: Vec<u8>,
    large: Option<(SharedFile, u64)>,
}

impl Called {
    /// The function of type `F`.
    ///
    /// # Errors
    /// It is not registered.
    pub(super) fn find<F: 'static>(
        flags: FrameFlags,
        options: CallOptions,
    ) -> Result<Self, CallErrorReason> {
        let (task, name) =
            registration::find_named::<F>().map_err(CallErrorReason::NotRegistered)?;
        Ok(Self { task, name, flags, options })
    }

    /// A call of it.
    pub(super) fn call(self, packed: Packed, promise: CallPromise) -> NewCall<SharedFile> {
        let Self { task, name, flags, options } = self;
        let number = promise.number();
        let mut call = NewCall::new(number, promise, task, name, packed.payload).flags(flags);
        if let Some((file, length)) = packed.large {
            call = call.large(file, length);
        }
        if let Some(time) = options.run_timeout {
            call = call.run_for(time);
        }
        call
    }

    pub(super) fn queue_timeout(&self) -> Option<Duration> {
        self.options.queue_timeout
    }
}

impl Caller {
    pub(super) fn new(desk: CallDesk<PoolDesk<Os>>, limits: Limits, when_full: WhenFull) -> Self {
        Self { desk, limits, when_full }
    }

    /// The same, with another policy for when there is no room.
    pub(super) fn when_full(&self, when_full: WhenFull) -> Self {
        Self { when_full, ..self.clone() }
    }

    pub(super) fn policy(&self) -> WhenFull {
        self.when_full
    }

    /// For a `map`, which knows only what its function returns: it waits where it would have to be called here.
    pub(super) fn for_map(&self) -> Self {
        match self.when_full {
            WhenFull::RunInCaller => self.when_full(WhenFull::Block),
            _ => self.clone(),
        }
    }

    /// Whether what was refused for this reason is to be called here.
    pub(super) fn runs_here(&self, reason: &CallErrorReason) -> bool {
        let full = CallErrorReason::Refused(RefusedReason::Full);
        self.when_full == WhenFull::RunInCaller && *reason == full && !self.desk.is_own_thread()
    }

    pub(super) fn desk(&self) -> &CallDesk<PoolDesk<Os>> {
        &self.desk
    }

    /// # Errors
    /// Why the arguments cannot be sent.
    pub(super) fn pack<A: Portable>(&self, arguments: &A) -> Result<Packed, CallErrorReason> {
        if self.desk.open.are_many() {
            match self.pack_inline(arguments) {
                Err(CallErrorReason::Arguments(EncodeError::TooLarge { .. })) => {}
                packed => return packed,
            }
        }
        let mut files = Writing::new(&self.desk.files, &self.desk.sys, &self.desk.open);
        let payload = encode(arguments, &self.limits, Some(&mut files))?;
        Ok(Packed { payload, large: files.finish() })
    }

    /// As `pack`, with large payloads among the others: those that lie beside a call are not there any more
    /// when it is made again.
    ///
    /// # Errors
    /// As there.
    pub(super) fn pack_inline<A: Portable>(
        &self,
        arguments: &A,
    ) -> Result<Packed, CallErrorReason> {
        Ok(Packed { payload: encode(arguments, &self.limits, None)?, large: None })
    }

    /// As `submit`, without blocking the thread.
    ///
    /// # Errors
    /// As there.
    pub(super) async fn submit_async<D>(
        &self,
        called: Called,
        packed: Packed,
    ) -> Result<Future<D::Output>, CallErrorReason>
    where
        D: Decode<Output: Send + 'static>,
    {
        let (call, future) = self.make::<D>(called, packed);
        let offer = Offer { call: Box::new(call), queue_timeout: called.queue_timeout() };
        self.desk.admit_async(offer).await.map_err(CallErrorReason::Refused)?;
        Ok(future)
    }

    fn make<D>(&self, called: Called, packed: Packed) -> (NewCall<SharedFile>, Future<D::Output>)
    where
        D: Decode<Output: Send + 'static>,
    {
        let (promise, future) = self.desk.call::<D>(self.desk.number());
        (called.call(packed, promise), future)
    }
}

impl Calling for Caller {
    type Packed = Packed;

    fn call<D, A>(
        &self,
        called: Called,
        arguments: &A,
    ) -> Result<Future<D::Output>, CallErrorReason>
    where
        D: Decode<Output: Send + 'static>,
        A: Portable,
    {
        self.submit::<D>(called, self.pack(arguments)?)
    }

    fn pack_chunk<A: Portable>(&self, items: &[A]) -> (Packed, usize) {
        let (payload, count) = encode_chunk(items, &self.limits);
        (Packed { payload, large: None }, count)
    }

    fn submit<D>(
        &self,
        called: Called,
        packed: Packed,
    ) -> Result<Future<D::Output>, CallErrorReason>
    where
        D: Decode<Output: Send + 'static>,
    {
        if self.desk.is_copy() {
            return Err(CallErrorReason::Refused(RefusedReason::ShutDown));
        }
        let (call, future) = self.make::<D>(called, packed);
        let admitted = self.desk.admit(call, called.queue_timeout(), self.when_full);
        admitted.map_err(CallErrorReason::Refused)?;
        Ok(future)
    }
}
