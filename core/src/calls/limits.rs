//! [`Limits`]: how much of anything is written or taken.
#![forbid(unsafe_code)]

use serde::{Deserialize, Serialize};

/// How much of anything is written or taken, the same in both directions.
///
/// They guard against accidents and against data: what comes from a peer can neither exhaust the memory
/// nor the stack. Memory grows with what has really arrived, up to these limits; how much more a value
/// takes than its bytes did depends on its type. Sent as they stand here, in postcard's format.
///
/// # Examples
/// ```
/// use concurrent_futures_core::calls::Limits;
///
/// let limits = Limits::default().payload(1 << 20).depth(32);
/// assert_eq!((limits.payload, limits.depth, limits.text), (1 << 20, 32, 64 << 10));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "OnTheWire", from = "OnTheWire")]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a frame's payload; 64 MiB by default, and never more than `u32::MAX`.
    pub payload: usize,
    /// How deep values may be nested in one another; 128 by default.
    ///
    /// Whatever holds a value is a level: a sequence, map, tuple or struct, also with a single field, an
    /// enum's variant with content, `Some`.
    pub depth: u32,
    /// How many items of sequences and maps may take no bytes at all, in one payload; a million by default.
    pub zero_sized: u32,
    /// Bytes of large payloads outside of one frame, all together; 1 GiB by default.
    pub attached: u64,
    /// Bytes of each text of a failure, which is cut to this length; 64 KiB by default.
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            payload: 64 << 20,
            depth: 128,
            zero_sized: 1_000_000,
            attached: 1 << 30,
            text: 64 << 10,
        }
    }
}

impl Limits {
    /// Changes how many bytes a payload may have; `u32::MAX` at most, since that is what a header can say.
    #[must_use]
    pub fn payload(self, bytes: usize) -> Self {
        Self { payload: bytes.min(u32::MAX as usize), ..self }
    }

    /// Changes how deep values may be nested.
    ///
    /// A level takes some hundred bytes of stack, a kilobyte without optimization.
    #[must_use]
    pub fn depth(self, levels: u32) -> Self {
        Self { depth: levels, ..self }
    }

    /// Changes how many items may take no bytes.
    #[must_use]
    pub fn zero_sized(self, items: u32) -> Self {
        Self { zero_sized: items, ..self }
    }

    /// Changes how many bytes may be outside of a frame.
    #[must_use]
    pub fn attached(self, bytes: u64) -> Self {
        Self { attached: bytes, ..self }
    }

    /// Changes how many bytes of a text are kept.
    #[must_use]
    pub fn text(self, bytes: usize) -> Self {
        Self { text: bytes, ..self }
    }
}

/// The same for machines of all widths.
#[derive(Serialize, Deserialize)]
struct OnTheWire {
    payload: u64,
    depth: u32,
    zero_sized: u32,
    attached: u64,
    text: u64,
}

impl From<Limits> for OnTheWire {
    fn from(limits: Limits) -> Self {
        let Limits { payload, depth, zero_sized, attached, text } = limits;
        Self { payload: payload as u64, depth, zero_sized, attached, text: text as u64 }
    }
}

impl From<OnTheWire> for Limits {
    fn from(wire: OnTheWire) -> Self {
        let OnTheWire { payload, depth, zero_sized, attached, text } = wire;
        let here = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        Self { payload: 0, depth, zero_sized, attached, text: here(text) }.payload(here(payload))
    }
}
