//! A peer that says what the test wants: every call ends all the same, and says why.

use std::io::{PipeReader, PipeWriter, Read, Write};

use concurrent_futures::calls::{
    FrameHeader, FrameKind, FrameReader, Hello, Limits, Registry, ServeSettings, Signature,
    TaskName, encode,
};
use concurrent_futures::{CallErrorReason, LinkExecutor, RefusedReason, TaskErrorKind};

use crate::support::{
    area, builder, error_of, link_with, pipes, tasks, until, until_running, within,
};

/// The other end, in the hands of the test.
struct Peer {
    reader: PipeReader,
    writer: PipeWriter,
    frames: FrameReader,
}

fn frame(kind: FrameKind, id: u64, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("small");
    let header = FrameHeader { id, length, ..FrameHeader::new(kind) };
    [&header.to_bytes()[..], payload].concat()
}

fn hello_of(tasks: Vec<TaskName>) -> Vec<u8> {
    let hello = Hello { build: 0, pid: 0, tasks };
    frame(FrameKind::Hello, 0, &hello.to_bytes(&Limits::default()).expect("small"))
}

pub(crate) fn hello() -> Vec<u8> {
    hello_of(Registry::new(tasks()).expect("different names").task_names())
}

pub(crate) fn ready() -> Vec<u8> {
    frame(FrameKind::Ready, 0, &[])
}

impl Peer {
    fn say(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).expect("the parent listens");
    }

    /// The next frame from the parent.
    fn hear(&mut self) -> FrameHeader {
        loop {
            if let Some(frame) = self.frames.next_frame().expect("a good parent") {
                return frame.header;
            }
            let count = self.reader.read(self.frames.space(100)).expect("the parent speaks");
            assert!(count > 0, "the parent has ended");
            self.frames.filled(count);
        }
    }

    /// The number of the next call.
    fn call(&mut self) -> u64 {
        let header = self.hear();
        assert_eq!(header.kind, FrameKind::Call);
        header.id
    }
}

/// A link to a peer that has not said a word.
fn silent() -> (LinkExecutor, Peer) {
    let [(reader, writer), (peer_reader, peer_writer)] = pipes();
    let link = builder().build(reader, writer).expect("threads");
    let frames = FrameReader::new(1 << 20);
    (link, Peer { reader: peer_reader, writer: peer_writer, frames })
}

/// A link to a peer that takes calls.
fn peer() -> (LinkExecutor, Peer) {
    let (link, mut peer) = silent();
    peer.say(&[hello(), ready()].concat());
    assert_eq!(peer.hear().kind, FrameKind::Welcome);
    (link, peer)
}

/// Has a peer do that while it has a call, and another one waits: both fail, as do those that come later.
fn gives_up(cause: &str, misbehave: impl FnOnce(&mut Peer, u64) + Send + 'static) {
    let cause = cause.to_owned();
    within(move || {
        let (link, mut peer) = peer();
        let sent = link.submit(area, (6, 7)).expect("accepted");
        let waiting = link.submit(area, (6, 7)).expect("accepted");
        let number = peer.call();
        misbehave(&mut peer, number);
        let error = sent.result().expect_err("it is lost");
        assert_eq!(error.kind(), TaskErrorKind::WorkerLost, "{error}");
        assert!(error.message().contains(&cause), "{error}");
        let error = waiting.result().expect_err("it is lost too");
        assert_eq!(error.kind(), TaskErrorKind::PoolBroken, "{error}");
        assert!(error.message().contains(&cause), "{error}");
        let refused = link.submit(area, (6, 7)).expect_err("it is given up");
        let CallErrorReason::Refused(RefusedReason::Broken(why)) = refused.reason() else {
            panic!("{refused}");
        };
        assert!(why.contains(&cause), "{why}");
        assert_eq!(link.remaining().tasks, 0);
    });
}

#[test]
fn an_end_of_the_link() {
    gives_up("the stream from the worker ended", |peer, _| close(peer));
}

#[test]
fn an_end_inside_of_a_frame() {
    gives_up("ended inside of a frame", |peer, number| {
        peer.say(&frame(FrameKind::Started, number, &[])[..9]);
        close(peer);
    });
}

/// Nothing more comes from this peer.
fn close(peer: &mut Peer) {
    let [_, (_, writer)] = pipes();
    peer.writer = writer;
}

#[test]
fn garbage() {
    gives_up("makes no sense: version 255", |peer, _| peer.say(&[255; 500]));
}

