//! Room in a bounded queue, for those who wait for it: first come, first served.
//!
//! A place that becomes free is granted to whoever has waited longest, and is theirs until they take
//! it or withdraw; nobody who comes later can take it away from them. Not synchronized: all of it is
//! under the lock of the global queue.
#![forbid(unsafe_code)]

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::task::Waker;

/// A place in the line of those who wait for a [`Room`]; none, at first.
#[derive(Debug, Default)]
pub struct Ticket(Option<u64>);

/// Places in a bounded queue, and the line of those who wait for one: first come, first served.
///
/// For backends and executors of one's own. Nothing in it is synchronized, and it does not count: whoever
/// has it says under a lock of his own how many places are taken. What a method gives back is to be woken, or
/// dropped, outside of that lock.
//
// Numbers grow and never wrap around, so that both lists are sorted.
#[derive(Debug, Default)]
pub struct Room {
    waiting: VecDeque<(u64, Waker)>,
    granted: Vec<u64>,
    next: u64,
}

impl Room {
    /// Whether there is a place that is nobody's, with so many of `capacity` taken.
    pub fn is_free(&self, taken: usize, capacity: usize) -> bool {
        taken + self.granted.len() < capacity
    }

    /// Takes the place that was granted to the ticket, if one was.
    pub fn redeem(&mut self, ticket: &mut Ticket) -> bool {
        let Some(at) = self.granted_at(ticket) else { return false };
        self.granted.remove(at);
        ticket.0 = None;
        true
    }

    /// Enters the line, or stays in it, with this waker; what is to be dropped outside the lock.
    pub fn wait(&mut self, ticket: &mut Ticket, waker: Waker) -> Option<Waker> {
        if self.granted_at(ticket).is_some() {
            return Some(waker);
        }
        if let Some(at) = self.waiting_at(ticket) {
            return Some(core::mem::replace(&mut self.waiting[at].1, waker));
        }
        ticket.0 = Some(self.next);
        self.waiting.push_back((self.next, waker));
        self.next += 1;
        None
    }

    /// Grants a place that is nobody's; whom to wake.
    pub fn grant(&mut self, taken: usize, capacity: usize) -> Option<Waker> {
        if !self.is_free(taken, capacity) {
            return None;
        }
        let (number, waker) = self.waiting.pop_front()?;
        self.granted.push(number);
        Some(waker)
    }

    /// Whether a place was granted to the ticket.
    pub fn is_granted(&self, ticket: &Ticket) -> bool {
        self.granted_at(ticket).is_some()
    }

    /// Leaves the line; what is to be dropped outside the lock.
    pub fn withdraw(&mut self, ticket: &mut Ticket) -> Option<Waker> {
        if self.redeem(ticket) {
            return None;
        }
        let at = self.waiting_at(ticket)?;
        ticket.0 = None;
        self.waiting.remove(at).map(|(_, waker)| waker)
    }

    /// Everybody in the line, to be told that there will be no room; they are in it no longer.
    pub fn dismiss(&mut self) -> VecDeque<(u64, Waker)> {
        core::mem::take(&mut self.waiting)
    }

    fn granted_at(&self, ticket: &Ticket) -> Option<usize> {
        self.granted.binary_search(&ticket.0?).ok()
    }

    fn waiting_at(&self, ticket: &Ticket) -> Option<usize> {
        let number = ticket.0?;
        self.waiting.binary_search_by_key(&number, |(number, _)| *number).ok()
    }
}
