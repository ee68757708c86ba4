//! The executor in static memory: slots, queue and idle workers under one short lock, and no allocator.
//!
//! ```text
//!   submit ──► free slots ──► slot: the closure moves in ──► queue ──► run_one ──► outcome in the slot
//!                  ▲           (in the same turn)              │                        │
//!                  │                                           └─► an idle worker       ▼
//!                  └────────────────────────────── last reference gone ◄── future reads it
//! ```

mod executor;
mod free_slots;
mod inside;
mod pinned_task;
mod slots;
mod worker;

pub use executor::ArenaExecutor;
#[cfg(feature = "spin")]
pub use executor::MulticoreExecutor;
#[cfg(feature = "critical-section")]
pub use executor::StaticExecutor;
pub use pinned_task::PinnedTask;
