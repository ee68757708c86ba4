//! `futures_core::Stream` for sets: what async code combines them with.
#![forbid(unsafe_code)]

use core::pin::Pin;
use core::task::{Context, Poll};

use futures_core::stream::{FusedStream, Stream};

#[cfg(feature = "std")]
use super::as_completed::AsCompleted;
use super::fixed::FixedWaitSet;
use super::members::Waitable;
#[cfg(feature = "alloc")]
use super::wait_set::WaitSet;

#[cfg(feature = "std")]
impl<F: Waitable> Stream for AsCompleted<F> {
    type Item = F;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F>> {
        Self::poll_next(self, context)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        Iterator::size_hint(self)
    }
}

#[cfg(feature = "std")]
impl<F: Waitable> FusedStream for AsCompleted<F> {
    fn is_terminated(&self) -> bool {
        self.is_empty()
    }
}

/// Ends whenever the set is empty, and goes on when something is added.
#[cfg(feature = "alloc")]
impl<F: Waitable> Stream for WaitSet<F> {
    type Item = F;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F>> {
        Self::poll_next(self, context)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

#[cfg(feature = "alloc")]
impl<F: Waitable> FusedStream for WaitSet<F> {
    fn is_terminated(&self) -> bool {
        self.is_empty()
    }
}

/// Ends whenever the set is empty, and goes on when something is added.
impl<F: Waitable, const N: usize> Stream for FixedWaitSet<F, N> {
    type Item = F;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F>> {
        Self::poll_next(self, context)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

impl<F: Waitable, const N: usize> FusedStream for FixedWaitSet<F, N> {
    fn is_terminated(&self) -> bool {
        self.is_empty()
    }
}
