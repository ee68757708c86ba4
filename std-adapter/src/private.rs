//! What `#[task]` writes down the names of. Nobody else may: it changes without notice.
#![forbid(unsafe_code)]

#[cfg(feature = "linkme")]
pub use crate::listed::{TASKS, WORKER_TESTS};
pub use crate::process::registration::{find, register};
#[cfg(feature = "linkme")]
pub use linkme;

#[cfg(unix)]
pub use crate::process::init::work_in_test;

/// Asks for a type that can go to another process.
pub const fn portable<T: concurrent_futures_core::calls::Portable>() {}

/// Puts an entry into the linker's list.
#[cfg(feature = "linkme")]
#[doc(hidden)]
#[macro_export]
macro_rules! __list {
    ($entry:expr) => {
        #[$crate::__private::linkme::distributed_slice($crate::__private::TASKS)]
        #[linkme(crate = $crate::__private::linkme)]
        static TASK: $crate::calls::TaskEntry = $entry;
    };
}

/// There is no list.
#[cfg(not(feature = "linkme"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __list {
    ($entry:expr) => {};
}

/// Puts the path of a test into the linker's list.
#[cfg(feature = "linkme")]
#[doc(hidden)]
#[macro_export]
macro_rules! __list_worker_test {
    ($path:expr) => {
        #[$crate::__private::linkme::distributed_slice($crate::__private::WORKER_TESTS)]
        #[linkme(crate = $crate::__private::linkme)]
        static WORKER_TEST: &'static str = $path;
    };
}

/// There is no list.
#[cfg(not(feature = "linkme"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __list_worker_test {
    ($path:expr) => {};
}

pub use __list_worker_test as list_worker_test;

pub use __list as list;
