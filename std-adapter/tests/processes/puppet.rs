//! A worker that does what a test says, at the moment that the test says.
//!
//! It is started through `worker_program`, and is a well-behaved worker but for one deed, which it does
//! once for each token that it finds in the directory of its case.

use std::env;
use std::fs;
use std::io::IoSlice;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::exit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use concurrent_futures::ProcessPoolBuilder;
use concurrent_futures::calls::supervisor::{PLACES, Places};
use concurrent_futures::calls::{
    FrameFlags, FrameHeader, FrameKind, HEADER_SIZE, Hello, Limits, Place, Start, Step,
    Surroundings, Welcome, WorkerHost, WorkerLoop,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::Shutdown;
use rustix::process::{Signal, set_parent_process_death_signal};
use serde::{Deserialize, Serialize};

use crate::deeds::Deed;
use crate::kit::{CASE, Case, builder};
use crate::os::{Channel, Words, inside};

/// A moment in the life of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Moment {
    Exec,
    BeforeHello,
    AfterHello,
    Initializing,
    Idle,
    Reading,
    HasRead,
    Running,
    Computed,
    Replying,
    Replied,
    Retiring,
    Left,
}

/// What it does then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Act {
    Do(Deed),
    /// As soon as another call has been sent, or a while later.
    WithCallsAhead(Deed),
    /// Says nothing, and never ends.
    Hang,
    /// Closes its end, and never ends.
    Close,
    /// Hears nothing any more, and never ends, but says all that it can.
    Deafen,
    /// Says this, and never ends.
    Say(Vec<u8>),
    /// Waits for `SIGTERM`, and says this for ever then.
    FloodWhenTold(Vec<u8>),
    /// Answers the call, perhaps once more, with these changes to its number and place, and never ends.
    Answer {
        id: u64,
        place: u8,
    },
    /// Answers the call with this, in place of the result.
    AnswerWith(FrameAs),
    /// Introduces itself as this.
    Introduce(Hello),
}

/// A frame with the number and place of the call that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FrameAs {
    pub(crate) kind: u8,
    pub(crate) attached: u64,
    pub(crate) payload: Vec<u8>,
}

const SCRIPT: &str = "CONCURRENT_FUTURES_TEST_SCRIPT";
const PROGRAM: &str = "CONCURRENT_FUTURES_TEST_PROGRAM";
const AT_EXEC: &str = "CONCURRENT_FUTURES_TEST_AT_EXEC";

/// A pool of puppets, one at a time, with tokens for so many deeds.
pub(crate) fn puppets(case: &Case, tokens: usize, moment: Moment, act: &Act) -> ProcessPoolBuilder {
    give_tokens(case, tokens);
    let program = case.path("puppet");
    if !program.exists() {
        let script = format!(
            "#!/bin/sh\n\
             [ -z \"${AT_EXEC}\" ] || for token in \"${CASE}\"/token-*; do\n\
             rm \"$token\" 2>/dev/null && {{ eval \"${AT_EXEC}\"; break; }}\n\
             done\n\
             exec \"${PROGRAM}\" puppet::puppet --exact --nocapture --test-threads=1\n"
        );
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let script = serde_json::to_string(&(moment, act)).unwrap();
    let builder = builder(1)
        .worker_program(program)
        .env(PROGRAM, env::current_exe().unwrap())
        .env(SCRIPT, script);
    match (moment, act) {
        (Moment::Exec, Act::Do(deed)) => {
            let command = match deed {
                Deed::Exit(status) => format!("exit {status}"),
                Deed::Kill => "kill -9 $$".into(),
                Deed::Abort => "kill -6 $$".into(),
                Deed::Segfault => "kill -11 $$".into(), // no handler of Rust's is there
                other => panic!("no shell does {other:?}"),
            };
            builder.env(AT_EXEC, command)
        }
        _ => builder,
    }
}

/// Tokens for all that are started before the pool gives up.
pub(crate) const ALL: usize = 16;

/// Has puppets do their deed so many times from now on.
pub(crate) fn give_tokens(case: &Case, tokens: usize) {
    (0..ALL).for_each(|token| _ = fs::remove_file(case.path(&format!("token-{token}"))));
    for token in 0..tokens {
        fs::write(case.path(&format!("token-{token}")), "").unwrap();
    }
}

fn take_token() -> bool {
    let directory = env::var_os(CASE).unwrap();
    (0..16)
        .any(|token| fs::remove_file(Path::new(&directory).join(format!("token-{token}"))).is_ok())
}

#[test]
fn puppet() {
    if let Some(script) = env::var_os(SCRIPT)
        && let Some(channel) = inside::take_channel().unwrap()
    {
        set_parent_process_death_signal(Some(Signal::KILL)).unwrap(); // even when it is stopped
        let (moment, act) = serde_json::from_str(script.to_str().unwrap()).unwrap();
        Puppet { channel, moment, act, call: None, reply: Vec::new() }.play();
    }
}

struct Puppet {
    channel: Channel,
    moment: Moment,
    act: Act,
    /// The last one that was read.
    call: Option<FrameHeader>,
    /// The last one that was sent.
    reply: Vec<u8>,
}

struct Host {
    places: Option<Words>,
    words: Option<OwnedFd>,
}

impl Surroundings for Host {}

struct WordPlaces<'a>(&'a Words);

