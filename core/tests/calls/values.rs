//! Values in both directions, and each limit from both sides.

use std::collections::BTreeMap;

use concurrent_futures_core::calls::{
    DecodeError, EncodeError, Limits, decode, encode, encode_into,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde::de::Deserializer;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::support::{Outcome, cases};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Shape {
    Point,
    Circle(f64),
    Line { from: (i32, i32), to: (i32, i32) },
    Pair(u8, Option<Box<Shape>>),
    Group(Vec<Shape>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Many {
    integers: (i8, i16, i32, i64, i128, u8, u16, u32, u64, u128),
    floats: (f32, f64),
    text: String,
    letter: char,
    flags: [bool; 2],
    map: BTreeMap<String, Vec<Option<u16>>>,
    unit: (),
    shape: Shape,
}

fn many() -> Many {
    let line = Shape::Line { from: (-1, 2), to: (3, -4) };
    Many {
        integers: (
            -1,
            -300,
            70_000,
            i64::MIN,
            i128::MAX,
            255,
            65535,
            u32::MAX,
            u64::MAX,
            u128::MAX,
        ),
        floats: (0.5, -1e300),
        text: "ein Text — mit Umlauten: äöü".into(),
        letter: '€',
        flags: [true, false],
        map: BTreeMap::from([("a".into(), vec![Some(1), None]), (String::new(), vec![])]),
        unit: (),
        shape: Shape::Group(vec![
            Shape::Point,
            Shape::Circle(1.5),
            Shape::Pair(7, Some(Box::new(line))),
            Shape::Pair(8, None),
        ]),
    }
}

#[test]
fn a_value_of_every_kind_comes_back() -> Outcome {
    let limits = Limits::default();
    let bytes = encode(&many(), &limits, None)?;
    assert_eq!(decode::<Many>(&bytes, &limits, None)?, many());
    Ok(())
}

#[test]
fn the_format_is_postcards() -> Outcome {
    let limits = Limits::default();
    assert_eq!(encode(&many(), &limits, None)?, postcard::to_allocvec(&many())?);
    Ok(())
}

#[test]
fn the_bytes_of_a_value_cut_anywhere_are_truncated() {
    let limits = Limits::default();
    let bytes = encode(&many(), &limits, None).expect("within the limits");
    for cut in 0..bytes.len() {
        let error = decode::<Many>(&bytes[..cut], &limits, None).expect_err("something lacks");
        assert_eq!(error, DecodeError::Truncated, "cut at {cut}");
    }
}

#[test]
fn one_byte_too_many_is_an_error() {
    let limits = Limits::default();
    let error = decode::<u8>(&[1, 2], &limits, None).expect_err("one is left");
    assert_eq!(error, DecodeError::TrailingBytes { left: 1 });
}

#[test]
fn a_payload_may_be_as_large_as_the_limit() {
    let limits = Limits::default().payload(101);
    let (fits, over) = (vec![7_u8; 100], vec![7_u8; 101]);
    let bytes = encode(&fits, &limits, None).expect("it fits");
    assert_eq!(bytes.len(), 101);
    assert_eq!(decode::<Vec<u8>>(&bytes, &limits, None), Ok(fits));
    let error = encode(&over, &limits, None).expect_err("a byte too many");
    assert_eq!(error, EncodeError::TooLarge { size: 102, limit: 101 });
    let bytes = encode(&over, &Limits::default(), None).expect("within these");
    let error = decode::<Vec<u8>>(&bytes, &limits, None).expect_err("a byte too many");
    assert_eq!(error, DecodeError::TooLarge { size: 102, limit: 101 });
}

#[test]
fn an_error_in_the_middle_leaves_nothing_behind() {
    let mut bytes = vec![1, 2, 3];
    let limits = Limits::default().payload(10);
    encode_into(&mut bytes, &vec![7_u8; 11], &limits, None).expect_err("too large");
    assert_eq!(bytes, [1, 2, 3]);
    encode_into(&mut bytes, &vec![7_u8; 9], &limits, None).expect("the limit is for what is new");
    assert_eq!(bytes.len(), 13);
}

#[test]
fn what_a_value_says_of_its_error_is_kept() {
    #[derive(Debug, PartialEq)]
    struct Never;
    impl Serialize for Never {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("not today"))
        }
    }
    impl<'de> Deserialize<'de> for Never {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let byte = u8::deserialize(deserializer)?;
            Err(serde::de::Error::custom(format!("{byte} is not today")))
        }
    }
    let limits = Limits::default();
    let error = encode(&vec![Some(Never)], &limits, None).expect_err("it says so");
    assert_eq!(error.to_string(), "not today");
    let error = decode::<Vec<Option<Never>>>(&[1, 1, 7], &limits, None).expect_err("it says so");
    assert_eq!(error.to_string(), "7 is not today");
}

