//! A parent and a host, both in the hands of the test.

use std::cell::Cell;

use concurrent_futures_core::calls::{
    Attach, Callee, Contain, DecodeError, Detach, FrameFlags, FrameHeader, FrameKind, HEADER_SIZE,
    Limits, Portable, ProtocolError, Registry, RemoteFailure, ResourceLimits, Start, Step,
    Surroundings, TaskEntry, Welcome, WorkerHost, WorkerLoop, contain_panics, decode, encode,
};

/// What a place where a worker runs has to do, as the test wishes.
#[derive(Default)]
pub(crate) struct Host {
    /// The calls that were started.
    pub(crate) started: Vec<u64>,
    /// The next call has been recalled.
    pub(crate) recalled: bool,
    /// What there is against a welcome.
    pub(crate) objection: Option<String>,
    /// How often somebody has looked at the clock, which goes on by three then.
    looks: Cell<u64>,
    /// Whether large payloads go beside the link.
    pub(crate) attaches: bool,
    pub(crate) beside: Vec<u8>,
    pub(crate) attached: Vec<u8>,
}

impl Surroundings for Host {
    fn contain(&self) -> Contain {
        contain_panics
    }

    fn detach(&mut self) -> Option<&mut dyn Detach> {
        self.attaches.then_some(self as &mut dyn Detach)
    }

    fn attach(&mut self) -> Option<&mut dyn Attach> {
        self.attaches.then_some(&mut self.attached as &mut dyn Attach)
    }
}

impl Detach for Host {
    fn detach(
        &mut self,
        length: u64,
    ) -> Result<Vec<u8>, concurrent_futures_core::calls::DetachError> {
        let mut rest = self.beside.as_slice();
        let payload = Detach::detach(&mut rest, length)?;
        self.beside = rest.to_vec();
        Ok(payload)
    }
}

impl WorkerHost for Host {
    fn start(&mut self, call: &FrameHeader) -> Start {
        self.attached.clear();
        if self.recalled {
            return Start::Skip;
        }
        self.started.push(call.id);
        Start::Run
    }

    fn welcome(&mut self, _: &Welcome) -> Result<(), String> {
        self.objection.take().map_or(Ok(()), Err)
    }

    fn now(&self) -> u64 {
        self.looks.replace(self.looks.get() + 1) * 3
    }

    fn attached(&self) -> u64 {
        self.attached.len() as u64
    }
}

/// A frame that came from a worker.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) header: FrameHeader,
    pub(crate) payload: Vec<u8>,
}

impl Answer {
    pub(crate) fn of(frame: &[u8]) -> Self {
        let (header, payload) = frame.split_first_chunk::<HEADER_SIZE>().expect("a header");
        let header = FrameHeader::parse(header).expect("a good one");
        assert_eq!(header.length as usize, payload.len());
        Self { header, payload: payload.to_vec() }
    }

    /// The value of a reply.
    pub(crate) fn value<T: Portable>(&self) -> T {
        assert_eq!(self.header.kind, FrameKind::Value, "{:?}", self.failure_text());
        decode(&self.payload, &Limits::default(), None).expect("it was encoded")
    }

    pub(crate) fn failure(&self) -> RemoteFailure {
        assert!(matches!(self.header.kind, FrameKind::Failure | FrameKind::InitFailed), "{self:?}");
        RemoteFailure::from_bytes(&self.payload, &Limits::default()).expect("it was encoded")
    }

    fn failure_text(&self) -> Result<String, DecodeError> {
        RemoteFailure::from_bytes(&self.payload, &Limits::default()).map(|failure| failure.message)
    }
}

/// A worker that does what the test says.
pub(crate) struct Puppet<'r> {
    pub(crate) worker: WorkerLoop<'r>,
    pub(crate) host: Host,
    registry: &'r Registry,
    next: u64,
}

pub(crate) fn header(kind: FrameKind, payload: &[u8]) -> FrameHeader {
    let length = u32::try_from(payload.len()).expect("a short one");
    FrameHeader { length, ..FrameHeader::new(kind) }
}

pub(crate) fn welcome() -> Welcome {
    let resources = ResourceLimits::default();
    Welcome { nesting: 1, places: 0, limits: Limits::default(), resources, initializer: None }
}

impl<'r> Puppet<'r> {
    pub(crate) fn new(registry: &'r Registry) -> Self {
        let worker = WorkerLoop::new(registry, Limits::default());
        Self { worker, host: Host::default(), registry, next: 0 }
    }

    /// One that takes calls, within these limits.
    pub(crate) fn ready(registry: &'r Registry, limits: Limits) -> Self {
        let mut puppet = Self::new(registry);
        let step = puppet.welcome(&Welcome { limits, ..welcome() }, FrameFlags::NONE);
        assert_eq!(answer(step).header.kind, FrameKind::Ready);
        puppet
    }

    pub(crate) fn welcome(&mut self, welcome: &Welcome, flags: FrameFlags) -> Step {
        let payload = welcome.to_bytes(&Limits::default()).expect("a good one");
        let header = FrameHeader { flags, ..header(FrameKind::Welcome, &payload) };
        self.receive(&header, &payload).expect("that is its time")
    }

    pub(crate) fn receive(
        &mut self,
        header: &FrameHeader,
        payload: &[u8],
    ) -> Result<Step, ProtocolError> {
        self.worker.receive(header, payload, &mut self.host)
    }

    /// Calls the function with the name.
    pub(crate) fn call_named(&mut self, name: &str, flags: FrameFlags, payload: &[u8]) -> Answer {
        let task = self.registry.names_and_signatures().position(|(other, _)| other == name);
        let task = u32::try_from(task.expect("it is registered")).expect("there are few");
        self.call_index(task, flags, payload)
    }

    pub(crate) fn call_index(&mut self, task: u32, flags: FrameFlags, payload: &[u8]) -> Answer {
        self.next += 1;
        let (id, place) = (self.next, 5);
        let call = FrameHeader { id, place, task, flags, ..header(FrameKind::Call, payload) };
        let answer = answer(self.receive(&call, payload).expect("a call is never an error"));
        assert_eq!((answer.header.id, answer.header.place, answer.header.task), (id, 5, task));
        assert_eq!(answer.header.ran, 3, "the clock was looked at before and after");
        answer
    }

    /// Calls a function with arguments.
    pub(crate) fn call<F: Callee<A, M>, A: Portable, M: 'static>(
        &mut self,
        function: &'static F,
        arguments: A,
    ) -> Answer {
        self.call_with(function, arguments, FrameFlags::NONE)
    }

    pub(crate) fn call_with<F: Callee<A, M>, A: Portable, M: 'static>(
        &mut self,
        function: &'static F,
        arguments: A,
        flags: FrameFlags,
    ) -> Answer {
        let name = self.registry.find(function).map(TaskEntry::name).expect("it is registered");
        let payload = encode(&arguments, &Limits::default(), None).expect("it can be encoded");
        self.call_named(name, flags, &payload)
    }
}

pub(crate) fn answer(step: Step) -> Answer {
    match step {
        Step::Reply(frame) => Answer::of(&frame),
        step => panic!("no reply: {step:?}"),
    }
}
