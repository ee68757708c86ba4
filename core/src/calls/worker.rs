//! [`WorkerLoop`]: what a worker does with the frames of its parent.
//!
//! ```text
//!              hello            Welcome               Retire
//!   (nothing) ------> Introduced ------> Ready --------------> Ended
//!                         |               ^  | Call
//!                         | InitFailed    '--'
//!                         '----------------------------------> Ended
//! ```
//!
//! What comes in another state than it is drawn in is an error of the protocol. A call has no such errors: whatever
//! is wrong with one is the answer to it.
#![forbid(unsafe_code)]

use alloc::vec::Vec;

use super::batch::{BatchReader, BatchWriter};
use super::codec_error::{DecodeError, EncodeError};
use super::entry::TaskEntry;
use super::failures::{initializer_failed, no_such_task, of_run, too_many_results, unreadable};
use super::frame::{FrameFlags, FrameHeader, FrameKind, HEADER_SIZE};
use super::limits::Limits;
use super::messages::{Hello, InitialCall, RemoteFailure, Welcome};
use super::protocol_error::ProtocolError;
use super::registry::Registry;
use super::reply::{ItemReply, Reply};
use super::run::Verdict;
use super::surroundings::{LinkOnly, Surroundings};
use super::worker_host::{Start, WorkerHost};

/// The status with which a worker ends whose initializer failed.
pub const INITIALIZER_FAILED: i32 = 3;

/// A worker: answers calls of registered functions, without doing input or output.
///
/// Send what [`hello`](Self::hello) gives; then hand every frame to [`receive`](Self::receive), one after
/// another, and do what it says. [`serve`](super::serve()) does that over a reader and a writer.
///
/// Nothing that a function does with its values ends the loop: a panic of it, of the code that reads its arguments
/// and writes its result, and of their `drop`, becomes the reply to this one call, as do arguments that cannot be
/// read and results that are too large. What ends the whole process ends the loop, and without a std a panic does
/// unless the host has means against it.
///
/// # Examples
/// A parent and a worker in one program, and a call of `area(6, 7)`:
/// ```
/// # use concurrent_futures_core::calls::*;
/// # fn area(width: u32, height: u32) -> u32 { width * height }
/// # struct Host;
/// # impl Surroundings for Host {}
/// # impl WorkerHost for Host {
/// #     fn start(&mut self, _: &FrameHeader) -> Start { Start::Run }
/// #     fn welcome(&mut self, _: &Welcome) -> Result<(), String> { Ok(()) }
/// #     fn now(&self) -> u64 { 0 }
/// # }
/// # fn frame(kind: FrameKind, payload: &[u8]) -> FrameHeader {
/// #     FrameHeader { length: payload.len() as u32, ..FrameHeader::new(kind) }
/// # }
/// let registry = Registry::new([TaskEntry::new("area", &area)])?;
/// let limits = Limits::default();
/// let mut worker = WorkerLoop::new(&registry, limits);
/// let _first_bytes = worker.hello(0, 0)?;
///
/// let welcome = Welcome { nesting: 1, places: 0, limits, resources: ResourceLimits::default(), initializer: None };
/// let welcome = welcome.to_bytes(&limits)?;
/// let step = worker.receive(&frame(FrameKind::Welcome, &welcome), &welcome, &mut Host)?;
/// assert!(matches!(step, Step::Reply(_)), "ready");
///
/// let arguments = encode(&(6_u32, 7_u32), &limits, None)?;
/// let call = FrameHeader { task: 0, ..frame(FrameKind::Call, &arguments) };
/// let Step::Reply(reply) = worker.receive(&call, &arguments, &mut Host)? else { return Ok(()) };
/// assert_eq!(decode::<u32>(&reply[HEADER_SIZE..], &limits, None)?, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct WorkerLoop<'r> {
    registry: &'r Registry,
    limits: Limits,
    state: WorkerState,
}

/// How far a worker is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkerState {
    /// It has not been welcomed.
    Introduced,
    /// It takes calls.
    Ready,
    /// It takes nothing.
    Ended,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// Write this frame, header and payload; then receive the next.
    Reply(Vec<u8>),
    /// Receive the next frame.
    Nothing,
    /// Write this, if it is not empty, and end.
    Exit {
        /// The status for a process to end with: 0, or [`INITIALIZER_FAILED`].
        code: i32,
        /// The last frame, or nothing.
        last: Vec<u8>,
    },
}

impl<'r> WorkerLoop<'r> {
    /// A worker that runs these functions, and takes and gives no more than `limits`.
    ///
    /// The parent can lower the limits, and not raise them: a worker in a process of a pool starts with generous ones,
    /// one with little memory with what it can bear.
    pub fn new(registry: &'r Registry, limits: Limits) -> Self {
        Self { registry, limits, state: WorkerState::Introduced }
    }

