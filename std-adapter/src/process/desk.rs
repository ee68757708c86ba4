//! [`PoolDesk`]: what all threads of a pool share: the supervisor under a lock, and the sockets of its
//! workers.
//!
//! ```text
//!   submit ──► encode ──► lock ──► Supervisor::submit ──► Write ──► socket ──► worker
//!                                      ▲                                          │
//!   result ◄── woken ◄── land ◄── Resolve ◄── Supervisor::received ◄── socket ◄───┘
//!                                                (manager's thread)
//! ```
//!
//! Whoever makes the supervisor do something writes to the sockets what it says, at once and under the
//! lock, so that frames keep their order; none of these calls waits. What takes longer (starting and
//! killing processes, waiting for them) is the manager's.
#![forbid(unsafe_code)]

use std::io::{ErrorKind, IoSlice};
use std::mem;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use concurrent_futures_core::calls::Desk;
use concurrent_futures_core::calls::supervisor::{Action, NewCall, Supervisor, WorkerId};
use concurrent_futures_core::{FutureId, RefusedReason, Room, Ticket};

use super::callbacks::{Callbacks, Job};
use super::file::{Open, SharedFile};
use super::line::Line;
use super::os::{MemoryFilePool, Poller, Sys};
use super::resolutions::Resolutions;
use super::retries::Retries;
use crate::contain::contain;

/// What all threads of a pool share.
#[derive(Debug)]
pub(super) struct PoolDesk<S> {
    pub(super) sys: S,
    pub(super) files: Arc<MemoryFilePool>,
    pub(super) open: Open,
    /// What the manager waits with.
    pub(super) poller: Arc<Poller>,
    /// Numbers calls in the order in which they are submitted.
    numbers: AtomicU64,
    /// Whether there is a capacity.
    bounded: bool,
    /// The process that has the pool. In one that was forked from it, it does nothing.
    owner: u32,
    inbox: Mutex<Inbox>,
    state: Mutex<State>,
    /// Told when there is room, or an end.
    changed: Condvar,
}

/// Calls that were accepted while all workers had enough to do: they are taken from here, all at once, by
/// whoever next does something under the other lock, so that who submits many does not contend for it.
///
/// Both locks are taken in the order state, inbox.
#[derive(Debug, Default)]
struct Inbox {
    calls: Vec<NewCall<SharedFile>>,
    /// There will be such an occasion: at least the next reply of a worker.
    is_attended: bool,
}

/// What is under the lock.
#[derive(Debug)]
pub(super) struct State {
    pub(super) supervisor: Supervisor<SharedFile>,
    /// To workers that still listen.
    pub(super) lines: Vec<Line>,
    /// For the manager.
    pub(super) errands: Vec<Action>,
    /// Until when the manager sleeps; `None` for ever.
    pub(super) sleeps_until: Option<Duration>,
    /// A socket took less than there was, and could not be waited for: the manager tries again.
    pub(super) is_stuck: bool,
    callbacks: Option<Callbacks>,
    /// Calls that may be attempted again.
    pub(super) retries: Retries,
    /// Those of the pool itself, which cannot wait for its end.
    pub(super) threads: Vec<ThreadId>,
    /// Threads that have not ended.
    pub(super) running: usize,
    waiting: usize,
    /// Calls that may wait to be started, at most.
    pub(super) capacity: Option<usize>,
    pub(super) room: Room,
}

/// A call that was not accepted, and why.
pub(super) type Refused = (Box<NewCall<SharedFile>>, RefusedReason);

/// What a socket has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// All, or what it takes for now.
    Enough,
    /// It takes nothing any more.
    Never,
}

