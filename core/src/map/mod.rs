//! `Executor::map`: a function called with many items, a bounded number of them in flight.
//!
//! ```text
//!   items ──gather──► flight: one item, or a chunk ──submit──► executor
//!                                                                 │
//!   next() ◄── batch: outcomes not yet yielded ◄── line: flights in order, or as they land
//! ```
//!
//! A *flight* is one task. The *line* holds flights until they land, and says which is next; the
//! *batch* is what the last one brought. The consumer works on the batch alone until that is empty:
//! only then are items drawn, submitted and waited for, so that an item in a chunk costs it hardly
//! more than one in a `Vec`.
#![forbid(unsafe_code)]

mod batch;
mod chunk;
mod closures;
mod each;
mod flight;
mod function;
mod iterator;
mod line;
mod methods;
mod options;
mod outcomes;
mod pace;
mod plan;
mod source;
#[cfg(feature = "std")]
mod unordered;

pub use closures::{ClosureMap, Closures};
pub use flight::Flight;
#[cfg(feature = "calls")]
pub(crate) use function::MapFunction;
pub use function::{MapFallibleFn, MapFn};
pub use iterator::Map;
pub use options::MapOptions;
pub use outcomes::Outcomes;
pub use pace::Pace;
pub use source::MapSource;
