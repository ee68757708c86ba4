//! [`Worker`]: what the supervisor knows of one worker.
#![forbid(unsafe_code)]

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::call::{NewCall, Payload};
use super::outbox::Outbox;
use crate::FutureId;
use crate::calls::{Frame, FrameFlags, FrameHeader, FrameKind, FrameReader, Place, Recall};

/// Calls at one worker, at most: one runs, the others are ahead of time.
pub const PLACES: usize = 64;

/// So much work may lie at a worker: ahead of it, more would only have to be called back.
const AHEAD: Duration = Duration::from_millis(1);

/// So many bytes may lie at a worker behind the first call.
const BYTES_AHEAD: usize = 256 * 1024;

/// So many calls, or fewer, at a worker: those that were gathered for it are written.
const HUNGRY: usize = 16;

/// Names one worker for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId(pub(super) u64);

impl WorkerId {
    /// The first worker has 0, and every other one a number more than the one before.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// Words that the worker shares with its parent.
pub trait Places: Send {
    /// The word with this number, if there are so many.
    fn place(&self, number: usize) -> Option<&Place>;
}

impl Places for Vec<Place> {
    fn place(&self, number: usize) -> Option<&Place> {
        self.get(number)
    }
}

impl<P: Places + Sync + ?Sized> Places for alloc::sync::Arc<P> {
    fn place(&self, number: usize) -> Option<&Place> {
        (**self).place(number)
    }
}

/// Where a worker is in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// To be started, or being started.
    Spawning,
    /// Started; has not said a word.
    Greeting,
    /// Was welcomed; has not said that it is ready.
    Initializing,
    /// Takes calls.
    Ready,
    /// Was told to go when it has done what it has.
    Retiring,
    /// Is as good as dead.
    Ending(Why),
}

/// Why a worker ends other than by being sent home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// It ended by itself, or closed its end; or nothing is known yet.
    Lost,
    /// It said something that makes no sense.
    Protocol(String),
    /// It was not ready in time.
    Late,
    /// A call ran for too long.
    Deadline,
    /// It did not begin with a call that it was sent.
    Stuck,
    /// Somebody wanted the call, or all workers, killed.
    Killed,
    /// Its initializer failed: the pool gave up at once.
    InitFailed,
}

/// A call at a worker.
pub(super) struct InFlight<L> {
    pub(super) call: NewCall<L>,
    pub(super) place: u8,
    pub(super) estimate: Option<Duration>,
}

pub(super) struct Worker<L> {
    pub(super) id: WorkerId,
    pub(super) stage: Stage,
    /// When that began.
    pub(super) since: Duration,
    /// When a call was last sent to it while it had none, or came back.
    pub(super) progress: Duration,
    /// When the running call is to be stopped.
    pub(super) run_until: Option<Duration>,
    /// When it is killed without another word.
    pub(super) kill_at: Option<Duration>,
    pub(super) was_ready: bool,
    pub(super) pid: u32,
    pub(super) reader: FrameReader,
    /// Came along with bytes; those of a frame are taken when it is complete.
    pub(super) files: VecDeque<L>,
    pub(super) outbox: Outbox<L>,
    places: Option<Box<dyn Places>>,
    /// The file in which they are, until the worker is told.
    pub(super) words: Option<L>,
    /// The numbers that the worker has given to our functions.
    pub(super) table: Vec<Option<u32>>,
    /// In the order sent. The first has started, or is about to; see
    /// [`put_running_first`](Self::put_running_first).
    pub(super) in_flight: VecDeque<InFlight<L>>,
    free: u64,
    bytes: usize,
    /// How long its calls are likely to run, those of which that is not known left out.
    expected: Duration,
    /// How many those are.
    unknown: usize,
    /// Calls whose frames nobody was told to write yet: they wait for more, to be written together.
    gathered: usize,
    /// Lost with it; resolved when it is known how it ended.
    pub(super) doomed: Vec<NewCall<L>>,
    /// Calls that were sent and not called back.
    pub(super) taken: u64,
    /// Nothing is sent ahead until the running call, which takes longer than was thought, has ended.
    pub(super) slow: bool,
    /// It was seen stopped when it was to be ended.
    pub(super) stopped: bool,
}

