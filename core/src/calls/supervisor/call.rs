//! [`NewCall`]: a call that waits for a worker, and all that is needed to send it, perhaps more than once.
#![forbid(unsafe_code)]

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use crate::calls::{CallPromise, FrameFlags};

/// From this size on the bytes of a call are shared with what is being written, not copied.
const SHARED_FROM: usize = 16 * 1024;

/// Up to this size they are kept in place: memory that one thread has allocated costs another more to free, a
/// tenth of a small call in all.
const TINY: usize = 22;

/// The encoded arguments.
#[derive(Debug, Clone)]
pub(in crate::calls) enum Payload {
    Tiny(heapless::Vec<u8, TINY, u8>),
    Small(Vec<u8>),
    Large(Arc<Vec<u8>>),
}

impl Payload {
    pub(in crate::calls) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Tiny(bytes) => bytes,
            Self::Small(bytes) => bytes,
            Self::Large(bytes) => bytes,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.as_slice().len()
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        match heapless::Vec::from_slice(&bytes) {
            Ok(tiny) => Self::Tiny(tiny),
            Err(_) if bytes.len() < SHARED_FROM => Self::Small(bytes),
            Err(_) => Self::Large(Arc::new(bytes)),
        }
    }
}

/// A call that was not sent yet.
#[derive(Debug)]
pub struct NewCall<L> {
    pub(in crate::calls) number: u64,
    pub(in crate::calls) promise: CallPromise,
    pub(in crate::calls) task: u32,
    pub(in crate::calls) name: &'static str,
    pub(in crate::calls) flags: FrameFlags,
    pub(in crate::calls) payload: Payload,
    pub(super) large: Option<(L, u64)>,
    pub(in crate::calls) start_by: Option<Duration>,
    pub(in crate::calls) run_for: Option<Duration>,
}

impl<L> NewCall<L> {
    /// A call of the function with that number in the table of the pool's program, and its name. The
    /// promise was made with the same `number`.
    pub fn new(
        number: u64,
        promise: CallPromise,
        task: u32,
        name: &'static str,
        payload: Vec<u8>,
    ) -> Self {
        Self {
            number,
            promise,
            task,
            name,
            flags: FrameFlags::default(),
            payload: payload.into(),
            large: None,
            start_by: None,
            run_for: None,
        }
    }

    /// What the header says beside.
    pub fn flags(mut self, flags: FrameFlags) -> Self {
        self.flags = flags;
        self
    }

    /// Payloads outside of the frame, and how many bytes.
    pub fn large(mut self, file: L, length: u64) -> Self {
        self.large = Some((file, length));
        self
    }

    /// When it is too late to start it, by the supervisor's clock.
    pub fn start_by(mut self, time: Duration) -> Self {
        self.start_by = Some(time);
        self
    }

    /// For how long it may run.
    pub fn run_for(mut self, time: Duration) -> Self {
        self.run_for = Some(time);
        self
    }

    /// Whether it has to start, or to end, within some time.
    pub fn is_timed(&self) -> bool {
        self.start_by.is_some() || self.run_for.is_some()
    }

    /// Gives up the call, whose future is abandoned unless it is dropped.
    pub fn into_promise(self) -> CallPromise {
        self.promise
    }
}
