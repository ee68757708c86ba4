//! The atomics and cells of production.

#[cfg(not(feature = "portable-atomic"))]
pub(crate) use core::sync::atomic;
#[cfg(feature = "portable-atomic")]
pub(crate) use portable_atomic as atomic;

/// Atomics by which nothing is ordered: a model need not look at them.
#[cfg(feature = "alloc")]
pub(crate) use atomic as unmodeled;

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

    /// The memory is its owner's again, who does with it what it likes.
    #[inline(always)]
    pub(crate) fn assert_buried(&self) {}
}

/// Items that exist in the model of interrupts only.
macro_rules! interrupted_only {
    ($($item:item)*) => {};
}
pub(crate) use interrupted_only;
