//! Values in both directions, and each limit from both sides.

use std::collections::BTreeMap;

use concurrent_futures_core::calls::{DecodeError, EncodeError, Limits, decode, encode};
use serde::{Deserialize, Serialize};

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
fn a_value_of_every_kind_comes_back() -> Result<(), Box<dyn core::error::Error>> {
    let limits = Limits::default();
    let bytes = encode(&many(), &limits, None)?;
    assert_eq!(decode::<Many>(&bytes, &limits, None)?, many());
    Ok(())
}

#[test]
fn the_format_is_postcards() -> Result<(), Box<dyn core::error::Error>> {
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
