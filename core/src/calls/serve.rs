//! [`serve()`]: a worker's loop over a reader and a writer.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::String;
use core::error::Error;
use core::fmt;

use std_shims::io::{self, Read, Write};

use super::codec_error::EncodeError;
use super::frame::{FrameError, FrameHeader};
use super::limits::Limits;
use super::messages::Welcome;
use super::panic_report::contain_panics;
use super::protocol_error::ProtocolError;
use super::reader::{Frame, FrameReader};
use super::registry::Registry;
use super::surroundings::{Contain, Surroundings};
use super::worker::{Step, WorkerLoop, started_frame};
use super::worker_host::{Start, WorkerHost};

/// How many bytes are asked of the reader at once, at least.
const AT_ONCE: usize = 256;

/// How a worker introduces itself, and what it can bear.
#[derive(Clone, Debug)]
#[must_use]
pub struct ServeSettings {
    build: u64,
    pid: u32,
    limits: Limits,
    clock: fn() -> u64,
    contain: Contain,
}

impl Default for ServeSettings {
    fn default() -> Self {
        Self { build: 0, pid: 0, limits: Limits::default(), clock, contain: contain_panics }
    }
}

impl ServeSettings {
    /// Of build 0, in no process, within the default limits, with the clock of the standard library or none.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets which build of the program this is. The parent may insist on its own.
    pub fn build(self, build: u64) -> Self {
        Self { build, ..self }
    }

    /// Sets the number of the process.
    pub fn pid(self, pid: u32) -> Self {
        Self { pid, ..self }
    }

    /// Sets how much is taken and given at most; the parent may say less.
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Sets the clock, in units of 100 ns since any fixed moment. Without one, calls seem to take no time.
    pub fn clock(self, clock: fn() -> u64) -> Self {
        Self { clock, ..self }
    }

    /// Sets who catches panics, as [`Surroundings::contain`] says.
    pub fn contain(self, contain: Contain) -> Self {
        Self { contain, ..self }
    }
}

/// Answers calls of these functions that come from `reader`, into `writer`, until the reader ends or the parent says
/// that it is enough.
///
/// For a socket, a pipe or a UART. Blocks in the reader, in the writer and in the functions, one after another; a call is
/// read as a whole before it is run. Starts are announced by frames, and calls cannot be recalled. Large payloads go
/// through the link. A reader that gives 0 bytes has ended. The writer must not keep back what it has taken: wrap no
/// buffer around it.
///
/// It applies no limits on resources of the machine, and says so to a parent that asks for some.
///
/// # Panics
/// Only if the reader or the writer does.
///
/// # Errors
/// What reading or writing gave; a parent that does not keep to the protocol; an end inside of a frame; an initializer
/// that failed, of which the parent has been told.
///
/// # Examples
/// ```no_run
/// use concurrent_futures_core::calls::{Registry, ServeSettings, TaskEntry, serve};
/// use std::net::TcpListener;
///
/// fn area(width: u32, height: u32) -> u32 {
///     width * height
/// }
///
/// let registry = Registry::new([TaskEntry::new("area", &area)])?;
/// let (link, _) = TcpListener::bind("127.0.0.1:7000")?.accept()?;
/// serve(&registry, &link, &link, &ServeSettings::new())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn serve<R: Read, W: Write>(
    registry: &Registry,
    mut reader: R,
    writer: W,
    settings: &ServeSettings,
) -> Result<(), ServeError> {
    let mut worker = WorkerLoop::new(registry, settings.limits);
    let mut host = Announcing { writer, settings, failed: None };
    let mut frames = FrameReader::new(settings.limits.payload);
    let hello = worker.hello(settings.build, settings.pid).map_err(ServeError::Hello)?;
    write_all(&mut host.writer, &hello).map_err(ServeError::Io)?;
    while let Some(Frame { header, payload }) = next_frame(&mut frames, &mut reader)? {
        let step = worker.receive(&header, &payload, &mut host).map_err(ServeError::Protocol)?;
        drop(payload); // nothing is kept of a call while the next is awaited
        if let Some(error) = host.failed.take() {
            return Err(ServeError::Io(error));
        }
        match step {
            Step::Nothing => {}
            Step::Reply(frame) => write_all(&mut host.writer, &frame).map_err(ServeError::Io)?,
            Step::Exit { code, last } => {
                write_all(&mut host.writer, &last).map_err(ServeError::Io)?;
                return if code == 0 { Ok(()) } else { Err(ServeError::Initializer) };
            }
        }
    }
    Ok(())
}