#[test]
fn a_reply_to_another_call() {
    gives_up("a reply to call", |peer, number| {
        peer.say(&frame(FrameKind::Started, number, &[]));
        peer.say(&frame(FrameKind::Value, number + 1, &[42]));
    });
}

#[test]
fn a_reply_to_a_call_that_was_not_begun() {
    gives_up("a reply to call", |peer, number| peer.say(&frame(FrameKind::Value, number, &[42])));
}

#[test]
fn a_frame_over_the_limit() {
    gives_up("over the limit", |peer, number| {
        let length = u32::MAX;
        let header = FrameHeader { id: number, length, ..FrameHeader::new(FrameKind::Value) };
        peer.say(&header.to_bytes());
    });
}

#[test]
fn a_value_that_is_none_is_an_error_of_its_call() {
    within(|| {
        let (link, mut peer) = peer();
        let future = link.submit(area, (6, 7)).expect("accepted");
        let number = peer.call();
        peer.say(&frame(FrameKind::Started, number, &[]));
        until_running(&future);
        peer.say(&frame(FrameKind::Value, number, &[255; 20]));
        let error = future.result().expect_err("no number is so long");
        assert_eq!(error.kind(), TaskErrorKind::Undecodable, "{error}");
        assert_eq!(link.counters().idle_workers, 1);
        drop(peer);
    });
}

#[test]
fn a_worker_that_starts_again_costs_the_call_that_it_had() {
    within(|| {
        let (link, mut peer) = peer();
        let lost = link.submit(area, (6, 7)).expect("accepted");
        let next = link.submit(area, (6, 7)).expect("accepted");
        peer.call();
        peer.say(&[hello(), ready()].concat());
        let error = lost.result().expect_err("nobody knows of it");
        assert_eq!(error.kind(), TaskErrorKind::WorkerLost);
        assert!(error.message().contains("started again"), "{error}");
        assert_eq!(peer.hear().kind, FrameKind::Welcome);
        let number = peer.call();
        peer.say(&frame(FrameKind::Started, number, &[]));
        peer.say(&frame(
            FrameKind::Value,
            number,
            &encode(&42_u32, &Limits::default(), None).expect("small"),
        ));
        assert_eq!(next.result().expect("a value"), 42);
        drop(peer);
    });
}

#[test]
fn a_worker_that_starts_again_and_again_is_given_up() {
    within(|| {
        let (link, mut peer) = silent();
        let waiting = link.submit(area, (6, 7)).expect("accepted");
        for _ in 0..12 {
            peer.say(&hello());
        }
        let error = waiting.result().expect_err("it is given up");
        assert!(error.message().contains("started again 11 times"), "{error}");
    });
}

#[test]
fn functions_of_one_name_and_two_types_are_never_called() {
    within(|| {
        let (link, mut peer) = silent();
        let signature = Signature::of::<fn(u64) -> u64>().to_bits();
        peer.say(&hello_of(vec![TaskName { name: "area".into(), signature }]));
        let error = error_of(&link);
        assert!(error.message().contains("'area' has the signature"), "{error}");
    });
}

#[test]
fn a_worker_of_another_build_is_refused_where_one_is_expected() {
    within(|| {
        let (link, _worker) = link_with(builder().expected_build(7), ServeSettings::new().build(7));
        assert_eq!(link.submit(area, (6, 7)).expect("accepted").result().expect("a value"), 42);
        let (link, _worker) = link_with(builder().expected_build(7), ServeSettings::new().build(8));
        let error = error_of(&link);
        assert!(error.message().contains("of build 8, and not of build 7"), "{error}");
    });
}

#[test]
fn a_parent_that_comes_later_has_a_worker_begin_anew() {
    within(|| {
        let [(mut reader, mut writer), (peer_reader, peer_writer)] = pipes();
        let worker = std::thread::spawn(move || {
            let registry = Registry::new(tasks()).expect("different names");
            while concurrent_futures::calls::serve(
                &registry,
                &peer_reader,
                &peer_writer,
                &ServeSettings::new(),
            )
            .is_err()
            {}
        });
        let mut first = vec![0; hello().len()];
        reader.read_exact(&mut first).expect("its first word, which another parent has heard");
        writer.write_all(&[0; 32]).expect("room");
        let link = builder().build(reader, writer).expect("threads");
        assert_eq!(link.submit(area, (6, 7)).expect("accepted").result().expect("a value"), 42);
        drop(link);
        until("it was told to go", || worker.is_finished());
    });
}
