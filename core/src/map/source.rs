//! [`MapSource`]: where a `map` has its items worked on.
#![forbid(unsafe_code)]

use alloc::vec::Vec;

use super::flight::Flight;
use super::pace::Pace;

/// Where a [`Map`](crate::Map) has its items worked on: closures in an executor, or registered functions
/// in worker processes. The iterator does all the rest, the same way for each.
pub trait MapSource {
    /// What the function is called with.
    type Item;
    /// What it returns.
    type Output;

    /// What [`Map::over`](crate::Map::over) gave it.
    fn pace(&self) -> &Pace;

    /// Has one item worked on.
    fn one(&self, item: Self::Item) -> Flight<Self::Output>;

    /// Has items worked on together: it takes them from the front of `items`, at least one, and leaves those
    /// that do not fit for the next flight. There is at least one.
    fn chunk(&self, items: &mut Vec<Self::Item>) -> Flight<Self::Output>;

    /// Nobody wants what has not been worked on.
    fn stop(&self);
}
