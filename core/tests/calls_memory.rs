//! What bytes claim costs no memory: only what they are.
//!
//! A program of its own, for its allocator.
#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]
#![expect(clippy::std_instead_of_alloc, reason = "tests run where there is a std")]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use std::alloc::System;
use std::collections::{BTreeMap, HashMap};

use concurrent_futures_core::calls::{
    BatchReader, EncodeError, FrameHeader, FrameKind, FrameReader, Hello, LargeBytes, Limits,
    RemoteFailure, Welcome, decode, encode,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Knows how much the calling thread holds, and held at most.
struct Peak;

#[global_allocator]
static ALLOCATOR: Peak = Peak;

std::thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // A thread that is ending counts no more.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = MOST.try_with(|most| most.set(most.get().max(held.get())));
    });
}

// SAFETY: all is done by the system's allocator; counting allocates nothing and does not unwind.
unsafe impl GlobalAlloc for Peak {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: as the caller promises; it came from there.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// The value of `f`, and how many bytes more than before were held at a time.
fn peak<R>(f: impl FnOnce() -> R) -> (R, usize) {
    let before = HELD.get();
    MOST.set(before);
    let value = f();
    (value, (MOST.get() - before).cast_unsigned())
}

/// The same numbers in every run, of no particular quality.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Bytes of which many are small: lengths and variants that mean something.
    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut byte = || {
            let random = self.next();
            if random & 0x300 == 0 { random as u8 } else { random as u8 % 6 }
        };
        (0..length).map(|_| byte()).collect()
    }
}

#[derive(Debug, Serialize, Deserialize)]
enum Tree {
    Leaf,
    Text(String),
    Nodes(Vec<Tree>),
    Map(HashMap<u8, Tree>),
}

/// The largest thing that a byte can be made into here is a table for one entry.
const PER_BYTE: usize = 512;

fn is_bounded<T: DeserializeOwned>(bytes: &[u8]) {
    let limits = Limits::default().zero_sized(1000);
    let (_, peak) = peak(|| decode::<T>(bytes, &limits, Some(&mut [0_u8; 16].as_slice())).is_ok());
    let bound = 1024 + PER_BYTE * bytes.len();
    assert!(peak <= bound, "{peak} bytes for {bytes:?}");
}

#[test]
fn random_bytes_cost_what_they_are() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for _ in 0..if cfg!(miri) { 20 } else { 20_000 } {
        let length = random.next() as usize % 100;
        let bytes = random.bytes(length);
        is_bounded::<Vec<u8>>(&bytes);
        is_bounded::<Vec<u128>>(&bytes);
        is_bounded::<Vec<Vec<String>>>(&bytes);
        is_bounded::<Vec<()>>(&bytes);
        is_bounded::<BTreeMap<u16, Option<u64>>>(&bytes);
        is_bounded::<Tree>(&bytes);
        is_bounded::<Vec<LargeBytes>>(&bytes);
        let limits = Limits::default();
        let (_, peak) = peak(|| {
            let _ = Hello::from_bytes(&bytes, &limits);
            let _ = Welcome::from_bytes(&bytes, &limits);
            let _ = RemoteFailure::from_bytes(&bytes, &limits);
            BatchReader::new(&bytes).map_or(0, |items| items.count())
        });
        assert!(peak <= 1024 + PER_BYTE * bytes.len(), "{peak} bytes for {bytes:?}");
    }
}

#[test]
fn a_length_alone_allocates_next_to_nothing() {
    // 2^32 as a varint, and three bytes that could be the first items.
    let bytes = [0x80, 0x80, 0x80, 0x80, 0x10, 1, 2, 3];
    let limits = Limits::default();
    let (outcome, cost) = peak(|| decode::<String>(&bytes, &limits, None).is_ok());
    assert_eq!((outcome, cost), (false, 0));
    // Room for as many items as there could be, in the three bytes.
    let (outcome, cost) = peak(|| decode::<Vec<u8>>(&bytes, &limits, None).is_ok());
    assert!(!outcome && cost <= 8, "{cost} bytes");
    let (outcome, cost) = peak(|| decode::<Vec<u64>>(&bytes, &limits, None).is_ok());
    assert!(!outcome && cost <= 3 * 8, "{cost} bytes");
    let (outcome, cost) = peak(|| decode::<Vec<[u64; 32]>>(&bytes, &limits, None).is_ok());
    assert!(!outcome && cost <= 3 * 32 * 8, "{cost} bytes");
}

