//! [`Map`]: the outcomes of the items.

use alloc::vec::Vec;
use core::fmt;
use core::iter::Fuse;
use core::mem;
use core::task::{Context, Poll};

use super::batch::Batch;
use super::each::Each;
use super::flight::{Flight, Landed};
use super::line::Line;
use super::options::MapOptions;
use super::pace::{self, Pace};
use super::plan::Plan;
use super::source::MapSource;
use crate::blocking::Ended;
use crate::contain::contain;
use crate::error::TaskError;
use crate::park::Park;

/// The iterator of [`Executor::map`](crate::Executor::map), and of the `map` of other executors.
///
/// Each item's outcome is a `Result`; an error in one ends nothing else. `next` blocks until the
/// next outcome is there; [`poll_next`](Self::poll_next) is for async code, and
/// [`next_with`](Self::next_with) for contexts that are not threads. The iterator given to `map` is
/// drawn from in these calls, on the thread that makes them.
///
/// Dropping it cancels what has not started. A chunk that a thread is working on ends soon: after at most
/// as many items as it is in already, and 32 more. One in a worker process is worked on to its end.
///
/// # Panics
/// When the iterator given to `map` does. What had been drawn before is not lost: the next call
/// goes on with it.
#[must_use = "dropping it cancels what has not started"]
pub struct Map<S: MapSource, I: Iterator> {
    source: S,
    plan: Plan,
    #[cfg(feature = "std")]
    deadline: Option<std::time::Instant>,
    items: Fuse<I>,
    /// The next chunk, as far as it was drawn.
    gathered: Vec<I::Item>,
    /// No more items are drawn.
    ended: bool,
    line: Line<S::Output>,
    /// Items in line.
    in_flight: usize,
    batch: Batch<S::Output>,
}

impl<S: MapSource, I: Iterator<Item = S::Item>> Map<S, I> {
    /// Has the items worked on by a source of one's own, made with the pace that it is to keep, by so many
    /// workers, as far as anybody knows. Submits the first items.
    pub fn over(
        options: MapOptions,
        items: I,
        workers: impl FnOnce() -> Option<usize>,
        source: impl FnOnce(Pace) -> S,
    ) -> Self {
        let workers = || workers().or_else(processors).unwrap_or(1);
        let (plan, pace) = Plan::new::<S::Item, S::Output>(&options, items.size_hint(), workers);
        let mut map = Self {
            source: source(pace),
            plan,
            #[cfg(feature = "std")]
            deadline: options
                .timeout
                .and_then(|timeout| std::time::Instant::now().checked_add(timeout)),
            items: items.fuse(),
            gathered: Vec::new(),
            ended: false,
            line: Line::of(&options),
            in_flight: 0,
            batch: Batch::empty(),
        };
        map.fill();
        map
    }

    /// Draws and submits as many items as the window has room for.
    fn fill(&mut self) {
        while !self.ended {
            let size = self.plan.next(self.in_flight, self.source.pace());
            if size == 0 {
                return;
            }
            let one = self.plan.one_by_one();
            let Some(flight) = (if one { self.submit_one() } else { self.submit_chunk(size) })
            else {
                self.ended = true;
                return;
            };
            self.in_flight += flight.items();
            self.line.push(flight);
        }
    }

    fn submit_one(&mut self) -> Option<Flight<S::Output>> {
        let item = self.items.next()?;
        Some(self.source.one(item))
    }

    fn submit_chunk(&mut self, size: usize) -> Option<Flight<S::Output>> {
        let missing = size.saturating_sub(self.gathered.len());
        let likely = self.items.size_hint().1.unwrap_or(usize::MAX);
        let room = missing.min(likely).min(pace::most_of::<S::Item, S::Output>());
        self.gathered.reserve_exact(room);
        // Should the iterator panic, what it gave before stays, for the next call.
        self.gathered.extend(self.items.by_ref().take(missing));
        if self.gathered.is_empty() {
            return None;
        }
        Some(self.source.chunk(&mut self.gathered))
    }

    /// Waits on `park` for the next outcome. As an iterator, `next` is this for threads.
    ///
    /// A [timeout](MapOptions::timeout) is looked at when this is called, not while it waits.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "std")] {
    /// use concurrent_futures_core::{Executor, InlineBackend, ThreadParker};
    /// let executor = Executor::new(InlineBackend);
    /// let mut doubled = executor.map(|n| 2 * n, [1, 2]);
    /// let park = ThreadParker::current(); // or a parker of an RTOS
    /// assert_eq!(doubled.next_with(&park).transpose()?, Some(2));
    /// # }
    /// # Ok::<(), concurrent_futures_core::TaskError>(())
    /// ```
    pub fn next_with<P: Park>(&mut self, park: &P) -> Option<Result<S::Output, TaskError>> {
        self.advance(park, None)
    }

