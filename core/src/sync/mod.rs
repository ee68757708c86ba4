//! Atomics, cells and locks: core's, `portable-atomic`'s, or those of a model.
//!
//! The only files that know of the switch `concurrent_futures_model`. All sides export the same
//! names with loom's shapes, so that what is modelled is the code that ships: by loom in every
//! interleaving of threads, or with an interrupt at every operation of one core.

#[cfg(not(any(target_has_atomic = "ptr", feature = "portable-atomic")))]
compile_error!(
    "this target has no compare-and-swap: switch on the feature `portable-atomic` of concurrent-futures-core, \
    and in the binary one of the features of the crate portable-atomic that say how its atomics are made"
);

#[cfg(concurrent_futures_model = "interrupt")]
mod interrupt;
#[cfg(concurrent_futures_model = "loom")]
mod loom;
#[cfg(not(concurrent_futures_model = "loom"))]
mod native;
#[cfg(not(any(concurrent_futures_model = "loom", concurrent_futures_model = "interrupt")))]
mod plain;

#[cfg(concurrent_futures_model = "interrupt")]
pub use self::interrupt::on_each_operation;
#[cfg(concurrent_futures_model = "interrupt")]
pub(crate) use self::interrupt::*;
#[cfg(concurrent_futures_model = "loom")]
pub(crate) use self::loom::*;
#[cfg(not(concurrent_futures_model = "loom"))]
pub(crate) use self::native::*;
#[cfg(not(any(concurrent_futures_model = "loom", concurrent_futures_model = "interrupt")))]
pub(crate) use self::plain::*;
