//! The 32 bytes in front of a payload.

use concurrent_futures_core::calls::{FrameError, FrameFlags, FrameHeader, FrameKind, HEADER_SIZE};

use crate::support::Outcome;

const KINDS: [(u8, FrameKind); 10] = [
    (1, FrameKind::Hello),
    (2, FrameKind::Ready),
    (3, FrameKind::InitFailed),
    (4, FrameKind::Started),
    (5, FrameKind::Value),
    (6, FrameKind::Raised),
    (7, FrameKind::Failure),
    (16, FrameKind::Welcome),
    (17, FrameKind::Call),
    (18, FrameKind::Retire),
];

fn full() -> FrameHeader {
    FrameHeader {
        kind: FrameKind::Call,
        flags: FrameFlags::CHUNK.with(FrameFlags::FALLIBLE),
        place: 0x3F,
        length: 0x0403_0201,
        id: 0x1817_1615_1413_1211,
        task: 0x2423_2221,
        ran: 0x3433_3231,
        attached: 0x4847_4645_4443_4241,
    }
}

#[test]
fn each_field_is_where_the_table_says() -> Outcome {
    let bytes = [
        1, 17, 3, 0x3F, 0x01, 0x02, 0x03, 0x04, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
        0x21, 0x22, 0x23, 0x24, 0x31, 0x32, 0x33, 0x34, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47,
        0x48,
    ];
    assert_eq!(full().to_bytes(), bytes);
    assert_eq!(FrameHeader::parse(&bytes)?, full());
    Ok(())
}

#[test]
fn each_kind_has_its_number_and_no_other_number_has_a_kind() {
    for byte in 0..=u8::MAX {
        let kind = KINDS.into_iter().find(|(number, _)| *number == byte).map(|(_, kind)| kind);
        assert_eq!(FrameKind::from_byte(byte), kind);
        let mut bytes = full().to_bytes();
        bytes[1] = byte;
        let expected = kind.ok_or(FrameError::Kind { kind: byte });
        assert_eq!(FrameHeader::parse(&bytes).map(|header| header.kind), expected);
    }
}

#[test]
fn any_other_version_is_an_error_that_names_it() {
    for version in (0..=u8::MAX).filter(|version| *version != 1) {
        let mut bytes = full().to_bytes();
        bytes[0] = version;
        let error = FrameHeader::parse(&bytes).expect_err("not ours");
        assert_eq!(error, FrameError::Version { version });
        assert!(error.to_string().contains(&version.to_string()), "{error}");
    }
}

#[test]
fn any_other_flag_is_an_error_that_names_it() {
    for flags in 0..=u8::MAX {
        let mut bytes = full().to_bytes();
        bytes[2] = flags;
        let parsed = FrameHeader::parse(&bytes).map(|header| header.flags.byte());
        assert_eq!(parsed, if flags < 4 { Ok(flags) } else { Err(FrameError::Flags { flags }) });
    }
}

#[test]
fn flags_are_a_set() {
    let both = FrameFlags::CHUNK.with(FrameFlags::FALLIBLE);
    assert!(both.contains(FrameFlags::CHUNK) && both.contains(FrameFlags::NONE));
    assert!(!FrameFlags::CHUNK.contains(both));
    assert_eq!(format!("{both:?} {:?}", FrameFlags::NONE), "CHUNK | FALLIBLE NONE");
}

#[test]
fn replies_come_from_the_worker() {
    for (number, kind) in KINDS {
        assert_eq!(kind.is_from_parent(), number >= 16, "{kind:?}");
        assert_eq!(kind.is_reply(), (5..=7).contains(&number), "{kind:?}");
    }
}

#[test]
fn nothing_but_the_kind_is_set_in_a_new_header() {
    let bytes = FrameHeader::new(FrameKind::Retire).to_bytes();
    assert_eq!(bytes.len(), HEADER_SIZE);
    assert_eq!(bytes[..2], [1, 18]);
    assert_eq!(bytes[2..], [0; 30]);
}
