//! Frames out of streams that arrive in pieces, or broken.

use concurrent_futures_core::calls::{
    Frame, FrameError, FrameHeader, FrameKind, FrameReader, HEADER_SIZE,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::{Outcome, cases};

const LIMIT: usize = 1 << 20;
/// Above the size at which a payload gets a buffer of its own.
const LARGE: usize = if cfg!(miri) { 17_000 } else { 100_000 };
/// Miri takes every so manieth of what is tried.
const STEP: usize = if cfg!(miri) { 15 } else { 1 };

fn frame(id: u64, payload: Vec<u8>) -> Frame {
    let length = u32::try_from(payload.len()).expect("small");
    Frame { header: FrameHeader { id, length, ..FrameHeader::new(FrameKind::Value) }, payload }
}

fn bytes_of(frames: &[Frame]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for frame in frames {
        bytes.extend_from_slice(&frame.header.to_bytes());
        bytes.extend_from_slice(&frame.payload);
    }
    bytes
}

fn take_all(reader: &mut FrameReader, frames: &mut Vec<Frame>) -> Result<(), FrameError> {
    while let Some(frame) = reader.next_frame()? {
        frames.push(frame);
    }
    Ok(())
}

/// What a reader makes of these pieces, taking frames after each.
fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(Vec<Frame>, bool), FrameError> {
    let (mut reader, mut frames) = (FrameReader::new(LIMIT), Vec::new());
    for piece in pieces {
        reader.push(piece);
        take_all(&mut reader, &mut frames)?;
    }
    Ok((frames, reader.is_between_frames()))
}

#[test]
fn a_frame_may_be_cut_at_every_byte() -> Outcome {
    for length in (0..64 - HEADER_SIZE).step_by(STEP) {
        let frames = [frame(7, (0..).take(length).collect()), frame(8, vec![])];
        let bytes = bytes_of(&frames);
        for cut in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(cut);
            assert_eq!(
                read([head, tail])?,
                (frames.to_vec(), true),
                "{length} bytes, cut at {cut}"
            );
        }
    }
    Ok(())
}

#[test]
fn a_frame_may_be_cut_at_every_two_bytes() -> Outcome {
    let frames = [frame(7, vec![1, 2, 3])];
    let bytes = bytes_of(&frames);
    for first in (0..=bytes.len()).step_by(STEP) {
        for second in (first..=bytes.len()).step_by(STEP) {
            let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
            assert_eq!(read(pieces)?, (frames.to_vec(), true), "cut at {first} and {second}");
        }
    }
    Ok(())
}

#[test]
fn one_byte_at_a_time_is_enough() -> Outcome {
    let frames = [frame(1, vec![]), frame(2, vec![5; 300]), frame(3, vec![6])];
    assert_eq!(read(bytes_of(&frames).chunks(1))?, (frames.to_vec(), true));
    Ok(())
}

#[test]
fn a_large_frame_may_arrive_one_byte_at_a_time() -> Outcome {
    let frames = [frame(1, vec![9]), frame(2, vec![5; LARGE]), frame(3, vec![6])];
    let piece = if cfg!(miri) { 100 } else { 1 };
    assert_eq!(read(bytes_of(&frames).chunks(piece))?, (frames.to_vec(), true));
    Ok(())
}

#[test]
fn a_stream_that_ends_inside_of_a_frame_is_known_by_it() -> Outcome {
    for length in [0, 1, 20, LARGE] {
        let bytes = bytes_of(&[frame(1, vec![]), frame(7, vec![3; length])]);
        let ends =
            (HEADER_SIZE + 1..bytes.len()).step_by(if length == LARGE { 9973 } else { STEP });
        for end in ends.chain([bytes.len() - 1]) {
            let (frames, between) = read([&bytes[..end]])?;
            assert_eq!((frames.len(), between), (1, false), "{length} bytes, ends after {end}");
        }
    }
    let (frames, between) = read([])?;
    assert_eq!((frames.len(), between), (0, true));
    Ok(())
}

