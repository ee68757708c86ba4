//! Waiting for the next member of a set that is resolved, by blocking or by polling.
#![forbid(unsafe_code)]

use core::task::{Poll, Waker};

use super::claims::{Candidate, Claims, Look, candidate, waits_for_itself};
use crate::context::Waiting;
use crate::park::{Park, Parked};
use crate::slot::SlotRef;

/// Members of a set, by their seats, and what tells of those that are resolved.
pub(super) trait Members {
    /// The next seat whose member is resolved, each once, in the order in which they were.
    fn pop(&mut self) -> Option<usize>;
    /// How many members are not resolved.
    fn unresolved(&self) -> usize;
    /// How many seats there are, taken or not.
    fn seats(&self) -> usize;
    /// What would have to be run for that member, if it might be run here.
    fn task(&mut self, seat: usize) -> Option<SlotRef>;
    /// Whether this thread is in the middle of that member.
    fn runs_here(&mut self, seat: usize) -> bool;
    /// Has the waker woken when `task` may have come to be another; says whether it may.
    #[cfg(feature = "std")]
    fn watch(&mut self, seat: usize, waker: &Waker) -> bool;
    fn look(&mut self) -> &mut Look;
    /// Whether `pop` would find something new.
    fn has_news(&self) -> bool;
    /// Has the waker woken when there is something new.
    fn arm(&mut self, waker: &Waker) -> Armed;
    /// Keeps nothing of the waker.
    fn disarm(&mut self);
}

/// Whether the consumer's waker will be woken.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Armed {
    /// By the next push.
    Yes,
    /// Something has been pushed: look first.
    News,
}

/// Why `next` has no member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoNext {
    DeadlinePassed,
    /// What is left could never be resolved while this thread waits for it.
    WouldDeadlock,
}

/// The next member to be resolved, waiting for it. `Ok(None)` when there are none left.
///
/// # Errors
/// Why the wait ended without one.
#[inline]
pub(super) fn next<M: Members, P: Park>(
    set: &mut M,
    park: &P,
    deadline: Option<P::Instant>,
    claims: Claims,
) -> Result<Option<usize>, NoNext> {
    if let Some(seat) = set.pop() {
        return Ok(Some(seat));
    }
    if set.unresolved() == 0 {
        return Ok(None);
    }
    let next = wait(set, park, deadline, claims);
    set.disarm(); // where it ended otherwise than by being woken
    next
}

/// # Errors
/// As `next`.
fn wait<M: Members, P: Park>(
    set: &mut M,
    park: &P,
    deadline: Option<P::Instant>,
    claims: Claims,
) -> Result<Option<usize>, NoNext> {
    let waker = park.waker();
    let mut waiting = None;
    let mut lingered = false;
    loop {
        if let Some(seat) = set.pop() {
            return Ok(Some(seat));
        }
        if set.unresolved() == 0 {
            return Ok(None);
        }
        if claims != Claims::Never && waits_for_itself(set) {
            return Err(NoNext::WouldDeadlock);
        }
        if claims != Claims::Eager {
            if !core::mem::replace(&mut lingered, true) && linger(set, park, deadline.is_some()) {
                continue;
            }
            waiting.get_or_insert_with(|| Waiting::enter(&waker));
        }
        match candidate(set, claims, &waker) {
            Candidate::Claim(task) => {
                drop(waiting.take()); // while it runs a task, this worker does not wait
                let _ = task.claim_and_run(); // or somebody else did: look again
                continue;
            }
            Candidate::TooDeep => return Err(NoNext::WouldDeadlock),
            Candidate::None => {}
        }
        if !core::mem::replace(&mut lingered, true) && linger(set, park, deadline.is_some()) {
            continue;
        }
        waiting.get_or_insert_with(|| Waiting::enter(&waker));
        if set.arm(&waker) == Armed::News {
            continue;
        }
        if park.park(deadline) == Parked::DeadlinePassed {
            // Resolved at the last moment counts.
            return set.pop().map(Some).ok_or(NoNext::DeadlinePassed);
        }
    }
}

/// Looks for a while before it parks, which costs a hundred times as much; says whether there is news.
fn linger<M: Members, P: Park>(set: &M, park: &P, is_timed: bool) -> bool {
    if park.spin(&|| set.has_news()) {
        return true;
    }
    // Where all cores are taken, those who complete the members get on with it meanwhile, and a whole
    // batch is found, instead of a wake-up for each. Nobody knows how long that takes.
    if !is_timed {
        crate::sync::yield_now();
    }
    set.has_news()
}

/// As `next`, for an async task; claims nothing.
pub(super) fn poll_next<M: Members>(set: &mut M, waker: &Waker) -> Poll<Option<usize>> {
    loop {
        if let Some(seat) = set.pop() {
            set.disarm();
            return Poll::Ready(Some(seat));
        }
        if set.unresolved() == 0 {
            set.disarm();
            return Poll::Ready(None);
        }
        match set.arm(waker) {
            Armed::Yes => return Poll::Pending,
            Armed::News => {}
        }
    }
}
