//! [`Map`]: results in the order of the items, with a bounded number in flight.
#![forbid(unsafe_code)]

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::fmt;

use crate::backend::Backend;
use crate::error::TaskError;
use crate::executor::{MapFunction, MapTarget, Shared};
use crate::future::Future;

/// How many items are in flight unless [`Map::window`] says otherwise.
const WINDOW: usize = 1024;

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
    pub(crate) fn new(executor: Arc<Shared<B>>, items: I, function: F) -> Self {
        let mut map = Self {
            target: MapTarget(executor),
            items,
            function,
            window: WINDOW,
            #[cfg(feature = "std")]
            deadline: None,
            in_flight: VecDeque::new(),
        };
        map.fill();
        map
    }

    /// Keeps at most so many items in flight, but one at least. What was submitted before stays.
    pub fn window(mut self, items: usize) -> Self {
        self.window = items.max(1);
        self
    }

    /// Items that are not done within `timeout` of this call are errors, and are cancelled.
    #[cfg(feature = "std")]
    pub fn timeout(mut self, timeout: core::time::Duration) -> Self {
        self.deadline = std::time::Instant::now().checked_add(timeout);
        self
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
        self.fill();
        let next = self.in_flight.pop_front()?;
        // One has left the window: another enters before this thread waits.
        self.fill();
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