    /// The first frame: which functions there are, of which build of the program, and in which process (0: none).
    ///
    /// # Errors
    /// If there are more functions than fit into a frame.
    pub fn hello(&self, build: u64, pid: u32) -> Result<Vec<u8>, EncodeError> {
        let hello = Hello { build, pid, tasks: self.registry.task_names() };
        let mut reply = Reply::new();
        reply.payload().extend_from_slice(&hello.to_bytes(&self.limits)?);
        Ok(reply.seal(FrameHeader::new(FrameKind::Hello)))
    }

    /// How much is taken and given: since the welcome also not more than the parent said.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How far it is.
    pub fn state(&self) -> WorkerState {
        self.state
    }

    /// Takes a frame, and says what to do next. A call is run in here.
    ///
    /// # Errors
    /// If the parent does not keep to the protocol. The link is of no use then: end, without writing anything.
    pub fn receive(
        &mut self,
        header: &FrameHeader,
        payload: &[u8],
        host: &mut dyn WorkerHost,
    ) -> Result<Step, ProtocolError> {
        self.check_length(header, payload).inspect_err(|_| self.state = WorkerState::Ended)?;
        match (self.state, header.kind) {
            (WorkerState::Introduced, FrameKind::Welcome) => self.welcome(header, payload, host),
            (WorkerState::Ready, FrameKind::Call) => Ok(self.call(header, payload, host)),
            (WorkerState::Ready, FrameKind::Retire) => {
                self.state = WorkerState::Ended;
                Ok(Step::Exit { code: 0, last: Vec::new() })
            }
            (state, kind) => {
                self.state = WorkerState::Ended;
                Err(ProtocolError::Unexpected { kind, state })
            }
        }
    }

    /// # Errors
    /// If the payload is not what the header says, or over the limit.
    fn check_length(&self, header: &FrameHeader, payload: &[u8]) -> Result<(), ProtocolError> {
        let (announced, there, limit) = (header.length, payload.len(), self.limits.payload);
        if usize::try_from(announced) != Ok(there) {
            return Err(ProtocolError::Length { announced, there });
        }
        if there > limit { Err(ProtocolError::TooLarge { size: there, limit }) } else { Ok(()) }
    }
}

// --- the welcome ---

impl WorkerLoop<'_> {
    /// # Errors
    /// If it cannot be read.
    fn welcome(
        &mut self,
        header: &FrameHeader,
        payload: &[u8],
        host: &mut dyn WorkerHost,
    ) -> Result<Step, ProtocolError> {
        self.state = WorkerState::Ended; // unless all goes well
        let welcome = Welcome::from_bytes(payload, &self.limits).map_err(ProtocolError::Welcome)?;
        self.limits = smaller(&self.limits, &welcome.limits);
        if let Err(message) = host.welcome(&welcome) {
            let failure = initializer_failed(message);
            return Ok(self.give_up(Reply::new(), FrameFlags::NONE, Some(&failure)));
        }
        let begin = host.now();
        if let Some(call) = &welcome.initializer
            && let Some(step) = self.initialize(call, header.flags, host)
        {
            return Ok(step);
        }
        self.state = WorkerState::Ready;
        let ready = FrameHeader { ran: since(begin, host), ..FrameHeader::new(FrameKind::Ready) };
        Ok(Step::Reply(Reply::new().seal(ready)))
    }

    /// Runs the initializer; says what to do if it failed.
    fn initialize(
        &self,
        call: &InitialCall,
        flags: FrameFlags,
        host: &mut dyn WorkerHost,
    ) -> Option<Step> {
        let Some(entry) = self.registry.get(call.task) else {
            let failure = no_such_task(call.task, self.registry.len());
            return Some(self.give_up(Reply::new(), FrameFlags::NONE, Some(&failure)));
        };
        let fallible = flags.contains(FrameFlags::FALLIBLE);
        let mut reply = Reply::new();
        let surroundings = &mut LinkOnly(host.contain());
        match entry.run(&call.arguments, &self.limits, fallible, surroundings, reply.payload()) {
            Ok(Verdict::Value) => None,
            Ok(Verdict::Raised) => Some(self.give_up(reply, FrameFlags::FALLIBLE, None)),
            Err(error) => {
                let failure = of_run(error);
                Some(self.give_up(Reply::new(), FrameFlags::NONE, Some(&failure)))
            }
        }
    }

    /// The last words of a worker that could not be made ready: the initializer's own error, or another failure.
    #[cold]
    fn give_up(
        &self,
        mut reply: Reply,
        flags: FrameFlags,
        failure: Option<&RemoteFailure>,
    ) -> Step {
        if let Some(failure) = failure {
            reply.payload().extend_from_slice(&failure.to_bytes(&self.limits));
        }
        let header = FrameHeader { flags, ..FrameHeader::new(FrameKind::InitFailed) };
        Step::Exit { code: INITIALIZER_FAILED, last: reply.seal(header) }
    }
}