impl<S: Sys> PoolDesk<S> {
    pub(super) fn new(
        sys: S,
        poller: Arc<Poller>,
        supervisor: Supervisor<SharedFile>,
        callbacks: Callbacks,
        capacity: Option<usize>,
    ) -> Self {
        let state = State {
            supervisor,
            lines: Vec::new(),
            errands: Vec::new(),
            sleeps_until: Some(Duration::ZERO),
            is_stuck: false,
            callbacks: Some(callbacks),
            retries: Retries::default(),
            threads: Vec::new(),
            running: 0,
            waiting: 0,
            capacity,
            room: Room::default(),
        };
        Self {
            sys,
            files: Arc::new(MemoryFilePool::new(4, 256 << 20)),
            open: Open::default(),
            poller,
            numbers: AtomicU64::new(1),
            bounded: capacity.is_some(),
            owner: process::id(),
            inbox: Mutex::default(),
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this process is one that was forked from the one that has the pool.
    pub(super) fn is_copy(&self) -> bool {
        process::id() != self.owner
    }

    /// Looks at the supervisor; in a copy of this process there is nothing to see.
    pub(super) fn look<R: Default>(&self, f: impl FnOnce(&Supervisor<SharedFile>) -> R) -> R {
        if self.is_copy() { R::default() } else { self.with(|supervisor, _| f(supervisor)) }
    }

    /// The time by the clock of the supervisor.
    pub(super) fn sys_now(&self) -> Duration {
        self.sys.now()
    }

    /// A number for the next call.
    pub(super) fn number(&self) -> u64 {
        // ORDERING: Relaxed; only told apart.
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Has the supervisor do something, and does what it says.
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut Supervisor<SharedFile>, Duration) -> R) -> R {
        self.with_state(|state, now| f(&mut state.supervisor, now))
    }

    /// As `with`, with all that is under the lock.
    fn with_state<R>(&self, f: impl FnOnce(&mut State, Duration) -> R) -> R {
        let now = self.sys.now();
        let mut state = self.lock();
        let calls = mem::take(&mut self.inbox().calls);
        if !calls.is_empty() {
            state.supervisor.submit_all(now, calls);
        }
        let result = f(&mut state, now);
        let mut resolutions = self.follow(&mut state);
        self.attend_inbox(&mut state, now, &mut resolutions);
        let wake = state.manager_is_wanted();
        drop(state);
        if wake {
            self.poller.wake();
        }
        resolutions.land();
        result
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the calls that have come meanwhile, unless they would only wait.
    fn attend_inbox(&self, state: &mut State, now: Duration, resolutions: &mut Resolutions) {
        loop {
            let mut inbox = self.inbox();
            inbox.is_attended = state.capacity.is_none() && state.supervisor.is_busy();
            if inbox.is_attended || inbox.calls.is_empty() {
                return;
            }
            let calls = mem::take(&mut inbox.calls);
            drop(inbox);
            state.supervisor.submit_all(now, calls);
            resolutions.add(self.follow(state));
        }
    }

    /// Does at once what the supervisor wants done; the rest is left to the manager, or to be done
    /// outside the lock.
    pub(super) fn follow(&self, state: &mut State) -> Resolutions {
        let mut resolutions = Resolutions::default();
        for action in state.supervisor.take_actions() {
            match action {
                Action::Write(id) => _ = self.write(state, id), // the manager tries again
                Action::Resolve(promise, landing) => {
                    let (now, later) = state.retries.ended(promise, landing);
                    resolutions.list.extend(now);
                    resolutions.attempts.extend(later);
                }
                Action::Spawn(_) | Action::Kill(..) => state.errands.push(action),
            }
        }
        if state.capacity.is_some() {
            state.grant_room(&mut resolutions.wakers);
        }
        resolutions.overtaken = !state.retries.is_empty() && state.is_closed();
        if !resolutions.list.is_empty() || !resolutions.attempts.is_empty() {
            resolutions.callbacks = state.callbacks.clone();
            if state.waiting > 0 {
                self.changed.notify_all();
            }
        }
        resolutions
    }

    /// Writes as much as the socket takes. If that is not all, the manager tries again when it takes more.
    pub(super) fn write(&self, state: &mut State, id: WorkerId) -> Written {
        let State { supervisor, lines, .. } = state;
        let Some(line) = lines.iter_mut().find(|line| line.id == id) else {
            return Written::Enough;
        };
        let mut refused = None;
        while let (None, Some((bytes, file))) = (refused, supervisor.unsent(id)) {
            let file = file.and_then(SharedFile::descriptor);
            match self.sys.send(&line.channel, &[IoSlice::new(bytes)], file) {
                Ok(sent) => supervisor.sent(id, sent),
                Err(error) => refused = Some(error.kind()),
            }
        }
        state.is_stuck |= line.await_room(refused.is_some(), &self.sys, &self.poller).is_err();
        match refused {
            None | Some(ErrorKind::WouldBlock) => Written::Enough,
            Some(_) => Written::Never,
        }
    }

    /// Accepts a call, whether there is room or not.
    ///
    /// # Errors
    /// The call, and why not.
    pub(super) fn submit(&self, call: NewCall<SharedFile>) -> Result<(), Refused> {
        let mut inbox = self.inbox();
        if inbox.is_attended && !call.is_timed() {
            inbox.calls.push(call);
            return Ok(());
        }
        drop(inbox);
        self.with(|supervisor, now| supervisor.submit(now, call))
    }

    pub(super) fn is_bounded(&self) -> bool {
        self.bounded
    }

    /// Accepts a call if there is room for it, or a place was granted to the ticket.
    ///
    /// # Errors
    /// The call, and why not.
    pub(super) fn with_room(
        &self,
        ticket: &mut Ticket,
        call: NewCall<SharedFile>,
    ) -> Result<(), Refused> {
        self.with_state(|state, now| {
            let has_place = state.room.redeem(ticket);
            match state.refuses() {
                Some(reason) if !has_place || reason != RefusedReason::Full => {
                    Err((Box::new(call), reason))
                }
                _ => state.supervisor.submit(now, call),
            }
        })
    }

    /// Runs something of a user's where it holds up nobody.
    pub(super) fn call_back(&self, job: Job) {
        let callbacks = self.lock().callbacks.clone();
        match callbacks {
            Some(callbacks) => callbacks.run(job),
            None => drop(contain(job)),
        }
    }

    /// Waits until `done` or the time is over; says whether it is done.
    pub(super) fn wait_until(
        &self,
        deadline: Option<std::time::Instant>,
        done: impl Fn(&State) -> bool,
    ) -> bool {
        let mut state = self.lock();
        state.waiting += 1;
        while !done(&state) {
            let left = deadline.map(|at| at.saturating_duration_since(std::time::Instant::now()));
            state = match left {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => break,
                Some(left) => {
                    let waited = self.changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        state.waiting -= 1;
        done(&state)
    }

    /// Abandons all futures, because there is no manager any more.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.lines.clear();
        state.errands.clear();
        let calls = {
            let mut inbox = self.inbox();
            inbox.is_attended = false; // nobody will come: who submits is to be refused
            mem::take(&mut inbox.calls)
        };
        let mut promises = state.supervisor.abandon();
        drop(state);
        promises.extend(calls.into_iter().map(NewCall::into_promise));
        drop(promises);
    }

    /// One of the pool's threads begins.
    pub(super) fn thread_begins(&self) {
        self.lock().threads.push(thread::current().id());
    }

    /// One of them is over.
    pub(super) fn thread_ends(&self) {
        self.lock().running -= 1;
        self.changed.notify_all();
    }

    /// Whether the calling thread is one that the pool's end would have to wait for.
    pub(super) fn is_own_thread(&self) -> bool {
        self.lock().threads.contains(&thread::current().id())
    }

    /// Ends the worker that runs this call; says whether there is one.
    pub(super) fn kill(&self, future: FutureId) -> bool {
        self.with(|supervisor, now| supervisor.kill(now, future))
    }
}

impl State {
    /// Nothing more is written to that worker. Before its socket is forgotten by the poller, or it would be
    /// waited for again.
    pub(super) fn hang_up(&mut self, id: WorkerId) {
        self.lines.retain(|line| line.id != id);
    }

    /// Why a call would not be accepted now.
    fn refuses(&self) -> Option<RefusedReason> {
        let is_full = || {
            let taken = self.supervisor.not_started();
            self.capacity.is_some_and(|capacity| !self.room.is_free(taken, capacity))
        };
        self.supervisor.refuses().or_else(|| is_full().then_some(RefusedReason::Full))
    }

    /// Whether nothing is accepted any more.
    pub(super) fn is_closed(&self) -> bool {
        let refuses = self.supervisor.refuses();
        refuses.is_some_and(|reason| reason != RefusedReason::Full)
    }

    /// Whether the manager has to be woken for what is to be done now, or earlier than it thinks.
    fn manager_is_wanted(&mut self) -> bool {
        let earlier = match (self.supervisor.next_deadline(), self.sleeps_until) {
            (Some(next), Some(sleeps)) => next < sleeps,
            (Some(_), None) => true,
            (None, _) => false,
        };
        let ended = self.supervisor.is_ended();
        let wanted = earlier || ended || self.is_stuck || !self.errands.is_empty();
        let sleeps = self.sleeps_until != Some(Duration::ZERO);
        if wanted {
            self.sleeps_until = Some(Duration::ZERO); // once is enough
        }
        wanted && sleeps
    }

    /// Nobody brings callbacks any more.
    pub(super) fn close_callbacks(&mut self) {
        self.callbacks = None;
    }
}

/// In a copy of this process the workers are the original's, as are the words that are shared with them;
/// the lock may have been held by a thread that is not there.
impl<S: Sys> Desk for PoolDesk<S> {
    fn recall(&self, call: u64) -> bool {
        let recalled = !self.is_copy() && self.with(|supervisor, now| supervisor.recall(now, call));
        if recalled {
            self.forget_retry(call);
        }
        recalled
    }

    fn has_started(&self, call: u64) -> bool {
        !self.is_copy() && self.lock().supervisor.has_started(call)
    }

    fn cancelled(&self, call: u64) {
        if !self.is_copy() && !self.forget_retry(call) {
            self.with(|supervisor, now| supervisor.cancelled(now, call));
        }
    }
}
