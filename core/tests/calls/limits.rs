//! Values that would take the memory or the stack, in both directions.

use core::fmt;
use std::collections::BTreeMap;

use concurrent_futures_core::calls::{DecodeError, EncodeError, Limits, decode, encode};
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::support::Outcome;

/// `Some` of `Some` of .. `None`, without a value so deep that dropping it overflows the stack.
#[derive(Debug, PartialEq)]
struct Levels(u32);

impl Serialize for Levels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.checked_sub(1) {
            Some(inner) => serializer.serialize_some(&Self(inner)),
            None => serializer.serialize_none(),
        }
    }
}

impl<'de> Deserialize<'de> for Levels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Count;
        impl<'de> Visitor<'de> for Count {
            type Value = Levels;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("levels")
            }

            fn visit_none<E>(self) -> Result<Levels, E> {
                Ok(Levels(0))
            }

            fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Levels, D::Error> {
                Levels::deserialize(inner).map(|Levels(levels)| Levels(levels + 1))
            }
        }
        deserializer.deserialize_option(Count)
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Nested(Option<Box<Nested>>);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Tree {
    Node(Vec<Tree>),
}

#[test]
fn a_value_may_be_as_deep_as_the_limit() -> Outcome {
    let limits = Limits::default();
    let bytes = encode(&Levels(128), &limits, None)?;
    assert_eq!(decode::<Levels>(&bytes, &limits, None)?, Levels(128));
    let error = encode(&Levels(129), &limits, None).expect_err("a level too many");
    assert_eq!(error, EncodeError::TooDeep { limit: 128 });
    let bytes = encode(&Levels(129), &limits.depth(129), None)?;
    let error = decode::<Levels>(&bytes, &limits, None).expect_err("a level too many");
    assert_eq!(error, DecodeError::TooDeep { limit: 128 });
    Ok(())
}

#[test]
fn a_hundred_thousand_levels_leave_the_stack_alone() {
    let limits = Limits::default();
    let error = encode(&Levels(100_000), &limits, None).expect_err("too deep");
    assert_eq!(error, EncodeError::TooDeep { limit: 128 });
    let bytes = [1; 100_000];
    let too_deep = DecodeError::TooDeep { limit: 128 };
    assert_eq!(decode::<Levels>(&bytes, &limits, None), Err(too_deep.clone()));
    assert_eq!(decode::<Nested>(&bytes, &limits, None), Err(too_deep.clone()));
    // Variant 0, one item, variant 0, one item.
    assert_eq!(decode::<Tree>(&[0, 1].repeat(50_000), &limits, None), Err(too_deep));
}

#[test]
fn whatever_holds_a_value_is_a_level() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Newtype(u8);
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Pair(u8, u8);
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Named {
        field: u8,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Variant {
        Newtype(u8),
        Pair(u8, u8),
        Named { field: u8 },
    }
    one_level(Some(1_u8));
    one_level(vec![1_u8]);
    one_level([1_u8, 2]);
    one_level((1_u8, "text".to_owned()));
    one_level(BTreeMap::from([(1_u8, 2_u8)]));
    one_level(Newtype(1));
    one_level(Pair(1, 2));
    one_level(Named { field: 1 });
    one_level(Variant::Newtype(1));
    one_level(Variant::Pair(1, 2));
    one_level(Variant::Named { field: 1 });
    one_level(concurrent_futures_core::calls::LargeBytes::from(vec![1]));
}

fn one_level<T: Serialize + DeserializeOwned + PartialEq + fmt::Debug>(value: T) {
    let (none, one) = (Limits::default().depth(0), Limits::default().depth(1));
    let bytes = encode(&value, &one, None).expect("it is one level");
    assert_eq!(decode::<T>(&bytes, &one, None).as_ref(), Ok(&value));
    assert_eq!(encode(&value, &none, None), Err(EncodeError::TooDeep { limit: 0 }), "{value:?}");
    assert_eq!(decode::<T>(&bytes, &none, None), Err(DecodeError::TooDeep { limit: 0 }));
    // Side by side they are not deeper.
    let two = Limits::default().depth(2);
    let bytes = encode(&[&value, &value], &two, None).expect("they are two levels");
    assert_eq!(decode::<(T, T)>(&bytes, &two, None).map(|(a, b)| a == b), Ok(true));
}

