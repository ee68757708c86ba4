//! Functions and values that misbehave wherever a worker touches them: each costs one call.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt;

use concurrent_futures_core::calls::{
    BatchReader, BatchWriter, FrameFlags, FrameKind, Item, ItemKind, Limits, Registry,
    RemoteFailure, RemoteFailureKind, TaskEntry, decode,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use crate::support::Puppet;

/// A number, and what happens where a value of it is touched.
struct Trap<const WHERE: u8>(u32);

const NOWHERE: u8 = 0;
const READ_ERROR: u8 = 1;
const READ_PANIC: u8 = 2;
const WRITE_ERROR: u8 = 3;
const WRITE_PANIC: u8 = 4;
const DROP_PANIC: u8 = 5;
/// Both: the second while the first is still on its way would be the end.
const WRITE_AND_DROP_PANIC: u8 = 6;
/// After something has been written.
const WRITE_HALF: u8 = 7;

impl<const WHERE: u8> Serialize for Trap<WHERE> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match WHERE {
            WRITE_ERROR => Err(ser::Error::custom("cannot be written")),
            WRITE_PANIC | WRITE_AND_DROP_PANIC => panic!("in writing"),
            WRITE_HALF => {
                let mut half = serializer.serialize_tuple(2)?;
                ser::SerializeTuple::serialize_element(&mut half, &self.0)?;
                panic!("in the middle of writing")
            }
            _ => self.0.serialize(serializer),
        }
    }
}

impl<'de, const WHERE: u8> Deserialize<'de> for Trap<WHERE> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = u32::deserialize(deserializer)?;
        match WHERE {
            READ_ERROR => Err(de::Error::custom("cannot be read")),
            READ_PANIC => panic!("in reading"),
            _ => Ok(Self(value)),
        }
    }
}

impl<const WHERE: u8> Drop for Trap<WHERE> {
    fn drop(&mut self) {
        if matches!(WHERE, DROP_PANIC | WRITE_AND_DROP_PANIC) && !std::thread::panicking() {
            panic!("in dropping {}", self.0)
        }
    }
}

fn take<const WHERE: u8>(_argument: Trap<WHERE>) -> u32 {
    1
}

fn give<const WHERE: u8>(n: u32) -> Trap<WHERE> {
    Trap(n)
}

fn calm(n: u32) -> u32 {
    n + 1
}

fn text() {
    panic!("of {}", "text")
}

/// A payload whose drop panics with another, for ever.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        std::panic::panic_any(Self)
    }
}

fn bomb() {
    std::panic::panic_any(Bomb)
}

fn not_text() {
    std::panic::panic_any(7_u8)
}

#[derive(Serialize, Deserialize)]
struct Nested(Option<Box<Self>>);

fn deep(levels: u32) -> Nested {
    (0..levels).fold(Nested(None), |inner, _| Nested(Some(Box::new(inner))))
}

fn long(bytes: u32) -> String {
    "n".repeat(bytes as usize)
}

fn many_nothings(_: Vec<()>) {}

/// An error of a function's own whose text cannot be made: nobody in the worker makes it.
#[derive(Serialize, Deserialize)]
struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("in displaying")
    }
}

fn unspeakable() -> Result<(), Unspeakable> {
    Err(Unspeakable)
}

fn registry() -> Registry {
    let entries = [
        TaskEntry::new("calm", &calm),
        TaskEntry::new("text", &text),
        TaskEntry::new("bomb", &bomb),
        TaskEntry::new("not_text", &not_text),
        TaskEntry::new("deep", &deep),
        TaskEntry::new("long", &long),
        TaskEntry::new("many_nothings", &many_nothings),
        TaskEntry::new("unspeakable", &unspeakable),
        TaskEntry::new("take nowhere", &take::<NOWHERE>),
        TaskEntry::new("take read error", &take::<READ_ERROR>),
        TaskEntry::new("take read panic", &take::<READ_PANIC>),
        TaskEntry::new("take drop panic", &take::<DROP_PANIC>),
        TaskEntry::new("give nowhere", &give::<NOWHERE>),
        TaskEntry::new("give write error", &give::<WRITE_ERROR>),
        TaskEntry::new("give write panic", &give::<WRITE_PANIC>),
        TaskEntry::new("give drop panic", &give::<DROP_PANIC>),
        TaskEntry::new("give both", &give::<WRITE_AND_DROP_PANIC>),
        TaskEntry::new("give half", &give::<WRITE_HALF>),
    ];
    Registry::new(entries).expect("different names")
}

/// Calls this function; afterwards the worker is as good as new.
fn failure_of(name: &str, payload: &[u8], limits: Limits) -> RemoteFailure {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, limits);
    let failure = puppet.call_named(name, FrameFlags::NONE, payload).failure();
    assert_eq!(puppet.call(&calm, 4).value::<u32>(), 5);
    failure
}

fn panic_of(name: &str, message: &str) {
    let failure = failure_of(name, &[7], Limits::default());
    assert_eq!((failure.kind, &*failure.message), (RemoteFailureKind::Panicked, message));
    let location = failure.location.expect("it panicked in here");
    assert!(location.contains("hostile.rs:"), "{location}");
}

#[test]
fn values_that_behave_come_through() {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, Limits::default());
    assert_eq!(puppet.call(&take::<NOWHERE>, Trap(3)).value::<u32>(), 1);
    assert_eq!(puppet.call(&give::<NOWHERE>, 3).value::<u32>(), 3);
}