    fn advance<P: Park>(
        &mut self,
        park: &P,
        deadline: Option<P::Instant>,
    ) -> Option<Result<S::Output, TaskError>> {
        loop {
            if let Some(outcome) = self.batch.next() {
                return Some(outcome);
            }
            let next = match self.next_without_waiting() {
                None => self.line.wait(park, deadline),
                next => next,
            };
            match next {
                Some((flight, ended)) => {
                    if let Some(outcome) = self.land(flight, ended) {
                        return Some(outcome);
                    }
                }
                None => self.end()?,
            }
        }
    }

    /// The next outcome if it is there; otherwise has the waker of `context` woken when it may be.
    ///
    /// This is the `poll_next` of a stream, without the trait; nothing is pinned. It draws items, as
    /// `next` does. A [timeout](MapOptions::timeout) is looked at when this is called; nobody is
    /// woken when the time is up.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "std")] {
    /// use concurrent_futures_core::{Executor, InlineBackend, TaskError};
    /// use std::future::poll_fn;
    /// async fn total(executor: &Executor<InlineBackend>) -> Result<u64, TaskError> {
    ///     let mut squares = executor.map(|n| n * n, 0..4_u64);
    ///     let mut total = 0;
    ///     while let Some(square) = poll_fn(|context| squares.poll_next(context)).await {
    ///         total += square?;
    ///     }
    ///     Ok(total)
    /// }
    /// # let executor = Executor::new(InlineBackend);
    /// # let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    /// # let total = std::pin::pin!(total(&executor)).poll(&mut context);
    /// # assert!(matches!(total, std::task::Poll::Ready(Ok(14))));
    /// # }
    /// ```
    pub fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<S::Output, TaskError>>> {
        loop {
            if let Some(outcome) = self.batch.next() {
                return Poll::Ready(Some(outcome));
            }
            let next = match self.next_without_waiting() {
                None => match self.line.poll(context.waker()) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(flight) => flight.map(|flight| (flight, Ended::Done)),
                },
                next => next,
            };
            match next {
                Some((flight, ended)) => {
                    if let Some(outcome) = self.land(flight, ended) {
                        return Poll::Ready(Some(outcome));
                    }
                }
                None if self.end().is_none() => return Poll::Ready(None),
                None => {}
            }
        }
    }

    /// Fills the window, and takes a flight that is there or late.
    fn next_without_waiting(&mut self) -> Option<(Flight<S::Output>, Ended)> {
        let late = self.is_late();
        if !late {
            self.fill();
        }
        if let Some(flight) = self.line.next_landed() {
            return Some((flight, Ended::Done));
        }
        let flight = if late { self.line.pop() } else { None };
        flight.map(|flight| (flight, Ended::DeadlinePassed))
    }

    /// The outcome of one item; those of a chunk are the new batch.
    fn land(
        &mut self,
        flight: Flight<S::Output>,
        ended: Ended,
    ) -> Option<Result<S::Output, TaskError>> {
        self.in_flight -= flight.items();
        if ended == Ended::DeadlinePassed {
            self.source.stop(); // so are all that are still under way
        }
        match flight.land(ended, self.source.pace()) {
            Landed::One(outcome) => Some(outcome),
            Landed::Batch(batch) => {
                self.batch = batch;
                None
            }
        }
    }

    /// With nothing in flight: `None` at the end of the items, else the time is up, and what is left
    /// of them has failed.
    fn end(&mut self) -> Option<()> {
        if mem::replace(&mut self.ended, true) {
            return None;
        }
        let gathered = mem::take(&mut self.gathered);
        let left = match self.items.size_hint() {
            (least, Some(most)) if least == most => least,
            // There might be no end of them: one stands for all.
            _ => usize::from(self.items.next().map(|item| contain(|| drop(item))).is_some()),
        };
        let left = left.saturating_add(gathered.len());
        drop(Each::from(gathered));
        self.batch = Batch::failed(TaskError::timed_out(), left);
        (left > 0).then_some(())
    }
}

