//! Many calls of one function in one frame: each item for itself.

use concurrent_futures_core::calls::{
    BatchReader, BatchWriter, EncodeError, FrameFlags, FrameKind, Item, ItemKind, Limits, Registry,
    RemoteFailure, RemoteFailureKind, TaskEntry, decode, encode, encode_into,
};

use crate::support::{Answer, Puppet};

fn half(n: u32) -> Result<u32, String> {
    match n {
        13 => panic!("it is the thirteenth"),
        n if n.is_multiple_of(2) => Ok(n / 2),
        n => Err(format!("{n} is odd")),
    }
}

fn long(bytes: u32) -> String {
    "n".repeat(bytes as usize)
}

fn registry() -> Registry {
    let entries = [TaskEntry::new("half", &half), TaskEntry::new("long", &long)];
    Registry::new(entries).expect("different names")
}

fn batch(numbers: &[u32]) -> Vec<u8> {
    let (mut payload, limits) = (Vec::new(), Limits::default());
    let mut batch = BatchWriter::new(&mut payload, &limits);
    for number in numbers {
        let write = |bytes: &mut Vec<u8>, limits: &Limits| -> Result<_, EncodeError> {
            encode_into(bytes, number, limits, None)?;
            Ok(ItemKind::Value)
        };
        batch.push_with(write).expect("small numbers");
    }
    payload
}

fn items(answer: &Answer) -> Vec<Item<'_>> {
    assert_eq!((answer.header.kind, answer.header.flags), (FrameKind::Value, FrameFlags::CHUNK));
    let items = BatchReader::new(&answer.payload).expect("a batch");
    items.collect::<Result<_, _>>().expect("good items")
}

fn failure(item: &Item<'_>) -> RemoteFailure {
    assert_eq!(item.kind, ItemKind::Failure);
    RemoteFailure::from_bytes(item.bytes, &Limits::default()).expect("a failure")
}

fn value(item: &Item<'_>) -> Result<u32, String> {
    decode(item.bytes, &Limits::default(), None).expect("it was encoded")
}

#[test]
fn each_item_is_answered_for_itself() {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, Limits::default());
    let flags = FrameFlags::CHUNK.with(FrameFlags::FALLIBLE);
    let mut payload = batch(&[4, 5, 13, 6, 8]);
    let last = payload.len() - 1;
    payload[last] = 0x80; // a number that goes on
    let answer = puppet.call_named("half", flags, &payload);
    let items = items(&answer);
    let kinds: Vec<_> = items.iter().map(|item| item.kind).collect();
    use ItemKind::{Failure, Raised, Value};
    assert_eq!(kinds, [Value, Raised, Failure, Value, Failure]);
    assert_eq!((value(&items[0]), value(&items[3])), (Ok(2), Ok(3)));
    assert_eq!(value(&items[1]), Err("5 is odd".into()));
    let panic = failure(&items[2]);
    assert_eq!(
        (panic.kind, &*panic.message),
        (RemoteFailureKind::Panicked, "it is the thirteenth")
    );
    assert_eq!(failure(&items[4]).kind, RemoteFailureKind::UndecodableArguments);
    assert_eq!(puppet.host.started, [1], "the batch starts as one");
}

#[test]
fn an_err_in_a_batch_that_is_not_fallible_is_a_value() {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, Limits::default());
    let answer = puppet.call_named("half", FrameFlags::CHUNK, &batch(&[5]));
    assert_eq!(items(&answer)[0].kind, ItemKind::Value);
}

#[test]
fn an_empty_batch_is_answered_by_one() {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, Limits::default());
    let answer = puppet.call_named("half", FrameFlags::CHUNK, &batch(&[]));
    assert!(items(&answer).is_empty());
}

#[test]
fn a_batch_that_is_not_one_is_not_begun() {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, Limits::default());
    let good = batch(&[4, 13]);
    let (mut longer, mut unknown) = (good.clone(), good.clone());
    longer.push(0);
    unknown[10] = 9; // the kind of the second item
    for payload in [&[][..], &good[..3], &good[..good.len() - 1], &longer, &unknown] {
        let failure = puppet.call_named("half", FrameFlags::CHUNK, payload).failure();
        assert_eq!(failure.kind, RemoteFailureKind::UndecodableArguments, "{failure:?}");
    }
}

#[test]
fn results_that_fill_the_frame_leave_room_for_the_failures_of_the_others() {
    let registry = registry();
    let limits = Limits::default().payload(3000);
    let mut puppet = Puppet::ready(&registry, limits);
    let answer =
        puppet.call_named("long", FrameFlags::CHUNK, &batch(&[1400, 1400, 1400, 1400, 20]));
    assert!(answer.payload.len() <= 3000);
    let items = items(&answer);
    let kinds: Vec<_> = items.iter().map(|item| item.kind).collect();
    use ItemKind::{Failure, Value};
    assert_eq!(kinds, [Value, Failure, Failure, Failure, Value]);
    assert_eq!(failure(&items[1]).kind, RemoteFailureKind::ResultTooLarge);
    assert!(failure(&items[1]).message.contains("over the limit"), "{:?}", failure(&items[1]));
    let text: String = decode(items[4].bytes, &Limits::default(), None).expect("it was encoded");
    assert_eq!(text.len(), 20);
}

#[test]
fn more_items_than_there_is_room_for_are_one_failure() {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, Limits::default().payload(100));
    let answer = puppet.call_named("long", FrameFlags::CHUNK, &batch(&[1; 16]));
    let failure = answer.failure();
    assert_eq!(failure.kind, RemoteFailureKind::ResultTooLarge);
    assert_eq!(puppet.call(&half, 4).value::<Result<u32, String>>(), Ok(2));
}

#[test]
fn a_batch_for_a_function_that_does_not_exist_is_one_failure() {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, Limits::default());
    let failure = puppet.call_index(9, FrameFlags::CHUNK, &batch(&[1])).failure();
    assert_eq!(failure.kind, RemoteFailureKind::UnknownTask);
    let _ = encode(&failure, &Limits::default(), None).expect("text");
}
