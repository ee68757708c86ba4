//! [`Link`]: calls of the functions of one worker at the other end of a pair of byte streams.
//!
//! The other side of [`serve`](super::serve()): a socket to another machine, a pipe, a serial line to a board. A state
//! machine without input and output: bytes, their end, the time and calls go in; bytes and outcomes come out. Whoever
//! drives it holds a lock around it, and writes and resolves outside of that lock.
//!
//! ```text
//!              Hello                Ready              closed, nothing left
//!   Greeting ─────────► Welcoming ─────────► Ready ─────────────────────────► Retired
//!                        ▲    │                │
//!                        └────┴── Hello again ─┘ (the worker has started again)
//!
//!   any of these ── end of the stream, nonsense, too late, too many new starts ──► Lost
//! ```
//!
//! | where a call is | its future | who may take it from there |
//! |---|---|---|
//! | in the queue | pending | `dispatch`, which sends it; whoever cancels; the end of its patience |
//! | sent | pending, away | its `Started` frame; the loss of the worker; the end of its time |
//! | started | running | its reply; the loss of the worker; the end of its time |
//! | given up | resolved: its time was over | its reply, which nobody hears; the loss of the worker |
//!
//! A link shares no memory, so a call that was sent cannot be called back: it cannot be cancelled. Therefore calls
//! stay here until the worker is free, unless [`LinkSettings::ahead`] says otherwise.
//!
//! No call is sent twice: when a worker is lost, or starts again, what was sent fails, whether it had started or not. A
//! `Started` frame that did not come may have been lost on its way.
#![forbid(unsafe_code)]

mod ending;
mod frames;
mod sent;
mod settings;
mod time;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::fmt;
use core::time::Duration;

pub use settings::LinkSettings;

use super::messages::HELLO_SIZE;
use super::supervisor::{Fit, NewCall};
use super::{CallPromise, FrameHeader, FrameKind, FrameReader, Landing, Leave};
use crate::backend::RefusedReason;
use crate::error::TaskError;
use crate::{Counters, Remaining};
use sent::Sent;

/// A call that goes over a link. Nothing goes beside it.
pub type LinkCall = NewCall<Infallible>;

/// One worker at the other end of a link, and its calls.
///
/// # Examples
/// ```
/// # use concurrent_futures_core::calls::{Encoded, Decode, CallDesk, Desk, FrameHeader, FrameKind, Hello, Limits};
/// use concurrent_futures_core::calls::link::{Link, LinkSettings};
/// # use core::time::Duration;
/// let now = Duration::ZERO;
/// let mut link = Link::new(now, LinkSettings::new(), Box::new(|hello| Ok(vec![])));
/// let hello = Hello { build: 0, pid: 0, tasks: Vec::new() }.to_bytes(&Limits::default())?;
/// let header = FrameHeader { length: hello.len() as u32, ..FrameHeader::new(FrameKind::Hello) };
/// link.receive(now, &header.to_bytes());
/// link.receive(now, &hello);
/// assert_eq!(link.take_output()[1], FrameKind::Welcome as u8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Link {
    settings: LinkSettings,
    fit: Box<Fit>,
    stage: Stage,
    /// When that began.
    since: Duration,
    reader: FrameReader,
    /// What is to be written.
    outbox: Vec<u8>,
    /// The numbers that the worker has given to our functions.
    table: Vec<Option<u32>>,
    /// By number, which is the order in which they were submitted.
    queue: BTreeMap<u64, LinkCall>,
    /// Of those in the queue whose patience ends.
    patience: BTreeSet<(Duration, u64)>,
    /// At the worker, in the order sent: it runs the first.
    sent: VecDeque<Sent>,
    /// When the first of them has had its time.
    run_until: Option<Duration>,
    resolved: Vec<(CallPromise, Landing)>,
    /// When the worker started again.
    restarts: VecDeque<Duration>,
    closed: bool,
    counters: Counters,
}

/// What makes no sense, in words.
type Nonsense = String;

/// Where a link is in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    /// The worker has not said a word.
    Greeting,
    /// It was welcomed; it has not said that it is ready.
    Welcoming,
    /// It takes calls.
    Ready,
    /// It was told to go, and nothing is expected of it.
    Retired,
    /// The link was given up, and why.
    Lost(Arc<str>),
}

impl Link {
    /// A link to a worker that is to `fit`, at the beginning of both streams.
    pub fn new(now: Duration, settings: LinkSettings, fit: Box<Fit>) -> Self {
        Self {
            settings,
            fit,
            stage: Stage::Greeting,
            since: now,
            reader: FrameReader::new(HELLO_SIZE),
            outbox: Vec::new(),
            table: Vec::new(),
            queue: BTreeMap::new(),
            patience: BTreeSet::new(),
            sent: VecDeque::new(),
            run_until: None,
            resolved: Vec::new(),
            restarts: VecDeque::new(),
            closed: false,
            counters: Counters::default(),
        }
    }

    /// Accepts a call.
    ///
    /// # Errors
    /// The call, and why not.
    pub fn submit(
        &mut self,
        now: Duration,
        call: LinkCall,
    ) -> Result<(), (Box<LinkCall>, RefusedReason)> {
        if let Some(reason) = self.refuses() {
            return Err((Box::new(call), reason));
        }
        self.counters.submitted += 1;
        if let Some(time) = call.start_by {
            self.patience.insert((time, call.number));
        }
        self.queue.insert(call.number, call);
        self.dispatch(now);
        Ok(())
    }

