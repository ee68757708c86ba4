//! [`Unordered`]: flights in the order in which they land.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::mem;
use core::task::{Poll, Waker};

use super::flight::Flight;
use crate::blocking::Ended;
use crate::contain::contain;
use crate::context::{self, Waiting};
use crate::park::{Park, Parked};
use crate::slot::{Claimable, SlotRef};
use crate::sync::Mutex;

/// Flights, each in a seat whose bell rings when it lands. Seats are used again: there are never
/// more than the window has room for, and constantly many steps are made for a flight.
pub(super) struct Unordered<R> {
    seats: Vec<Seat<R>>,
    free: Vec<usize>,
    /// The first so many seats were vacant when it last looked.
    vacant: usize,
    flying: usize,
    /// Seats whose bells have rung, some perhaps for a flight that is gone.
    rung: VecDeque<usize>,
    /// Flights that this thread might claim, oldest first; some may have started or gone since.
    unclaimed: VecDeque<Ticket>,
    /// The activity of this thread when it was last seen to run none of the flights itself.
    harmless: Option<usize>,
    arrivals: Arc<Arrivals>,
}

struct Seat<R> {
    flight: Option<Flight<R>>,
    /// How many flights have left this seat.
    used: usize,
    bell: Waker,
}

/// A flight, or one that has sat there before.
#[derive(Clone, Copy)]
struct Ticket {
    seat: usize,
    used: usize,
}

/// Seats whose bells have rung, and who wants to know.
struct Arrivals(Mutex<Rung>);

struct Rung {
    seats: VecDeque<usize>,
    consumer: Option<Waker>,
}

struct Bell {
    seat: usize,
    arrivals: Arc<Arrivals>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let consumer = self.arrivals.with(|rung| {
            rung.seats.push_back(self.seat);
            rung.consumer.take() // once for all that arrive until it looks again
        });
        if let Some(consumer) = consumer {
            consumer.wake();
        }
    }
}

impl Arrivals {
    fn with<T>(&self, f: impl FnOnce(&mut Rung) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(|poison| poison.into_inner()))
    }
}

/// What this thread can do for a flight that it waits for.
enum Claimed<R> {
    /// It has run one.
    Ran,
    /// One that can never land while this thread waits.
    Stuck(Flight<R>, Ended),
    Nothing,
}

impl<R> Unordered<R> {
    pub(super) fn new() -> Self {
        let rung = Rung { seats: VecDeque::new(), consumer: None };
        Self {
            seats: Vec::new(),
            free: Vec::new(),
            vacant: 0,
            flying: 0,
            rung: VecDeque::new(),
            unclaimed: VecDeque::new(),
            harmless: None,
            arrivals: Arc::new(Arrivals(Mutex::new(rung))),
        }
    }

    pub(super) fn push(&mut self, flight: Flight<R>) {
        let index = self.free.pop().unwrap_or_else(|| self.add_seat());
        let seat = &mut self.seats[index];
        seat.flight = Some(flight);
        self.flying += 1;
        self.vacant = 0;
        if seat.landed() {
            self.rung.push_back(index);
            return;
        }
        let ticket = Ticket { seat: index, used: seat.used };
        self.forget_started();
        self.unclaimed.push_back(ticket);
    }

    fn add_seat(&mut self) -> usize {
        let seat = self.seats.len();
        let bell = Waker::from(Arc::new(Bell { seat, arrivals: self.arrivals.clone() }));
        self.seats.push(Seat { flight: None, used: 0, bell });
        seat
    }

    /// Drops tickets that are of no use before they outnumber the others.
    fn forget_started(&mut self) {
        if self.unclaimed.len() < 2 * self.seats.len() {
            return;
        }
        let mut unclaimed = mem::take(&mut self.unclaimed);
        unclaimed.retain(|ticket| self.pending(*ticket).is_some());
        self.unclaimed = unclaimed;
    }

    /// The task of that very flight, if it has not started.
    fn pending(&mut self, ticket: Ticket) -> Option<SlotRef> {
        let seat = &mut self.seats[ticket.seat];
        let task = seat.flight.as_mut().and_then(Flight::unique)?.slot();
        (seat.used == ticket.used && task.snapshot().is_pending()).then(|| task.clone())
    }

    fn take(&mut self, index: usize) -> Option<Flight<R>> {
        let seat = &mut self.seats[index];
        let flight = seat.flight.take()?;
        seat.used = seat.used.wrapping_add(1);
        self.flying -= 1;
        self.free.push(index);
        Some(flight)
    }