/// The next frame, or none if the stream has ended after the last.
///
/// # Errors
/// If it ends elsewhere, or is no stream of frames, or cannot be read.
fn next_frame<R: Read>(
    frames: &mut FrameReader,
    reader: &mut R,
) -> Result<Option<Frame>, ServeError> {
    loop {
        if let Some(frame) = frames.next_frame().map_err(ServeError::Frame)? {
            return Ok(Some(frame));
        }
        match reader.read(frames.space(AT_ONCE)) {
            Ok(0) if frames.is_between_frames() => return Ok(None),
            Ok(0) => return Err(ServeError::Truncated),
            Ok(count) => frames.filled(count),
            Err(error) if is_interrupted(&error) => {}
            Err(error) => return Err(ServeError::Io(error)),
        }
    }
}

/// Not `Write::write_all`: without std, that of `std_shims` takes a short write for an error.
///
/// # Errors
/// If not all of it could be written.
fn write_all<W: Write>(writer: &mut W, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match writer.write(bytes) {
            Ok(0) => {
                let message = "the writer takes nothing more";
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
            }
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if is_interrupted(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A signal came, and nothing has happened.
#[cfg(feature = "std")]
fn is_interrupted(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Interrupted
}

/// There are no signals.
#[cfg(not(feature = "std"))]
fn is_interrupted(_: &io::Error) -> bool {
    false
}

#[cfg(feature = "std")]
fn clock() -> u64 {
    static FIRST: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    let since = FIRST.get_or_init(std::time::Instant::now).elapsed();
    u64::try_from(since.as_nanos() / 100).unwrap_or(u64::MAX)
}

#[cfg(not(feature = "std"))]
fn clock() -> u64 {
    0
}

/// A host that tells of each start by a frame.
struct Announcing<'s, W> {
    writer: W,
    settings: &'s ServeSettings,
    /// What came of telling.
    failed: Option<io::Error>,
}

impl<W: Write> Surroundings for Announcing<'_, W> {
    fn contain(&self) -> Contain {
        self.settings.contain
    }
}

impl<W: Write> WorkerHost for Announcing<'_, W> {
    fn start(&mut self, call: &FrameHeader) -> Start {
        self.failed = write_all(&mut self.writer, &started_frame(call)).err();
        if self.failed.is_none() { Start::Run } else { Start::Skip }
    }

    fn welcome(&mut self, welcome: &Welcome) -> Result<(), String> {
        if welcome.places != 0 {
            return Err("this worker shares no memory with its parent".into());
        }
        if welcome.resources != Default::default() {
            return Err(format!("this worker cannot limit its resources: {:?}", welcome.resources));
        }
        Ok(())
    }

    fn now(&self) -> u64 {
        (self.settings.clock)()
    }
}

/// Why a worker stopped serving.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServeError {
    /// What reading or writing gave.
    Io(io::Error),
    /// What came is not a stream of frames.
    Frame(FrameError),
    /// The parent does not keep to the protocol.
    Protocol(ProtocolError),
    /// The stream ended inside of a frame.
    Truncated,
    /// The functions cannot be introduced.
    Hello(EncodeError),
    /// The initializer failed. The parent knows why.
    Initializer,
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the link failed: {error}"),
            Self::Frame(error) => write!(f, "what came is not of this protocol: {error}"),
            Self::Protocol(error) => write!(f, "the parent does not keep to the protocol: {error}"),
            Self::Truncated => f.write_str("the link ended inside of a frame"),
            Self::Hello(error) => write!(f, "the functions cannot be introduced: {error}"),
            Self::Initializer => {
                f.write_str("the worker could not be initialized, as the parent has been told")
            }
        }
    }
}

impl Error for ServeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Frame(error) => Some(error),
            Self::Protocol(error) => Some(error),
            Self::Hello(error) => Some(error),
            Self::Truncated | Self::Initializer => None,
        }
    }
}
