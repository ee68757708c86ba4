//! A value under a [`SlotLock`], on the heap side of the house.

use crate::storage::heap::SlotLock;
use crate::sync::UnsafeCell;

/// A value and the lock that was chosen for it.
pub(crate) struct Locked<T> {
    lock: AnyLock,
    value: UnsafeCell<T>,
}

enum AnyLock {
    #[cfg(feature = "std")]
    Os(crate::lock::OsLock),
    #[cfg(feature = "critical-section")]
    CriticalSection(crate::lock::CriticalSection),
    #[cfg(feature = "spin")]
    Spin(crate::lock::SpinLock),
}

// SAFETY: the value, which is Send, is touched only under the lock.
unsafe impl<T: Send> Sync for Locked<T> {}

impl<T> Locked<T> {
    pub(crate) fn new(lock: SlotLock, value: T) -> Self {
        let lock = match lock {
            #[cfg(feature = "std")]
            SlotLock::Os => AnyLock::Os(crate::lock::OsLock::default()),
            #[cfg(feature = "critical-section")]
            SlotLock::CriticalSection => AnyLock::CriticalSection(crate::lock::CriticalSection),
            #[cfg(feature = "spin")]
            SlotLock::Spin => AnyLock::Spin(crate::lock::SpinLock::new()),
        };
        Self { lock, value: UnsafeCell::new(value) }
    }

    /// Runs `f` alone. `f` is short, does not unwind and takes no other lock.
    #[cfg_attr(
        not(any(feature = "std", feature = "critical-section", feature = "spin")),
        expect(unused_variables, reason = "without a lock there is no value either")
    )]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        #[cfg(any(feature = "std", feature = "critical-section", feature = "spin"))]
        use crate::lock::Lock as _;
        match &self.lock {
            #[cfg(feature = "std")]
            // SAFETY: under the lock.
            AnyLock::Os(lock) => lock.with(|| self.value.with_mut(|v| f(unsafe { &mut *v }))),
            #[cfg(feature = "critical-section")]
            AnyLock::CriticalSection(lock) => {
                // SAFETY: under the lock.
                lock.with(|| self.value.with_mut(|v| f(unsafe { &mut *v })))
            }
            #[cfg(feature = "spin")]
            // SAFETY: under the lock.
            AnyLock::Spin(lock) => lock.with(|| self.value.with_mut(|v| f(unsafe { &mut *v }))),
            #[cfg(not(any(feature = "std", feature = "critical-section", feature = "spin")))]
            _ => unreachable!(),
        }
    }
}