impl<L: Clone> Worker<L> {
    pub(super) fn new(id: WorkerId, now: Duration, limit: usize) -> Self {
        Self {
            id,
            stage: Stage::Spawning,
            since: now,
            progress: now,
            run_until: None,
            kill_at: None,
            was_ready: false,
            pid: 0,
            reader: FrameReader::new(limit),
            files: VecDeque::new(),
            outbox: Outbox::new(),
            places: None,
            words: None,
            table: Vec::new(),
            in_flight: VecDeque::new(),
            free: 0,
            bytes: 0,
            expected: Duration::ZERO,
            unknown: 0,
            gathered: 0,
            doomed: Vec::new(),
            taken: 0,
            slow: false,
            stopped: false,
        }
    }

    pub(super) fn enter(&mut self, stage: Stage, now: Duration) {
        self.stage = stage;
        self.since = now;
    }

    pub(super) fn spawned(
        &mut self,
        pid: u32,
        places: Box<dyn Places>,
        words: Option<L>,
        now: Duration,
    ) {
        self.pid = pid;
        let there = (0..PLACES).filter(|number| places.place(*number).is_some());
        self.free = there.fold(0, |free, number| free | 1 << number);
        self.words = words;
        self.places = Some(places);
        self.enter(Stage::Greeting, now);
    }

    pub(super) fn is_ending(&self) -> bool {
        matches!(self.stage, Stage::Ending(_))
    }

    pub(super) fn is_coming(&self) -> bool {
        matches!(self.stage, Stage::Spawning | Stage::Greeting | Stage::Initializing)
    }

    pub(super) fn is_idle(&self) -> bool {
        self.stage == Stage::Ready && self.in_flight.is_empty()
    }

    /// How much work lies there, if another call may be put on top of it.
    pub(super) fn ahead(&self) -> Option<Duration> {
        if self.stage != Stage::Ready || self.slow || self.free == 0 || self.bytes > BYTES_AHEAD {
            return None;
        }
        (self.unknown == 0 && self.expected < AHEAD).then_some(self.expected)
    }

    /// Whether it has more to do than one call, or as much as it may have.
    pub(super) fn is_busy(&self) -> bool {
        let there = self.in_flight.len();
        there > HUNGRY || (there > 0 && self.ahead().is_none())
    }

    /// Sends a call, which the caller has let go away.
    pub(super) fn send(&mut self, call: NewCall<L>, estimate: Option<Duration>, now: Duration) {
        let number = self.free.trailing_zeros() as usize;
        let (Some(place), Some(Some(task))) =
            (self.place(number), self.table.get(call.task as usize).copied())
        else {
            return; // there is room, and its function is known: the caller has looked
        };
        place.offer(call.number);
        let header = FrameHeader {
            flags: call.flags,
            place: number as u8,
            length: call.payload.len() as u32,
            id: call.number,
            task,
            attached: call.large.as_ref().map_or(0, |(_, length)| *length),
            ..FrameHeader::new(FrameKind::Call)
        };
        let file = call.large.as_ref().map(|(file, _)| file.clone());
        self.outbox.push(&header, &call.payload, file);
        let begins = self.in_flight.is_empty();
        self.free &= !(1 << number);
        self.bytes += call.payload.len();
        match estimate {
            Some(time) => self.expected += time,
            None => self.unknown += 1,
        }
        self.taken += 1;
        self.gathered += 1;
        self.in_flight.push_back(InFlight { call, place: number as u8, estimate });
        if begins {
            self.begin_first(now);
        }
    }

    /// From now on the first call runs, if there is one.
    pub(super) fn begin_first(&mut self, now: Duration) {
        self.progress = now;
        let first = self.in_flight.front();
        self.run_until = first.and_then(|first| now.checked_add(first.call.run_for?));
    }

    /// Puts what runs in front.
    ///
    /// That is not the first that was sent where a call was called back and sent again in the same place,
    /// behind others: the worker starts it when it comes to the frame of the first time.
    pub(super) fn put_running_first(&mut self) {
        if self.has_started(0) {
            return;
        }
        let runs = (1..self.in_flight.len()).find(|position| self.has_started(*position));
        if let Some(flight) = runs.and_then(|position| self.in_flight.remove(position)) {
            self.in_flight.push_front(flight);
        }
    }