impl Places for WordPlaces<'_> {
    fn place(&self, number: usize) -> Option<&Place> {
        self.0.get(number).map(Place::from_word)
    }
}

impl WorkerHost for Host {
    fn start(&mut self, call: &FrameHeader) -> Start {
        let Some(words) = &self.places else { return Start::Skip };
        WordPlaces(words).place(call.place.into()).map_or(Start::Skip, |place| place.start(call.id))
    }

    fn welcome(&mut self, _: &Welcome) -> Result<(), String> {
        let words = self.words.take().ok_or("no words came")?;
        self.places = Some(Words::open(words.as_fd(), PLACES).map_err(|error| error.to_string())?);
        Ok(())
    }

    fn now(&self) -> u64 {
        0
    }
}

impl Puppet {
    fn play(mut self) -> ! {
        let registry = concurrent_futures::registry().unwrap();
        let mut worker = WorkerLoop::new(registry, Limits::default());
        let mut host = Host { places: None, words: None };
        let was_done = self.at(Moment::BeforeHello);
        if !was_done || !matches!(self.act, Act::Introduce(_)) {
            self.say(&worker.hello(0, std::process::id()).unwrap());
        }
        self.at(Moment::AfterHello);
        loop {
            let (header, payload) = self.hear(&mut host);
            self.at(match header.kind {
                FrameKind::Welcome => Moment::Initializing,
                FrameKind::Retire => Moment::Retiring,
                _ => Moment::HasRead,
            });
            let mut stepping = Stepping { host: &mut host, puppet: &mut self };
            let step = worker.receive(&header, &payload, &mut stepping).unwrap();
            match step {
                Step::Nothing => {}
                Step::Reply(reply) if header.kind == FrameKind::Welcome => {
                    self.say(&reply);
                    self.at(Moment::Idle);
                }
                Step::Reply(reply) => self.answer(reply),
                Step::Exit { code, .. } => {
                    rustix::net::shutdown(&self.channel, Shutdown::Both).unwrap();
                    self.at(Moment::Left);
                    exit(code);
                }
            }
        }
    }

    fn answer(&mut self, reply: Vec<u8>) {
        self.reply = reply.clone();
        if self.at(Moment::Computed) && matches!(self.act, Act::AnswerWith(_)) {
            return;
        }
        let half = reply.len() / 2;
        self.say(&reply[..half]);
        self.at(Moment::Replying);
        self.say(&reply[half..]);
        self.at(Moment::Replied);
    }

    /// The next frame.
    fn hear(&mut self, host: &mut Host) -> (FrameHeader, Vec<u8>) {
        let mut bytes = [0; HEADER_SIZE];
        let mut files = Vec::new();
        self.read(&mut bytes[..2], &mut files);
        if bytes[1] == FrameKind::Call as u8 {
            self.at(Moment::Reading);
        }
        self.read(&mut bytes[2..], &mut files);
        let header = FrameHeader::parse(&bytes).unwrap();
        let mut payload = vec![0; header.length as usize];
        self.read(&mut payload, &mut files);
        match header.kind {
            FrameKind::Welcome => host.words = files.pop(),
            FrameKind::Call => self.call = Some(header),
            _ => {}
        }
        (header, payload)
    }

