//! [`Lock`]: what keeps two contexts out of one list; [`Guarded`]: the list.

use crate::sync::{UnsafeCell, const_unless_modeled};

/// Mutual exclusion for a few instructions: a list is linked or unlinked, a callable moved into its slot,
/// nothing else.
///
/// Which one is right depends on who may interrupt whom: a mutex among threads, a critical section
/// where interrupt handlers submit, a spin lock between cores without an operating system.
///
/// # Safety
/// While `with` runs its argument for one value of `Self`, it runs no other for the same value in
/// any other context (an interrupt handler included), and each sees all that the ones before it
/// wrote. It runs its argument exactly once and does not unwind by itself.
pub unsafe trait Lock: Send + Sync + 'static {
    /// Runs `f` alone. `f` is short, does not unwind and takes no other lock.
    fn with<R>(&self, f: impl FnOnce() -> R) -> R;
}

/// A value that is touched only under its lock.
pub(crate) struct Guarded<L, T> {
    lock: L,
    value: UnsafeCell<T>,
}

// SAFETY: the value, which is Send, is touched only under the lock.
unsafe impl<L: Lock, T: Send> Sync for Guarded<L, T> {}

impl<L: Lock, T> Guarded<L, T> {
    const_unless_modeled! {
    pub(crate) const fn new(lock: L, value: T) -> Self {
        Self { lock, value: UnsafeCell::new(value) }
    }
    }

    /// Runs `f` alone. `f` is short, does not unwind, takes no other lock, and drops nothing that
    /// belongs to a user.
    #[inline]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: under the lock.
        self.lock.with(|| self.value.with_mut(|value| f(unsafe { &mut *value })))
    }
}

/// The mutex of the operating system.
#[cfg(feature = "std")]
#[derive(Debug, Default)]
pub struct OsLock(crate::sync::Mutex<()>);

#[cfg(feature = "std")]
impl OsLock {
    const_unless_modeled! {
    /// An unlocked one.
    pub const fn new() -> Self {
        Self(crate::sync::Mutex::new(()))
    }
    }
}

#[cfg(feature = "std")]
// SAFETY: a mutex; a poisoned one still excludes.
unsafe impl Lock for OsLock {
    #[inline]
    fn with<R>(&self, f: impl FnOnce() -> R) -> R {
        let _guard = self.0.lock().unwrap_or_else(|poison| poison.into_inner());
        f()
    }
}

/// Interrupts off; on chips with several cores whatever the program's `critical-section`
/// implementation adds to that. All values are the same lock.
#[cfg(feature = "critical-section")]
#[derive(Debug, Default, Clone, Copy)]
pub struct CriticalSection;

#[cfg(feature = "critical-section")]
// SAFETY: the contract of `critical_section::acquire`, which the program's implementation signs.
unsafe impl Lock for CriticalSection {
    #[inline]
    fn with<R>(&self, f: impl FnOnce() -> R) -> R {
        critical_section::with(|_| f())
    }
}

/// What a core does while another one has the lock: `relax` is called again and again. Of the crate `spin`.
#[cfg(feature = "spin")]
pub use spin::relax::RelaxStrategy;

/// A spin lock, for several cores without an operating system.
///
/// Never to be taken in an interrupt handler that may have interrupted its holder.
#[cfg(feature = "spin")]
#[derive(Debug, Default)]
pub struct SpinLock<R = spin::relax::Spin>(spin::mutex::SpinMutex<(), R>);

#[cfg(feature = "spin")]
impl<R> SpinLock<R> {
    /// An unlocked one.
    pub const fn new() -> Self {
        Self(spin::mutex::SpinMutex::new(()))
    }
}

#[cfg(feature = "spin")]
// SAFETY: a spin mutex, whose guard unlocks when dropped.
unsafe impl<S: RelaxStrategy + Send + Sync + 'static> Lock for SpinLock<S> {
    #[inline]
    fn with<R>(&self, f: impl FnOnce() -> R) -> R {
        let _guard = self.0.lock();
        f()
    }
}
