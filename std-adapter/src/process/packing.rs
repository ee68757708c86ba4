//! Arguments as bytes.
#![forbid(unsafe_code)]

use concurrent_futures_core::calls::{
    Attach, BatchWriter, ItemKind, Limits, Portable, encode_into,
};

use super::call_error::CallErrorReason;
use crate::contain::contain;

/// The payload of a call with these arguments.
///
/// # Errors
/// Why they cannot be sent.
pub(crate) fn encode<A: Portable>(
    arguments: &A,
    limits: &Limits,
    attach: Option<&mut dyn Attach>,
) -> Result<Vec<u8>, CallErrorReason> {
    let mut payload = Vec::new();
    let encoded = contain(|| encode_into(&mut payload, arguments, limits, attach));
    encoded.ok_or(CallErrorReason::ArgumentsPanicked)?.map_err(CallErrorReason::Arguments)?;
    Ok(payload)
}

/// The payload of a call with as many items as fit into one chunk and can be sent at all, from the first on, and how
/// many they are.
pub(crate) fn encode_chunk<A: Portable>(items: &[A], limits: &Limits) -> (Vec<u8>, usize) {
    let mut payload = Vec::new();
    let mut batch = BatchWriter::new(&mut payload, limits);
    for item in items {
        let write = |bytes: &mut Vec<u8>, limits: &Limits| {
            encode_into(bytes, item, limits, None).map(|()| ItemKind::Value)
        };
        if !matches!(contain(|| batch.push_with(write)), Some(Ok(()))) {
            break;
        }
    }
    let (count, size) = (batch.count() as usize, batch.size());
    payload.truncate(size); // of one that panicked there may be something left
    (payload, count)
}
