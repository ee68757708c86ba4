//! A boxed backend is one: so that a program can choose at run time.
#![forbid(unsafe_code)]

use alloc::boxed::Box;

use crate::backend::{Backend, Refused};
use crate::supervise::{Seal, Supervise};
use crate::task::Task;

/// `Executor<Box<dyn Backend>>` is an executor whose backend is chosen at run time, with the whole
/// API and the same futures: all executors of that type are of one type.
///
/// # Examples
/// ```
/// # #[cfg(feature = "std")] {
/// use concurrent_futures_core::{Backend, Executor, InlineBackend, OsLock, QueueBackend, Ring};
///
/// fn choose(name: &str) -> Option<Executor<Box<dyn Backend>>> {
///     let backend: Box<dyn Backend> = match name {
///         "at once" => Box::new(InlineBackend),
///         "each frame" => Box::new(QueueBackend::new(Ring::<_, 16>::new(OsLock::new()))),
///         _ => return None,
///     };
///     Some(Executor::new(backend))
/// }
///
/// let executor = choose("at once").ok_or("no such executor")?;
/// let squares: Vec<u64> = executor.map(|n| n * n, 0..4u64).collect::<Result<_, _>>()?;
/// assert_eq!(squares, [0, 1, 4, 9]);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<B: Backend + ?Sized> Backend for Box<B> {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        (**self).schedule(task)
    }

    fn may_claim(&self) -> bool {
        (**self).may_claim()
    }

    fn run_one(&self) -> bool {
        (**self).run_one()
    }

    fn parallelism(&self) -> Option<usize> {
        (**self).parallelism()
    }

    fn supervise(&self, seal: Seal) -> Option<&dyn Supervise> {
        (**self).supervise(seal)
    }
}
