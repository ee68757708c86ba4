//! The lock that a [`SlotLock`] names.

use crate::lock::Lock;
use crate::storage::heap::SlotLock;

/// A lock chosen at run time.
pub(crate) enum AnyLock {
    #[cfg(feature = "std")]
    Os(crate::lock::OsLock),
    #[cfg(feature = "critical-section")]
    CriticalSection(crate::lock::CriticalSection),
    #[cfg(feature = "spin")]
    Spin(crate::lock::SpinLock),
}

impl From<SlotLock> for AnyLock {
    fn from(lock: SlotLock) -> Self {
        match lock {
            #[cfg(feature = "std")]
            SlotLock::Os => Self::Os(crate::lock::OsLock::default()),
            #[cfg(feature = "critical-section")]
            SlotLock::CriticalSection => Self::CriticalSection(crate::lock::CriticalSection),
            #[cfg(feature = "spin")]
            SlotLock::Spin => Self::Spin(crate::lock::SpinLock::new()),
        }
    }
}

// SAFETY: each is a lock; a value never changes which.
unsafe impl Lock for AnyLock {
    fn with<R>(&self, f: impl FnOnce() -> R) -> R {
        match *self {
            #[cfg(feature = "std")]
            Self::Os(ref lock) => lock.with(f),
            #[cfg(feature = "critical-section")]
            Self::CriticalSection(ref lock) => lock.with(f),
            #[cfg(feature = "spin")]
            Self::Spin(ref lock) => lock.with(f),
        }
    }
}