impl<S: MapSource, I: Iterator> Map<S, I> {
    #[cfg(feature = "std")]
    fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= std::time::Instant::now())
    }

    #[cfg(not(feature = "std"))]
    fn is_late(&self) -> bool {
        false
    }

    /// Outcomes of what was drawn already.
    fn drawn(&self) -> usize {
        self.batch.len().saturating_add(self.in_flight).saturating_add(self.gathered.len())
    }

    /// How many outcomes are to come, at least and at most.
    fn outcomes_left(&self) -> (usize, Option<usize>) {
        let drawn = self.drawn();
        if self.ended {
            return (drawn, Some(drawn));
        }
        let (least, most) = self.items.size_hint();
        // When the time is up, one outcome may stand for items whose number is not known.
        let least = if self.has_deadline() && most != Some(least) { least.min(1) } else { least };
        (drawn.saturating_add(least), most.and_then(|most| most.checked_add(drawn)))
    }

    #[cfg(feature = "std")]
    fn has_deadline(&self) -> bool {
        self.deadline.is_some()
    }

    #[cfg(not(feature = "std"))]
    fn has_deadline(&self) -> bool {
        false
    }
}

#[cfg(feature = "std")]
fn processors() -> Option<usize> {
    std::thread::available_parallelism().ok().map(core::num::NonZero::get)
}

#[cfg(not(feature = "std"))]
fn processors() -> Option<usize> {
    None
}

#[cfg(feature = "std")]
mod with_std {
    use alloc::vec::Vec;
    use core::iter::FusedIterator;
    use core::task::Waker;
    use std::time::Instant;

    use super::{Map, MapSource, Park, TaskError};
    use crate::park::Parked;
    use crate::thread_parker::ThreadParker;

    /// The parker of the calling thread, looked up only when something is waited for.
    struct ThisThread;

    impl Park for ThisThread {
        type Instant = Instant;

        fn waker(&self) -> Waker {
            ThreadParker::current().waker()
        }

        fn park(&self, deadline: Option<Instant>) -> Parked {
            ThreadParker::current().park(deadline)
        }

        fn spin(&self, done: &dyn Fn() -> bool) -> bool {
            ThreadParker::current().spin(done)
        }
    }

    impl<S: MapSource, I: Iterator<Item = S::Item>> Map<S, I> {
        /// All values, in the order in which the iterator would yield them.
        ///
        /// The same as collecting into a `Result<Vec<_>, _>`, only that the values of a chunk are
        /// moved at once, into room that is made once: with small items that is most of the work that
        /// is left for the calling thread.
        ///
        /// # Errors
        /// The first error; what has not started then is cancelled.
        ///
        /// # Examples
        /// ```
        /// use concurrent_futures_core::{Executor, InlineBackend, MapOptions};
        /// let executor = Executor::new(InlineBackend);
        /// let options = MapOptions::new().chunk_size(100);
        /// let squares = executor.map_with(options, |n| n * n, 0..1000_u64).into_vec()?;
        /// assert_eq!(squares[999], 998_001);
        /// # Ok::<(), concurrent_futures_core::TaskError>(())
        /// ```
        pub fn into_vec(mut self) -> Result<Vec<S::Output>, TaskError> {
            let mut values = Vec::new();
            // What an iterator says of its length may be wrong, and more than there is memory for:
            // then there is no room in advance.
            let _ = values.try_reserve_exact(self.outcomes_left().0);
            loop {
                self.batch.take_values().append_to(&mut values);
                match self.advance(&ThisThread, self.deadline).transpose()? {
                    Some(value) => values.push(value),
                    None => return Ok(values),
                }
            }
        }
    }

    impl<S: MapSource, I: Iterator<Item = S::Item>> Iterator for Map<S, I> {
        type Item = Result<S::Output, TaskError>;

        #[inline]
        fn next(&mut self) -> Option<Self::Item> {
            match self.batch.next_value() {
                Some(value) => Some(Ok(value)),
                None => self.advance(&ThisThread, self.deadline),
            }
        }

        fn size_hint(&self) -> (usize, Option<usize>) {
            self.outcomes_left()
        }

        fn fold<A, G>(mut self, first: A, mut f: G) -> A
        where
            G: FnMut(A, Self::Item) -> A,
        {
            let mut folded = first;
            loop {
                let mut values = self.batch.take_values();
                while let Some(value) = values.next() {
                    folded = f(folded, Ok(value));
                }
                match self.advance(&ThisThread, self.deadline) {
                    Some(outcome) => folded = f(folded, outcome),
                    None => return folded,
                }
            }
        }
    }

    impl<S: MapSource, I: Iterator<Item = S::Item>> FusedIterator for Map<S, I> {}

    impl<S: MapSource, I: ExactSizeIterator<Item = S::Item>> ExactSizeIterator for Map<S, I> {}
}

impl<S: MapSource, I: Iterator> Drop for Map<S, I> {
    fn drop(&mut self) {
        self.source.stop();
        self.line.cancel();
        drop(Each::from(mem::take(&mut self.gathered)));
    }
}

impl<S: MapSource, I: Iterator> fmt::Debug for Map<S, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map").field("in_flight", &self.in_flight).finish_non_exhaustive()
    }
}
