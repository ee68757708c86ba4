//! Waiting for several futures at once.
#![forbid(unsafe_code)]

mod as_completed;
mod members;
mod ready;
mod wait;

pub use as_completed::{
    AsCompleted, AsCompletedTimeout, StillPending, as_completed, as_completed_timeout,
};
pub use members::Waitable;
pub use wait::{ReturnWhen, WaitEnd, Waited, wait};