    fn read(&self, mut buffer: &mut [u8], files: &mut Vec<OwnedFd>) {
        while !buffer.is_empty() {
            match self.channel.read(buffer, files).unwrap() {
                0 if self.act == Act::Deafen => hang(),
                0 => exit(0),
                count => buffer = &mut buffer[count..],
            }
        }
    }

    fn say(&self, bytes: &[u8]) {
        if self.channel.write_all(&mut [IoSlice::new(bytes)], None).is_err() {
            hang(); // the parent will see to that
        }
    }

    /// Does what is to be done at this moment; says whether there was something.
    fn at(&self, moment: Moment) -> bool {
        let is_it = moment == self.moment && take_token();
        if is_it {
            self.perform();
        }
        is_it
    }

    fn perform(&self) {
        match &self.act {
            Act::Do(deed) => deed.perform(),
            Act::WithCallsAhead(deed) => {
                let mut input = [PollFd::new(&self.channel, PollFlags::IN)];
                poll(&mut input, Some(&Timespec { tv_sec: 1, tv_nsec: 0 })).unwrap();
                deed.perform();
            }
            Act::Hang => hang(),
            Act::Close => {
                rustix::net::shutdown(&self.channel, Shutdown::Both).unwrap();
                hang()
            }
            Act::Deafen => rustix::net::shutdown(&self.channel, Shutdown::Read).unwrap(),
            Act::Say(bytes) => {
                self.say(bytes);
                hang()
            }
            Act::FloodWhenTold(bytes) => self.flood_when_told(bytes),
            Act::Answer { id, place } => {
                let mut header = FrameHeader::parse(self.reply.first_chunk().unwrap()).unwrap();
                header.id += id;
                header.place += place;
                self.say(&[&header.to_bytes(), &self.reply[HEADER_SIZE..]].concat());
                hang()
            }
            Act::AnswerWith(frame) => {
                let call = self.call.unwrap();
                let (id, place, task) = (call.id, call.place, call.task);
                let kind = FrameKind::from_byte(frame.kind).unwrap();
                let length = frame.payload.len() as u32;
                let attached = frame.attached;
                let flags = FrameFlags::NONE;
                let header = FrameHeader { kind, flags, place, length, id, task, ran: 0, attached };
                self.say(&[&header.to_bytes(), &*frame.payload].concat());
            }
            Act::Introduce(hello) => {
                let payload = hello.to_bytes(&Limits::default()).unwrap();
                let length = payload.len() as u32;
                let header = FrameHeader { length, ..FrameHeader::new(FrameKind::Hello) };
                self.say(&[&header.to_bytes(), &*payload].concat());
            }
        }
    }

    fn flood_when_told(&self, bytes: &[u8]) -> ! {
        // SAFETY: it does nothing but to set an atomic.
        unsafe { libc::signal(libc::SIGTERM, tell as *const () as libc::sighandler_t) };
        // ORDERING: Relaxed; nothing else is told.
        while !TOLD.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(1));
        }
        let bytes = bytes.repeat(2048);
        loop {
            self.say(&bytes);
        }
    }
}

static TOLD: AtomicBool = AtomicBool::new(false);

extern "C" fn tell(_: libc::c_int) {
    // ORDERING: Relaxed; as where it is read.
    TOLD.store(true, Ordering::Relaxed);
}

fn hang() -> ! {
    loop {
        thread::sleep(Duration::from_secs(1000));
    }
}

/// A host that takes its moments.
struct Stepping<'a> {
    host: &'a mut Host,
    puppet: &'a mut Puppet,
}

impl Surroundings for Stepping<'_> {}

impl WorkerHost for Stepping<'_> {
    fn start(&mut self, call: &FrameHeader) -> Start {
        let start = self.host.start(call);
        if start == Start::Run {
            self.puppet.at(Moment::Running);
        }
        start
    }

    fn welcome(&mut self, welcome: &Welcome) -> Result<(), String> {
        self.host.welcome(welcome)
    }

    fn now(&self) -> u64 {
        self.host.now()
    }
}
