//! How a task comes into a pool: to the submitting worker's own queue, to the global one, or, where
//! that is full, as its policy says.
#![forbid(unsafe_code)]

use super::Platform;
use super::ending::Closed;
use super::inner::{Desk, Inner, PoolRef};
use super::room::Ticket;
use crate::admission::WhenFull;
use crate::backend::{Refused, RefusedReason};
use crate::contain::contain;
use crate::park::{Park, Parked};
use crate::resolve::Ran;
use crate::slot::SlotRef;
use crate::sync::atomic::Ordering;
use crate::task::Task;

/// What came of pushing a task to the global queue.
enum Push {
    Accepted,
    Closed(SlotRef, Closed),
    Full(SlotRef),
}

impl<P: Platform> PoolRef<P> {
    /// # Errors
    /// The task, if the pool is closed or full, or has no worker and cannot start one.
    pub(super) fn schedule_task(&self, task: Task, when_full: WhenFull) -> Result<(), Refused> {
        match task.into_slot() {
            Some(slot) => self.schedule_slot(slot, &mut Ticket::default(), when_full),
            None => Ok(()),
        }
    }

    /// # Errors
    /// The task, if the pool is closed or full, or has no worker and cannot start one.
    #[inline]
    pub(super) fn schedule_slot(
        &self,
        slot: SlotRef,
        ticket: &mut Ticket,
        when_full: WhenFull,
    ) -> Result<(), Refused> {
        if let Some(desk) = self.own_desk() {
            desk.tally.submitted.add_own();
            desk.queue.push(slot);
            self.notify();
            return Ok(());
        }
        // Kept only where there may be no worker, and the task may have to be taken back.
        let spare = self.may_be_unstaffed().then(|| slot.clone());
        match self.push(slot, ticket) {
            Push::Accepted => self.accepted(spare),
            Push::Closed(slot, closed) => Err(closed.refuse(slot)),
            Push::Full(slot) => self.without_room(slot, spare, when_full),
        }
    }

    /// The desk of the calling worker, if it may push there: the only worker of a pool starts tasks in
    /// the order in which all of them came, and a bounded queue is a single one. P4 does not need the
    /// global lock here: before it ends, the worker looks at its own queue once more.
    #[inline]
    fn own_desk(&self) -> Option<&Desk<P>> {
        let index = crate::context::worker_of(self.address())?;
        let alone = self.desks.len() == 1;
        // ORDERING: Relaxed; whoever must not be accepted any more was told of the end by whoever
        // closed the pool, which orders it.
        if alone || self.settings.queue_capacity.is_some() || self.closed.load(Ordering::Relaxed) {
            return None;
        }
        self.desks.get(index as usize)
    }

    fn may_be_unstaffed(&self) -> bool {
        self.settings.keep_alive.is_some() || !self.sleep.load().is_staffed()
    }

    fn push(&self, slot: SlotRef, ticket: &mut Ticket) -> Push {
        self.global(|global| {
            if let Some(closed) = &global.closed {
                return Push::Closed(slot, closed.clone());
            }
            if let Some(capacity) = self.settings.queue_capacity {
                let taken = global.chain.len();
                if !global.room.redeem(ticket) && !global.room.is_free(taken, capacity) {
                    return Push::Full(slot);
                }
            }
            global.submitted = global.submitted.wrapping_add(1);
            global.chain.push(slot);
            Push::Accepted
        })
    }

    /// # Errors
    /// The task, if it has no worker: `spare` is a reference to it.
    #[inline]
    fn accepted(&self, spare: Option<SlotRef>) -> Result<(), Refused> {
        match spare {
            Some(slot) if !self.sleep.load().is_staffed() => self.staff(slot),
            _ => {
                self.notify();
                Ok(())
            }
        }
    }

    /// P5.
    ///
    /// # Errors
    /// The task, if no worker could be started.
    #[cold]
    fn staff(&self, slot: SlotRef) -> Result<(), Refused> {
        let Err(error) = self.start_first() else { return Ok(()) };
        // Not there any more: a shutdown has cancelled it, so it was accepted.
        let Some(slot) = self.global(|global| global.chain.remove(&slot)) else { return Ok(()) };
        self.global(|global| global.submitted = global.submitted.wrapping_sub(1));
        self.tell_joiners(); // who may have come meanwhile
        Err(Refused::new(Task::from_slot(slot), RefusedReason::NoWorker(error.cause())))
    }