#[test]
fn a_value_of_the_wrong_kind_is_malformed() {
    let limits = Limits::default();
    let malformed = |error| matches!(error, DecodeError::Malformed { .. });
    assert!(malformed(decode::<bool>(&[2], &limits, None).expect_err("a bool")));
    assert!(malformed(decode::<Option<u8>>(&[2, 2], &limits, None).expect_err("an option")));
    assert!(malformed(decode::<char>(&[5, 1, 1, 1, 1, 1], &limits, None).expect_err("a char")));
    assert!(malformed(decode::<String>(&[1, 0xFF], &limits, None).expect_err("UTF-8")));
    assert!(malformed(decode::<u16>(&[0xFF; 3], &limits, None).expect_err("a u16")));
    let error = decode::<Shape>(&[5], &limits, None).expect_err("there are five variants");
    assert!(error.to_string().contains("variant index"), "{error}");
}

#[test]
fn a_sequence_that_does_not_know_its_length_is_refused() {
    struct Odd;
    impl Serialize for Odd {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq((0..9_u8).filter(|number| number % 2 == 1))
        }
    }
    assert_eq!(encode(&Odd, &Limits::default(), None), Err(EncodeError::UnknownLength));
}

#[test]
fn a_type_that_asks_what_comes_next_is_refused() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u8),
        Text(String),
    }
    let error = decode::<Either>(&[1], &Limits::default(), None).expect_err("it cannot be known");
    assert_eq!(error, DecodeError::NotSelfDescribing);
}

#[test]
fn a_text_that_is_made_while_it_is_written_keeps_to_the_limit() -> Outcome {
    struct Shown(usize);
    impl Serialize for Shown {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(&format_args!("{:>1$}", "x", self.0))
        }
    }
    let limits = Limits::default().payload(11);
    let bytes = encode(&Shown(10), &limits, None)?;
    assert_eq!(decode::<String>(&bytes, &limits, None)?, "         x");
    let error = encode(&Shown(11), &limits, None).expect_err("a byte too many");
    assert!(matches!(error, EncodeError::TooLarge { limit: 11, .. }), "{error:?}");
    Ok(())
}

/// Shapes in shapes, five deep.
fn shapes() -> impl Strategy<Value = Shape> {
    let point = || (any::<i32>(), any::<i32>());
    let leaf = prop_oneof![
        Just(Shape::Point),
        (-1e300..1e300).prop_map(Shape::Circle),
        (point(), point()).prop_map(|(from, to)| Shape::Line { from, to }),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let boxed = option::of(inner.clone().prop_map(Box::new));
        prop_oneof![
            (any::<u8>(), boxed).prop_map(|(number, shape)| Shape::Pair(number, shape)),
            vec(inner, 0..4).prop_map(Shape::Group),
        ]
    })
}

#[test]
fn random_values_come_back_as_postcard_writes_them() {
    let values = vec((shapes(), any::<(i16, u64, Option<i128>, String, char)>()), 0..4);
    let outcome = cases().run(&values, |value| {
        let limits = Limits::default();
        let bytes = encode(&value, &limits, None).expect("within the limits");
        prop_assert_eq!(&bytes, &postcard::to_allocvec(&value).expect("nothing is unusual"));
        prop_assert_eq!(decode(&bytes, &limits, None), Ok(value));
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
}
