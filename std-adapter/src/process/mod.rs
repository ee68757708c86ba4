//! Worker processes: what an operating system adds to calls of registered functions. What needs no processes, links
//! use too.

pub(crate) mod call_error;
mod call_options;
pub(crate) mod callbacks;
pub(crate) mod called;
pub(crate) mod calls;
mod decode;
pub(crate) mod packing;
pub(crate) mod registration;

#[cfg(unix)]
mod admission;
#[cfg(unix)]
mod builder;
#[cfg(unix)]
mod caller;
#[cfg(unix)]
mod desk;
#[cfg(unix)]
mod executor;
#[cfg(unix)]
mod file;
#[cfg(unix)]
pub(crate) mod init;
#[cfg(all(test, target_os = "linux", feature = "linkme"))]
mod injected;
#[cfg(unix)]
mod line;
#[cfg(unix)]
mod manager;
#[cfg(unix)]
mod map;
#[cfg(unix)]
mod nesting;
#[cfg(unix)]
pub(crate) mod os;
#[cfg(unix)]
mod places;
#[cfg(unix)]
mod pool;
#[cfg(unix)]
mod printed;
#[cfg(unix)]
mod resolutions;
#[cfg(unix)]
mod retries;
#[cfg(unix)]
mod retrying;
#[cfg(unix)]
mod submitter;
#[cfg(unix)]
mod worker_main;

#[cfg(unix)]
pub use builder::{InitializerError, ProcessBuildError, ProcessPoolBuilder};
pub use call_error::{CallError, CallErrorReason};
pub use call_options::CallOptions;
pub use calls::Calls;
pub use decode::{AsFallible, AsValue};
#[cfg(unix)]
pub use executor::ProcessPoolExecutor;
#[cfg(unix)]
pub use init::{NotInitialized, init, init_with};
#[cfg(unix)]
pub use map::{ProcessCalls, ProcessMap, ProcessMapFallible};
#[cfg(unix)]
pub use printed::{OutputStream, WorkerOutput};
#[cfg(unix)]
pub use submitter::ProcessSubmitter;
