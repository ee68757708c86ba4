//! The members of a set on the heap, each in a seat that is used again when it is free.
#![forbid(unsafe_code)]

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::task::Waker;

use super::claims::Look;
use super::line::Line;
use super::members::Waitable;
use super::next::{Armed, Members};
use super::ready::{Ready, Ticket};
use crate::completion::FutureId;
use crate::slot::SlotRef;
use crate::state::Disarm;

struct Seat<F> {
    future: Option<F>,
    place: Place,
    /// How many members it has had: tells one from those before it.
    generation: usize,
    ticket: Ticket,
}

/// Where a seat is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the line of free ones.
    Free,
    /// Registered: it comes off the stack when its member is resolved. Also if that was taken out in
    /// the very moment in which it was resolved.
    Out,
    /// In the line of resolved ones. Its member may have been taken out since.
    Done,
    /// Its member was handed over, but not taken out yet.
    Served,
}

/// The members of a set.
pub(super) struct Seats<F: Waitable> {
    seats: Vec<Seat<F>>,
    /// Of `done` and `free`.
    links: Vec<usize>,
    done: Line,
    free: Line,
    /// Seats that are `Out` or `Done` without a member.
    vacant: usize,
    len: usize,
    unresolved: usize,
    /// Where shared futures sit: each is in the set once.
    shared: BTreeMap<FutureId, usize>,
    look: Look,
    ready: Ready,
}

impl<F: Waitable> Seats<F> {
    pub(super) fn new() -> Self {
        Self {
            seats: Vec::new(),
            links: Vec::new(),
            done: Line::new(),
            free: Line::new(),
            vacant: 0,
            len: 0,
            unresolved: 0,
            shared: BTreeMap::new(),
            look: Look::new(),
            ready: Ready::new(),
        }
    }

    /// Registers with every future; the same shared one twice counts once.
    pub(super) fn extend(&mut self, futures: impl IntoIterator<Item = F>) {
        let futures = futures.into_iter();
        self.ready.expect(futures.size_hint().0);
        for future in futures {
            self.insert(future);
        }
    }

    /// Registers with a future; returns its seat, which for a shared one may be that of another
    /// handle.
    pub(super) fn insert(&mut self, mut future: F) -> usize {
        let shared = future.member().shared_id();
        if let Some(seat) = shared.and_then(|id| self.shared.get(&id)) {
            return *seat;
        }
        let number = self.free_seat();
        if let Some(id) = shared {
            self.shared.insert(id, number);
        }
        let seat = &mut self.seats[number];
        if self.ready.register(&mut seat.ticket, future.member()).is_ready() {
            seat.place = Place::Done;
            self.done.push(&mut self.links, number);
        } else {
            seat.place = Place::Out;
            self.unresolved += 1;
            self.look.inserted(number);
            #[cfg(feature = "std")]
            if future.member().has_attempts() {
                self.look.in_attempts(number);
            }
        }
        seat.future = Some(future);
        self.len += 1;
        number
    }

    fn free_seat(&mut self) -> usize {
        if let Some(number) = self.free.pop(&mut self.links) {
            return number;
        }
        // Looking for the vacant ones pays when they are at least every other one.
        if self.vacant > 0 && self.vacant * 2 >= self.seats.len() {
            self.collect();
            self.free_vacant();
            if let Some(number) = self.free.pop(&mut self.links) {
                return number;
            }
        }
        let ticket = self.ready.ticket();
        self.seats.push(Seat { future: None, place: Place::Free, generation: 0, ticket });
        self.links.push(usize::MAX);
        self.seats.len() - 1
    }

    /// Frees the seats of resolved members that were taken out before they were served.
    fn free_vacant(&mut self) {
        let mut kept = Line::new();
        while let Some(number) = self.done.pop(&mut self.links) {
            let seat = &mut self.seats[number];
            if seat.future.is_some() {
                kept.push(&mut self.links, number);
            } else {
                seat.place = Place::Free;
                self.vacant -= 1;
                self.free.push(&mut self.links, number);
            }
        }
        self.done = kept;
    }

