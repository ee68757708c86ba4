//! [`LinkCaller`]: how a call of a function comes to a link.
#![forbid(unsafe_code)]

use std::any::{TypeId, type_name};
use std::sync::Arc;

use concurrent_futures_core::calls::link::LinkCall;
use concurrent_futures_core::calls::{
    CallDesk, Decode, FrameFlags, Limits, Portable, Registry, TaskEntry,
};
use concurrent_futures_core::{Future, RefusedReason};

use super::desk::LinkDesk;
use crate::process::called::Called;
use crate::process::calls::Calling;
use crate::process::packing::{encode, encode_chunk};
use crate::process::registration::NotRegistered;
use crate::{CallErrorReason, CallOptions};

/// Makes calls over a link. Clones make them over the same one, which does not wait for them to go.
#[derive(Debug, Clone)]
pub struct LinkCaller {
    pub(super) desk: CallDesk<LinkDesk>,
    pub(super) registry: Arc<Registry>,
    pub(super) limits: Limits,
}

impl LinkCaller {
    /// The function of type `F`.
    ///
    /// # Errors
    /// It is not one of this link's.
    pub(super) fn find<F: 'static>(
        &self,
        flags: FrameFlags,
        options: CallOptions,
    ) -> Result<Called, CallErrorReason> {
        let unknown = NotRegistered::Unknown { function: type_name::<F>() };
        let task = self
            .registry
            .index_of(TypeId::of::<F>())
            .ok_or(CallErrorReason::NotRegistered(unknown))?;
        let name = self.registry.get(task).map_or("", TaskEntry::name);
        Ok(Called { task, name, flags, options })
    }
}

impl Calling for LinkCaller {
    type Packed = Vec<u8>;

    fn call<D, A>(
        &self,
        called: Called,
        arguments: &A,
    ) -> Result<Future<D::Output>, CallErrorReason>
    where
        D: Decode<Output: Send + 'static>,
        A: Portable,
    {
        self.submit::<D>(called, encode(arguments, &self.limits, None)?)
    }

    fn pack_chunk<A: Portable>(&self, items: &[A]) -> (Vec<u8>, usize) {
        encode_chunk(items, &self.limits)
    }

    fn submit<D>(
        &self,
        called: Called,
        payload: Vec<u8>,
    ) -> Result<Future<D::Output>, CallErrorReason>
    where
        D: Decode<Output: Send + 'static>,
    {
        if self.desk.is_copy() {
            return Err(CallErrorReason::Refused(RefusedReason::ShutDown));
        }
        let Called { task, name, flags, options } = called;
        let number = self.desk.number();
        let (promise, future) = self.desk.call::<D>(number);
        let mut call = LinkCall::new(number, promise, task, name, payload).flags(flags);
        if let Some(time) = options.queue_timeout {
            call = call.start_by(self.desk.now().saturating_add(time));
        }
        if let Some(time) = options.run_timeout {
            call = call.run_for(time);
        }
        let submitted = self.desk.with(|link, now| link.submit(now, call));
        submitted.map_err(|(_, reason)| CallErrorReason::Refused(reason))?;
        Ok(future)
    }
}
