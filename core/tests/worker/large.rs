//! Large payloads beside the link.

use concurrent_futures_core::calls::{
    ATTACH_FROM, BatchReader, BatchWriter, FrameFlags, ItemKind, LargeBytes, Limits, Registry,
    RemoteFailureKind, TaskEntry, decode, encode, encode_into,
};
use serde::{Deserialize, Serialize};

use crate::support::Puppet;

fn turned(mut bytes: LargeBytes) -> LargeBytes {
    let last = bytes.len() - 1;
    bytes.swap(0, last);
    bytes
}

/// Whose second part cannot be written, after the first has been attached.
#[derive(Deserialize)]
struct Half(LargeBytes);

impl Serialize for Half {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pair = serializer.serialize_tuple(2)?;
        serde::ser::SerializeTuple::serialize_element(&mut pair, &self.0)?;
        Err(serde::ser::Error::custom("only half of it"))
    }
}

fn half(bytes: LargeBytes) -> Half {
    Half(bytes)
}

fn registry() -> Registry {
    let entries = [TaskEntry::new("turned", &turned), TaskEntry::new("half", &half)];
    Registry::new(entries).expect("different names")
}

fn large() -> LargeBytes {
    let mut bytes = vec![7; ATTACH_FROM];
    bytes[0] = 1;
    bytes.into()
}

#[test]
fn they_come_and_go_beside_the_link() {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, Limits::default());
    puppet.host.attaches = true;
    let payload =
        encode(&large(), &Limits::default(), Some(&mut puppet.host.beside)).expect("room");
    let answer = puppet.call_named("turned", FrameFlags::NONE, &payload);
    assert!(answer.payload.len() < 10);
    assert_eq!(answer.header.attached, ATTACH_FROM as u64);
    let mut attached = puppet.host.attached.as_slice();
    let result: LargeBytes =
        decode(&answer.payload, &Limits::default(), Some(&mut attached)).expect("there");
    assert_eq!(result, turned(large()));
}

#[test]
fn what_was_attached_for_a_result_that_failed_is_not_announced() {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, Limits::default());
    puppet.host.attaches = true;
    let payload =
        encode(&large(), &Limits::default(), Some(&mut puppet.host.beside)).expect("room");
    let answer = puppet.call_named("half", FrameFlags::NONE, &payload);
    assert_eq!(answer.failure().kind, RemoteFailureKind::UnencodableResult);
    assert_eq!(answer.header.attached, 0);
}

#[test]
fn arguments_that_are_not_beside_the_link_cost_their_call() {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, Limits::default());
    puppet.host.attaches = true;
    let payload = encode(&large(), &Limits::default(), Some(&mut Vec::new())).expect("room");
    let failure = puppet.call_named("turned", FrameFlags::NONE, &payload).failure();
    assert_eq!(failure.kind, RemoteFailureKind::UndecodableArguments);
}

/// One item that cannot be read would make the others find the wrong ones.
#[test]
fn those_of_a_batch_go_through_the_link() {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, Limits::default());
    puppet.host.attaches = true;
    let (mut payload, limits) = (Vec::new(), Limits::default());
    let mut batch = BatchWriter::new(&mut payload, &limits);
    let write = |bytes: &mut Vec<u8>, limits: &Limits| {
        encode_into(bytes, &large(), limits, None).map(|()| ItemKind::Value)
    };
    batch.push_with(write).expect("room");
    let answer = puppet.call_named("turned", FrameFlags::CHUNK, &payload);
    assert_eq!((answer.header.attached, puppet.host.attached.len()), (0, 0));
    let item = BatchReader::new(&answer.payload).expect("a batch").next();
    let item = item.expect("one item").expect("a good one");
    assert_eq!(decode::<LargeBytes>(item.bytes, &limits, None), Ok(turned(large())));
}
