//! [`Supervise`]: what an executor wants of a backend that keeps its tasks in queues of its own.
#![forbid(unsafe_code)]

use core::task::{Poll, Waker};

use crate::account::Account;
use crate::admission::WhenFull;
use crate::backend::Refused;
use crate::keeper::KeeperRef;
use crate::pool::Ticket;
use crate::task::Task;

/// A backend that keeps tasks in a queue of its own, from which they can be unlinked: it accounts for
/// what it has accepted, and has a say in what becomes of work for which there is no room.
pub trait Supervise: Account {
    /// What a task that is given to `schedule` is to have as its keeper.
    fn keeper(&self) -> KeptBy;

    /// As [`Backend::schedule`](crate::Backend::schedule), with another policy.
    ///
    /// # Errors
    /// The same task, and why.
    fn schedule(&self, task: Task, when_full: WhenFull) -> Result<(), Refused>;

    /// As `schedule`, with the place that was granted to the ticket, and never waiting.
    ///
    /// # Errors
    /// The same task, and why.
    fn schedule_in_turn(&self, task: Task, ticket: &mut Ticket) -> Result<(), Refused>;

    /// Whether there is room, or will never be; otherwise the ticket is in line with this waker.
    fn poll_room(&self, ticket: &mut Ticket, waker: &Waker) -> Poll<()>;

    /// Leaves the line.
    fn withdraw(&self, ticket: &mut Ticket);

    /// Whether the calling context is a worker, which the end would have to wait for.
    fn on_worker(&self) -> bool;
}

/// Keeps implementations of [`Backend::supervise`](crate::Backend::supervise) in this crate, where
/// who supervises and who schedules are the same: it cannot be named elsewhere.
#[derive(Debug)]
pub struct Seal(pub(crate) ());

/// The keeper of a backend's tasks. Made by this crate only.
pub struct KeptBy(pub(crate) KeeperRef);

impl core::fmt::Debug for KeptBy {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("KeptBy")
    }
}