    /// Why a call would not be accepted now.
    pub fn refuses(&self) -> Option<RefusedReason> {
        match &self.stage {
            Stage::Lost(cause) => Some(RefusedReason::Broken(cause.clone())),
            _ if self.closed => Some(RefusedReason::ShutDown),
            _ => None,
        }
    }

    /// Sends what can be sent, and lets the worker go when nothing is left.
    fn dispatch(&mut self, now: Duration) {
        while self.stage == Stage::Ready && self.sent.len() <= self.settings.ahead {
            let Some((_, call)) = self.queue.pop_first() else { break };
            self.forget_patience(&call);
            self.send(now, call);
        }
        if self.closed && self.queue.is_empty() && self.sent.is_empty() {
            self.retire(now);
        }
    }

    fn send(&mut self, now: Duration, call: LinkCall) {
        if call.promise.go_away() == Leave::Cancelled {
            // Whoever cancels says so too, and finds nothing then.
            self.counters.cancelled += 1;
            return;
        }
        let Some(task) = self.table.get(call.task as usize).copied().flatten() else {
            call.promise.come_home(); // it never ran, and is not said to
            let said = alloc::format!("the worker has no function {}", call.name);
            return self.resolve(call, Landing::Failed(TaskError::refused(said)));
        };
        let (flags, id) = (call.flags, call.number);
        let header = FrameHeader { flags, id, task, ..FrameHeader::new(FrameKind::Call) };
        self.write(header, call.payload.as_slice());
        self.sent.push_back(Sent::new(call));
        if self.sent.len() == 1 {
            self.begin_first(now);
        }
    }

    /// From now on the first call that was sent has its time, if there is one.
    fn begin_first(&mut self, now: Duration) {
        let limit = self.sent.front().and_then(Sent::run_for);
        self.run_until = limit.and_then(|limit| now.checked_add(limit));
    }

    fn write(&mut self, header: FrameHeader, payload: &[u8]) {
        // Payloads are within limits that a header can say.
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        self.outbox.extend_from_slice(&FrameHeader { length, ..header }.to_bytes());
        self.outbox.extend_from_slice(payload);
    }

    fn enter(&mut self, stage: Stage, now: Duration) {
        (self.stage, self.since) = (stage, now);
    }

    // --- what whoever drives it asks ---

    /// Takes what is to be written next, in this order.
    #[must_use]
    pub fn take_output(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.outbox)
    }

    /// Whether there is something to write.
    pub fn has_output(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Takes the promises that are to be kept, outside the lock: that wakes whoever waits.
    #[must_use = "somebody waits for this"]
    pub fn take_resolved(&mut self) -> Vec<(CallPromise, Landing)> {
        core::mem::take(&mut self.resolved)
    }

    /// Whether nothing will ever happen again, but for what is still to be written.
    pub fn is_ended(&self) -> bool {
        matches!(self.stage, Stage::Retired | Stage::Lost(_))
    }

    /// Why the link was given up, if it was.
    pub fn lost(&self) -> Option<&Arc<str>> {
        match &self.stage {
            Stage::Lost(cause) => Some(cause),
            _ => None,
        }
    }

    /// What has been done, and what is there.
    pub fn counters(&self) -> Counters {
        let waiting = self.sent.iter().filter(|sent| sent.is_waiting()).count();
        let idle = self.stage == Stage::Ready && self.sent.is_empty();
        Counters {
            queued: self.queue.len() + waiting,
            idle_workers: usize::from(idle),
            live_workers: usize::from(!self.is_ended()),
            ..self.counters
        }
    }

    /// What is still to be done.
    pub fn remaining(&self) -> Remaining {
        let counters = self.counters();
        Remaining { tasks: counters.queued, workers: counters.live_workers }
    }

    /// As [`Desk::has_started`](super::Desk::has_started).
    pub fn has_started(&self, number: u64) -> bool {
        match self.sent.iter().find(|sent| sent.number == number) {
            Some(sent) => sent.started,
            // Lost with the worker, or its outcome is on its way to the future.
            None => !self.queue.contains_key(&number),
        }
    }

    /// As [`Desk::cancelled`](super::Desk::cancelled).
    pub fn cancelled(&mut self, now: Duration, number: u64) {
        // If it is not there, whoever took it out of the queue has counted it.
        if let Some(call) = self.queue.remove(&number) {
            self.counters.cancelled += 1;
            self.forget_patience(&call);
            self.dispatch(now);
        }
    }

    // --- small things that many need ---

    /// The call has ended: whoever resolves it is told how.
    fn resolve(&mut self, call: LinkCall, landing: Landing) {
        match &landing {
            Landing::Value(_) => self.counters.finished += 1,
            Landing::Raised(_) | Landing::Failed(_) => {
                self.counters.finished += 1;
                self.counters.failed += 1;
            }
            Landing::Cancelled => self.counters.cancelled += 1,
        }
        self.resolved.push((call.promise, landing));
    }

    fn forget_patience(&mut self, call: &LinkCall) {
        if let Some(time) = call.start_by {
            self.patience.remove(&(time, call.number));
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("stage", &self.stage)
            .field("queued", &self.queue.len())
            .field("sent", &self.sent)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}
