//! A worker of an arena's executor: it runs what is queued, and sleeps while nothing is.

use core::pin::Pin;
use core::task::Waker;

use super::inside::Next;
use super::slots::Arena;
use crate::contain::contain;
use crate::lock::Lock;
use crate::node::Node;
use crate::slot::SlotRef;

/// One worker, pinned where it sleeps. Leaves the list of those that sleep when dropped.
pub(super) struct Worker<'a, L: Lock, const SLOTS: usize, const BYTES: usize> {
    arena: &'a Arena<L, SLOTS, BYTES>,
    node: Node,
}

/// What became of one turn.
pub(super) enum Turn {
    /// It ran a task.
    Ran,
    /// There was none: the waker is woken when there is.
    Asleep,
    /// There is none, nor will there be: the executor was shut down.
    Over,
}

impl<'a, L: Lock, const SLOTS: usize, const BYTES: usize> Worker<'a, L, SLOTS, BYTES> {
    pub(super) fn new(arena: &'a Arena<L, SLOTS, BYTES>) -> Self {
        Self { arena, node: Node::waiter() }
    }

    fn node(self: Pin<&Self>) -> Pin<&Node> {
        // SAFETY: the node is pinned with the worker, and never moved out of it.
        unsafe { self.map_unchecked(|worker| &worker.node) }
    }

    /// Runs the task at the front of the queue; if there is none, leaves the waker to be woken when
    /// there is one.
    pub(super) fn turn(self: Pin<&Self>, waker: &Waker) -> Turn {
        // SAFETY: the node of a worker is only ever in the list of its arena.
        let (next, old) = self.arena.with(|inside| unsafe { inside.look(self.node()) });
        if let Some(turn) = turn(next) {
            drop_waker(old);
            return turn;
        }
        // The same waker as the last time is not cloned again.
        let mut waker = match old {
            Some(old) if old.will_wake(waker) => Some(old),
            old => {
                drop_waker(old);
                Some(waker.clone())
            }
        };
        // SAFETY: unlinked by `look`, which also took the waker out; pinned, and left in `drop`.
        let next = self.arena.with(|inside| unsafe { inside.sleep(self.node(), &mut waker) });
        drop_waker(waker);
        turn(next).unwrap_or(Turn::Asleep)
    }
}

/// Runs what is to be run.
fn turn(next: Next) -> Option<Turn> {
    match next {
        Next::Run(slot) => {
            run(slot);
            Some(Turn::Ran)
        }
        Next::Over => Some(Turn::Over),
        Next::Nothing => None,
    }
}

pub(super) fn run(task: SlotRef) {
    let _ = task.run(&()); // too late: whoever claimed it resolves it
}

fn drop_waker(waker: Option<Waker>) {
    let _ = contain(|| drop(waker)); // its panic is its own affair
}

impl<L: Lock, const SLOTS: usize, const BYTES: usize> Drop for Worker<'_, L, SLOTS, BYTES> {
    fn drop(&mut self) {
        // SAFETY: pinned until now, if it was ever used.
        let node = unsafe { Pin::new_unchecked(&self.node) };
        // SAFETY: the node of a worker is only ever in the list of its arena.
        let (waker, next) = self.arena.with(|inside| unsafe { inside.leave(node) });
        if let Some(next) = next {
            next.wake();
        }
        drop_waker(waker);
    }
}
