//! What a worker process does: it answers calls until it is sent home, or its parent is gone.
#![forbid(unsafe_code)]

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

use concurrent_futures_core::calls::supervisor::{PLACES, Places};
use concurrent_futures_core::calls::{
    Attach, AttachError, Detach, Frame, FrameHeader, FrameKind, FrameReader, Limits, Registry,
    Start, Step, Surroundings, Welcome, WorkerHost, WorkerLoop,
};

use super::file::Reading;
use super::nesting;
use super::os::{self, Channel, MemoryFile, Words, build_id, inside};
use super::places::SharedPlaces;

/// So many bytes are read at once.
const READ: usize = 64 * 1024;

/// Answers calls until the parent has no more; then the status for this process to end with.
///
/// # Errors
/// The system supplies too little to begin, or the parent does not keep to the protocol.
pub(super) fn serve(channel: Channel, registry: &Registry) -> io::Result<i32> {
    inside::volunteer();
    let channel = Arc::new(channel);
    inside::watch_for_hangup(channel.clone())?;
    // The parent says what the limits are, and can only lower these.
    let limits = Limits::default().payload(u32::MAX as usize).attached(u64::MAX).depth(u32::MAX);
    let mut worker = WorkerLoop::new(registry, limits.zero_sized(u32::MAX).text(usize::MAX));
    let hello =
        worker.hello(build_id().unwrap_or(0), std::process::id()).map_err(io::Error::other)?;
    channel.write_all(&mut [IoSlice::new(&hello)], None)?;
    let mut inbox = Inbox::new(channel.clone());
    let mut host = Host::default();
    loop {
        let Some(frame) = inbox.next()? else { return Ok(0) };
        host.take_file(&frame.header, &mut inbox.files)?;
        match worker.receive(&frame.header, &frame.payload, &mut host).map_err(io::Error::other)? {
            Step::Nothing => {}
            Step::Reply(reply) => {
                let file = host.file_to_send(&reply);
                channel.write_all(&mut [IoSlice::new(&reply)], file.map(AsFd::as_fd))?;
                host.forget_call();
            }
            Step::Exit { code, last } => {
                channel.write_all(&mut [IoSlice::new(&last)], None)?;
                return Ok(code);
            }
        }
    }
}

/// Frames from the parent.
struct Inbox {
    channel: Arc<Channel>,
    reader: FrameReader,
    files: Vec<OwnedFd>,
}

impl Inbox {
    fn new(channel: Arc<Channel>) -> Self {
        Self { channel, reader: FrameReader::new(u32::MAX as usize), files: Vec::new() }
    }

    /// The next frame; `None` when the parent is gone.
    ///
    /// # Errors
    /// What comes is no frame.
    fn next(&mut self) -> io::Result<Option<Frame>> {
        loop {
            if let Some(frame) = self.reader.next_frame().map_err(io::Error::other)? {
                return Ok(Some(frame));
            }
            let space = self.reader.space(READ);
            let count = self.channel.read(space, &mut self.files)?;
            if count == 0 {
                return Ok(None);
            }
            self.reader.filled(count);
        }
    }
}

/// What is around the functions of a worker process.
struct Host {
    began: Instant,
    places: Option<SharedPlaces>,
    /// The words came along with the welcome.
    words: Option<OwnedFd>,
    /// What came with the call, and how far it was read.
    received: Option<Reading<MemoryFile>>,
    /// What goes back with the reply.
    attached: Option<MemoryFile>,
    bytes: u64,
}

impl Default for Host {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            places: None,
            words: None,
            received: None,
            attached: None,
            bytes: 0,
        }
    }
}

impl Host {
    /// The file that belongs to this frame, which came with its first byte.
    ///
    /// # Errors
    /// It did not come, or is none to read payloads from.
    fn take_file(&mut self, header: &FrameHeader, files: &mut Vec<OwnedFd>) -> io::Result<()> {
        match header.kind {
            FrameKind::Welcome if !files.is_empty() => self.words = Some(files.remove(0)),
            FrameKind::Call if header.attached > 0 => {
                if files.is_empty() {
                    return Err(io::Error::other("a call came without the file that it names"));
                }
                self.received = Some(Reading::new(MemoryFile::open(files.remove(0))?));
            }
            _ => {}
        }
        Ok(())
    }

    /// The file that goes along with the reply: what was attached lies in the call's own file, if it came
    /// with one. A failure has none, also if something was attached before the result failed.
    fn file_to_send(&self, reply: &[u8]) -> Option<&MemoryFile> {
        let header = FrameHeader::parse(reply.first_chunk()?).ok()?;
        self.attached.as_ref().filter(|_| header.attached > 0)
    }

    fn forget_call(&mut self) {
        self.received = None;
        self.attached = None;
        self.bytes = 0;
    }

    /// # Errors
    /// There is no file to be had, or no memory.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = match (&self.received, &mut self.attached) {
            (Some(received), _) => received.file(),
            (None, Some(file)) => file,
            (None, none) => none.insert(MemoryFile::create()?),
        };
        file.write_all_at(bytes, self.bytes)?;
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        Ok(())
    }
}

impl Attach for Host {
    fn attach(&mut self, bytes: &[u8]) -> Result<(), AttachError> {
        self.write(bytes).map_err(|error| AttachError::new(error.to_string()))
    }
}

impl Surroundings for Host {
    fn detach(&mut self) -> Option<&mut dyn Detach> {
        self.received.as_mut().map(|reading| reading as &mut dyn Detach)
    }

    fn attach(&mut self) -> Option<&mut dyn Attach> {
        Some(self)
    }
}

impl WorkerHost for Host {
    fn start(&mut self, call: &FrameHeader) -> Start {
        self.bytes = 0;
        let place = self.places.as_ref().and_then(|places| places.place(call.place.into()));
        let start = place.map_or(Start::Skip, |place| place.start(call.id));
        if start == Start::Skip {
            self.forget_call();
        }
        start
    }

    fn welcome(&mut self, welcome: &Welcome) -> Result<(), String> {
        let words = self.words.take().ok_or("no file of places came with the welcome")?;
        let words = Words::open(words.as_fd(), PLACES)
            .map_err(|error| format!("the places of calls cannot be shared: {error}"))?;
        self.places = Some(SharedPlaces(words));
        nesting::enter(welcome.nesting);
        os::limit_resources(&welcome.resources).map_err(|error| error.to_string())
    }

    fn now(&self) -> u64 {
        (self.began.elapsed().as_nanos() / 100) as u64
    }

    fn attached(&self) -> u64 {
        self.bytes
    }
}