#[test]
fn what_is_not_a_frame_is_an_error_and_stays_one() {
    let good = frame(1, vec![]).header.to_bytes();
    for (at, byte, error) in [
        (0, b'G', FrameError::Version { version: b'G' }),
        (0, 0, FrameError::Version { version: 0 }),
        (1, 99, FrameError::Kind { kind: 99 }),
        (2, 4, FrameError::Flags { flags: 4 }),
    ] {
        let mut bad = good;
        bad[at] = byte;
        let mut reader = FrameReader::new(LIMIT);
        reader.push(&good);
        reader.push(&bad);
        assert!(matches!(reader.next_frame(), Ok(Some(_))), "what came before it is good");
        assert_eq!(reader.next_frame(), Err(error.clone()));
        reader.push(&good);
        assert_eq!(reader.next_frame(), Err(error));
        assert!(!reader.is_between_frames());
    }
}

#[test]
fn a_length_over_the_limit_is_refused_with_the_header() {
    let mut header = frame(1, vec![]).header.to_bytes();
    header[4..8].fill(0xFF);
    let mut reader = FrameReader::new(LIMIT);
    reader.push(&header);
    let error = FrameError::TooLarge { length: u32::MAX, limit: LIMIT };
    assert_eq!(reader.next_frame(), Err(error));
}

#[test]
fn a_payload_may_be_as_large_as_the_limit() -> Outcome {
    for limit in [0, 1, 100, LARGE] {
        let mut reader = FrameReader::new(limit);
        let fits = frame(1, vec![1; limit]);
        reader.push(&bytes_of(core::slice::from_ref(&fits)));
        assert_eq!(reader.next_frame()?, Some(fits));
        let over = frame(2, vec![1; limit + 1]);
        let length = over.header.length;
        reader.push(&bytes_of(&[over])[..HEADER_SIZE]);
        assert_eq!(reader.next_frame(), Err(FrameError::TooLarge { length, limit }));
    }
    Ok(())
}

#[test]
fn the_limit_may_change_between_two_frames() -> Outcome {
    let mut reader = FrameReader::new(10);
    reader.set_limit(20);
    reader.push(&bytes_of(&[frame(1, vec![1; 20])]));
    assert!(reader.next_frame()?.is_some());
    reader.set_limit(19);
    reader.push(&bytes_of(&[frame(1, vec![1; 20])]));
    assert_eq!(reader.next_frame(), Err(FrameError::TooLarge { length: 20, limit: 19 }));
    Ok(())
}

#[test]
fn there_is_the_room_that_was_asked_for() -> Outcome {
    let mut reader = FrameReader::new(LIMIT);
    assert!(!reader.space(0).is_empty());
    assert!(reader.space(1000).len() >= 1000);
    reader.push(&bytes_of(&[frame(1, vec![7; LARGE])])[..HEADER_SIZE + 10]);
    assert_eq!(reader.next_frame()?, None);
    assert!(
        (1000..LARGE).contains(&reader.space(1000).len()),
        "for what is claimed there is no room yet"
    );
    reader.push(&vec![7; LARGE - 11]);
    assert_eq!(reader.space(1000).len(), 1, "that is all that it lacks");
    Ok(())
}

#[test]
fn more_than_there_was_room_for_cannot_have_been_filled() -> Outcome {
    let mut reader = FrameReader::new(LIMIT);
    let header = frame(1, vec![]).header.to_bytes();
    reader.space(HEADER_SIZE)[..HEADER_SIZE].copy_from_slice(&header);
    reader.filled(usize::MAX);
    assert_eq!(reader.next_frame()?.map(|frame| frame.header.id), Some(1));
    Ok(())
}

#[test]
fn random_streams_come_through_random_cuts() {
    let payload = prop_oneof![
        4 => vec(any::<u8>(), 0..50),
        1 => (0..3 * LARGE, any::<u8>()).prop_map(|(length, byte)| vec![byte; length]),
    ];
    let frames = vec((any::<u64>(), payload), 0..8);
    let cuts = vec(1..20_000_usize, 1..20);
    let outcome = cases().run(&(frames, cuts), |(frames, cuts)| {
        let frames: Vec<_> = frames.into_iter().map(|(id, payload)| frame(id, payload)).collect();
        let bytes = bytes_of(&frames);
        let (mut rest, mut pieces) = (bytes.as_slice(), Vec::new());
        for cut in cuts.iter().cycle() {
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(read(pieces).expect("well formed"), (frames, true));
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
}
