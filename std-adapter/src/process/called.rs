//! [`Called`]: a function, and how it is called.
#![forbid(unsafe_code)]

use concurrent_futures_core::calls::FrameFlags;

use super::call_options::CallOptions;

/// A function, and how it is called.
#[derive(Debug, Clone, Copy)]
pub struct Called {
    pub(crate) task: u32,
    pub(crate) name: &'static str,
    pub(crate) flags: FrameFlags,
    pub(crate) options: CallOptions,
}

impl Called {
    /// With several arguments at a time.
    pub(crate) fn in_chunks(self) -> Self {
        Self { flags: self.flags.with(FrameFlags::CHUNK), ..self }
    }
}
