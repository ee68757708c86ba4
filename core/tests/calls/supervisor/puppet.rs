//! A worker that is played: it reads and writes real frames, does one thing at a time, and can be stopped
//! or die at any point of its life.

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use concurrent_futures_core::calls::supervisor::PLACES;
use concurrent_futures_core::calls::{
    Exit, FrameHeader, FrameKind, FrameReader, Hello, Limits, Place, RemoteFailure,
    RemoteFailureKind, Start, TaskName, Welcome, decode, encode,
};

use super::kit::TestFile;

/// Where a worker is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Point {
    /// The process was started, and is not yet the program.
    Exec,
    BeforeHello,
    HelloSent,
    Idle,
    /// Some of a call's frame was read.
    ReadingCall,
    Running,
    /// The result is there, and nothing of it was written.
    Computed,
    /// Some of the result was written.
    InsideResult,
    AfterResult,
    /// It was told to go.
    Draining,
    Gone,
}

impl Point {
    pub(super) const ALL: [Self; 11] = [
        Self::Exec,
        Self::BeforeHello,
        Self::HelloSent,
        Self::Idle,
        Self::ReadingCall,
        Self::Running,
        Self::Computed,
        Self::InsideResult,
        Self::AfterResult,
        Self::Draining,
        Self::Gone,
    ];
}

/// What a call does, as its only argument.
pub(super) type Script = u64;
pub(super) const ECHO: Script = 0;
/// Runs until the test says so.
pub(super) const HOLD: Script = 1;
pub(super) const PANIC: Script = 2;
/// Returns an `Err`.
pub(super) const RAISE: Script = 3;
/// Brings its result in a file of its own, or in that of the call.
pub(super) const LARGE: Script = 4;
/// Its result is over the limit.
pub(super) const TOO_LARGE: Script = 5;

/// How a worker behaves.
#[derive(Debug, Clone, Default)]
pub(super) struct Temper {
    /// It gets there and no further.
    pub(super) stops_at: Option<Point>,
    pub(super) dies_at: Option<(Point, Option<Exit>)>,
    /// Ignores the polite signal.
    pub(super) stubborn: bool,
    pub(super) init_fails: bool,
    pub(super) build: u64,
}

pub(super) struct Puppet {
    pub(super) pid: u32,
    pub(super) temper: Temper,
    pub(super) point: Point,
    pub(super) places: Arc<Vec<Place>>,
    reader: FrameReader,
    in_files: VecDeque<TestFile>,
    /// Calls whose frames were read, for tests that look.
    pub(super) running: Option<(FrameHeader, Script, Option<TestFile>)>,
    pub(super) released: bool,
    /// Written and not yet read by the parent, and where a file goes along.
    pub(super) out: VecDeque<u8>,
    pub(super) out_files: VecDeque<(usize, TestFile)>,
    written: usize,
    taken: usize,
    /// Calls started since somebody looked.
    pub(super) started: Vec<u64>,
    /// In units of 100 ns.
    pub(super) ran: u32,
    pub(super) exit: Option<Exit>,
    pub(super) hung_up: bool,
    pub(super) welcome: Option<Welcome>,
    retired: bool,
    /// Has said what no worker says: nothing good will come of it.
    pub(super) hostile: bool,
}

/// The polite signal.
pub(super) const TERM: Exit = Exit::Signal(15);
pub(super) const KILL: Exit = Exit::Signal(9);

