//! [`WhenFull`]: what becomes of work for which there is no room.
#![forbid(unsafe_code)]

use core::time::Duration;

/// What `submit` does when the queue is full.
///
/// A worker never waits for room in its own pool's queue, where that might be for ever: under the
/// blocking policies it runs the task itself, at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum WhenFull {
    /// Blocks until there is room, or the executor is shut down. Those who came first get it first.
    #[default]
    Block,
    /// As `Block`, for so long at most; then the callable comes back. On a platform without a clock
    /// it blocks for as long as it takes.
    BlockFor(Duration),
    /// Gives the callable back at once.
    Reject,
    /// Runs the task in the calling context, which has no time then to submit more.
    RunInCaller,
}
