//! [`ChunkOf`]: what makes values of the reply to a chunk of calls.
#![forbid(unsafe_code)]

use alloc::format;
use core::marker::PhantomData;

use super::batch::{BatchReader, Item, ItemKind};
use super::encoded::{Decode, Encoded, undecodable};
use super::failures::error_of;
use super::messages::RemoteFailure;
use crate::contain::contain;
use crate::error::TaskError;
use crate::map::Outcomes;

/// Makes values of the reply to a chunk, each with `D`: one that cannot be decoded is the error of its item.
#[derive(Debug)]
pub struct ChunkOf<D>(PhantomData<fn() -> D>);

impl<D: Decode> Decode for ChunkOf<D> {
    type Output = Outcomes<D::Output>;

    fn decode(encoded: &Encoded) -> Result<Self::Output, TaskError> {
        let items = BatchReader::new(encoded.bytes())
            .map_err(|error| undecodable::<Self::Output>(&format!("{error}")))?;
        let mut part = encoded.part();
        let outcomes = items.map(|item| match item {
            Ok(item) => outcome::<D>(item, &mut part),
            Err(error) => Err(undecodable::<D::Output>(&format!("{error}"))),
        });
        let rest = undecodable::<D::Output>("the reply to its chunk ends before it");
        Ok(Outcomes::of_chunk(outcomes, rest, encoded.ran()))
    }
}

/// # Errors
/// The item's own.
fn outcome<D: Decode>(item: Item<'_>, part: &mut Encoded) -> Result<D::Output, TaskError> {
    if item.kind == ItemKind::Failure {
        let failure = RemoteFailure::from_bytes(item.bytes, part.limits());
        return Err(match failure {
            Ok(failure) => error_of(failure, |message| message),
            Err(error) => undecodable::<D::Output>(&format!("its failure cannot be read: {error}")),
        });
    }
    part.refill(item.bytes);
    let decoded = contain(|| D::decode(part));
    let decoded =
        decoded.unwrap_or_else(|payload| Err(undecodable::<D::Output>(payload.message())));
    match (item.kind, decoded) {
        (ItemKind::Raised, Ok(value)) => {
            let _ = contain(|| drop(value));
            Err(undecodable::<D::Output>("the worker called a value an error"))
        }
        (_, decoded) => decoded,
    }
}

#[cfg(test)]
#[expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::{BatchReader, ChunkOf, Decode, Encoded, Item, ItemKind, RemoteFailure, TaskError};
    use crate::calls::{BatchWriter, Limits, RemoteFailureKind, encode};
    use crate::map::Outcomes;

    #[derive(Debug)]
    struct Number;

    impl Decode for Number {
        type Output = u32;

        fn decode(encoded: &Encoded) -> Result<u32, TaskError> {
            encoded.decode::<Result<u32, String>>()?.map_err(TaskError::failed)
        }
    }

    /// A batch of these items.
    fn batch(items: &[(ItemKind, Vec<u8>)]) -> Vec<u8> {
        let (mut bytes, limits) = (Vec::new(), Limits::default());
        let mut writer = BatchWriter::new(&mut bytes, &limits);
        for (kind, bytes) in items {
            writer.push(Item { kind: *kind, bytes }).expect("small");
        }
        bytes
    }

    fn value(number: Result<u32, &str>) -> Vec<u8> {
        encode(&number, &Limits::default(), None).expect("a number")
    }

    /// # Errors
    /// Of the batch as a whole.
    fn decode(bytes: Vec<u8>) -> Result<Vec<Result<u32, String>>, TaskError> {
        let encoded = Encoded::new(bytes, None, Limits::default());
        let mut outcomes: Outcomes<u32> = ChunkOf::<Number>::decode(&encoded)?;
        let next = core::iter::from_fn(|| outcomes.next());
        Ok(next.map(|outcome| outcome.map_err(|error| error.message().into())).collect())
    }

    #[test]
    fn each_item_has_its_own_outcome() {
        let failure = RemoteFailure::new(RemoteFailureKind::Panicked, "a panic");
        let bytes = batch(&[
            (ItemKind::Value, value(Ok(7))),
            (ItemKind::Raised, value(Err("an error"))),
            (ItemKind::Failure, failure.to_bytes(&Limits::default())),
            (ItemKind::Value, value(Ok(8))),
        ]);
        let outcomes = decode(bytes).expect("a batch");
        assert_eq!(outcomes, [Ok(7), Err("an error".into()), Err("a panic".into()), Ok(8)]);
    }

    #[test]
    fn nonsense_in_an_item_costs_that_item() {
        let bytes = batch(&[
            (ItemKind::Value, Vec::from([9])),
            (ItemKind::Raised, value(Ok(1))),
            (ItemKind::Failure, Vec::from([200])),
            (ItemKind::Value, value(Ok(8))),
        ]);
        let outcomes = decode(bytes).expect("a batch");
        let errors = outcomes.iter().take(3).all(Result::is_err);
        assert!(errors && outcomes.len() == 4, "{outcomes:?}");
        assert_eq!(outcomes[3], Ok(8));
    }

    #[test]
    fn a_reply_that_ends_early_says_so_of_one_item() {
        let mut bytes = batch(&[(ItemKind::Value, value(Ok(7))), (ItemKind::Value, value(Ok(8)))]);
        bytes.pop();
        let outcomes = decode(bytes).expect("a batch");
        assert!(matches!(&outcomes[..], [Ok(7), Err(_)]), "{outcomes:?}");
    }

    #[test]
    fn what_is_no_batch_fails_as_a_whole() {
        assert!(BatchReader::new(&[1, 0]).is_err());
        assert!(decode(Vec::from([1, 0])).is_err());
        assert!(decode(Vec::from([255, 255, 255, 255, 0])).is_err());
    }
}
