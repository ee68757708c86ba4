//! [`Line`]: the flights of a `map` that have not landed, and which of them is next.

use alloc::collections::VecDeque;
use core::task::{Poll, Waker};

use super::flight::Flight;
use super::options::MapOptions;
#[cfg(feature = "std")]
use super::unordered::Unordered;
use crate::blocking::{self, Ended};
use crate::park::Park;

/// Flights on their way.
pub(super) enum Line<R> {
    /// In the order of the items.
    Ordered(VecDeque<Flight<R>>),
    /// The first to land first.
    #[cfg(feature = "std")]
    Unordered(Unordered<R>),
}

impl<R> Line<R> {
    #[cfg(feature = "std")]
    pub(super) fn of(options: &MapOptions) -> Self {
        match options.unordered {
            true => Self::Unordered(Unordered::new()),
            false => Self::Ordered(VecDeque::new()),
        }
    }

    #[cfg(not(feature = "std"))]
    pub(super) fn of(_: &MapOptions) -> Self {
        Self::Ordered(VecDeque::new())
    }

    pub(super) fn push(&mut self, flight: Flight<R>) {
        match self {
            Self::Ordered(flights) => flights.push_back(flight),
            #[cfg(feature = "std")]
            Self::Unordered(flights) => flights.push(flight),
        }
    }

    /// The next flight, if it has landed already.
    pub(super) fn next_landed(&mut self) -> Option<Flight<R>> {
        match self {
            Self::Ordered(flights) => {
                flights.front().is_some_and(Flight::is_done).then(|| flights.pop_front()).flatten()
            }
            #[cfg(feature = "std")]
            Self::Unordered(flights) => flights.next_landed(),
        }
    }

    /// Waits for the next flight; `None` when there are none.
    pub(super) fn wait<P: Park>(
        &mut self,
        park: &P,
        deadline: Option<P::Instant>,
    ) -> Option<(Flight<R>, Ended)> {
        match self {
            Self::Ordered(flights) => {
                // It stays in line meanwhile: should the parker panic, it is cancelled as the rest.
                let ended = match flights.front_mut()?.unique() {
                    Some(unique) => blocking::wait(unique, park, deadline),
                    None => Ended::Done,
                };
                flights.pop_front().map(|flight| (flight, ended))
            }
            #[cfg(feature = "std")]
            Self::Unordered(flights) => flights.wait(park, deadline),
        }
    }

    /// The next flight if it has landed; otherwise has the waker woken then. `None` when there are
    /// none.
    pub(super) fn poll(&mut self, waker: &Waker) -> Poll<Option<Flight<R>>> {
        match self {
            Self::Ordered(flights) => {
                let next = flights.front_mut().and_then(Flight::unique);
                match next.is_none_or(|unique| unique.poll_done(waker).is_ready()) {
                    true => Poll::Ready(flights.pop_front()),
                    false => Poll::Pending,
                }
            }
            #[cfg(feature = "std")]
            Self::Unordered(flights) => flights.poll(waker),
        }
    }

    /// Takes a flight out, landed or not.
    pub(super) fn pop(&mut self) -> Option<Flight<R>> {
        match self {
            Self::Ordered(flights) => flights.pop_front(),
            #[cfg(feature = "std")]
            Self::Unordered(flights) => flights.pop(),
        }
    }

    /// Cancels what has not started.
    pub(super) fn cancel(&mut self) {
        match self {
            Self::Ordered(flights) => flights.iter().for_each(Flight::cancel),
            #[cfg(feature = "std")]
            Self::Unordered(flights) => flights.cancel(),
        }
    }
}