#[test]
fn an_attached_length_alone_allocates_nothing() {
    // Attached; 2^29, which is below the limit.
    let bytes = [1, 0x80, 0x80, 0x80, 0x80, 0x02];
    let mut beside = [0_u8; 10].as_slice();
    let limits = Limits::default();
    let (outcome, cost) = peak(|| decode::<LargeBytes>(&bytes, &limits, Some(&mut beside)).is_ok());
    assert_eq!((outcome, cost), (false, 0));
}

#[test]
fn what_is_too_large_is_not_written_beyond_the_limit() {
    let value = vec!["x".repeat(100); 1000];
    let limits = Limits::default().payload(10_000);
    let (outcome, cost) = peak(|| encode(&value, &limits, None));
    assert!(matches!(outcome, Err(EncodeError::TooLarge { .. })));
    // Twice: while it grows there is an old one and a new one.
    assert!(cost < 2 * 10_000, "{cost} bytes");
    let fits = encode(&[7_u8; 9_000].as_slice(), &limits, None).expect("it fits");
    assert!(fits.capacity() <= 10_000, "room for {} bytes", fits.capacity());
    let (_, cost) = peak(|| encode("x".repeat(20_000).as_str(), &limits, None).is_ok());
    assert!(cost < 20_000 + 100, "{cost} bytes, of which 20,000 are the text itself");
}

#[test]
fn what_a_header_claims_costs_nothing() {
    let limit = 64 << 20;
    let length = u32::try_from(limit).expect("it is");
    let header = FrameHeader { length, ..FrameHeader::new(FrameKind::Value) }.to_bytes();
    let (reader, cost) = peak(|| {
        let mut reader = FrameReader::new(limit);
        reader.push(&header);
        reader.push(&[7; 10]);
        assert_eq!(reader.next_frame(), Ok(None));
        reader.space(4096);
        reader
    });
    assert!(cost < 3 * 4096, "{cost} bytes");
    drop(reader);
    // All ones: over the limit.
    let mut header = header;
    header[4..8].fill(0xFF);
    let (outcome, cost) = peak(|| {
        let mut reader = FrameReader::new(limit);
        reader.push(&header);
        reader.next_frame().is_err()
    });
    assert!(outcome && cost < 100, "{cost} bytes");
}

#[test]
fn a_large_frame_is_received_into_its_own_payload() {
    let length: usize = if cfg!(miri) { 1 << 17 } else { 8 << 20 };
    let claimed = u32::try_from(length).expect("it is small");
    let header = FrameHeader { length: claimed, ..FrameHeader::new(FrameKind::Value) };
    let piece = vec![7; 1 << 12];
    let (frame, cost) = peak(|| {
        let mut reader = FrameReader::new(length);
        reader.push(&header.to_bytes());
        for _ in 0..length / piece.len() {
            assert_eq!(reader.next_frame(), Ok(None));
            reader.push(&piece);
        }
        reader.next_frame()
    });
    let payload = frame.ok().flatten().map(|frame| frame.payload);
    assert_eq!(payload, Some(vec![7; length]));
    // While it grows there are an old one and a new one, of half the size.
    assert!(cost < length + length / 2 + (1 << 16), "{cost} bytes for {length}");
}

#[test]
fn many_small_frames_need_one_buffer() {
    let frame = FrameHeader::new(FrameKind::Started).to_bytes();
    let stream = frame.repeat(100);
    let mut reader = FrameReader::new(1 << 20);
    let ((), cost) = peak(|| {
        for _ in 0..if cfg!(miri) { 10 } else { 1000 } {
            reader.push(&stream);
            while reader.next_frame().expect("they are frames").is_some() {}
        }
    });
    assert!(cost <= stream.len(), "{cost} bytes");
}
