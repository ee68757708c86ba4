//! Many values in one payload.

use std::panic::{AssertUnwindSafe, catch_unwind};

use concurrent_futures_core::calls::{
    BatchReader, BatchWriter, DecodeError, EncodeError, Item, ItemKind, Limits, encode_into,
};

use crate::support::Outcome;

const ITEMS: [Item<'static>; 3] = [
    Item { kind: ItemKind::Value, bytes: &[1, 2] },
    Item { kind: ItemKind::Raised, bytes: &[] },
    Item { kind: ItemKind::Failure, bytes: &[3] },
];
const BYTES: [u8; 22] = [3, 0, 0, 0, 0, 2, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0, 2, 1, 0, 0, 0, 3];

fn read(bytes: &[u8]) -> Result<Vec<Item<'_>>, DecodeError> {
    BatchReader::new(bytes)?.collect()
}

#[test]
fn items_come_back_as_they_were() -> Outcome {
    let mut bytes = Vec::new();
    let limits = Limits::default();
    let mut batch = BatchWriter::new(&mut bytes, &limits);
    for item in ITEMS {
        batch.push(item)?;
    }
    assert_eq!((batch.count(), batch.size()), (3, BYTES.len()));
    assert_eq!(bytes, BYTES);
    assert_eq!(read(&bytes)?, ITEMS);
    assert_eq!(BatchReader::new(&bytes)?.left(), 3);
    Ok(())
}

#[test]
fn a_batch_may_be_empty() -> Outcome {
    let mut bytes = Vec::new();
    BatchWriter::new(&mut bytes, &Limits::default());
    assert_eq!(read(&bytes)?, []);
    Ok(())
}

#[test]
fn what_is_in_front_of_a_batch_stays() -> Outcome {
    let mut bytes = vec![9; 32];
    BatchWriter::new(&mut bytes, &Limits::default()).push(ITEMS[0])?;
    assert_eq!(bytes[..32], [9; 32]);
    assert_eq!(read(&bytes[32..])?, ITEMS[..1]);
    Ok(())
}

#[test]
fn a_batch_may_be_as_large_as_the_limit() -> Outcome {
    let item = Item { kind: ItemKind::Value, bytes: &[7; 10] };
    let limits = Limits::default().payload(4 + 15 + 15);
    let mut bytes = Vec::new();
    let mut batch = BatchWriter::new(&mut bytes, &limits);
    batch.push(item)?;
    let over = Item { bytes: &[7; 11], ..item };
    assert!(matches!(batch.push(over), Err(EncodeError::TooLarge { .. })));
    assert_eq!(batch.count(), 1, "it is as before");
    batch.push(item)?;
    let none = Item { bytes: &[], ..item };
    assert!(matches!(batch.push(none), Err(EncodeError::TooLarge { .. })));
    assert_eq!(read(&bytes)?, [item, item]);
    Ok(())
}

#[test]
fn an_item_that_cannot_be_written_costs_only_itself() -> Outcome {
    let limits = Limits::default().depth(2);
    let mut bytes = Vec::new();
    let mut batch = BatchWriter::new(&mut bytes, &limits);
    for value in [vec![vec![1_u8]], vec![vec![2, 3]]] {
        batch.push_with(|bytes, limits| {
            encode_into(bytes, &value, limits, None)?;
            Ok(ItemKind::Value)
        })?;
        let error = batch.push_with(|bytes, limits| {
            encode_into(bytes, &[&value], limits, None)?;
            Ok(ItemKind::Value)
        });
        assert_eq!(error, Err(EncodeError::TooDeep { limit: 2 }));
    }
    let values: Vec<_> = read(&bytes)?.into_iter().map(|item| item.bytes).collect();
    assert_eq!(values, [[1, 1, 1].as_slice(), &[1, 2, 2, 3]]);
    Ok(())
}

#[test]
fn an_item_that_panics_is_replaced_by_the_next() -> Outcome {
    let limits = Limits::default();
    let mut bytes = Vec::new();
    let mut batch = BatchWriter::new(&mut bytes, &limits);
    batch.push(ITEMS[0])?;
    let panic = catch_unwind(AssertUnwindSafe(|| {
        batch.push_with(|bytes, _| {
            bytes.extend([1; 100]);
            panic!("in the middle of it")
        })
    }));
    assert!(panic.is_err());
    batch.push(ITEMS[2])?;
    assert_eq!(read(&bytes)?, [ITEMS[0], ITEMS[2]]);
    Ok(())
}

#[test]
fn an_error_is_the_last_thing_a_reader_says() {
    for cut in 0..BYTES.len() {
        let Ok(mut reader) = BatchReader::new(&BYTES[..cut]) else { continue };
        let items = reader.by_ref().take_while(Result::is_ok).count();
        assert!(items < 3, "cut at {cut}");
        assert!(reader.next().is_none(), "cut at {cut}");
    }
    assert_eq!(read(&BYTES[..21]), Err(DecodeError::Truncated));
    let longer = [BYTES.as_slice(), &[0, 0]].concat();
    assert_eq!(read(&longer), Err(DecodeError::TrailingBytes { left: 2 }));
}

#[test]
fn a_number_of_items_that_the_bytes_cannot_hold_is_refused_at_once() {
    for bytes in [[0xFF; 13].as_slice(), &[2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[1, 0, 0], &[]]
    {
        let error = BatchReader::new(bytes).err();
        assert_eq!(error, Some(DecodeError::Truncated), "{bytes:?}");
    }
}

#[test]
fn a_length_that_the_bytes_cannot_hold_is_truncated() {
    assert_eq!(read(&[1, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 1]), Err(DecodeError::Truncated));
}

#[test]
fn a_kind_that_does_not_exist_is_an_error() {
    let error = read(&[1, 0, 0, 0, 3, 0, 0, 0, 0]);
    assert!(matches!(error, Err(DecodeError::Malformed { .. })), "{error:?}");
}
