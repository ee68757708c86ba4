//! Which members a waiting worker may run itself, and which can never be resolved while it waits
//! (D6 of the architecture).
#![forbid(unsafe_code)]

#[cfg(feature = "std")]
use alloc::collections::BTreeSet;
#[cfg(feature = "alloc")]
use alloc::vec::Vec;
use core::task::Waker;

use super::next::Members;
use crate::context;
use crate::slot::{Claimable, SlotRef};

/// When a worker that waits for a set runs members of it itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claims {
    /// At once: all of them are waited for.
    Eager,
    /// Only when no other worker is left who could.
    AtLast,
    /// Never: the wait has a deadline.
    Never,
}

/// What a waiter may run.
pub(super) enum Candidate {
    Claim(SlotRef),
    TooDeep,
    None,
}

/// What has been looked at, so that a member is looked at once and not at every wait.
#[derive(Debug)]
pub(super) struct Look {
    /// All seats below this one have been.
    next: usize,
    /// But for these, which have new members.
    #[cfg(feature = "alloc")]
    fresh: Vec<usize>,
    /// Seats whose members are done in attempts, each a task of its own: looked at again and again.
    #[cfg(feature = "std")]
    in_attempts: BTreeSet<usize>,
    /// Whether every worker waited when it last looked at all.
    all_waited: bool,
}

impl Look {
    pub(super) const fn new() -> Self {
        Self {
            next: 0,
            #[cfg(feature = "alloc")]
            fresh: Vec::new(),
            #[cfg(feature = "std")]
            in_attempts: BTreeSet::new(),
            all_waited: false,
        }
    }

    /// There is a new member, which is not resolved.
    pub(super) fn inserted(&mut self, seat: usize) {
        if seat < self.next {
            self.missed(seat);
        }
    }

    /// What would have to be run for the new member may come to be another task.
    #[cfg(feature = "std")]
    pub(super) fn in_attempts(&mut self, seat: usize) {
        self.in_attempts.insert(seat);
    }

    #[cfg(feature = "alloc")]
    fn missed(&mut self, seat: usize) {
        if self.fresh.len() < self.next {
            self.fresh.push(seat);
        } else {
            self.restart(); // nobody has looked for long
        }
    }

    #[cfg(not(feature = "alloc"))]
    fn missed(&mut self, seat: usize) {
        self.next = seat;
    }

    fn restart(&mut self) {
        self.next = 0;
        #[cfg(feature = "alloc")]
        self.fresh.clear();
    }

    fn next_seat(&mut self, seats: usize) -> Option<usize> {
        #[cfg(feature = "alloc")]
        if let Some(seat) = self.fresh.pop() {
            return Some(seat);
        }
        let seat = self.next;
        (seat < seats).then(|| self.next += 1)?;
        Some(seat)
    }
}

/// A member that this thread may run now. The waker is woken when an attempt is queued that it might.
pub(super) fn candidate<M: Members>(set: &mut M, claims: Claims, waker: &Waker) -> Candidate {
    let claimable = match claims {
        Claims::Never => return Candidate::None,
        Claims::Eager => SlotRef::claimable,
        Claims::AtLast => SlotRef::claimable_at_last,
    };
    if claims == Claims::AtLast {
        let all_wait = context::all_wait();
        if all_wait && !set.look().all_waited {
            set.look().restart(); // what could not be claimed before may be now
        }
        set.look().all_waited = all_wait;
    }
    // Otherwise each member is looked at once: what is not pending never will be again.
    let seats = set.seats();
    while let Some(seat) = set.look().next_seat(seats) {
        let Some(task) = set.task(seat) else { continue };
        match claimable(&task) {
            Claimable::Yes => return Candidate::Claim(task),
            Claimable::TooDeep => return Candidate::TooDeep,
            // Perhaps a worker is being started just now, and that fails: then all wait anew.
            Claimable::NotYet => set.look().all_waited = false,
            Claimable::No => {}
        }
    }
    attempt(set, claimable, waker)
}

/// What can be run now of those that are queued again and again.
#[cfg(feature = "std")]
fn attempt<M: Members>(
    set: &mut M,
    claimable: fn(&SlotRef) -> Claimable,
    waker: &Waker,
) -> Candidate {
    if set.look().in_attempts.is_empty() || !context::in_task() {
        return Candidate::None;
    }
    let mut seats = core::mem::take(&mut set.look().in_attempts);
    let mut candidate = Candidate::None;
    seats.retain(|seat| {
        if matches!(candidate, Candidate::None) {
            let may_change = set.watch(*seat, waker); // before the look, so that nothing is missed
            candidate = match set.task(*seat).map(|task| (claimable(&task), task)) {
                Some((Claimable::Yes, task)) => Candidate::Claim(task),
                Some((Claimable::TooDeep, _)) => Candidate::TooDeep,
                Some((Claimable::No | Claimable::NotYet, _)) | None => Candidate::None,
            };
            return may_change;
        }
        true
    });
    set.look().in_attempts = seats;
    candidate
}

/// Attempts are made with `std` only.
#[cfg(not(feature = "std"))]
fn attempt<M: Members>(_: &mut M, _: fn(&SlotRef) -> Claimable, _: &Waker) -> Candidate {
    Candidate::None
}

/// Whether all that is left are tasks that this thread is in the middle of: none can be resolved
/// before the wait ends.
pub(super) fn waits_for_itself<M: Members>(set: &mut M) -> bool {
    // Each is a task of its own on this thread's stack: mostly there are fewer of those.
    if set.unresolved() > context::depth() {
        return false;
    }
    (0..set.seats()).filter(|seat| set.runs_here(*seat)).count() == set.unresolved()
}
