//! [`Flight`]: one task of a `map`, on its way.

use super::batch::Batch;
use super::outcomes::Outcomes;
use super::pace::Pace;
use crate::blocking::Ended;
use crate::error::TaskError;
use crate::future::Future;
use crate::unique::Unique;

/// A part of the items of a [`Map`](crate::Map) on its way.
#[derive(Debug)]
pub enum Flight<R> {
    /// One item.
    One(Future<R>),
    /// Several, one at least.
    Chunk {
        /// What becomes of them.
        future: Future<Outcomes<R>>,
        /// How many they are.
        items: usize,
    },
    /// So many items never took off.
    Refused {
        /// Why.
        error: TaskError,
        /// How many they are.
        items: usize,
    },
}

/// What a flight has brought.
pub(super) enum Landed<R> {
    One(Result<R, TaskError>),
    Batch(Batch<R>),
}

impl<R> Flight<R> {
    pub(super) fn items(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Chunk { items, .. } | Self::Refused { items, .. } => *items,
        }
    }

    pub(super) fn unique(&mut self) -> Option<&mut Unique> {
        match self {
            Self::One(future) => Some(future.unique()),
            Self::Chunk { future, .. } => Some(future.unique()),
            Self::Refused { .. } => None,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        match self {
            Self::One(future) => future.done(),
            Self::Chunk { future, .. } => future.done(),
            Self::Refused { .. } => true,
        }
    }

    pub(super) fn cancel(&self) {
        match self {
            Self::One(future) => drop(future.cancel()),
            Self::Chunk { future, .. } => drop(future.cancel()),
            Self::Refused { .. } => {}
        }
    }

    /// What came of it after a wait that ended so. What has not landed by then is cancelled.
    pub(super) fn land(mut self, ended: Ended, pace: &Pace) -> Landed<R> {
        let waited = ended.into_result().inspect_err(|_| self.cancel());
        let items = self.items();
        match (&mut self, waited) {
            (Self::One(_), Err(error)) => Landed::One(Err(error)),
            (_, Err(error)) => Landed::Batch(Batch::failed(error, items)),
            (Self::One(future), Ok(())) => {
                Landed::One(future.try_result().unwrap_or_else(|| Err(TaskError::abandoned())))
            }
            (Self::Chunk { future, .. }, Ok(())) => Landed::Batch(match future.try_result() {
                Some(Ok(outcomes)) => {
                    pace.landed(items, outcomes.took());
                    Batch::landed(outcomes, items)
                }
                Some(Err(error)) => Batch::failed(error, items), // of the chunk as a whole
                None => Batch::failed(TaskError::abandoned(), items),
            }),
            (Self::Refused { error, .. }, Ok(())) => {
                Landed::Batch(Batch::failed(error.clone(), items))
            }
        }
    }
}
