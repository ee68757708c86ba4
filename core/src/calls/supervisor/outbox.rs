//! [`Outbox`]: what has still to be written to a worker.
#![forbid(unsafe_code)]

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::call::Payload;
use crate::calls::FrameHeader;

/// Small frames are gathered up to this size, to be written at once.
const GATHERED: usize = 64 * 1024;

/// Bytes on their way, in order.
#[derive(Debug)]
pub(super) struct Outbox<L> {
    chunks: VecDeque<Chunk<L>>,
}

#[derive(Debug)]
struct Chunk<L> {
    bytes: Bytes,
    sent: usize,
    /// Goes along with the first byte.
    file: Option<L>,
}

#[derive(Debug)]
enum Bytes {
    Gathered(Vec<u8>),
    Shared(Arc<Vec<u8>>),
}

impl Bytes {
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Gathered(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

impl<L> Outbox<L> {
    pub(super) fn new() -> Self {
        Self { chunks: VecDeque::new() }
    }

    /// Adds a frame, with the file that goes along.
    pub(super) fn push(&mut self, header: &FrameHeader, payload: &Payload, file: Option<L>) {
        let room = super::super::HEADER_SIZE + payload.len();
        let gathered = match self.chunks.back_mut() {
            Some(Chunk { bytes: Bytes::Gathered(bytes), .. })
                if file.is_none() && bytes.len() + room <= GATHERED =>
            {
                bytes
            }
            _ => self.begin(file),
        };
        gathered.extend_from_slice(&header.to_bytes());
        match payload {
            Payload::Tiny(bytes) => gathered.extend_from_slice(bytes),
            Payload::Small(bytes) => gathered.extend_from_slice(bytes),
            Payload::Large(bytes) => {
                let bytes = Bytes::Shared(bytes.clone());
                self.chunks.push_back(Chunk { bytes, sent: 0, file: None });
            }
        }
    }

    fn begin(&mut self, file: Option<L>) -> &mut Vec<u8> {
        self.chunks.push_back(Chunk { bytes: Bytes::Gathered(Vec::new()), sent: 0, file });
        match self.chunks.back_mut() {
            Some(Chunk { bytes: Bytes::Gathered(bytes), .. }) => bytes,
            _ => unreachable!("pushed just now"),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// What is to be written next, and the file that goes along with it.
    pub(super) fn unsent(&self) -> Option<(&[u8], Option<&L>)> {
        let chunk = self.chunks.front()?;
        let file = if chunk.sent == 0 { chunk.file.as_ref() } else { None };
        Some((&chunk.bytes.as_slice()[chunk.sent..], file))
    }

    /// So much of it was written.
    pub(super) fn sent(&mut self, count: usize) {
        let Some(chunk) = self.chunks.front_mut() else { return };
        chunk.sent += count;
        if chunk.sent >= chunk.bytes.as_slice().len() {
            self.chunks.pop_front();
        }
    }

    pub(super) fn clear(&mut self) {
        self.chunks.clear();
    }
}
