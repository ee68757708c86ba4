//! A worker behind a reader and a writer.

use core::sync::atomic::{AtomicU32, Ordering};
use std::io::{self, Read, Write};

use concurrent_futures_core::calls::{
    FrameHeader, FrameKind, FrameReader, HEADER_SIZE, InitialCall, Limits, ProtocolError, Registry,
    ResourceLimits, ServeError, ServeSettings, TaskEntry, Welcome, decode, encode, serve,
};

use crate::support::{header, welcome};

fn double(n: u32) -> u32 {
    n * 2
}

fn fails() {
    panic!("on purpose")
}

static RUNS: AtomicU32 = AtomicU32::new(0);

fn runs() {
    RUNS.fetch_add(1, Ordering::Relaxed);
}

fn registry() -> Registry {
    let entries = [
        TaskEntry::new("double", &double),
        TaskEntry::new("fails", &fails),
        TaskEntry::new("runs", &runs),
    ];
    Registry::new(entries).expect("different names")
}

/// Bytes from the parent, some at a time, with interruptions.
struct Script {
    bytes: Vec<u8>,
    at: usize,
    at_once: usize,
    interrupted: bool,
    /// What comes at the end, instead of the end.
    error: Option<io::ErrorKind>,
}

impl Script {
    fn new(bytes: Vec<u8>, at_once: usize) -> Self {
        Self { bytes, at: 0, at_once, interrupted: false, error: None }
    }
}

impl Read for Script {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let left = &self.bytes[self.at..];
        if left.is_empty()
            && let Some(error) = self.error
        {
            return Err(error.into());
        }
        let count = left.len().min(self.at_once).min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        self.at += count;
        Ok(count)
    }
}

/// Takes some bytes at a time, with interruptions, until there is no room.
struct Record {
    bytes: Vec<u8>,
    at_once: usize,
    interrupted: bool,
    room: usize,
}

impl Record {
    fn new(at_once: usize) -> Self {
        Self { bytes: Vec::new(), at_once, interrupted: false, room: usize::MAX }
    }

    fn frames(&self) -> Vec<(FrameKind, u64, Vec<u8>)> {
        let mut reader = FrameReader::new(1 << 20);
        reader.push(&self.bytes);
        let mut frames = Vec::new();
        while let Some(frame) = reader.next_frame().expect("frames") {
            frames.push((frame.header.kind, frame.header.id, frame.payload));
        }
        assert!(reader.is_between_frames());
        frames
    }

    fn kinds(&self) -> Vec<FrameKind> {
        self.frames().into_iter().map(|(kind, ..)| kind).collect()
    }
}