    /// A flight that has landed.
    pub(super) fn next_landed(&mut self) -> Option<Flight<R>> {
        loop {
            if self.rung.is_empty() {
                self.arrivals.with(|rung| mem::swap(&mut rung.seats, &mut self.rung));
            }
            let index = self.rung.pop_front()?;
            // A bell that has rung for an earlier flight is hung up again by looking.
            if self.seats[index].landed() {
                return self.take(index);
            }
        }
    }

    /// As [`Line::poll`](super::line::Line::poll).
    pub(super) fn poll(&mut self, waker: &Waker) -> Poll<Option<Flight<R>>> {
        loop {
            if let Some(flight) = self.next_landed() {
                return Poll::Ready(Some(flight));
            }
            if self.flying == 0 {
                return Poll::Ready(None);
            }
            let consumer = Some(waker.clone());
            let (arrived, before) = self.arrivals.with(|rung| {
                let before = mem::replace(&mut rung.consumer, consumer);
                (!rung.seats.is_empty(), before)
            });
            let _ = contain(|| drop(before));
            if !arrived {
                return Poll::Pending;
            }
        }
    }

    /// As [`Line::wait`](super::line::Line::wait). All flights are waited for sooner or later: on a
    /// worker, those that nobody has started are claimed at once.
    pub(super) fn wait<P: Park>(
        &mut self,
        park: &P,
        deadline: Option<P::Instant>,
    ) -> Option<(Flight<R>, Ended)> {
        if self.flying == 0 {
            return None;
        }
        let waker = park.waker();
        let mut waiting = None;
        let next = loop {
            if let Poll::Ready(flight) = self.poll(&waker) {
                break flight.map(|flight| (flight, Ended::Done));
            }
            if deadline.is_none() {
                match self.claim() {
                    Claimed::Ran => continue,
                    Claimed::Stuck(flight, ended) => break Some((flight, ended)),
                    Claimed::Nothing => {}
                }
            }
            waiting.get_or_insert_with(|| Waiting::enter(&waker));
            if park.park(deadline) == Parked::DeadlinePassed {
                // Landed at the last moment counts.
                break match self.next_landed() {
                    Some(flight) => Some((flight, Ended::Done)),
                    None => self.pop().map(|flight| (flight, Ended::DeadlinePassed)),
                };
            }
        };
        let consumer = self.arrivals.with(|rung| rung.consumer.take());
        let _ = contain(|| drop(consumer));
        next
    }

    /// Runs the oldest flight that this thread may.
    fn claim(&mut self) -> Claimed<R> {
        while let Some(ticket) = self.unclaimed.pop_front() {
            let Some(task) = self.pending(ticket) else { continue };
            match task.claimable() {
                Claimable::Yes => {
                    let _ = task.claim_and_run(); // or somebody else does
                    return Claimed::Ran;
                }
                Claimable::TooDeep => {
                    return match self.take(ticket.seat) {
                        Some(flight) => Claimed::Stuck(flight, Ended::TooDeep),
                        None => Claimed::Nothing,
                    };
                }
                Claimable::No if task.snapshot().is_pending() => {
                    self.unclaimed.push_front(ticket); // another thread may, should it wait next
                    break;
                }
                Claimable::No | Claimable::NotYet => {}
            }
        }
        match self.own() {
            Some(flight) => Claimed::Stuck(flight, Ended::WouldDeadlock),
            None => Claimed::Nothing,
        }
    }

    /// A flight whose task this thread is in the middle of: the iterator was handed to it.
    fn own(&mut self) -> Option<Flight<R>> {
        let activity = context::token();
        if self.harmless == Some(activity) {
            return None;
        }
        let runs = |seat: &mut Seat<R>| {
            let unique = seat.flight.as_mut().and_then(Flight::unique);
            unique.is_some_and(|unique| context::runs(unique.slot()))
        };
        let own = match context::in_task() {
            true => self.seats.iter_mut().position(runs),
            false => None,
        };
        if own.is_none() {
            self.harmless = Some(activity);
        }
        self.take(own?)
    }

    /// Any flight.
    pub(super) fn pop(&mut self) -> Option<Flight<R>> {
        while self.vacant < self.seats.len() {
            if let Some(flight) = self.take(self.vacant) {
                return Some(flight);
            }
            self.vacant += 1;
        }
        None
    }

    /// Cancels what has not started.
    pub(super) fn cancel(&mut self) {
        self.seats.iter().filter_map(|seat| seat.flight.as_ref()).for_each(Flight::cancel);
    }
}

impl<R> Seat<R> {
    /// Whether its flight has landed; otherwise the bell will ring when it does.
    fn landed(&mut self) -> bool {
        match self.flight.as_mut() {
            None => false,
            Some(flight) => {
                flight.unique().is_none_or(|unique| unique.poll_done(&self.bell).is_ready())
            }
        }
    }
}
