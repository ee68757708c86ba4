//! What lies under the lock of an arena's executor, and what is done in one turn of it.

use core::pin::Pin;
use core::ptr::NonNull;
use core::task::Waker;

use super::free_slots::FreeSlots;
use super::slots::{Cell, NoRoom};
use crate::contain::contain;
use crate::node::{Node, NodeList, Visit};
use crate::queue::Chain;
use crate::slot::SlotRef;

/// The home of tasks that are queued (I7).
const QUEUED: u32 = 1;

/// Free slots, queued tasks, workers that sleep.
pub(super) struct Inside<L: 'static, const SLOTS: usize, const BYTES: usize> {
    free: FreeSlots<L, SLOTS, BYTES>,
    queue: Chain,
    /// Workers that found the queue empty, the one that waits longest first.
    idle: NodeList,
    is_shut_down: bool,
}

// SAFETY: the nodes in `idle` are touched under the lock in which this lies, and are Send.
unsafe impl<L: crate::lock::Lock, const SLOTS: usize, const BYTES: usize> Send
    for Inside<L, SLOTS, BYTES>
{
}

/// What a worker is to do next.
pub(super) enum Next {
    /// To run this.
    Run(SlotRef),
    /// To sleep, as soon as its waker is known here.
    Nothing,
    /// To leave: nothing is queued, nor will be.
    Over,
}

/// A worker that was taken off the list of those that sleep, to be woken outside the lock.
#[must_use]
pub(super) struct WakeUp(Waker);

impl WakeUp {
    pub(super) fn wake(self) {
        let _ = contain(|| self.0.wake()); // its panic is its own affair
    }
}

impl<L: 'static, const SLOTS: usize, const BYTES: usize> Inside<L, SLOTS, BYTES> {
    crate::sync::const_unless_modeled! {
    pub(super) const fn new() -> Self {
        Self {
            free: FreeSlots::new(),
            queue: Chain::new(QUEUED),
            idle: NodeList::new(),
            is_shut_down: false,
        }
    }
    }

    pub(super) fn free(&mut self) -> &mut FreeSlots<L, SLOTS, BYTES> {
        &mut self.free
    }

    pub(super) fn queue(&mut self) -> &mut Chain {
        &mut self.queue
    }

    /// Takes room for a task or a promise; `None` if there is none, or the executor was shut down.
    pub(super) fn take_room(
        &mut self,
        cells: &'static [Cell<L, SLOTS, BYTES>; SLOTS],
    ) -> Option<NonNull<Cell<L, SLOTS, BYTES>>> {
        if self.is_shut_down { None } else { self.free.take(cells) }
    }

    /// Why there was no room.
    pub(super) fn why_no_room(&self) -> NoRoom {
        if self.is_shut_down { NoRoom::ShutDown } else { NoRoom::Full }
    }

    /// Queues a task, and says which worker is to be woken for it, if one sleeps. Not to be called after the
    /// end: who has just been given room has not.
    pub(super) fn push(&mut self, slot: SlotRef) -> Option<WakeUp> {
        self.queue.push(slot);
        self.next_idle()
    }

    /// As `push`.
    ///
    /// # Errors
    /// The task, if the executor was shut down.
    pub(super) fn push_if_open(&mut self, slot: SlotRef) -> Result<Option<WakeUp>, SlotRef> {
        if self.is_shut_down { Err(slot) } else { Ok(self.push(slot)) }
    }

    pub(super) fn next(&mut self) -> Next {
        match self.queue.pop() {
            Some(slot) => Next::Run(slot),
            None if self.is_shut_down => Next::Over,
            None => Next::Nothing,
        }
    }

    /// Has nothing accepted any more; the workers that sleep are to be told one by one.
    pub(super) fn shut_down(&mut self) {
        self.is_shut_down = true;
    }

    /// Takes the worker off the list that sleeps longest.
    pub(super) fn next_idle(&mut self) -> Option<WakeUp> {
        // SAFETY: under the arena's lock, which alone gives out a `&mut Inside`.
        match unsafe { self.idle.pop() } {
            Some(Visit::Wake(waker)) => Some(WakeUp(waker)),
            _ => None, // nodes of workers are waiters, each with a waker
        }
    }

    /// Takes a worker off the list of those that sleep, and says what it is to do; its waker is the
    /// caller's to drop.
    ///
    /// # Safety
    /// The node is in this list if in any.
    pub(super) unsafe fn look(&mut self, worker: Pin<&Node>) -> (Next, Option<Waker>) {
        // SAFETY: as the caller promises, and under the lock.
        let waker = unsafe { self.idle.remove(NonNull::from(&*worker)) };
        (self.next(), waker)
    }

    /// Puts a worker on that list, unless there is something for it to do by now: then the waker is
    /// left where it is.
    ///
    /// # Safety
    /// The node is a waiter's, in no list and without a waker; it stays where it is, alive, until
    /// `look` or `leave`.
    pub(super) unsafe fn sleep(&mut self, worker: Pin<&Node>, waker: &mut Option<Waker>) -> Next {
        let next = self.next();
        if let Next::Nothing = next
            && let Some(waker) = waker.take()
        {
            // SAFETY: linked nowhere, as the caller promises; there was no waker in it.
            let _ = unsafe { worker.set_waker(waker) };
            // SAFETY: linked nowhere; it lives as the caller promises.
            unsafe { self.idle.push(NonNull::from(&*worker)) };
        }
        next
    }

    /// Takes a worker off the list for good. If it was chosen to be woken, and there is something to
    /// do, another is chosen.
    ///
    /// # Safety
    /// The node is in this list if in any.
    pub(super) unsafe fn leave(&mut self, worker: Pin<&Node>) -> (Option<Waker>, Option<WakeUp>) {
        // SAFETY: as the caller promises, and under the lock.
        let waker = unsafe { self.idle.remove(NonNull::from(&*worker)) };
        (waker, if self.queue.len() > 0 { self.next_idle() } else { None })
    }
}
