//! Calls: registered functions, run by whoever is at the other end of a link.
//!
//! What crosses a process or machine boundary is a call: the index of a function in a table that both
//! ends have compared, and arguments as bytes. Nothing here does input or output.

mod callee;
mod entry;
mod registry;
mod signature;

pub use callee::{Callee, FallibleCallee, Portable};
pub use entry::TaskEntry;
pub use registry::{Registry, RegistryError};
pub use signature::Signature;
