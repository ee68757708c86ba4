//! [`LinkDesk`]: what all threads of a link share: its state machine under a lock.
//!
//! ```text
//!   submit ──► encode ──► lock ──► Link::submit ──► outbox ──► writing thread ──► worker
//!                                      ▲                                            │
//!   result ◄── woken ◄── land ◄── Link::receive ◄────────── reading thread ◄────────┘
//! ```
//!
//! A reader and a writer that block have a thread each, which holds no lock meanwhile. A third one knows the time, since
//! those two cannot look at a clock while they wait; a fourth runs done callbacks, which hold up nobody there.
#![forbid(unsafe_code)]

use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use concurrent_futures_core::calls::link::Link;
use concurrent_futures_core::calls::{CallPromise, Desk, Landing};

use crate::contain::contain;
use crate::process::callbacks::{Callbacks, Jobs};

/// What all threads of a link share.
#[derive(Debug)]
pub(super) struct LinkDesk {
    began: Instant,
    /// Numbers calls in the order in which they are submitted.
    numbers: AtomicU64,
    /// The process that has the link. In one that was forked from it there are no threads, and the lock may have been
    /// held: there it does nothing.
    owner: u32,
    state: Mutex<State>,
    /// Told when there is something to write, or an end.
    output: Condvar,
    /// Told when there is an earlier deadline, or an end.
    deadline: Condvar,
    /// Told when a thread has ended.
    ended: Condvar,
}

/// What is under the lock.
#[derive(Debug)]
pub(super) struct State {
    pub(super) link: Link,
    /// Until the link has ended.
    callbacks: Option<Callbacks>,
    /// Until when the clock's thread sleeps; `None` for ever.
    sleeps_until: Option<Duration>,
    /// The link's own threads, which cannot wait for its end.
    threads: Vec<ThreadId>,
    pub(super) has_called_back: bool,
    pub(super) has_written: bool,
}

impl LinkDesk {
    pub(super) fn new(link: Link, callbacks: Callbacks) -> Self {
        let state = State {
            link,
            callbacks: Some(callbacks),
            sleeps_until: None,
            threads: Vec::new(),
            has_called_back: false,
            has_written: false,
        };
        Self {
            began: Instant::now(),
            numbers: AtomicU64::new(1),
            owner: process::id(),
            state: Mutex::new(state),
            output: Condvar::new(),
            deadline: Condvar::new(),
            ended: Condvar::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this process was forked from the one that has the link.
    pub(super) fn is_copy(&self) -> bool {
        process::id() != self.owner
    }

    /// A number for the next call.
    pub(super) fn number(&self) -> u64 {
        // ORDERING: Relaxed; only told apart.
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// The time by the clock of the link.
    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Has the link do something; writes what it says, and resolves whom it says.
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut Link, Duration) -> R) -> R {
        let mut state = self.lock();
        let now = self.now();
        let result = f(&mut state.link, now);
        let resolved = state.link.take_resolved();
        let callbacks = if resolved.is_empty() { None } else { state.callbacks.clone() };
        let is_ended = state.link.is_ended();
        let unused = if is_ended { state.callbacks.take() } else { None };
        let (has_output, is_earlier) = (state.link.has_output(), state.has_earlier_deadline());
        drop(state);
        drop(unused);
        if has_output || is_ended {
            self.output.notify_one();
        }
        if is_earlier || is_ended {
            self.deadline.notify_one();
        }
        land(resolved, callbacks.as_ref());
        result
    }

    /// Looks at the link; in a copy of this process there is nothing to see.
    pub(super) fn look<R: Default>(&self, f: impl FnOnce(&Link) -> R) -> R {
        if self.is_copy() { R::default() } else { f(&self.lock().link) }
    }

    // --- its threads ---

    /// The bytes to be written next; `None` if there will be none.
    pub(super) fn wait_for_output(&self) -> Option<Vec<u8>> {
        let mut state = self.lock();
        loop {
            if state.link.has_output() {
                return Some(state.link.take_output());
            }
            if state.link.is_ended() {
                return None;
            }
            state = self.output.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Tells the link when its time has come, until it has ended.
    pub(super) fn keep_time(&self) {
        let mut state = self.lock();
        while !state.link.is_ended() {
            let (now, next) = (self.now(), state.link.next_deadline());
            state.sleeps_until = next;
            state = match next.map(|next| next.saturating_sub(now)) {
                None => self.deadline.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => {
                    drop(state);
                    self.with(Link::tick);
                    self.lock()
                }
                Some(left) => {
                    let waited = self.deadline.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    pub(super) fn call_back(&self, jobs: Jobs) {
        jobs.run();
        self.lock().has_called_back = true;
        self.ended.notify_all();
    }

    /// The writer has been told all, or takes nothing.
    pub(super) fn writing_ends(&self) {
        self.lock().has_written = true;
        self.ended.notify_all();
    }

    /// One of the link's threads begins.
    pub(super) fn thread_begins(&self) {
        self.lock().threads.push(thread::current().id());
    }

    /// Whether the calling thread is one that the link's end would have to wait for.
    pub(super) fn is_own_thread(&self) -> bool {
        self.lock().threads.contains(&thread::current().id())
    }

    /// Waits until `done` or the deadline; says whether it is done.
    pub(super) fn wait_until(
        &self,
        deadline: Option<Instant>,
        done: impl Fn(&State) -> bool,
    ) -> bool {
        let mut state = self.lock();
        while !done(&state) {
            let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
            state = match left {
                None => self.ended.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return false,
                Some(left) => {
                    let waited = self.ended.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        true
    }
}

impl State {
    /// Whether the clock's thread would sleep for too long.
    fn has_earlier_deadline(&self) -> bool {
        match (self.link.next_deadline(), self.sleeps_until) {
            (Some(next), Some(sleeps)) => next < sleeps,
            (next, None) => next.is_some(),
            (None, Some(_)) => false,
        }
    }
}

/// Keeps promises, and hands what is a user's to the thread for that.
fn land(resolved: Vec<(CallPromise, Landing)>, callbacks: Option<&Callbacks>) {
    for (promise, landing) in resolved {
        match (promise.land(landing), callbacks) {
            (Some(aftermath), Some(callbacks)) => callbacks.run(Box::new(move || aftermath.run())),
            (Some(aftermath), None) => drop(contain(|| aftermath.run())),
            (None, _) => {}
        }
    }
}

/// In a copy of this process nobody has the link.
impl Desk for LinkDesk {
    /// What was sent is out of reach.
    fn recall(&self, _: u64) -> bool {
        false
    }

    fn has_started(&self, call: u64) -> bool {
        !self.is_copy() && self.lock().link.has_started(call)
    }

    fn cancelled(&self, call: u64) {
        if !self.is_copy() {
            self.with(|link, now| link.cancelled(now, call));
        }
    }
}