    /// Whether frames that were gathered are to be written now: the worker would soon have nothing to do.
    pub(super) fn is_hungry(&mut self) -> bool {
        let there = self.in_flight.len().saturating_sub(self.gathered);
        let hungry = self.gathered > 0 && there <= HUNGRY;
        if hungry {
            self.gathered = 0;
        }
        hungry
    }

    /// Tells it something that is no call.
    pub(super) fn tell(
        &mut self,
        kind: FrameKind,
        flags: FrameFlags,
        payload: Vec<u8>,
        file: Option<L>,
    ) {
        let length = payload.len() as u32;
        let header = FrameHeader { flags, length, ..FrameHeader::new(kind) };
        self.outbox.push(&header, &Payload::Small(payload), file);
    }

    fn place(&self, number: usize) -> Option<&Place> {
        self.places.as_ref()?.place(number)
    }

    /// Whether it has started the call at that position.
    pub(super) fn has_started(&self, position: usize) -> bool {
        self.in_flight.get(position).is_some_and(|flight| {
            self.place(flight.place.into())
                .is_some_and(|place| place.has_started(flight.call.number))
        })
    }

    /// How many it has started and not answered: more than one while answers are on their way.
    pub(super) fn count_started(&self) -> usize {
        (0..self.in_flight.len()).filter(|position| self.has_started(*position)).count()
    }

    /// Whether it runs the call of that future: the last that it has started. Answers to those before
    /// are on their way.
    pub(super) fn runs(&self, future: FutureId) -> bool {
        let last = (0..self.in_flight.len()).rev().find(|position| self.has_started(*position));
        last.is_some_and(|position| self.in_flight[position].call.promise.id() == future)
    }

    /// Whether it has started a call that may run as long as it likes.
    pub(super) fn runs_one_without_limit(&self) -> bool {
        let unlimited = |position: &usize| self.in_flight[*position].call.run_for.is_none();
        (0..self.in_flight.len()).filter(unlimited).any(|position| self.has_started(position))
    }

    /// Lets go of files that came along with frames that did not speak of them; says how many.
    pub(super) fn take_stray_files(&mut self) -> usize {
        if self.reader.is_between_frames() { self.files.drain(..).count() } else { 0 }
    }

    /// Takes the call at that position back, unless it has started. It is still away.
    pub(super) fn recall(&mut self, position: usize) -> Option<NewCall<L>> {
        let flight = self.in_flight.get(position)?;
        let recalled = match self.place(flight.place.into()) {
            Some(place) => place.recall(flight.call.number),
            None => Recall::Recalled,
        };
        if recalled == Recall::TooLate {
            return None;
        }
        self.taken -= 1;
        self.remove(position)
    }

    /// Takes back all that have not started, but for the first `keep` calls.
    pub(super) fn recall_all(&mut self, keep: usize) -> Vec<NewCall<L>> {
        self.put_running_first();
        let mut recalled = Vec::new();
        for position in (keep..self.in_flight.len()).rev() {
            recalled.extend(self.recall(position));
        }
        recalled
    }

    /// The call that a reply is to, if it is one that was started.
    pub(super) fn answered(&mut self, frame: &Frame) -> Option<NewCall<L>> {
        let header = &frame.header;
        let is_it =
            |flight: &InFlight<L>| flight.place == header.place && flight.call.number == header.id;
        let position = self.in_flight.iter().position(is_it)?;
        if !self.has_started(position) {
            return None;
        }
        self.slow = false;
        self.remove(position)
    }

    pub(super) fn remove(&mut self, position: usize) -> Option<NewCall<L>> {
        let flight = self.in_flight.remove(position)?;
        self.free |= 1 << flight.place;
        self.bytes -= flight.call.payload.len();
        match flight.estimate {
            Some(time) => self.expected -= time,
            None => self.unknown -= 1,
        }
        // What is said of a call ends with it, also if it was called back.
        if flight.call.run_for.is_some() {
            self.run_until = None;
        }
        self.slow &= !self.in_flight.is_empty();
        Some(flight.call)
    }
}