impl Write for Record {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = bytes.len().min(self.at_once).min(self.room - self.bytes.len().min(self.room));
        self.bytes.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn frame(header: FrameHeader, payload: &[u8]) -> Vec<u8> {
    [&header.to_bytes()[..], payload].concat()
}

fn welcoming(welcome: &Welcome) -> Vec<u8> {
    let payload = welcome.to_bytes(&Limits::default()).expect("a good one");
    frame(header(FrameKind::Welcome, &payload), &payload)
}

fn call(id: u64, task: u32, n: u32) -> Vec<u8> {
    let payload = encode(&n, &Limits::default(), None).expect("a number");
    let payload = if task == 0 { payload } else { Vec::new() };
    frame(FrameHeader { id, task, ..header(FrameKind::Call, &payload) }, &payload)
}

fn retire() -> Vec<u8> {
    frame(FrameHeader::new(FrameKind::Retire), &[])
}

fn run(script: Vec<u8>, at_once: usize) -> (Record, Result<(), ServeError>) {
    let mut record = Record::new(at_once);
    let served =
        serve(&registry(), Script::new(script, at_once), &mut record, &ServeSettings::new());
    (record, served)
}

#[test]
fn calls_are_announced_and_answered_however_the_bytes_come() {
    let script =
        [welcoming(&welcome()), call(1, 0, 4), call(2, 1, 0), call(3, 0, 5), retire()].concat();
    for at_once in [1, 2, 7, HEADER_SIZE, 33, 4096] {
        let (record, served) = run(script.clone(), at_once);
        assert!(served.is_ok(), "{served:?}");
        let frames = record.frames();
        let spoken: Vec<_> = frames.iter().map(|(kind, id, _)| (*kind, *id)).collect();
        use FrameKind::{Failure, Hello, Ready, Started, Value};
        let expected = [
            (Hello, 0),
            (Ready, 0),
            (Started, 1),
            (Value, 1),
            (Started, 2),
            (Failure, 2),
            (Started, 3),
            (Value, 3),
        ];
        assert_eq!(spoken, expected);
        assert_eq!(decode::<u32>(&frames[7].2, &Limits::default(), None), Ok(10));
    }
}

#[test]
fn the_end_of_the_stream_is_the_end_of_the_worker() {
    let (record, served) = run([welcoming(&welcome()), call(1, 0, 4)].concat(), 5);
    assert!(served.is_ok(), "{served:?}");
    assert_eq!(record.kinds().len(), 4);
    let (record, served) = run(Vec::new(), 5);
    assert!(served.is_ok(), "{served:?}");
    assert_eq!(record.kinds(), [FrameKind::Hello]);
}

#[test]
fn an_end_inside_of_a_frame_runs_nothing_of_it() {
    let start = welcoming(&welcome());
    let call = call(1, 0, 4);
    for cut in 1..call.len() {
        let (record, served) = run([start.clone(), call[..cut].to_vec()].concat(), 3);
        assert!(matches!(served, Err(ServeError::Truncated)), "{served:?}");
        assert_eq!(record.kinds(), [FrameKind::Hello, FrameKind::Ready]);
    }
}

#[test]
fn what_comes_after_retiring_is_not_looked_at() {
    let (record, served) = run([welcoming(&welcome()), retire(), call(1, 0, 4)].concat(), 4096);
    assert!(served.is_ok(), "{served:?}");
    assert_eq!(record.kinds(), [FrameKind::Hello, FrameKind::Ready]);
}

#[test]
fn garbage_ends_it_without_an_answer() {
    let (record, served) = run(vec![b'G'; 100], 10);
    assert!(matches!(served, Err(ServeError::Frame(_))), "{served:?}");
    assert_eq!(record.kinds(), [FrameKind::Hello]);
    let (_, served) = run(call(1, 0, 4), 10);
    let unexpected = matches!(served, Err(ServeError::Protocol(ProtocolError::Unexpected { .. })));
    assert!(unexpected, "{served:?}");
}

#[test]
fn a_frame_over_the_limit_is_refused_by_its_header() {
    let settings = ServeSettings::new().limits(Limits::default().payload(200));
    let mut huge = FrameHeader::new(FrameKind::Welcome);
    huge.length = u32::MAX;
    let mut record = Record::new(64);
    let script = Script::new(huge.to_bytes().to_vec(), 64);
    let served = serve(&registry(), script, &mut record, &settings);
    assert!(matches!(served, Err(ServeError::Frame(_))), "{served:?}");
}

#[test]
fn a_reader_that_fails_ends_it() {
    let script =
        Script { error: Some(io::ErrorKind::ConnectionReset), ..Script::new(Vec::new(), 9) };
    let served = serve(&registry(), script, Record::new(9), &ServeSettings::new());
    let Err(ServeError::Io(error)) = served else { panic!("{served:?}") };
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn a_call_that_cannot_be_announced_is_not_run() {
    let script = [welcoming(&welcome()), call(1, 2, 0)].concat();
    let (record, _) = run(script.clone(), 4096);
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
    let room = record.bytes.len() - HEADER_SIZE - 1; // one byte of the announcement is missing
    let mut writer = Record { room, ..Record::new(16) };
    let served = serve(&registry(), Script::new(script, 99), &mut writer, &ServeSettings::new());
    assert!(matches!(served, Err(ServeError::Io(_))), "{served:?}");
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
}

/// Whether it is the hello, the announcement or the reply that cannot be written.
#[test]
fn a_writer_that_takes_nothing_more_ends_it() {
    let script = [welcoming(&welcome()), call(1, 0, 4), retire()].concat();
    let (record, _) = run(script.clone(), 4096);
    for room in 0..record.bytes.len() {
        let mut writer = Record { room, ..Record::new(16) };
        let served =
            serve(&registry(), Script::new(script.clone(), 99), &mut writer, &ServeSettings::new());
        assert!(matches!(served, Err(ServeError::Io(_))), "{served:?}");
        assert_eq!(writer.bytes.len(), room);
    }
}

#[test]
fn an_initializer_that_fails_is_told_and_is_an_error() {
    let initializer = Some(InitialCall { task: 1, arguments: Vec::new() });
    let script = welcoming(&Welcome { initializer, ..welcome() });
    let (record, served) = run(script, 50);
    assert!(matches!(served, Err(ServeError::Initializer)), "{served:?}");
    assert_eq!(record.kinds(), [FrameKind::Hello, FrameKind::InitFailed]);
}

#[test]
fn conditions_that_a_link_cannot_keep_are_refused() {
    let resources = ResourceLimits { memory: Some(1 << 20), ..ResourceLimits::default() };
    for welcome in [Welcome { resources, ..welcome() }, Welcome { places: 64, ..welcome() }] {
        let (record, served) = run(welcoming(&welcome), 50);
        assert!(matches!(served, Err(ServeError::Initializer)), "{served:?}");
        assert_eq!(record.kinds(), [FrameKind::Hello, FrameKind::InitFailed]);
    }
}

#[test]
fn it_introduces_itself_as_it_was_told() {
    let settings = ServeSettings::new().build(11).pid(12).clock(|| 0);
    let mut record = Record::new(9);
    serve(&registry(), Script::new(Vec::new(), 9), &mut record, &settings)
        .expect("an empty stream");
    let hello = concurrent_futures_core::calls::Hello::from_bytes(
        &record.frames()[0].2,
        &Limits::default(),
    );
    let hello = hello.expect("a hello");
    assert_eq!((hello.build, hello.pid, hello.tasks.len()), (11, 12, 3));
}
