//! Room for calls: who waits for it, and who does not.
#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use concurrent_futures_core::calls::CallPromise;
use concurrent_futures_core::calls::supervisor::NewCall;
use concurrent_futures_core::{Park, Parked, RefusedReason, ThreadParker, Ticket, WhenFull};

use super::desk::{PoolDesk, Refused, State};
use super::file::SharedFile;
use super::os::Sys;
use crate::contain::contain;

/// A call that is to be accepted.
pub(super) struct Offer {
    pub(super) call: Box<NewCall<SharedFile>>,
    /// Within which time it has to start, from when there is room.
    pub(super) queue_timeout: Option<Duration>,
}

impl<S: Sys> PoolDesk<S> {
    /// Accepts a call, in the way that the policy says. Whoever may run it here is told that it is full.
    ///
    /// # Errors
    /// Why not; its promise is dropped.
    pub(super) fn admit(
        &self,
        call: NewCall<SharedFile>,
        queue_timeout: Option<Duration>,
        when_full: WhenFull,
    ) -> Result<(), RefusedReason> {
        if !self.is_bounded() {
            let call = self.timed(call, queue_timeout);
            return self.submit(call).map_err(|(_, reason)| reason);
        }
        let offer = Offer { call: Box::new(call), queue_timeout };
        let mut turn = Turn { desk: self, ticket: Ticket::default() };
        let (offer, reason) = match self.submit_in_turn(offer, &mut turn.ticket) {
            Ok(()) => return Ok(()),
            Err(refused) => refused,
        };
        if reason != RefusedReason::Full || self.is_own_thread() {
            return Err(reason);
        }
        match when_full {
            WhenFull::Block => turn.block(offer, None),
            WhenFull::BlockFor(time) => turn.block(offer, Instant::now().checked_add(time)),
            _ => Err(reason),
        }
    }

    /// As `admit`, without blocking the thread.
    ///
    /// # Errors
    /// As there.
    pub(super) async fn admit_async(&self, mut offer: Offer) -> Result<(), RefusedReason> {
        let mut turn = Turn { desk: self, ticket: Ticket::default() };
        loop {
            poll_fn(|context| turn.poll_room(context.waker())).await;
            match self.submit_in_turn(offer, &mut turn.ticket) {
                Ok(()) => return Ok(()),
                // Free a moment ago, and somebody was quicker.
                Err((again, RefusedReason::Full)) => offer = again,
                Err((_, reason)) => return Err(reason),
            }
        }
    }

    /// Accepts the call of a promise again, if there is room.
    ///
    /// # Errors
    /// The promise, and why not.
    pub(super) fn submit_again(
        &self,
        call: NewCall<SharedFile>,
        queue_timeout: Option<Duration>,
    ) -> Result<(), (CallPromise, RefusedReason)> {
        let offer = Offer { call: Box::new(call), queue_timeout };
        self.submit_in_turn(offer, &mut Ticket::default())
            .map_err(|(offer, reason)| (offer.call.into_promise(), reason))
    }

    /// The call, with when it has to have started.
    fn timed(
        &self,
        call: NewCall<SharedFile>,
        queue_timeout: Option<Duration>,
    ) -> NewCall<SharedFile> {
        match queue_timeout {
            Some(time) => call.start_by(self.sys_now().saturating_add(time)),
            None => call,
        }
    }

    /// Accepts a call for which there is a place, or one that was granted to the ticket.
    ///
    /// # Errors
    /// The call, and why not.
    fn submit_in_turn(
        &self,
        offer: Offer,
        ticket: &mut Ticket,
    ) -> Result<(), (Offer, RefusedReason)> {
        let Offer { call, queue_timeout } = offer;
        let back = |(call, reason): Refused| (Offer { call, queue_timeout }, reason);
        let call = self.timed(*call, queue_timeout);
        let submitted = match self.is_bounded() {
            true => self.with_room(ticket, call),
            false => self.submit(call),
        };
        submitted.map_err(back)
    }
}

impl State {
    /// Grants the places that have become free. When the pool has ended there will be none.
    pub(super) fn grant_room(&mut self, wakers: &mut Vec<Waker>) {
        let Some(capacity) = self.capacity else { return };
        if self.is_closed() {
            return wakers.extend(self.room.dismiss().into_iter().map(|(_, waker)| waker));
        }
        while let Some(waker) = self.room.grant(self.supervisor.not_started(), capacity) {
            wakers.push(waker);
        }
    }
}

/// A place in the line, left when dropped.
struct Turn<'a, S: Sys> {
    desk: &'a PoolDesk<S>,
    ticket: Ticket,
}

impl<S: Sys> Turn<'_, S> {
    /// Waits for room.
    ///
    /// # Errors
    /// The pool has ended, or there was none by then.
    fn block(mut self, offer: Offer, deadline: Option<Instant>) -> Result<(), RefusedReason> {
        let park = ThreadParker::new();
        let waker = park.waker();
        let mut offer = offer;
        let mut late = false;
        loop {
            // In line before the look, so that a place that becomes free is granted. One that was granted at
            // the last moment counts.
            let free = self.poll_room(&waker).is_ready();
            if free || late {
                match self.desk.submit_in_turn(offer, &mut self.ticket) {
                    Ok(()) => return Ok(()),
                    Err((again, RefusedReason::Full)) if !late => offer = again,
                    Err((_, reason)) => return Err(reason),
                }
            } else {
                late = park.park(deadline) == Parked::DeadlinePassed;
            }
        }
    }

    /// Whether there is room, or will never be; otherwise the ticket is in line with this waker.
    fn poll_room(&mut self, waker: &Waker) -> Poll<()> {
        let waker = waker.clone();
        let mut state = self.desk.lock();
        let Some(capacity) = state.capacity else { return Poll::Ready(()) };
        let taken = state.supervisor.not_started();
        let free = state.room.is_granted(&self.ticket) || state.room.is_free(taken, capacity);
        if free || state.is_closed() {
            return Poll::Ready(());
        }
        let unused = state.room.wait(&mut self.ticket, waker);
        drop(state);
        contain(|| drop(unused));
        Poll::Pending
    }
}

impl<S: Sys> Drop for Turn<'_, S> {
    fn drop(&mut self) {
        if self.desk.is_copy() {
            return; // the line is in the other process
        }
        let mut wakers = Vec::new();
        let unused = {
            let mut state = self.desk.lock();
            let unused = state.room.withdraw(&mut self.ticket);
            state.grant_room(&mut wakers);
            unused
        };
        contain(|| drop(unused));
        for waker in wakers {
            contain(|| waker.wake());
        }
    }
}
