//! What production and the model of interrupts have in common: all that loom needs otherwise.

use super::atomic;

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub(crate) use alloc::sync::Arc;

/// Where alloc has none. The target alone decides, so that the feature changes nobody's types.
#[cfg(all(feature = "alloc", not(target_has_atomic = "ptr")))]
pub(crate) use portable_atomic_util::Arc;

/// One that a model need not look at.
#[cfg(feature = "alloc")]
pub(crate) use self::Arc as PlainArc;

#[cfg(feature = "std")]
pub(crate) use std::sync::{Condvar, Mutex};
#[cfg(feature = "std")]
pub(crate) use std::thread_local;

/// Whether the model checker runs us.
pub(crate) const IN_A_MODEL: bool = false;

/// Whether there is something under a lock, as far as one can tell without taking it.
#[derive(Debug)]
pub(crate) struct Hint(atomic::AtomicUsize);

impl Hint {
    pub(crate) const fn new() -> Self {
        Self(atomic::AtomicUsize::new(0))
    }

    /// Under the lock.
    #[inline]
    pub(crate) fn set(&self, count: usize) {
        // ORDERING: Relaxed; a hint. Whoever has to be sure takes the lock.
        self.0.store(count, atomic::Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn is_promising(&self) -> bool {
        // ORDERING: Relaxed; as above.
        self.0.load(atomic::Ordering::Relaxed) != 0
    }

    #[inline]
    pub(crate) fn is_unpromising(&self) -> bool {
        !self.is_promising()
    }

    /// How much, by the last that was heard.
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) fn count(&self) -> usize {
        // ORDERING: Relaxed; as above.
        self.0.load(atomic::Ordering::Relaxed)
    }
}

/// Looks so many times whether it is `done`, 10 to 50 nanoseconds apart.
#[cfg(feature = "std")]
pub(crate) fn spin_until(spins: u32, done: impl Fn() -> bool) -> bool {
    let spins = if cfg!(miri) { 1 } else { spins }; // which would show it nothing new
    for _ in 0..spins {
        if done() {
            return true;
        }
        core::hint::spin_loop();
    }
    done()
}

/// Lets other threads go first, once.
#[cfg(feature = "std")]
pub(crate) use std::thread::yield_now;

/// Nothing: whether there are others nobody knows.
#[cfg(not(feature = "std"))]
pub(crate) fn yield_now() {}

/// Looks until it is `done`, for as long as that takes.
pub(crate) fn wait_until(done: impl Fn() -> bool) {
    while !done() {
        core::hint::spin_loop();
        yield_now();
    }
}

/// The lock of a heap slot's list: one of a few that all slots share by address, so that a slot
/// spends no memory on it. Taken only for callbacks and shared futures.
#[cfg(feature = "std")]
#[derive(Debug)]
pub(crate) struct SharedMutex;

#[cfg(feature = "std")]
impl SharedMutex {
    pub(crate) const fn new() -> Self {
        Self
    }

    pub(crate) fn with<R>(&self, key: usize, f: impl FnOnce() -> R) -> R {
        static STRIPES: [Mutex<()>; 64] = [const { Mutex::new(()) }; 64];
        // Slots are 64 bytes and more apart: lower bits say little.
        let stripe = &STRIPES[(key >> 6) % STRIPES.len()];
        let _guard = stripe.lock().unwrap_or_else(|poison| poison.into_inner());
        f()
    }
}

/// A function that is `const` except in a model, whose objects must be made inside it.
macro_rules! const_unless_modeled {
    ($(#[$meta:meta])* $vis:vis const fn $($rest:tt)*) => { $(#[$meta])* $vis const fn $($rest)* };
}
pub(crate) use const_unless_modeled;

/// A thread-local whose first value costs nothing.
#[cfg(feature = "std")]
macro_rules! thread_local_const {
    (static $name:ident: $type:ty = $value:expr;) => {
        std::thread_local! { static $name: $type = const { $value }; }
    };
}
#[cfg(feature = "std")]
pub(crate) use thread_local_const;

/// An array of values that are made one by one.
macro_rules! array_of {
    ($value:expr; $count:expr) => {
        [const { $value }; $count]
    };
}
pub(crate) use array_of;

/// Items that exist in a model only.
macro_rules! model_only {
    ($($item:item)*) => {};
}
pub(crate) use model_only;

/// Items that exist in no model of loom's.
macro_rules! not_modeled {
    ($($item:item)*) => { $($item)* };
}
pub(crate) use not_modeled;
