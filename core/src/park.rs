//! [`Park`]: how a context waits, and what time is to it.
#![forbid(unsafe_code)]

use core::task::Waker;

/// Puts the calling context to sleep until its waker is woken or a deadline has passed.
///
/// The one thing about waiting that a platform supplies: a thread's parker, a WFE loop, an RTOS
/// task's notification. Time is the implementation's own; core only hands deadlines through.
pub trait Park {
    /// A moment, on whatever clock `park` compares it with.
    type Instant: Copy;

    /// A waker that ends this context's `park`, now or at its next call. Callable from anywhere.
    fn waker(&self) -> Waker;

    /// Sleeps. May return early for no reason; must not sleep on when the waker was woken since
    /// the last return.
    fn park(&self, deadline: Option<Self::Instant>) -> Parked;

    /// Looks again and again whether it is `done`, for as long as that is cheaper than `park`; says
    /// whether it was. Looks once, if not implemented.
    fn spin(&self, done: &dyn Fn() -> bool) -> bool {
        done()
    }
}

/// Why [`Park::park`] returned.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parked {
    /// Woken, or for no reason.
    Woken,
    /// The deadline has passed.
    DeadlinePassed,
}
