//! [`SharedPlaces`]: the places of calls in words that parent and worker share.
#![forbid(unsafe_code)]

use concurrent_futures_core::calls::Place;
use concurrent_futures_core::calls::supervisor::Places;

use super::os::Words;

/// The places of a worker, at either end.
#[derive(Debug)]
pub(super) struct SharedPlaces(pub(super) Words);

impl Places for SharedPlaces {
    fn place(&self, number: usize) -> Option<&Place> {
        self.0.get(number).map(Place::from_word)
    }
}
