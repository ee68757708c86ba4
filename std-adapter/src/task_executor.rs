//! [`TaskExecutor`]: what runs registered functions, in threads or in processes.
#![forbid(unsafe_code)]

use std::fmt;

use concurrent_futures_core::calls::{Callee, FallibleCallee, Portable};
use concurrent_futures_core::{
    Counters, Future, Map, MapOptions, Remaining, Shutdown, ShutdownError,
};

#[cfg(unix)]
use crate::ProcessPoolExecutor;
use crate::task_source::{TaskSource, TaskSourceFallible};
use crate::{CallError, ThreadPoolExecutor};

/// The iterator of [`TaskExecutor::map_task`].
pub type TaskMap<I, F, M> = Map<TaskSource<<I as Iterator>::Item, F, M>, I>;

/// The iterator of [`TaskExecutor::map_task_fallible`].
pub type TaskMapFallible<I, F, M> = Map<TaskSourceFallible<<I as Iterator>::Item, F, M>, I>;

/// Runs functions with [`#[task]`](macro@crate::task), in threads or in processes: what is written for one
/// runs in the other.
///
/// The methods have names of their own, so that closures are still submitted with the methods of
/// [`ThreadPoolExecutor`] where this trait is in scope. Threads encode nothing, and would call any function;
/// processes call registered ones.
///
/// # Examples
/// Which of the two it is can be chosen at run time:
/// ```standalone_crate
/// use concurrent_futures::{AnyTaskExecutor, ProcessPoolExecutor, TaskExecutor, ThreadPoolExecutor, task};
/// use std::error::Error;
///
/// #[task]
/// fn digits(n: u64) -> usize {
///     n.to_string().len()
/// }
///
/// fn choose_executor(kind: &str) -> Result<AnyTaskExecutor, Box<dyn Error>> {
///     Ok(match kind {
///         "io" => ThreadPoolExecutor::new(8)?.into(),
///         "cpu" => ProcessPoolExecutor::new(2)?.into(),
///         other => return Err(format!("{other}: choose io or cpu").into()),
///     })
/// }
///
/// fn main() -> Result<(), Box<dyn Error>> {
///     concurrent_futures::init();
///     for kind in ["io", "cpu"] {
///         let executor = choose_executor(kind)?;
///         assert_eq!(executor.submit_task(digits, 1234)?.result()?, 4);
///         assert_eq!(executor.map_task(digits, [7, 42, 365]).into_vec()?, [1, 2, 3]);
///     }
///     Ok(())
/// }
/// ```
pub trait TaskExecutor {
    /// Calls a function with these arguments: `()` for none, one as itself, several as a tuple. Whatever it
    /// returns is the value of the future, a `Result` too.
    ///
    /// # Errors
    /// The arguments back, if the executor takes no calls, the function is not registered, or they cannot be
    /// sent.
    fn submit_task<F, A, M>(
        &self,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Output>, CallError<A>>
    where
        F: Callee<A, M>,
        A: Portable,
        M: 'static;

    /// As [`submit_task`](Self::submit_task), for a function whose `Err` is a failure of the task.
    ///
    /// # Errors
    /// As there.
    fn submit_task_fallible<F, A, M>(
        &self,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Value>, CallError<A>>
    where
        F: FallibleCallee<A, M>,
        A: Portable,
        M: 'static;

    /// Calls a function with each item, in the way that [`MapOptions`] say, and yields the results.
    fn map_task_with<F, M, I>(
        &self,
        options: MapOptions,
        function: F,
        items: I,
    ) -> TaskMap<I::IntoIter, F, M>
    where
        F: Callee<I::Item, M>,
        I: IntoIterator<Item: Portable>,
        M: 'static;

    /// As [`map_task_with`](Self::map_task_with), for a function whose `Err` is a failure of its item.
    fn map_task_fallible_with<F, M, I>(
        &self,
        options: MapOptions,
        function: F,
        items: I,
    ) -> TaskMapFallible<I::IntoIter, F, M>
    where
        F: FallibleCallee<I::Item, M>,
        I: IntoIterator<Item: Portable>,
        M: 'static;

    /// Calls a function with each item, and yields the results in the order of the items.
    fn map_task<F, M, I>(&self, function: F, items: I) -> TaskMap<I::IntoIter, F, M>
    where
        F: Callee<I::Item, M>,
        I: IntoIterator<Item: Portable>,
        M: 'static,
    {
        self.map_task_with(MapOptions::new(), function, items)
    }

    /// As [`map_task`](Self::map_task), for a function whose `Err` is a failure of its item.
    fn map_task_fallible<F, M, I>(
        &self,
        function: F,
        items: I,
    ) -> TaskMapFallible<I::IntoIter, F, M>
    where
        F: FallibleCallee<I::Item, M>,
        I: IntoIterator<Item: Portable>,
        M: 'static,
    {
        self.map_task_fallible_with(MapOptions::new(), function, items)
    }

    /// Accepts nothing from now on, and waits for the end of what was accepted, as `how` says.
    ///
    /// # Errors
    /// `WouldDeadlock` where the executor's end would wait for the caller (it is closed all the same),
    /// `TimedOut` with what remains.
    fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownError>;

    /// What it still has to do.
    fn remaining(&self) -> Remaining;

    /// What it has done so far.
    fn counters(&self) -> Counters;
}

impl TaskExecutor for ThreadPoolExecutor {
    fn submit_task<F, A, M>(
        &self,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Output>, CallError<A>>
    where
        F: Callee<A, M>,
        A: Portable,
        M: 'static,
    {
        self.submit_call(function, arguments).map_err(CallError::refused)
    }

    fn submit_task_fallible<F, A, M>(
        &self,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Value>, CallError<A>>
    where
        F: FallibleCallee<A, M>,
        A: Portable,
        M: 'static,
    {
        self.submit_call_fallible(function, arguments).map_err(CallError::refused)
    }

    fn map_task_with<F, M, I>(
        &self,
        options: MapOptions,
        function: F,
        items: I,
    ) -> TaskMap<I::IntoIter, F, M>
    where
        F: Callee<I::Item, M>,
        I: IntoIterator<Item: Portable>,
        M: 'static,
    {
        let source = |pace| TaskSource::Threads(self.map_source(function, pace));
        Map::over(options, items.into_iter(), || Some(self.max_workers()), source)
    }

    fn map_task_fallible_with<F, M, I>(
        &self,
        options: MapOptions,
        function: F,
        items: I,
    ) -> TaskMapFallible<I::IntoIter, F, M>
    where
        F: FallibleCallee<I::Item, M>,
        I: IntoIterator<Item: Portable>,
        M: 'static,
    {
        let source = |pace| TaskSourceFallible::Threads(self.map_source_fallible(function, pace));
        Map::over(options, items.into_iter(), || Some(self.max_workers()), source)
    }

    fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownError> {
        Self::shutdown(self, how)
    }

    fn remaining(&self) -> Remaining {
        (**self).remaining()
    }

    fn counters(&self) -> Counters {
        (**self).counters()
    }
}

#[cfg(unix)]
impl TaskExecutor for ProcessPoolExecutor {
    fn submit_task<F, A, M>(
        &self,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Output>, CallError<A>>
    where
        F: Callee<A, M>,
        A: Portable,
        M: 'static,
    {
        self.submit(function, arguments)
    }

    fn submit_task_fallible<F, A, M>(
        &self,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Value>, CallError<A>>
    where
        F: FallibleCallee<A, M>,
        A: Portable,
        M: 'static,
    {
        self.submit_fallible(function, arguments)
    }

    fn map_task_with<F, M, I>(
        &self,
        options: MapOptions,
        _: F,
        items: I,
    ) -> TaskMap<I::IntoIter, F, M>
    where
        F: Callee<I::Item, M>,
        I: IntoIterator<Item: Portable>,
        M: 'static,
    {
        let source = |pace| TaskSource::Processes(self.map_source::<F, _, _>(pace));
        Map::over(options, items.into_iter(), || Some(self.max_workers()), source)
    }

    fn map_task_fallible_with<F, M, I>(
        &self,
        options: MapOptions,
        _: F,
        items: I,
    ) -> TaskMapFallible<I::IntoIter, F, M>
    where
        F: FallibleCallee<I::Item, M>,
        I: IntoIterator<Item: Portable>,
        M: 'static,
    {
        let source =
            |pace| TaskSourceFallible::Processes(self.map_source_fallible::<F, _, _>(pace));
        Map::over(options, items.into_iter(), || Some(self.max_workers()), source)
    }

    fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownError> {
        Self::shutdown(self, how)
    }

    fn remaining(&self) -> Remaining {
        Self::remaining(self)
    }

    fn counters(&self) -> Counters {
        Self::counters(self)
    }
}

/// A [`TaskExecutor`] that a program chooses at run time: both are of this one type. See there.
///
/// Dropping it does what dropping the chosen one would.
#[non_exhaustive]
pub enum AnyTaskExecutor {
    /// In threads.
    Threads(ThreadPoolExecutor),
    /// In processes.
    #[cfg(unix)]
    Processes(ProcessPoolExecutor),
}

impl From<ThreadPoolExecutor> for AnyTaskExecutor {
    fn from(executor: ThreadPoolExecutor) -> Self {
        Self::Threads(executor)
    }
}

#[cfg(unix)]
impl From<ProcessPoolExecutor> for AnyTaskExecutor {
    fn from(executor: ProcessPoolExecutor) -> Self {
        Self::Processes(executor)
    }
}

/// What the chosen one does.
macro_rules! chosen {
    ($any:expr, $executor:ident => $done:expr) => {
        match $any {
            AnyTaskExecutor::Threads($executor) => $done,
            #[cfg(unix)]
            AnyTaskExecutor::Processes($executor) => $done,
        }
    };
}

impl TaskExecutor for AnyTaskExecutor {
    fn submit_task<F, A, M>(
        &self,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Output>, CallError<A>>
    where
        F: Callee<A, M>,
        A: Portable,
        M: 'static,
    {
        chosen!(self, executor => executor.submit_task(function, arguments))
    }

    fn submit_task_fallible<F, A, M>(
        &self,
        function: F,
        arguments: A,
    ) -> Result<Future<F::Value>, CallError<A>>
    where
        F: FallibleCallee<A, M>,
        A: Portable,
        M: 'static,
    {
        chosen!(self, executor => executor.submit_task_fallible(function, arguments))
    }

    fn map_task_with<F, M, I>(
        &self,
        options: MapOptions,
        function: F,
        items: I,
    ) -> TaskMap<I::IntoIter, F, M>
    where
        F: Callee<I::Item, M>,
        I: IntoIterator<Item: Portable>,
        M: 'static,
    {
        chosen!(self, executor => executor.map_task_with(options, function, items))
    }

    fn map_task_fallible_with<F, M, I>(
        &self,
        options: MapOptions,
        function: F,
        items: I,
    ) -> TaskMapFallible<I::IntoIter, F, M>
    where
        F: FallibleCallee<I::Item, M>,
        I: IntoIterator<Item: Portable>,
        M: 'static,
    {
        chosen!(self, executor => executor.map_task_fallible_with(options, function, items))
    }

    fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownError> {
        chosen!(self, executor => executor.shutdown(how))
    }

    fn remaining(&self) -> Remaining {
        chosen!(self, executor => TaskExecutor::remaining(executor))
    }

    fn counters(&self) -> Counters {
        chosen!(self, executor => TaskExecutor::counters(executor))
    }
}

impl fmt::Debug for AnyTaskExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        chosen!(self, executor => executor.fmt(f))
    }
}
