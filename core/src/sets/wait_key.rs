//! [`WaitKey`]: names a member of a set.
#![forbid(unsafe_code)]

use core::fmt;

/// Names a member of a `WaitSet` or [`FixedWaitSet`](crate::FixedWaitSet), in the set that gave it.
/// Once the member is gone the key names nothing, whoever has its seat.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct WaitKey {
    pub(super) seat: usize,
    /// How many members the seat had before.
    pub(super) generation: usize,
}

impl fmt::Debug for WaitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seat, self.generation)
    }
}