impl Puppet {
    pub(super) fn new(pid: u32, temper: Temper, window: usize) -> Self {
        let places = (0..window.min(PLACES)).map(|_| Place::default()).collect();
        Self {
            pid,
            temper,
            point: Point::Exec,
            places: Arc::new(places),
            reader: FrameReader::new(1 << 20),
            in_files: VecDeque::new(),
            running: None,
            released: false,
            out: VecDeque::new(),
            out_files: VecDeque::new(),
            written: 0,
            taken: 0,
            started: Vec::new(),
            ran: 0,
            exit: None,
            hung_up: false,
            welcome: None,
            retired: false,
            hostile: false,
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        self.exit.is_none()
    }

    pub(super) fn die(&mut self, exit: Exit) {
        self.exit.get_or_insert(exit);
    }

    /// Dies inside of what it was writing: so many bytes were not written any more.
    pub(super) fn die_writing(&mut self, exit: Exit, unwritten: usize) {
        self.die(exit);
        self.out.truncate(self.out.len().saturating_sub(unwritten));
        let end = self.taken + self.out.len();
        self.out_files.retain(|(at, _)| *at < end);
    }

    /// How many bytes it reads at a time.
    pub(super) fn appetite(&self) -> usize {
        match self.temper.dies_at.or(self.temper.stops_at.map(|point| (point, None))) {
            Some((Point::ReadingCall, _)) if self.point >= Point::Idle => {
                if self.reader.is_between_frames() { 20 } else { 0 }
            }
            _ => usize::MAX,
        }
    }

    /// The parent has written.
    pub(super) fn read(&mut self, bytes: &[u8], file: Option<TestFile>) {
        self.in_files.extend(file);
        self.reader.push(bytes);
    }

    /// The parent reads: up to so many bytes, and the files that come with them.
    pub(super) fn deliver(&mut self, most: usize) -> (Vec<u8>, Vec<TestFile>) {
        let mut count = most.min(self.out.len());
        let mut files = Vec::new();
        // What comes with a later byte than the first is not read together with what is before it.
        let cuts = self.out_files.iter().map(|(at, _)| at - self.taken).filter(|at| *at > 0);
        count = cuts.min().map_or(count, |cut| cut.min(count));
        if count > 0 && self.out_files.front().is_some_and(|(at, _)| *at == self.taken) {
            files.extend(self.out_files.pop_front().map(|(_, file)| file));
        }
        self.taken += count;
        (self.out.drain(..count).collect(), files)
    }

    /// Writes a frame, all of it.
    pub(super) fn say(&mut self, header: FrameHeader, payload: &[u8], file: Option<TestFile>) {
        let bytes = frame(header, payload);
        self.write(&bytes, file);
    }

    pub(super) fn write(&mut self, bytes: &[u8], file: Option<TestFile>) {
        self.out_files.extend(file.map(|file| (self.written, file)));
        self.written += bytes.len();
        self.out.extend(bytes);
    }

    /// Does the next thing; says whether there was one.
    pub(super) fn step(&mut self) -> bool {
        if !self.is_alive() || self.temper.stops_at == Some(self.point) {
            return false;
        }
        if let Some((_, exit)) = self.temper.dies_at.filter(|(point, _)| *point == self.point) {
            self.die(exit.unwrap_or(KILL));
            return true;
        }
        match self.point {
            Point::Exec => self.go(Point::BeforeHello),
            Point::BeforeHello => self.greet(),
            Point::HelloSent => self.initialize(),
            Point::Idle | Point::AfterResult => self.next_frame(),
            Point::ReadingCall => self.next_frame(),
            Point::Running => match self.running {
                Some((_, HOLD, _)) if !self.released => false,
                _ => self.go(Point::Computed),
            },
            Point::Computed => self.begin_reply(),
            Point::InsideResult => self.end_reply(),
            Point::Draining => {
                self.point = Point::Gone;
                self.die(Exit::Code(0));
                true
            }
            Point::Gone => false,
        }
    }

    fn go(&mut self, point: Point) -> bool {
        self.point = point;
        true
    }

    fn greet(&mut self) -> bool {
        let name = |name: &str| TaskName { name: name.into(), signature: 7 };
        let tasks = vec![name("unused"), name("scripted"), name("prepare")];
        let hello = Hello { build: self.temper.build, pid: self.pid, tasks };
        let bytes = hello.to_bytes(&Limits::default()).expect("small");
        self.say(FrameHeader::new(FrameKind::Hello), &bytes, None);
        self.go(Point::HelloSent)
    }

    fn initialize(&mut self) -> bool {
        let Some(frame) = self.reader.next_frame().expect("the parent makes sense") else {
            return false;
        };
        assert_eq!(frame.header.kind, FrameKind::Welcome, "the parent's first word");
        let welcome = Welcome::from_bytes(&frame.payload, &Limits::default()).expect("one");
        assert!(self.in_files.pop_front().is_some(), "the file of the places comes along");
        self.welcome = Some(welcome);
        if self.temper.init_fails {
            let failure = RemoteFailure::new(RemoteFailureKind::Initializer, "no database");
            let bytes = failure.to_bytes(&Limits::default());
            self.say(FrameHeader::new(FrameKind::InitFailed), &bytes, None);
            self.die(Exit::Code(3));
        } else {
            self.say(FrameHeader::new(FrameKind::Ready), &[], None);
        }
        self.go(Point::Idle)
    }

    fn next_frame(&mut self) -> bool {
        let frame = match self.reader.next_frame().expect("the parent makes sense") {
            Some(frame) => frame,
            None if self.reader.is_between_frames() || self.point == Point::ReadingCall => {
                return false;
            }
            None => return self.go(Point::ReadingCall),
        };
        let file = (frame.header.attached > 0).then(|| self.in_files.pop_front()).flatten();
        assert!(!self.retired, "nothing is sent behind a Retire: {frame:?}");
        match frame.header.kind {
            FrameKind::Retire => {
                self.retired = true;
                self.go(Point::Draining)
            }
            FrameKind::Call => {
                assert!(matches!(frame.header.task, 1 | 2), "its own numbers of its functions");
                assert_eq!(file.is_some(), frame.header.attached > 0, "the file came along");
                let place = &self.places[usize::from(frame.header.place)];
                if place.start(frame.header.id) == Start::Run {
                    let script = decode(&frame.payload, &Limits::default(), None);
                    self.started.push(frame.header.id);
                    self.running = Some((frame.header, script.expect("a script"), file));
                    self.released = false;
                    self.go(Point::Running)
                } else {
                    self.go(Point::Idle)
                }
            }
            kind => panic!("{kind:?} from the parent"),
        }
    }

    /// The reply of what runs.
    fn reply(&self) -> (Vec<u8>, Option<TestFile>) {
        let (call, script, file) = self.running.clone().expect("something runs");
        let header = |kind| FrameHeader {
            place: call.place,
            id: call.id,
            ran: self.ran,
            ..FrameHeader::new(kind)
        };
        let limits = Limits::default();
        let failure = |kind, text| {
            frame(header(FrameKind::Failure), &RemoteFailure::new(kind, text).to_bytes(&limits))
        };
        let value = encode(&call.id, &limits, None).expect("small");
        match script {
            PANIC => (failure(RemoteFailureKind::Panicked, "it said so"), None),
            TOO_LARGE => (failure(RemoteFailureKind::ResultTooLarge, "9 bytes"), None),
            RAISE => {
                let value = encode(&Err::<u64, _>("no"), &limits, None).expect("small");
                (frame(header(FrameKind::Raised), &value), None)
            }
            LARGE => {
                let header = FrameHeader { attached: 100, ..header(FrameKind::Value) };
                let own = if file.is_some() { None } else { Some(TestFile::new("of the worker")) };
                (frame(header, &value), own)
            }
            _ => (frame(header(FrameKind::Value), &value), None),
        }
    }

    fn begin_reply(&mut self) -> bool {
        let (bytes, file) = self.reply();
        self.write(&bytes[..HALF], file);
        self.go(Point::InsideResult)
    }

    fn end_reply(&mut self) -> bool {
        let (bytes, _) = self.reply();
        self.write(&bytes[HALF..], None);
        self.running = None;
        self.go(Point::AfterResult)
    }
}

/// Where results are cut.
const HALF: usize = 17;

/// A frame in bytes.
pub(super) fn frame(header: FrameHeader, payload: &[u8]) -> Vec<u8> {
    let mut bytes = FrameHeader { length: payload.len() as u32, ..header }.to_bytes().to_vec();
    bytes.extend_from_slice(payload);
    bytes
}

/// How long that is.
pub(super) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
