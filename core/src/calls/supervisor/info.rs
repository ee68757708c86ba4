//! [`WorkerInfo`]: what can be seen of a worker.
#![forbid(unsafe_code)]

use super::worker::{Stage, Worker};
use crate::FutureId;

/// A worker of a pool of processes, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerInfo {
    /// The number of the process.
    pub pid: u32,
    /// Where it is in its life.
    pub state: WorkerState,
    /// The future of the call that it runs.
    pub running: Option<FutureId>,
    /// Calls that were sent ahead to it, and wait there.
    pub ahead: usize,
    /// Calls that it has answered.
    pub answered: u64,
}

/// Where a worker is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WorkerState {
    /// It was started and is not ready: the program starts, or the initializer runs.
    Starting,
    /// It waits for a call.
    Idle,
    /// It has a call, or several.
    Busy,
    /// It ends when it has done what it has: it has run as many calls as it may, was idle for too long, or the pool
    /// was shut down.
    Retiring,
    /// It has ended or is being killed, and nothing more is expected of it.
    Ending,
}

impl<L: Clone> Worker<L> {
    /// What can be seen of it; nothing before there is a process.
    pub(super) fn info(&self) -> Option<WorkerInfo> {
        let started = (0..self.in_flight.len()).rev().find(|position| self.has_started(*position));
        let running = started.map(|position| &self.in_flight[position]);
        let there = self.in_flight.len();
        (self.pid != 0).then(|| WorkerInfo {
            pid: self.pid,
            state: self.state(),
            running: running.map(|flight| flight.call.promise.id()),
            ahead: there.saturating_sub(self.count_started()),
            answered: self.taken.saturating_sub((there + self.doomed.len()) as u64),
        })
    }

    fn state(&self) -> WorkerState {
        match self.stage {
            Stage::Spawning | Stage::Greeting | Stage::Initializing => WorkerState::Starting,
            Stage::Ready if self.in_flight.is_empty() => WorkerState::Idle,
            Stage::Ready => WorkerState::Busy,
            Stage::Retiring => WorkerState::Retiring,
            Stage::Ending(_) => WorkerState::Ending,
        }
    }
}
