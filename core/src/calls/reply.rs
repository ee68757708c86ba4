//! [`Reply`]: a frame being written, and [`ItemReply`]: one item of a batch being answered.
#![forbid(unsafe_code)]

use alloc::vec::Vec;

use super::batch::ItemKind;
use super::entry::TaskEntry;
use super::failures::of_run;
use super::frame::{FrameHeader, HEADER_SIZE};
use super::limits::Limits;
use super::run::Verdict;
use super::surroundings::Surroundings;

/// A frame whose payload is written behind the room for its header, so that nothing is copied.
pub(super) struct Reply(Vec<u8>);

impl Reply {
    pub(super) fn new() -> Self {
        let mut bytes = Vec::with_capacity(2 * HEADER_SIZE);
        bytes.resize(HEADER_SIZE, 0);
        Self(bytes)
    }

    /// What the payload is appended to.
    pub(super) fn payload(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    /// Another payload, instead of what there is.
    pub(super) fn replace(&mut self, payload: &[u8]) {
        self.0.truncate(HEADER_SIZE);
        self.0.extend_from_slice(payload);
    }

    /// The frame, with this header but for the length. Payloads are within limits that a header can say.
    pub(super) fn seal(mut self, header: FrameHeader) -> Vec<u8> {
        let length = self.0.len().saturating_sub(HEADER_SIZE);
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        if let Some(room) = self.0.first_chunk_mut() {
            *room = FrameHeader { length, ..header }.to_bytes();
        }
        self.0
    }
}

/// One item of a batch being answered.
pub(super) struct ItemReply<'a> {
    pub(super) entry: &'a TaskEntry,
    pub(super) arguments: &'a [u8],
    pub(super) fallible: bool,
}

impl ItemReply<'_> {
    /// Bytes in which a failure can be told in a sentence.
    const SENTENCE: usize = 320;

    /// Bytes to keep free for each of so many items, so that results which fill the frame leave room for what
    /// becomes of the items behind them. All together that is half of the payload at most.
    pub(super) fn room(limits: &Limits, items: u32) -> usize {
        let items = usize::try_from(items).unwrap_or(usize::MAX).max(1);
        Self::SENTENCE.min(limits.payload / 2 / items)
    }

    /// Those of an item behind which so many are `left`.
    pub(super) fn limits(limits: &Limits, room: usize, left: u32) -> Limits {
        let kept = room.saturating_mul(usize::try_from(left).unwrap_or(usize::MAX));
        limits.payload(limits.payload.saturating_sub(kept))
    }

    /// Runs the function; what becomes of it is appended.
    pub(super) fn write(
        &self,
        bytes: &mut Vec<u8>,
        limits: &Limits,
        surroundings: &mut dyn Surroundings,
    ) -> ItemKind {
        match self.entry.run(self.arguments, limits, self.fallible, surroundings, bytes) {
            Ok(Verdict::Value) => ItemKind::Value,
            Ok(Verdict::Raised) => ItemKind::Raised,
            Err(error) => {
                bytes.extend_from_slice(&of_run(error).to_bytes(limits));
                ItemKind::Failure
            }
        }
    }
}
