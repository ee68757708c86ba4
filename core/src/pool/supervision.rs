//! What a pool is to an executor and to the tasks that it has accepted.
#![forbid(unsafe_code)]

use core::task::{Poll, Waker};

use super::Platform;
use super::inner::{GLOBAL, Inner, PoolRef};
use super::room::Ticket;
use crate::admission::WhenFull;
use crate::backend::Refused;
use crate::contain::contain;
use crate::keeper::Keeper;
use crate::queue::{Queued, home_of};
use crate::resolve::{Ended, Observe};
use crate::slot::SlotRef;
use crate::supervise::{KeptBy, Supervise};
use crate::sync::PlainArc;
use crate::tally::Own;
use crate::task::Task;

impl<P: Platform> Supervise for PoolRef<P> {
    fn keeper(&self) -> KeptBy {
        KeptBy(self.as_keeper())
    }

    fn schedule(&self, task: Task, when_full: WhenFull) -> Result<(), Refused> {
        self.schedule_task(task, when_full)
    }

    fn schedule_in_turn(&self, task: Task, ticket: &mut Ticket) -> Result<(), Refused> {
        let Some(slot) = task.into_slot() else { return Ok(()) };
        self.schedule_slot(slot, ticket, WhenFull::Reject)
    }

    fn poll_room(&self, ticket: &mut Ticket, waker: &Waker) -> Poll<()> {
        let Some(capacity) = self.settings.queue_capacity else { return Poll::Ready(()) };
        let waker = waker.clone();
        let (poll, unused) = self.global(|global| {
            let taken = global.chain.len();
            if global.closed.is_some()
                || global.room.is_granted(ticket)
                || global.room.is_free(taken, capacity)
            {
                return (Poll::Ready(()), Some(waker));
            }
            (Poll::Pending, global.room.wait(ticket, waker))
        });
        let _ = contain(|| drop(unused));
        poll
    }

    fn withdraw(&self, ticket: &mut Ticket) {
        Inner::withdraw(self, ticket);
    }

    fn on_worker(&self) -> bool {
        self.is_worker()
    }
}

impl<P: Platform> Inner<P> {
    /// Where the calling context counts.
    fn observe(&self, tell: impl FnOnce(&dyn Observe)) {
        self.assert_alive();
        let desk = crate::context::worker_of(self.address()).map(|index| index as usize);
        match desk.and_then(|index| self.desks.get(index)) {
            Some(desk) => tell(&Own(&desk.tally)),
            None => tell(&self.outside),
        }
    }
}

impl<P: Platform> Keeper for Inner<P> {
    fn claimed_elsewhere(&self, task: &SlotRef) {
        self.assert_alive();
        loop {
            let entry = match home_of::<Queued>(task) {
                0 => return, // popped, or between two queues: whoever holds it finds it claimed
                GLOBAL => self.global(|global| global.chain.remove(task)),
                home => match self.desks.get((home - GLOBAL - 1) as usize) {
                    Some(desk) => desk.queue.remove(task),
                    None => return,
                },
            };
            if entry.is_some() {
                return; // and the entry's reference is dropped here, outside the lock
            }
        }
    }

    fn started(&self) {
        self.observe(|observer| observer.started());
    }

    fn ended(&self, ended: Ended) {
        self.observe(|observer| observer.ended(ended));
    }

    fn enter_wait(&self, waker: &Waker) {
        let entry = PlainArc::new(waker.clone());
        self.wake_if_all_wait(|waiting| waiting.push(entry));
    }

    fn all_wait(&self) -> bool {
        let waiting = self.waiting.with(|waiting| waiting.len());
        waiting >= self.sleep.load().live()
    }

    fn leave_wait(&self, waker: &Waker) {
        let waker = waker.clone(); // as in `stop_waiting`
        let entry = self.waiting.with(|waiting| {
            let at = waiting.iter().position(|other| other.will_wake(&waker))?;
            Some(waiting.swap_remove(at))
        });
        drop(entry);
    }
}
