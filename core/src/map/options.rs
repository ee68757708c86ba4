//! [`MapOptions`]: how `map` goes about it.

/// How [`Executor::map_with`](crate::Executor::map_with) goes about it.
///
/// # Examples
/// Many small items, grouped so that a task is worth its while:
/// ```
/// # #[cfg(feature = "std")] {
/// use concurrent_futures_core::{Executor, InlineBackend, MapOptions};
/// let executor = Executor::new(InlineBackend);
/// let options = MapOptions::new().auto_chunk_size();
/// let squares = executor.map_with(options, |n| n * n, 0..1_000_u64);
/// assert_eq!(squares.collect::<Result<Vec<_>, _>>()?[99], 9801);
/// # }
/// # Ok::<(), concurrent_futures_core::TaskError>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct MapOptions {
    pub(super) window: Option<usize>,
    /// `None` for sizes that are learned.
    pub(super) chunk: Option<usize>,
    #[cfg(feature = "std")]
    pub(super) unordered: bool,
    #[cfg(feature = "std")]
    pub(super) timeout: Option<core::time::Duration>,
}

impl MapOptions {
    /// What [`Executor::map`](crate::Executor::map) does: in order, a window of 1024 items, a task
    /// for each item, no timeout.
    pub const fn new() -> Self {
        Self {
            window: None,
            chunk: Some(1),
            #[cfg(feature = "std")]
            unordered: false,
            #[cfg(feature = "std")]
            timeout: None,
        }
    }

    /// At most so many items are in flight, but one at least: drawn from the iterator and not
    /// yielded yet (Python's `buffersize`).
    ///
    /// A chunk is never larger than that. To keep `n` workers busy with chunks, the window should
    /// hold `2 * n` of them. Unless told otherwise it is 1024 items, or 8 chunks for each worker if
    /// that is more.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "std")] {
    /// use concurrent_futures_core::{Executor, InlineBackend, MapOptions};
    /// let executor = Executor::new(InlineBackend);
    /// let mut drawn = 0;
    /// let items = core::iter::repeat_with(|| drawn += 1); // without end
    /// drop(executor.map_with(MapOptions::new().window(3), |()| (), items));
    /// assert_eq!(drawn, 3);
    /// # }
    /// ```
    pub const fn window(mut self, items: usize) -> Self {
        self.window = Some(if items == 0 { 1 } else { items });
        self
    }

    /// One task calls the function with so many items (Python's `chunksize`); 0 is taken for 1.
    ///
    /// An error or a panic is that of its item alone: the others of the chunk are worked on. Items
    /// of a chunk are worked on one after another, and their results come when the last is done.
    /// Worth it for items of less than some 10 µs each.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "std")] {
    /// use concurrent_futures_core::{Executor, InlineBackend, MapOptions};
    /// let executor = Executor::new(InlineBackend);
    /// let options = MapOptions::new().chunk_size(100);
    /// let outcomes = executor.map_with(options, |n| 12 / n, [4, 0, 3]);
    /// assert_eq!(outcomes.map(Result::ok).collect::<Vec<_>>(), [Some(3), None, Some(4)]);
    /// # }
    /// ```
    pub const fn chunk_size(mut self, items: usize) -> Self {
        self.chunk = Some(if items == 0 { 1 } else { items });
        self
    }

    /// Groups items into chunks of a size that is learned on the way.
    ///
    /// The first items go one by one, a few for each worker, and are timed; the call itself submits
    /// no others. From then on a chunk has as many items as take 100 µs to 1 ms, at most eight
    /// times as many as one that was timed before. It is never larger than
    /// - 64 KiB of items or results, which stay in the cache;
    /// - a `4 * workers`th of the items, where the iterator knows their number, so that at the end
    ///   no worker has much more left to do than the others. Python's `multiprocessing` divides so
    ///   too, and knows nothing else; a list of slow items then waits for its last chunk;
    /// - a `4 * workers`th of the [`window`](Self::window), if that was given.
    ///
    /// Without the feature `std` there is no clock: a `4 * workers`th of the items in the same
    /// bounds, or one by one where their number is not known.
    pub const fn auto_chunk_size(mut self) -> Self {
        self.chunk = None;
        self
    }

    /// Yields results as they come, whichever is first; those of one chunk in the order of its
    /// items. To know whose result it is, let the function return that too.
    ///
    /// # Examples
    /// ```
    /// use concurrent_futures_core::{Executor, InlineBackend, MapOptions};
    /// let executor = Executor::new(InlineBackend);
    /// let options = MapOptions::new().unordered();
    /// let squares = executor.map_with(options, |n| (n, n * n), 0..4_u32);
    /// let total = squares.map(|outcome| outcome.map(|(_, square)| square)).sum::<Result<u32, _>>()?;
    /// assert_eq!(total, 14);
    /// # Ok::<(), concurrent_futures_core::TaskError>(())
    /// ```
    #[cfg(feature = "std")]
    pub const fn unordered(mut self) -> Self {
        self.unordered = true;
        self
    }

    /// Items that are not done so long after the call to `map_with` are errors of kind
    /// [`TimedOut`](crate::TaskErrorKind::TimedOut), and are cancelled.
    ///
    /// From then on no item is worked on that was not drawn before. Each of them is an error of its
    /// own if the iterator knows how many there are; otherwise, since there might be no end of them,
    /// one error stands for all and is the last.
    ///
    /// # Examples
    /// ```
    /// use concurrent_futures_core::{Executor, InlineBackend, MapOptions};
    /// use core::time::Duration;
    /// let executor = Executor::new(InlineBackend);
    /// let options = MapOptions::new().window(2).timeout(Duration::ZERO);
    /// let outcomes = executor.map_with(options, |n| n, 0_u64..); // two are done in the call
    /// let known = outcomes.map(|outcome| outcome.map_err(|error| error.is_timed_out()));
    /// assert_eq!(known.collect::<Vec<_>>(), [Ok(0), Ok(1), Err(true)]);
    /// ```
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