// --- calls ---

impl WorkerLoop<'_> {
    fn call(&self, call: &FrameHeader, payload: &[u8], host: &mut dyn WorkerHost) -> Step {
        if host.start(call) == Start::Skip {
            return Step::Nothing;
        }
        let begin = host.now();
        let mut reply = Reply::new();
        let answered = self.answer(call, payload, host, &mut reply);
        let (place, id, task) = (call.place, call.id, call.task);
        let mut header = FrameHeader { place, id, task, ..FrameHeader::new(FrameKind::Failure) };
        match answered {
            Ok((kind, flags)) => {
                (header.kind, header.flags, header.attached) = (kind, flags, host.attached())
            }
            Err(failure) => reply.replace(&failure.to_bytes(&self.limits)),
        }
        header.ran = since(begin, host);
        Step::Reply(reply.seal(header))
    }

    /// # Errors
    /// Why there is no result.
    fn answer(
        &self,
        call: &FrameHeader,
        payload: &[u8],
        host: &mut dyn WorkerHost,
        reply: &mut Reply,
    ) -> Result<(FrameKind, FrameFlags), RemoteFailure> {
        let entry = self.registry.get(call.task);
        let entry = entry.ok_or_else(|| no_such_task(call.task, self.registry.len()))?;
        let fallible = call.flags.contains(FrameFlags::FALLIBLE);
        if call.flags.contains(FrameFlags::CHUNK) {
            let contain = &mut LinkOnly(host.contain());
            self.answer_each(entry, payload, fallible, contain, reply)?;
            return Ok((FrameKind::Value, FrameFlags::CHUNK));
        }
        match entry.run(payload, &self.limits, fallible, host, reply.payload()) {
            Ok(Verdict::Value) => Ok((FrameKind::Value, FrameFlags::NONE)),
            Ok(Verdict::Raised) => Ok((FrameKind::Raised, FrameFlags::NONE)),
            Err(error) => Err(of_run(error)),
        }
    }

    /// Answers a batch, each item for itself. A batch that is not one is not begun.
    ///
    /// # Errors
    /// If it is not one; if there are so many items that not even their failures can be told.
    fn answer_each(
        &self,
        entry: &TaskEntry,
        payload: &[u8],
        fallible: bool,
        surroundings: &mut dyn Surroundings,
        reply: &mut Reply,
    ) -> Result<(), RemoteFailure> {
        let items = checked(payload).map_err(unreadable)?;
        let mut left = items.left();
        let room = ItemReply::room(&self.limits, left);
        let mut batch = BatchWriter::new(reply.payload(), &self.limits);
        for item in items.flatten() {
            left -= 1;
            let item_reply = ItemReply { entry, arguments: item.bytes, fallible };
            batch
                .push_with(|bytes, limits| {
                    let limits = ItemReply::limits(limits, room, left);
                    Ok(item_reply.write(bytes, &limits, surroundings))
                })
                .map_err(too_many_results)?;
        }
        Ok(())
    }
}

/// A reader of a batch all of whose items are there.
///
/// # Errors
/// What is wrong with it.
fn checked(payload: &[u8]) -> Result<BatchReader<'_>, DecodeError> {
    let items = BatchReader::new(payload)?;
    items.clone().try_for_each(|item| item.map(drop))?;
    Ok(items)
}

/// What both allow.
fn smaller(ours: &Limits, theirs: &Limits) -> Limits {
    Limits {
        payload: ours.payload.min(theirs.payload),
        depth: ours.depth.min(theirs.depth),
        zero_sized: ours.zero_sized.min(theirs.zero_sized),
        attached: ours.attached.min(theirs.attached),
        text: ours.text.min(theirs.text),
    }
}

/// In units of 100 ns, saturating.
fn since(begin: u64, host: &dyn WorkerHost) -> u32 {
    u32::try_from(host.now().saturating_sub(begin)).unwrap_or(u32::MAX)
}

/// The frame by which a worker that shares no places tells of the start of this call.
pub fn started_frame(call: &FrameHeader) -> [u8; HEADER_SIZE] {
    let (place, id, task) = (call.place, call.id, call.task);
    FrameHeader { place, id, task, ..FrameHeader::new(FrameKind::Started) }.to_bytes()
}
