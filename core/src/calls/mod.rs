//! Calls: registered functions, run by whoever is at the other end of a link.
//!
//! What crosses a process or machine boundary is a call: the index of a function in a table that both
//! ends have compared, and arguments as bytes. Nothing here does input or output.
//!
//! For targets without compare-and-swap there is no `serve`, whose readers and writers are those of `std-shims`.
//!
//! What the bytes are, for whoever writes the other end: [`FrameHeader`].

mod attach;
mod batch;
mod callee;
#[cfg(feature = "std")]
mod chunk;
mod codec;
mod codec_error;
mod decoder;
#[cfg(feature = "std")]
mod encoded;
mod encoder;
mod entry;
mod failures;
mod frame;
mod large_bytes;
mod limits;
#[cfg(feature = "std")]
pub mod link;
mod local;
mod messages;
mod panic_report;
mod place;
#[cfg(feature = "std")]
mod promise;
mod protocol_error;
mod reader;
mod registry;
mod reply;
mod report;
mod run;
#[cfg(target_has_atomic = "ptr")]
mod serve;
mod signature;
#[cfg(feature = "std")]
pub mod supervisor;
mod surroundings;
mod worker;
mod worker_host;

pub use attach::{ATTACH_FROM, Attach, AttachError, Detach, DetachError};
pub use batch::{BatchReader, BatchWriter, Item, ItemKind};
pub use callee::{Callee, FallibleCallee, Portable};
#[cfg(feature = "std")]
pub use chunk::ChunkOf;
pub use codec::{decode, encode, encode_into};
pub use codec_error::{DecodeError, EncodeError};
#[cfg(feature = "std")]
pub use encoded::{Decode, Encoded, LargeSource};
pub use entry::TaskEntry;
pub use frame::{FrameError, FrameFlags, FrameHeader, FrameKind, HEADER_SIZE, VERSION};
pub use large_bytes::LargeBytes;
pub use limits::Limits;
pub use local::{LocalFallibleFn, LocalFn};
pub use messages::{
    Hello, InitialCall, NAME_SIZE, RemoteFailure, RemoteFailureKind, ResourceLimits, TaskName,
    Welcome,
};
pub use panic_report::{PanicReport, contain_panics};
pub use place::{Place, Recall};
#[cfg(feature = "std")]
pub(crate) use promise::arrive;
#[cfg(feature = "std")]
pub use promise::{Aftermath, CallDesk, CallPromise, Desk, Landing, Leave};
pub use protocol_error::ProtocolError;
pub use reader::{Frame, FrameReader};
pub use registry::{Mismatch, Registry, RegistryError};
pub use report::{Exit, WorkerPhase, WorkerReport};
pub use run::{Phase, RunError, Verdict};
#[cfg(target_has_atomic = "ptr")]
pub use serve::{ServeError, ServeSettings, serve};
pub use signature::Signature;
pub use surroundings::{Contain, LinkOnly, Surroundings};
pub use worker::{INITIALIZER_FAILED, Step, WorkerLoop, WorkerState, started_frame};
pub use worker_host::{Start, WorkerHost};