#[test]
fn arguments_that_refuse_to_be_read_cost_their_call() {
    let failure = failure_of("take read error", &[7], Limits::default());
    assert_eq!(failure.kind, RemoteFailureKind::UndecodableArguments);
    assert_eq!(failure.message, "the arguments could not be read: cannot be read");
}

#[test]
fn arguments_that_panic_when_read_cost_their_call() {
    panic_of("take read panic", "while its arguments were read: in reading");
}

#[test]
fn a_function_that_panics_costs_its_call() {
    let failure = failure_of("text", &[], Limits::default());
    assert_eq!((failure.kind, &*failure.message), (RemoteFailureKind::Panicked, "of text"));
    let location = failure.location.expect("it is known");
    assert!(location.contains("hostile.rs:"), "{location}");
}

#[test]
fn the_backtrace_of_a_panic_is_sent_where_it_is_asked_for() {
    let failure = failure_of("text", &[], Limits::default());
    let asked_for = Backtrace::capture().status() == BacktraceStatus::Captured;
    assert_eq!(failure.backtrace.is_some(), asked_for);
    let names_us = failure.backtrace.is_none_or(|backtrace| backtrace.contains("hostile::text"));
    assert!(names_us || cfg!(miri));
}

#[test]
fn arguments_that_panic_when_dropped_cost_their_call() {
    panic_of("take drop panic", "in dropping 7");
}

#[test]
fn results_that_refuse_to_be_written_cost_their_call() {
    let failure = failure_of("give write error", &[7], Limits::default());
    assert_eq!(failure.kind, RemoteFailureKind::UnencodableResult);
    assert_eq!(failure.message, "the result could not be written: cannot be written");
}

#[test]
fn results_that_panic_when_written_cost_their_call() {
    panic_of("give write panic", "while its result was written: in writing");
    panic_of("give half", "while its result was written: in the middle of writing");
}

#[test]
fn results_that_panic_when_written_leave_nothing_in_a_batch() {
    let (mut payload, limits) = (Vec::new(), Limits::default());
    let mut batch = BatchWriter::new(&mut payload, &limits);
    batch.push(Item { kind: ItemKind::Value, bytes: &[7] }).expect("there is room");
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, limits);
    let answer = puppet.call_named("give half", FrameFlags::CHUNK, &payload);
    let items = BatchReader::new(&answer.payload).expect("a batch");
    let items: Vec<_> = items.collect::<Result<_, _>>().expect("good items");
    let failure = RemoteFailure::from_bytes(items[0].bytes, &limits).expect("a failure");
    assert_eq!(failure.message, "while its result was written: in the middle of writing");
}

#[test]
fn results_that_panic_when_written_and_when_dropped_cost_their_call() {
    panic_of("give both", "while its result was written: in writing");
}

#[test]
fn results_that_panic_when_dropped_cost_nothing() {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, Limits::default());
    assert_eq!(puppet.call(&give::<DROP_PANIC>, 3).value::<u32>(), 3);
    assert_eq!(puppet.call(&calm, 4).value::<u32>(), 5);
}

#[test]
#[cfg_attr(miri, ignore = "leaks by design: the payload of a payload")]
fn payloads_that_panic_when_dropped_cost_their_call() {
    let failure = failure_of("bomb", &[], Limits::default());
    assert_eq!(failure.message, "a value that is not text");
}

#[test]
fn panics_with_what_is_not_text_are_told() {
    let failure = failure_of("not_text", &[], Limits::default());
    assert_eq!(failure.kind, RemoteFailureKind::Panicked);
    assert_eq!(failure.message, "a value that is not text");
    assert!(failure.location.is_some());
}

#[test]
fn results_over_the_limits_cost_their_call() {
    let small = Limits::default().payload(400);
    let failure = failure_of("long", &[0xFF, 7], small); // 1023
    assert_eq!(failure.kind, RemoteFailureKind::ResultTooLarge);
    assert!(failure.message.contains("over the limit of 400"), "{failure:?}");

    let failure = failure_of("deep", &[100], Limits::default().depth(20));
    assert_eq!(failure.kind, RemoteFailureKind::ResultTooLarge);
    assert!(failure.message.contains("20 levels"), "{failure:?}");
}

#[test]
fn arguments_that_claim_what_is_not_there_cost_their_call() {
    let two_to_the_63 = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1];
    let failure = failure_of("many_nothings", &two_to_the_63, Limits::default().zero_sized(100));
    assert_eq!(failure.kind, RemoteFailureKind::UndecodableArguments);
    assert!(failure.message.contains("limit of 100 items"), "{failure:?}");
}

#[test]
fn a_failure_is_told_however_small_payloads_are() {
    let failure = failure_of("long", &[100], Limits::default().payload(64));
    assert_eq!(failure.kind, RemoteFailureKind::ResultTooLarge);
}

#[test]
fn an_error_of_a_function_is_not_looked_at_in_the_worker() {
    let registry = registry();
    let mut puppet = Puppet::ready(&registry, Limits::default());
    let raised = puppet.call_with(&unspeakable, (), FrameFlags::FALLIBLE);
    assert_eq!(raised.header.kind, FrameKind::Raised);
    assert!(decode::<Result<(), Unspeakable>>(&raised.payload, &Limits::default(), None).is_ok());
}
