//! [`Mailbox`]: one way to carry a future out of an interrupt handler.
#![forbid(unsafe_code)]

use core::fmt;

use crate::lock::{CriticalSection, Guarded};
use crate::sync::const_unless_modeled;

/// Room for one value, in a static, between an interrupt handler and a loop.
pub struct Mailbox<T> {
    value: Guarded<CriticalSection, Option<T>>,
}

impl<T: Send> Mailbox<T> {
    const_unless_modeled! {
    /// An empty one.
    pub const fn new() -> Self {
        Self { value: Guarded::new(CriticalSection, None) }
    }
    }

    /// Puts a value in. One that nobody has taken is dropped, here: a future is detached then. Where
    /// that must not be, in an interrupt handler say, [`replace`](Self::replace) gives it back.
    pub fn put(&self, value: T) {
        drop(self.replace(value));
    }

    /// Puts a value in, and returns the one that nobody has taken.
    pub fn replace(&self, value: T) -> Option<T> {
        self.value.with(|inside| inside.replace(value))
    }

    /// Takes the value out.
    pub fn take(&self) -> Option<T> {
        self.value.with(Option::take)
    }
}

impl<T: Send> Default for Mailbox<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Mailbox<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").finish_non_exhaustive()
    }
}