    /// Puts those that have been resolved since into their line.
    fn collect(&mut self) {
        let (seats, unresolved) = (&mut self.seats, &mut self.unresolved);
        let taken = self.ready.take().inspect(|number| {
            let seat = &mut seats[*number];
            seat.place = Place::Done;
            *unresolved -= usize::from(seat.future.is_some());
        });
        self.done.push_reversed(&mut self.links, taken);
    }

    /// Takes a member out, resolved or not. Nothing of the set stays with it.
    pub(super) fn take(&mut self, number: usize) -> Option<F> {
        let seat = self.seats.get_mut(number)?;
        let mut future = seat.future.take()?;
        seat.generation = seat.generation.wrapping_add(1);
        self.len -= 1;
        if let Some(id) = future.member().shared_id() {
            self.shared.remove(&id);
        }
        let leaves = match seat.place {
            Place::Out => {
                self.unresolved -= 1;
                self.ready.take_back(&mut seat.ticket, future.member()) == Disarm::Disarmed
            }
            Place::Done => false,
            Place::Served | Place::Free => true,
        };
        if leaves {
            seat.place = Place::Free;
            self.free.push(&mut self.links, number);
        } else {
            self.vacant += 1;
        }
        Some(future)
    }

    /// Any member that is left, done or not.
    pub(super) fn take_any(&mut self) -> Option<F> {
        let number = self.seats.iter().position(|seat| seat.future.is_some())?;
        self.take(number)
    }

    /// All members that were not taken; in the order given if none was ever taken.
    pub(super) fn take_all(&mut self) -> Vec<F> {
        (0..self.seats.len()).filter_map(|number| self.take(number)).collect()
    }

    pub(super) fn generation(&self, number: usize) -> usize {
        self.seats.get(number).map_or(0, |seat| seat.generation)
    }

    pub(super) fn get(&self, number: usize) -> Option<&F> {
        self.seats.get(number)?.future.as_ref()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &F> {
        self.seats.iter().filter_map(|seat| seat.future.as_ref())
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Whether a member failed; cancelled ones did not.
    #[cfg(feature = "std")]
    pub(super) fn failed(&mut self, number: usize) -> bool {
        let future = self.seats.get_mut(number).and_then(|seat| seat.future.as_mut());
        future.is_some_and(|future| future.member().failed())
    }
}

impl<F: Waitable> Members for Seats<F> {
    fn pop(&mut self) -> Option<usize> {
        loop {
            let number = match self.done.pop(&mut self.links) {
                Some(number) => number,
                None => {
                    self.collect();
                    self.done.pop(&mut self.links)?
                }
            };
            let seat = &mut self.seats[number];
            if seat.future.is_some() {
                seat.place = Place::Served;
                return Some(number);
            }
            seat.place = Place::Free;
            self.vacant -= 1;
            self.free.push(&mut self.links, number);
        }
    }

    fn unresolved(&self) -> usize {
        self.unresolved
    }

    fn seats(&self) -> usize {
        self.seats.len()
    }

    fn task(&mut self, seat: usize) -> Option<SlotRef> {
        self.seats.get_mut(seat)?.future.as_mut()?.member().task()
    }

    fn runs_here(&mut self, seat: usize) -> bool {
        let future = self.seats.get_mut(seat).and_then(|seat| seat.future.as_mut());
        future.is_some_and(|future| future.member().runs_here())
    }

    #[cfg(feature = "std")]
    fn watch(&mut self, seat: usize, waker: &Waker) -> bool {
        let future = self.seats.get_mut(seat).and_then(|seat| seat.future.as_mut());
        future.is_some_and(|future| future.member().watch(waker))
    }

    fn look(&mut self) -> &mut Look {
        &mut self.look
    }

    fn has_news(&self) -> bool {
        self.ready.has_news()
    }

    fn arm(&mut self, waker: &Waker) -> Armed {
        self.ready.arm(waker)
    }

    fn disarm(&mut self) {
        let waker = self.ready.disarm();
        let _ = crate::contain::contain(|| drop(waker));
    }
}

impl<F: Waitable> Drop for Seats<F> {
    fn drop(&mut self) {
        // Wakers first: where dropping a member unwinds, the others' are back already.
        drop(self.take_all());
    }
}