    /// # Errors
    /// The task, as the policy says.
    #[cold]
    fn without_room(
        &self,
        slot: SlotRef,
        spare: Option<SlotRef>,
        when_full: WhenFull,
    ) -> Result<(), Refused> {
        match when_full {
            WhenFull::Reject => Err(full(slot)),
            WhenFull::RunInCaller => self.run_in_caller(slot),
            _ if self.is_worker() => self.run_in_caller(slot),
            WhenFull::Block => self.block(slot, spare, None),
            WhenFull::BlockFor(time) => self.block(slot, spare, self.platform.deadline_after(time)),
        }
    }

    /// # Errors
    /// The task, if the pool is closed or the deadline passes before there is room.
    fn block(
        &self,
        slot: SlotRef,
        spare: Option<SlotRef>,
        deadline: Option<<P::Park as Park>::Instant>,
    ) -> Result<(), Refused> {
        // A task, so that it is resolved whatever the platform throws.
        let mut task = Task::from_slot(slot);
        let park = self.platform.parker();
        let waker = park.waker();
        let mut ticket = Withdrawn { pool: self, ticket: Ticket::default() };
        loop {
            let waiting = waker.clone();
            let unused = self.global(|global| {
                (global.closed.is_none()).then(|| global.room.wait(&mut ticket.ticket, waiting))
            });
            drop(unused);
            // In line before this look, so that a place that becomes free is granted.
            let Some(slot) = task.into_slot() else { return Ok(()) };
            task = match self.push(slot, &mut ticket.ticket) {
                Push::Accepted => return self.accepted(spare),
                Push::Closed(slot, closed) => return Err(closed.refuse(slot)),
                Push::Full(slot) => Task::from_slot(slot),
            };
            if park.park(deadline) == Parked::DeadlinePassed {
                // A place granted at the last moment counts.
                let Some(slot) = task.into_slot() else { return Ok(()) };
                return match self.push(slot, &mut ticket.ticket) {
                    Push::Accepted => self.accepted(spare),
                    Push::Closed(slot, closed) => Err(closed.refuse(slot)),
                    Push::Full(slot) => Err(full(slot)),
                };
            }
        }
    }

    /// Runs the task here, as one that was accepted.
    ///
    /// # Errors
    /// The task, if the pool is closed, or too many tasks are on this stack already.
    fn run_in_caller(&self, slot: SlotRef) -> Result<(), Refused> {
        if !crate::context::has_room() {
            return Err(full(slot));
        }
        let closed = self.global(|global| {
            if global.closed.is_none() {
                global.submitted = global.submitted.wrapping_add(1);
                global.in_callers += 1;
            }
            global.closed.clone()
        });
        if let Some(closed) = closed {
            return Err(closed.refuse(slot));
        }
        let _in_caller = InCaller(self);
        if let Ran::TooLate(slot) = slot.run(&self.outside) {
            self.discard(slot); // not reached: nobody else has seen it
        }
        Ok(())
    }
}

impl<P: Platform> Inner<P> {
    /// Whether the calling context is one that the queue may be waiting for.
    pub(super) fn is_worker(&self) -> bool {
        let address = self.address();
        crate::context::works_for(address) || crate::context::keeper(address).is_some()
    }

    /// Leaves the line of those who wait for room; a place that was granted goes to the next.
    pub(super) fn withdraw(&self, ticket: &mut Ticket) {
        let unused = self.global(|global| global.room.withdraw(ticket));
        let _ = contain(|| drop(unused));
    }
}

fn full(slot: SlotRef) -> Refused {
    Refused::new(Task::from_slot(slot), RefusedReason::Full)
}

/// Leaves the line when dropped.
struct Withdrawn<'a, P: Platform> {
    pool: &'a Inner<P>,
    ticket: Ticket,
}

impl<P: Platform> Drop for Withdrawn<'_, P> {
    fn drop(&mut self) {
        self.pool.withdraw(&mut self.ticket);
    }
}

/// A task that runs where it was submitted: the end waits for it.
struct InCaller<'a, P: Platform>(&'a Inner<P>);

impl<P: Platform> Drop for InCaller<'_, P> {
    fn drop(&mut self) {
        let ended = self.0.global(|global| {
            global.in_callers -= 1;
            global.in_callers == 0 && global.closed.is_some()
        });
        if ended {
            self.0.tell_joiners();
        }
    }
}
