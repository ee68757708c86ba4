//! [`Map`]: results in the order of the items, with a bounded number in flight.
#![forbid(unsafe_code)]

use alloc::collections::VecDeque;
use core::fmt;

use crate::backend::Backend;
use crate::error::TaskError;
use crate::executor::Shared;
use crate::future::Future;
use crate::map_function::{MapFunction, MapTarget};
use crate::sync::Arc;

/// How [`Executor::map_with`](crate::Executor::map_with) goes about it.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct MapOptions {
    window: usize,
    #[cfg(feature = "std")]
    timeout: Option<core::time::Duration>,
}

impl MapOptions {
    /// What [`Executor::map`](crate::Executor::map) does: a window of 1024 items, no timeout.
    pub const fn new() -> Self {
        Self {
            window: 1024,
            #[cfg(feature = "std")]
            timeout: None,
        }
    }

    /// At most so many items are in flight, but one at least (Python's `buffersize`).
    pub const fn window(mut self, items: usize) -> Self {
        self.window = if items == 0 { 1 } else { items };
        self
    }

    /// Items that are not done so long after the call to `map_with` are errors of kind
    /// [`TimedOut`](crate::TaskErrorKind::TimedOut), and are cancelled.
    #[cfg(feature = "std")]
    pub const fn timeout(mut self, timeout: core::time::Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

impl Default for MapOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// The iterator of [`Executor::map`](crate::Executor::map).
#[must_use = "dropping it cancels what has not started"]
pub struct Map<B: Backend, I: Iterator, F, R> {
    target: MapTarget<B>,
    items: I,
    function: F,
    window: usize,
    #[cfg(feature = "std")]
    deadline: Option<std::time::Instant>,
    in_flight: VecDeque<Result<Future<R>, TaskError>>,
}

impl<B: Backend, I: Iterator, F: MapFunction<I::Item, R>, R> Map<B, I, F, R> {
    pub(crate) fn new(
        executor: Arc<Shared<B>>,
        options: MapOptions,
        function: F,
        items: I,
    ) -> Self {
        let mut map = Self {
            target: MapTarget(executor),
            items,
            function,
            window: options.window,
            #[cfg(feature = "std")]
            deadline: options
                .timeout
                .and_then(|timeout| std::time::Instant::now().checked_add(timeout)),
            in_flight: VecDeque::new(),
        };
        map.fill();
        map
    }

    fn fill(&mut self) {
        while self.in_flight.len() < self.window {
            let Some(item) = self.items.next() else { return };
            let submitted = self.function.submit(&self.target, item);
            self.in_flight.push_back(submitted.map_err(TaskError::refused));
        }
    }
}

#[cfg(feature = "std")]
impl<B: Backend, I: Iterator, F: MapFunction<I::Item, R>, R> Iterator for Map<B, I, F, R> {
    type Item = Result<R, TaskError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.deadline.is_none_or(|deadline| deadline > std::time::Instant::now()) {
            self.fill(); // what comes too late is not even submitted, but is an error all the same
        }
        let Some(next) = self.in_flight.pop_front() else {
            return self.items.next().map(|_| Err(TaskError::timed_out()));
        };
        Some(next.and_then(|mut future| match self.deadline {
            None => future.result(),
            Some(deadline) => {
                let outcome = future.result_deadline(deadline);
                if matches!(&outcome, Err(error) if error.is_timed_out()) {
                    future.cancel();
                }
                outcome
            }
        }))
    }
}

impl<B: Backend, I: Iterator, F, R> Drop for Map<B, I, F, R> {
    fn drop(&mut self) {
        for future in self.in_flight.drain(..).flatten() {
            future.cancel();
        }
    }
}

impl<B: Backend, I: Iterator, F, R> fmt::Debug for Map<B, I, F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map").field("in_flight", &self.in_flight.len()).finish_non_exhaustive()
    }
}
