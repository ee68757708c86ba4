//! Waiting for many descriptors at once.
//!
//! With `poll` a round trip among 64 workers took three times as long as with `epoll`, and among 2 it was
//! no shorter. Systems without `epoll` get by with it, and a list.
#![forbid(unsafe_code)]

#[cfg(any(target_os = "linux", target_os = "android"))]
mod epoll;
#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
#[cfg_attr(
    test,
    allow(
        dead_code,
        clippy::allow_attributes,
        reason = "of the tests, those of the system have it"
    )
)]
mod list;
mod waker;

use std::time::Duration;

use rustix::event::Timespec;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use epoll::Poller;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) use list::Poller;
#[cfg(test)]
#[allow(unused_imports, clippy::allow_attributes, reason = "as above")]
pub(crate) use list::Poller as ListPoller;

/// What is waited for on a descriptor. That it hangs up is told in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    Read,
    Both,
}

/// A descriptor on which something has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ready {
    /// Under which it is watched.
    pub(crate) key: u64,
    /// There is something to read, the end of the stream or an error included.
    pub(crate) readable: bool,
    /// Something can be written, if only to learn of the error.
    pub(crate) writable: bool,
}

/// What a wait has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Poll {
    /// Some descriptors are ready.
    Ready,
    /// None is, but somebody wants the poller's thread to look around.
    Woken,
    /// Neither: the time is over, or a signal was handled.
    Nothing,
}

impl Poll {
    fn new(ready: &[Ready], is_woken: bool) -> Self {
        match (ready, is_woken) {
            ([_, ..], _) => Self::Ready,
            ([], true) => Self::Woken,
            ([], false) => Self::Nothing,
        }
    }
}

/// So long a wait lasts at most: longer ones are not possible everywhere.
const LONGEST: Duration = Duration::from_secs(86_400);

fn timespec(timeout: Option<Duration>) -> Option<Timespec> {
    timeout.and_then(|timeout| Timespec::try_from(timeout.min(LONGEST)).ok())
}
