//! What is done with bytes that a fuzzer makes up, and again with those that it once found.
//!
//! Shared with the fuzz targets, in the folder `fuzz` of the package.

use core::fmt;
use std::collections::BTreeMap;

use concurrent_futures_core::calls::{
    BatchReader, BatchWriter, FrameReader, Hello, LargeBytes, Limits, RemoteFailure, Welcome,
    decode, encode,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A stream of frames: the first byte says in pieces of how many bytes it arrives.
pub(crate) fn frames(data: &[u8]) {
    let Some((piece, stream)) = data.split_first() else { return };
    let whole = read(stream, stream.len());
    let pieces = read(stream, usize::from(*piece));
    assert_eq!(whole, pieces, "however it is cut");
    let (bytes, between) = whole;
    assert!(stream.starts_with(&bytes), "frames are what was sent");
    assert!(!between || bytes.len() == stream.len(), "nothing is lost");
}

/// The frames of a stream as bytes again, and whether it ends between two.
fn read(stream: &[u8], piece: usize) -> (Vec<u8>, bool) {
    let (mut reader, mut bytes) = (FrameReader::new(1 << 16), Vec::new());
    for piece in stream.chunks(piece.max(1)) {
        reader.push(piece);
        while let Ok(Some(frame)) = reader.next_frame() {
            bytes.extend(frame.header.to_bytes());
            bytes.extend(frame.payload);
        }
    }
    (bytes, reader.is_between_frames())
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Tree {
    Leaf,
    Number(i64),
    Pair(Box<Tree>, Option<Box<Tree>>),
    Named { name: String, units: Vec<()> },
    Nodes(Vec<Tree>),
}

type Numbers = ((i8, i16, i32, i64, i128), (u8, u16, u32, u64, u128), (f32, f64, char, bool));

/// Values of several types: what can be read can be written, and is then the same.
pub(crate) fn values(data: &[u8]) {
    value::<u64>(data);
    value::<Numbers>(data);
    value::<Vec<Option<String>>>(data);
    value::<Vec<()>>(data);
    value::<BTreeMap<(), Vec<[(); 2]>>>(data);
    value::<BTreeMap<u16, Vec<u8>>>(data);
    value::<Result<Tree, Vec<Tree>>>(data);
    value::<(LargeBytes, Vec<LargeBytes>)>(data);
}

fn value<T: Serialize + DeserializeOwned + fmt::Debug>(data: &[u8]) {
    let limits = Limits::default().zero_sized(1000);
    let mut beside = [7_u8; 100].as_slice();
    let Ok(value) = decode::<T>(data, &limits, Some(&mut beside)) else { return };
    let bytes = encode(&value, &limits, None).expect("it kept to the limits");
    let again = decode::<T>(&bytes, &limits, None).expect("it was just written");
    // Compared as bytes: a NaN is not equal to itself.
    assert_eq!(encode(&again, &limits, None).as_ref(), Ok(&bytes), "{value:?}");
}

/// Messages and batches: what can be read can be written, and is then the same.
pub(crate) fn messages(data: &[u8]) {
    let limits = Limits::default().text(100);
    if let Ok(hello) = Hello::from_bytes(data, &limits) {
        let bytes = hello.to_bytes(&limits).expect("it was not longer");
        assert_eq!(Hello::from_bytes(&bytes, &limits), Ok(hello));
    }
    if let Ok(welcome) = Welcome::from_bytes(data, &limits) {
        let bytes = welcome.to_bytes(&limits).expect("it was not longer");
        assert_eq!(Welcome::from_bytes(&bytes, &limits), Ok(welcome));
    }
    if let Ok(failure) = RemoteFailure::from_bytes(data, &limits) {
        assert_eq!(RemoteFailure::from_bytes(&failure.to_bytes(&limits), &limits), Ok(failure));
    }
    batch(data);
}

fn batch(data: &[u8]) {
    let Ok(reader) = BatchReader::new(data) else { return };
    let Ok(items) = reader.collect::<Result<Vec<_>, _>>() else { return };
    let (limits, mut bytes) = (Limits::default(), Vec::new());
    let mut batch = BatchWriter::new(&mut bytes, &limits);
    for item in items {
        batch.push(item).expect("it was not longer");
    }
    assert_eq!(bytes, data);
}
