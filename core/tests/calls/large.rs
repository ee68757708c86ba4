//! Large payloads beside the bytes of a value.

use concurrent_futures_core::calls::{
    ATTACH_FROM, Attach, AttachError, DecodeError, Detach, DetachError, EncodeError, LargeBytes,
    Limits, decode, encode,
};
use serde::Deserialize;
use serde::de::value::{Error as ValueError, SeqDeserializer};

use crate::support::Outcome;

fn large(byte: u8, length: usize) -> LargeBytes {
    LargeBytes::from(vec![byte; length])
}

#[test]
fn short_ones_are_inline() -> Outcome {
    let limits = Limits::default();
    let mut beside = Vec::new();
    let bytes = encode(&large(7, 3), &limits, Some(&mut beside))?;
    assert_eq!(bytes, [0, 3, 7, 7, 7]);
    assert!(beside.is_empty());
    assert_eq!(decode::<LargeBytes>(&bytes, &limits, None)?, large(7, 3));
    Ok(())
}

#[test]
fn from_a_size_on_they_are_attached() -> Outcome {
    let limits = Limits::default();
    for (length, attached) in [(ATTACH_FROM - 1, 0), (ATTACH_FROM, ATTACH_FROM)] {
        let mut beside = Vec::new();
        let bytes = encode(&large(7, length), &limits, Some(&mut beside))?;
        assert_eq!(beside.len(), attached, "{length} bytes");
        let mut rest = beside.as_slice();
        assert_eq!(decode::<LargeBytes>(&bytes, &limits, Some(&mut rest))?, large(7, length));
        assert!(rest.is_empty());
    }
    Ok(())
}

#[test]
fn they_are_inline_where_there_is_no_other_place() -> Outcome {
    let limits = Limits::default();
    let bytes = encode(&large(7, ATTACH_FROM), &limits, None)?;
    assert_eq!(bytes.len(), ATTACH_FROM + 4);
    assert_eq!(decode::<LargeBytes>(&bytes, &limits, None)?, large(7, ATTACH_FROM));
    Ok(())
}

#[test]
fn several_come_back_in_their_order() -> Outcome {
    let limits = Limits::default();
    let value = (large(1, ATTACH_FROM), 5_u8, Some(large(2, 10)), vec![large(3, ATTACH_FROM + 1)]);
    let mut beside = Vec::new();
    let bytes = encode(&value, &limits, Some(&mut beside))?;
    assert_eq!(beside.len(), 2 * ATTACH_FROM + 1);
    assert_eq!(decode(&bytes, &limits, Some(&mut beside.as_slice())), Ok(value));
    Ok(())
}

#[test]
fn a_payload_is_moved_and_not_copied() -> Outcome {
    struct One(Option<Vec<u8>>);
    impl Detach for One {
        fn detach(&mut self, _: u64) -> Result<Vec<u8>, DetachError> {
            self.0.take().ok_or(DetachError::new("taken"))
        }
    }
    let payload = vec![7; ATTACH_FROM];
    let address = payload.as_ptr();
    // 1: attached; then 65536 as a varint.
    let bytes = [1, 0x80, 0x80, 0x04];
    let large = decode::<LargeBytes>(&bytes, &Limits::default(), Some(&mut One(Some(payload))))?;
    assert_eq!(large.as_ptr(), address);
    Ok(())
}

#[test]
fn what_is_attached_may_be_as_much_as_the_limit() -> Outcome {
    let value = (large(1, ATTACH_FROM), large(2, ATTACH_FROM));
    let most = 2 * ATTACH_FROM as u64;
    let (fits, over) = (Limits::default().attached(most), Limits::default().attached(most - 1));
    let mut beside = Vec::new();
    let bytes = encode(&value, &fits, Some(&mut beside))?;
    assert_eq!(decode(&bytes, &fits, Some(&mut beside.as_slice())), Ok(value.clone()));

    let error = encode(&value, &over, Some(&mut Vec::new()));
    assert_eq!(error, Err(EncodeError::TooLarge { size: most, limit: most - 1 }));
    let error = decode::<(LargeBytes, LargeBytes)>(&bytes, &over, Some(&mut beside.as_slice()));
    assert_eq!(error, Err(DecodeError::TooLarge { size: most, limit: most - 1 }));
    Ok(())
}

#[test]
fn a_length_that_was_not_attached_is_an_error() {
    let limits = Limits::default();
    let bytes = [1, 4];
    let mut short = [7_u8, 8, 9].as_slice();
    let error = decode::<LargeBytes>(&bytes, &limits, Some(&mut short)).expect_err("3 are there");
    assert!(matches!(error, DecodeError::Detach(_)), "{error:?}");
    let error = decode::<LargeBytes>(&bytes, &limits, None).expect_err("none are there");
    assert!(matches!(error, DecodeError::Malformed { .. }), "{error:?}");
    let most = [1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01];
    let error = decode::<(LargeBytes, LargeBytes)>(&most, &limits, Some(&mut short));
    assert_eq!(error, Err(DecodeError::TooLarge { size: u64::MAX, limit: 1 << 30 }));
}

#[test]
fn a_payload_of_another_length_is_an_error() {
    struct Liar;
    impl Detach for Liar {
        fn detach(&mut self, length: u64) -> Result<Vec<u8>, DetachError> {
            Ok(vec![0; length as usize + 1])
        }
    }
    let error = decode::<LargeBytes>(&[1, 4], &Limits::default(), Some(&mut Liar));
    assert!(matches!(error, Err(DecodeError::Malformed { .. })), "{error:?}");
}

#[test]
fn a_place_that_does_not_exist_is_an_error() {
    let error = decode::<LargeBytes>(&[2, 0], &Limits::default(), None);
    assert!(matches!(error, Err(DecodeError::Malformed { .. })), "{error:?}");
}

#[test]
fn what_the_other_side_says_of_an_error_is_kept() {
    struct Full;
    impl Attach for Full {
        fn attach(&mut self, _: &[u8]) -> Result<(), AttachError> {
            Err(AttachError::new("the file is full"))
        }
    }
    let error = encode(&large(1, ATTACH_FROM), &Limits::default(), Some(&mut Full));
    let error = error.expect_err("it is full");
    assert_eq!(error, EncodeError::Attach(AttachError::new("the file is full")));
    assert!(error.to_string().contains("the file is full"));
}

#[test]
fn in_other_formats_it_is_bytes() -> Outcome {
    let bytes = postcard::to_allocvec(&large(7, 3))?;
    assert_eq!(bytes, [3, 7, 7, 7]);
    assert_eq!(postcard::from_bytes::<LargeBytes>(&bytes)?, large(7, 3));
    let numbers = SeqDeserializer::<_, ValueError>::new([7_u8, 7, 7].into_iter());
    assert_eq!(LargeBytes::deserialize(numbers)?, large(7, 3));
    Ok(())
}

#[test]
fn it_is_shown_shortly() {
    assert_eq!(format!("{:?}", large(7, 2)), "LargeBytes(2 bytes: [07, 07])");
    assert!(format!("{:?}", large(255, 1 << 16)).len() < 80);
}