#[test]
fn what_holds_nothing_is_no_level() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Unit;
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Variant {
        Unit,
    }
    let limits = Limits::default().depth(0);
    for bytes in [
        encode(&Unit, &limits, None),
        encode(&Variant::Unit, &limits, None),
        encode(&None::<u8>, &limits, None),
        encode(&String::from("text"), &limits, None),
        encode(&(), &limits, None),
    ] {
        bytes.expect("no level");
    }
    assert_eq!(decode::<Variant>(&[0], &limits, None), Ok(Variant::Unit));
    assert_eq!(decode::<Option<u8>>(&[0], &limits, None), Ok(None));
    assert_eq!(decode::<Unit>(&[], &limits, None), Ok(Unit));
}

/// 2^63 as a varint.
const TWO_TO_THE_63: [u8; 10] = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01];
/// 2^32 as a varint.
const TWO_TO_THE_32: [u8; 5] = [0x80, 0x80, 0x80, 0x80, 0x10];

#[test]
fn items_without_bytes_are_paid_for_from_a_budget() {
    // Miri would take minutes for a million.
    let budget = if cfg!(miri) { 100 } else { Limits::default().zero_sized };
    let limits = Limits::default().zero_sized(budget);
    let spent = DecodeError::TooManyEmptyItems { limit: budget };
    assert_eq!(decode::<Vec<()>>(&TWO_TO_THE_63, &limits, None), Err(spent.clone()));
    assert_eq!(decode::<Vec<[(); 3]>>(&TWO_TO_THE_63, &limits, None), Err(spent.clone()));
    assert_eq!(decode::<BTreeMap<(), ()>>(&TWO_TO_THE_63, &limits, None), Err(spent.clone()));
    let nested = [&[2, 1], TWO_TO_THE_63.as_slice()].concat();
    assert_eq!(decode::<Vec<Vec<Vec<()>>>>(&nested, &limits, None), Err(spent));
}

#[test]
fn the_budget_is_for_a_whole_payload() -> Outcome {
    let limits = Limits::default().zero_sized(10);
    let fits = vec![vec![(); 5]; 2];
    let bytes = encode(&fits, &limits, None)?;
    assert_eq!(decode::<Vec<Vec<()>>>(&bytes, &limits, None)?, fits);
    let over = vec![vec![(); 5], vec![(); 6]];
    let spent = EncodeError::TooManyEmptyItems { limit: 10 };
    assert_eq!(encode(&over, &limits, None), Err(spent));
    let bytes = encode(&over, &Limits::default(), None)?;
    let spent = DecodeError::TooManyEmptyItems { limit: 10 };
    assert_eq!(decode::<Vec<Vec<()>>>(&bytes, &limits, None), Err(spent));
    Ok(())
}

#[test]
fn a_map_without_bytes_cannot_be_written_without_end() {
    struct Endless;
    impl Serialize for Endless {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map((0..1_u64 << 40).map(|_| ((), ())))
        }
    }
    let limits = Limits::default().zero_sized(100);
    let spent = EncodeError::TooManyEmptyItems { limit: 100 };
    assert_eq!(encode(&Endless, &limits, None), Err(spent));
}

#[test]
fn a_length_that_the_bytes_cannot_hold_is_truncated() {
    let limits = Limits::default();
    for length in [TWO_TO_THE_32.as_slice(), &TWO_TO_THE_63] {
        let bytes = [length, &[1, 2, 3]].concat();
        assert_eq!(decode::<Vec<u8>>(&bytes, &limits, None), Err(DecodeError::Truncated));
        assert_eq!(decode::<Vec<u64>>(&bytes, &limits, None), Err(DecodeError::Truncated));
        assert_eq!(decode::<String>(&bytes, &limits, None), Err(DecodeError::Truncated));
        let map = decode::<BTreeMap<u8, u8>>(&bytes, &limits, None);
        assert_eq!(map, Err(DecodeError::Truncated));
    }
}

#[test]
fn what_is_over_the_limit_is_not_even_written() {
    struct Endless;
    impl Serialize for Endless {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq((0..1_u64 << 40).map(|_| 1_u8))
        }
    }
    let limits = Limits::default().payload(1000);
    // Six bytes are the length.
    assert_eq!(
        encode(&Endless, &limits, None),
        Err(EncodeError::TooLarge { size: 1001, limit: 1000 })
    );
}

#[test]
fn limits_are_sent_as_they_are() -> Outcome {
    let limits = Limits::default().payload(1).depth(2).zero_sized(3).attached(4).text(5);
    let bytes = encode(&limits, &Limits::default(), None)?;
    assert_eq!(bytes, [1, 2, 3, 4, 5]);
    assert_eq!(decode::<Limits>(&bytes, &Limits::default(), None)?, limits);
    Ok(())
}
