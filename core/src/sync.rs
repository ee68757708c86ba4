//! Atomics, cells and locks: core's, `portable-atomic`'s, or the model checker's.
//!
//! The only file that knows of the switch `concurrent_futures_model`. All sides export the same
//! names with loom's shapes, so that what is model-checked is the code that ships.

pub(crate) use imp::*;

#[cfg(not(concurrent_futures_model = "loom"))]
mod imp {
    #[cfg(not(feature = "portable-atomic"))]
    pub(crate) use core::sync::atomic;
    #[cfg(feature = "portable-atomic")]
    pub(crate) use portable_atomic as atomic;

    #[cfg(feature = "std")]
    pub(crate) use std::sync::{Condvar, Mutex};
    #[cfg(feature = "std")]
    pub(crate) use std::thread_local;

    /// How often a waiter looks before it parks: about a microsecond.
    #[cfg(feature = "std")]
    pub(crate) const SPINS: u32 = if cfg!(miri) { 0 } else { 100 };

    #[cfg(feature = "std")]
    pub(crate) use core::hint::spin_loop;

    /// The lock of a heap slot's list: one of a few that all slots share by address, so that a slot
    /// spends no memory on it. Taken only for callbacks and shared futures.
    #[cfg(feature = "std")]
    #[derive(Debug, Default)]
    pub(crate) struct SharedMutex;

    #[cfg(feature = "std")]
    impl SharedMutex {
        pub(crate) fn with<R>(&self, key: usize, f: impl FnOnce() -> R) -> R {
            static STRIPES: [Mutex<()>; 64] = [const { Mutex::new(()) }; 64];
            // Slots are 64 bytes and more apart: lower bits say little.
            let stripe = &STRIPES[(key >> 6) % STRIPES.len()];
            let _guard = stripe.lock().unwrap_or_else(|poison| poison.into_inner());
            f()
        }
    }

    /// `core::cell::UnsafeCell` with loom's interface.
    #[derive(Debug, Default)]
    pub(crate) struct UnsafeCell<T>(core::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        pub(crate) const fn new(value: T) -> Self {
            Self(core::cell::UnsafeCell::new(value))
        }

        #[inline(always)]
        pub(crate) fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
            read(self.0.get())
        }

        #[inline(always)]
        pub(crate) fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
            write(self.0.get())
        }
    }

    /// What the model checker watches instead of freed memory; nothing in production.
    #[derive(Debug, Default)]
    pub(crate) struct Tombstone;

    impl Tombstone {
        pub(crate) const fn new() -> Self {
            Self
        }

        #[inline(always)]
        pub(crate) fn assert_alive(&self) {}

        /// Says whether the memory may really be given back.
        #[inline(always)]
        pub(crate) fn bury(&self) -> bool {
            true
        }
    }

    /// A function that is `const` except in a model, whose objects must be made inside it.
    macro_rules! const_unless_modeled {
        ($(#[$meta:meta])* $vis:vis const fn $($rest:tt)*) => { $(#[$meta])* $vis const fn $($rest)* };
    }
    pub(crate) use const_unless_modeled;

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
}

#[cfg(concurrent_futures_model = "loom")]
mod imp {
    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::sync::{Condvar, Mutex, atomic};
    pub(crate) use loom::thread_local;

    /// `yield_now` and `spin_loop` hide interleavings from loom, so a model never spins.
    pub(crate) const SPINS: u32 = 0;

    pub(crate) fn spin_loop() {}

    /// In a model each slot has a mutex of its own: sharing would order what is not ordered.
    #[derive(Debug, Default)]
    pub(crate) struct SharedMutex(Mutex<()>);

    impl SharedMutex {
        pub(crate) fn with<R>(&self, _key: usize, f: impl FnOnce() -> R) -> R {
            let _guard = self.0.lock().unwrap_or_else(|poison| poison.into_inner());
            f()
        }
    }

    /// A cell that is read at every access to a slot and written when the slot is freed, so that
    /// an access that is not ordered before the freeing is a failure; and a leak is one too.
    #[derive(Debug)]
    pub(crate) struct Tombstone {
        grave: UnsafeCell<()>,
        leak: UnsafeCell<Option<loom::alloc::Track<()>>>,
    }

    impl Tombstone {
        pub(crate) fn new() -> Self {
            Self {
                grave: UnsafeCell::new(()),
                leak: UnsafeCell::new(Some(loom::alloc::Track::new(()))),
            }
        }

        pub(crate) fn assert_alive(&self) {
            self.grave.with(|_| ());
        }

        pub(crate) fn bury(&self) -> bool {
            self.grave.with_mut(|_| ());
            // SAFETY: whoever buries a slot held its last reference; loom has just checked that.
            self.leak.with_mut(|leak| unsafe { drop((*leak).take()) });
            // The memory stays, so that a late access meets the written cell and not chaos.
            false
        }
    }

    macro_rules! const_unless_modeled {
        ($(#[$meta:meta])* $vis:vis const fn $($rest:tt)*) => { $(#[$meta])* $vis fn $($rest)* };
    }
    pub(crate) use const_unless_modeled;

    macro_rules! array_of {
        ($value:expr; $count:expr) => {
            core::array::from_fn::<_, $count, _>(|_| $value)
        };
    }
    pub(crate) use array_of;

    macro_rules! model_only {
        ($($item:item)*) => { $($item)* };
    }
    pub(crate) use model_only;
}
