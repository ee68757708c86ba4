#![cfg_attr(all(feature = "std", feature = "critical-section"), doc = include_str!("../README.md"))]
#![cfg_attr(
    not(all(feature = "std", feature = "critical-section")),
    doc = "Python's `concurrent.futures` without an operating system. The whole page is in `README.md`, and here",
    doc = "with the features `std` and `critical-section`, which its examples need."
)]
#![no_std]
#![warn(clippy::std_instead_of_core, clippy::std_instead_of_alloc)]
#![cfg_attr(
    not(feature = "std"),
    expect(dead_code, reason = "some of the inside serves only what an allocator or std adds")
)]
#![cfg_attr(
    all(
        feature = "alloc",
        not(any(feature = "std", feature = "critical-section", feature = "spin"))
    ),
    expect(
        unreachable_code,
        unused_variables,
        reason = "without a feature that brings a lock, nothing can be made on the heap"
    )
)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(feature = "std", concurrent_futures_model = "loom"))]
extern crate std;

mod account;
#[cfg(feature = "alloc")]
mod admission;
#[cfg(feature = "alloc")]
mod any;
mod arena;
#[cfg(feature = "std")]
mod attempts;
mod backend;
mod blocking;
#[cfg(all(doc, feature = "std", feature = "critical-section"))]
#[doc = include_str!("../BOARD.md")]
pub mod board {}
mod body;
#[cfg(feature = "alloc")]
mod boxed_backend;
mod callback;
#[cfg(feature = "calls")]
pub mod calls;
mod canceller;
#[cfg(feature = "std")]
mod closing;
mod completion;
mod contain;
mod context;
#[cfg(doc)]
#[doc = include_str!("../CONTEXTS.md")]
pub mod contexts {}
mod error;
#[cfg(feature = "alloc")]
mod executor;
mod future;
mod hook;
#[cfg(feature = "alloc")]
mod hooked;
mod inline;
mod keeper;
sync::model_only! {
    #[doc(hidden)]
    pub mod inside;
}
sync::not_modeled! {
    mod layout;
}
#[cfg(feature = "alloc")]
mod ledger;
mod lock;
#[cfg(feature = "alloc")]
mod locked;
#[cfg(feature = "critical-section")]
mod mailbox;
#[cfg(feature = "alloc")]
mod map;
mod node;
mod observe;
#[cfg(feature = "std")]
mod panic_site;
mod park;
mod parker;
#[cfg(feature = "std")]
mod patience;
#[cfg(feature = "alloc")]
mod pool;
mod promise;
mod queue;
mod queue_backend;
mod refused_error;
mod resolve;
#[cfg(feature = "std")]
mod scope;
#[cfg(feature = "std")]
mod scope_state;
mod sets;
#[cfg(feature = "alloc")]
mod shared;
mod shutdown;
mod slot;
mod state;
mod storage;
#[cfg(feature = "alloc")]
mod submitter;
#[cfg(feature = "alloc")]
mod supervise;
mod sync;
#[cfg(feature = "alloc")]
mod tally;
mod task;
#[cfg(feature = "alloc")]
mod task_hook;
#[cfg(feature = "std")]
mod thread_parker;
mod unique;
sync::interrupted_only! {
    #[doc(hidden)]
    pub use sync::on_each_operation;
}
sync::not_modeled! {
    #[cfg(feature = "std")]
    mod weak_executor;
    #[cfg(feature = "std")]
    pub use weak_executor::WeakExecutor;
}

pub use account::{Counters, Remaining};
#[cfg(feature = "alloc")]
pub use admission::WhenFull;
#[cfg(feature = "alloc")]
pub use any::AnyFuture;
#[cfg(feature = "spin")]
pub use arena::MulticoreExecutor;
#[cfg(feature = "critical-section")]
pub use arena::StaticExecutor;
pub use arena::{ArenaExecutor, PinnedTask};
#[cfg(feature = "std")]
pub use attempts::{Attempts, promise_in_attempts};
pub use backend::{Backend, Refused, RefusedReason, SubmitError, Text};
pub use callback::{InUse, StaticCallback};
pub use canceller::{CancelOnDrop, Canceller};
pub use completion::{Completion, FutureId, FutureState};
#[cfg(feature = "std")]
pub use context::stop_requested;
pub use error::{Failure, TaskError, TaskErrorKind};
#[cfg(feature = "alloc")]
pub use executor::Executor;
pub use future::Future;
#[cfg(feature = "std")]
pub use hook::{set_callback_panic_hook, set_unread_failure_hook};
pub use inline::InlineBackend;
#[cfg(feature = "critical-section")]
pub use lock::CriticalSection;
pub use lock::Lock;
#[cfg(feature = "std")]
pub use lock::OsLock;
#[cfg(feature = "spin")]
pub use lock::{RelaxStrategy, SpinLock};
#[cfg(feature = "critical-section")]
pub use mailbox::Mailbox;
#[cfg(feature = "alloc")]
pub use map::{
    ClosureMap, Closures, Flight, Map, MapFallibleFn, MapFn, MapOptions, MapSource, Outcomes, Pace,
};
pub use park::{Park, Parked};
#[cfg(any(doc, target_arch = "aarch64", all(target_arch = "arm", target_os = "none")))]
pub use parker::Wfe;
#[cfg(all(
    feature = "critical-section",
    any(
        doc,
        target_arch = "riscv32",
        target_arch = "riscv64",
        all(target_arch = "arm", target_os = "none")
    )
))]
pub use parker::Wfi;
pub use parker::{Never, Parker, SleepStrategy, Spin, WakeFlag};
#[cfg(feature = "alloc")]
pub use pool::{Platform, Pool, PoolSettings, PoolSettingsError, Room, StartError, Ticket, Worker};
#[cfg(feature = "std")]
pub use promise::promise;
#[cfg(feature = "alloc")]
pub use promise::promise_with_lock;
pub use promise::{Cancelled, Promise, Running};
pub use queue::{Queue, Ring};
pub use queue_backend::QueueBackend;
#[cfg(feature = "std")]
pub use scope::Scope;
#[cfg(feature = "std")]
pub use sets::{
    AsCompleted, AsCompletedTimeout, ReturnWhen, StillPending, WaitEnd, Waited, as_completed,
    as_completed_timeout, wait,
};
pub use sets::{FixedWaitSet, NextFixed, SetFull, WaitKey, Waitable};
#[cfg(feature = "alloc")]
pub use sets::{NextDone, WaitSet};
#[cfg(feature = "alloc")]
pub use shared::{SharedFuture, SharedResult};
pub use shutdown::{Shutdown, ShutdownError};
#[cfg(feature = "alloc")]
pub use storage::heap::SlotLock;
#[cfg(feature = "alloc")]
pub use submitter::Submitter;
pub use task::Task;
#[cfg(feature = "alloc")]
pub use task_hook::{QueuedTask, TaskHook, TaskRun, TaskSpan};
#[cfg(feature = "std")]
pub use thread_parker::ThreadParker;
