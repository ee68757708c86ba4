//! Which members a waiting worker may run itself, and which can never be resolved while it waits
//! (D6 of the architecture).
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

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
    /// Whether every worker waited when it last looked at all.
    all_waited: bool,
}

impl Look {
    pub(super) const fn new() -> Self {
        Self {
            next: 0,
            #[cfg(feature = "alloc")]
            fresh: Vec::new(),
            all_waited: false,
        }
    }

    /// There is a new member, which is not resolved.
    pub(super) fn inserted(&mut self, seat: usize) {
        if seat < self.next {
            self.missed(seat);
        }
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

/// A member that this thread may run now.
pub(super) fn candidate<M: Members>(set: &mut M, claims: Claims) -> Candidate {
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
            Claimable::No => {}
        }
    }
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
