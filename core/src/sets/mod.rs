//! Waiting for several futures at once.

#[cfg(feature = "std")]
mod as_completed;
mod claims;
mod fixed;
mod fixed_ready;
mod line;
mod members;
mod next;
#[cfg(feature = "alloc")]
mod ready;
#[cfg(feature = "alloc")]
mod seats;
#[cfg(feature = "stream")]
mod stream;
#[cfg(feature = "std")]
mod wait;
mod wait_key;
#[cfg(feature = "alloc")]
mod wait_set;

#[cfg(feature = "std")]
pub use as_completed::{
    AsCompleted, AsCompletedTimeout, StillPending, as_completed, as_completed_timeout,
};
pub use fixed::{FixedWaitSet, NextFixed, SetFull};
pub use members::Waitable;
#[cfg(feature = "std")]
pub use wait::{ReturnWhen, WaitEnd, Waited, wait};
pub use wait_key::WaitKey;
#[cfg(feature = "alloc")]
pub use wait_set::{NextDone, WaitSet};
