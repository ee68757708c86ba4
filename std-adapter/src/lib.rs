#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

// What `#[task]` writes names this crate, in its own tests too.
#[cfg(test)]
extern crate self as concurrent_futures;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod any_executor;
mod builder;
mod contain;
mod exit_guard;
mod link;
#[cfg(feature = "linkme")]
mod listed;
mod process;
mod retry;
mod retry_policy;
mod task_executor;
mod task_source;
mod thread_pool;
mod threads;
mod timer;
#[cfg(feature = "tracing")]
mod tracing_hook;

pub use any_executor::AnyExecutor;
pub use builder::{BuildError, ThreadPoolBuilder};
pub use concurrent_futures_core::calls::supervisor::{WorkerInfo, WorkerState};
pub use concurrent_futures_core::*;
/// # Examples
/// ```
/// use concurrent_futures::{registry, task};
///
/// #[task]
/// fn area(width: u32, height: u32) -> u32 {
///     width * height
/// }
///
/// // A function as before, and registered.
/// assert_eq!(area(6, 7), 42);
/// # #[cfg(feature = "linkme")]
/// assert!(registry()?.find(&area).is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub use concurrent_futures_macros::task;
pub use exit_guard::ExitGuard;
pub use link::{LinkBuildError, LinkBuilder, LinkCalls, LinkExecutor, LinkMap, LinkMapFallible};
pub use process::registration::{NotRegistered, RegisterError, registry};
pub use process::{AsFallible, AsValue, CallError, CallErrorReason, CallOptions, Calls};
#[cfg(unix)]
pub use process::{
    InitializerError, NotInitialized, OutputStream, ProcessBuildError, ProcessCalls, ProcessMap,
    ProcessMapFallible, ProcessPoolBuilder, ProcessPoolExecutor, ProcessSubmitter, WorkerOutput,
    init, init_with,
};
pub use retry::{History, submit_retry};
pub use retry_policy::{RetryPolicy, RetryPolicyError};
pub use task_executor::{AnyTaskExecutor, TaskExecutor, TaskMap, TaskMapFallible};
pub use task_source::{TaskSource, TaskSourceFallible};
pub use thread_pool::ThreadPoolExecutor;
pub use threads::Threads;
#[cfg(feature = "tracing")]
pub use tracing_hook::TracingHook;

/// Makes a test binary one whose pools of processes can start it again as a worker: libtest has its `main`,
/// so that [`init()`] cannot be called there. To be written once, at the top of the test's `main.rs`.
///
/// It defines a test with the name `concurrent_futures_worker`, which does nothing unless a pool has started
/// it. What libtest prints before a test, workers in tests print too.
///
/// # Examples
/// ```
/// concurrent_futures::worker_test!();
/// ```
#[cfg(unix)]
#[macro_export]
macro_rules! worker_test {
    () => {
        #[test]
        fn concurrent_futures_worker() {
            $crate::__private::list_worker_test!(concat!(
                module_path!(),
                "::concurrent_futures_worker"
            ));
            $crate::__private::work_in_test(concat!(module_path!(), "::concurrent_futures_worker"));
        }
    };
}

/// Names functions with [`#[task]`](macro@task), for `init_with`: those that the linker has not listed, or all.
///
/// # Examples
/// ```
/// use concurrent_futures::{task, tasks};
///
/// #[task(unlisted)]
/// fn area(width: u32, height: u32) -> u32 {
///     width * height
/// }
/// assert_eq!(area(6, 7), 42);
/// assert_eq!(tasks![area].len(), 1);
/// ```
#[macro_export]
macro_rules! tasks {
    ($($task:path),* $(,)?) => {
        [$(<$task>::TASK),*]
    };
}

// The README of the workspace, so that its examples are compiled. It is not in the package.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct RootReadme;
