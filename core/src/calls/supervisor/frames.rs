//! What workers say.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::time::Duration;

use super::worker::{PLACES, Stage, Why};
use super::{Kill, Landing, Supervisor, WorkerId};
use crate::calls::failures::error_of;
use crate::calls::{
    Encoded, Frame, FrameFlags, FrameKind, Hello, InitialCall, LargeSource, Limits, RemoteFailure,
    Welcome,
};
use crate::error::TaskError;

/// So many bytes a failure has, however small the limit is.
const FAILURE_SIZE: usize = 64;

impl<L: LargeSource + Clone> Supervisor<L> {
    /// So many bytes were read into [`space`](Self::space), and these files came along.
    pub fn received(
        &mut self,
        now: Duration,
        id: WorkerId,
        count: usize,
        files: impl IntoIterator<Item = L>,
    ) {
        let Some(at) = self.position(id) else { return };
        self.workers[at].files.extend(files);
        self.workers[at].reader.filled(count);
        while let Some(at) = self.position(id) {
            let heard = match self.workers[at].reader.next_frame() {
                Ok(None) if self.workers[at].take_stray_files() == 0 => break,
                Ok(None) => Err(String::from("a file that belongs to no frame")),
                Ok(Some(frame)) => self.hear(now, at, frame),
                Err(error) => Err(error.to_string()),
            };
            if let Err(nonsense) = heard {
                self.end_worker(now, at, Why::Protocol(nonsense), Kill::AtOnce);
                break;
            }
        }
        self.dispatch(now);
    }

    /// # Errors
    /// What makes no sense.
    fn hear(&mut self, now: Duration, at: usize, frame: Frame) -> Result<(), String> {
        let kind = frame.header.kind;
        match (&self.workers[at].stage, kind) {
            (Stage::Ending(Why::Killed | Why::Deadline), _) if kind.is_reply() => {
                self.late_reply(at, frame);
                Ok(())
            }
            (Stage::Ending(_), _) => Ok(()), // too late to be of interest
            (Stage::Greeting, FrameKind::Hello) => self.hello(now, at, &frame),
            (Stage::Initializing, FrameKind::Ready) => {
                self.workers[at].enter(Stage::Ready, now);
                self.workers[at].was_ready = true;
                self.bad_starts = 0;
                Ok(())
            }
            (Stage::Initializing, FrameKind::InitFailed) => {
                let message = self.initializer_said(&frame);
                let cause = format!("its initializer failed: {message}");
                self.end_worker(now, at, Why::InitFailed, Kill::Politely);
                self.break_down(now, &cause);
                Ok(())
            }
            (Stage::Ready | Stage::Retiring, _) if kind.is_reply() => self.reply(now, at, frame),
            (stage, _) => Err(format!("{kind:?} from a worker that is {stage:?}")),
        }
    }

    fn initializer_said(&self, frame: &Frame) -> String {
        let limits = &self.settings.limits;
        match self.settings.initializer_error {
            Some(text) if frame.header.flags.contains(FrameFlags::FALLIBLE) => {
                text(&frame.payload, limits)
            }
            _ => RemoteFailure::from_bytes(&frame.payload, limits)
                .map_or_else(|error| error.to_string(), |failure| failure.message),
        }
    }

    /// # Errors
    /// What makes no sense.
    fn hello(&mut self, now: Duration, at: usize, frame: &Frame) -> Result<(), String> {
        let hello = Hello::from_bytes(&frame.payload, &self.handshake_limits())
            .map_err(|error| format!("its first word cannot be read: {error}"))?;
        match (self.fit)(&hello) {
            Ok(table) => self.welcome(now, at, table),
            Err(mismatch) => {
                self.end_worker(now, at, Why::Killed, Kill::AtOnce);
                self.break_down(now, &format!("the worker does not fit: {mismatch}"));
                Ok(())
            }
        }
    }

    /// Of what is said before the first call: how many functions a program has, and how deep our own words
    /// are, is not what the limits of arguments and results are for.
    pub(super) fn handshake_limits(&self) -> Limits {
        let usual = Limits::default();
        let initializer = self.settings.initializer.as_ref().map_or(0, |(_, bytes)| bytes.len());
        usual.payload(usual.payload.saturating_add(initializer))
    }

    /// # Errors
    /// What cannot be said.
    fn welcome(
        &mut self,
        now: Duration,
        at: usize,
        table: alloc::vec::Vec<Option<u32>>,
    ) -> Result<(), String> {
        let initializer = match &self.settings.initializer {
            None => None,
            Some((task, arguments)) => {
                let task = table.get(*task as usize).copied().flatten();
                let task = task.ok_or("it does not have the initializer")?;
                Some(InitialCall { task, arguments: arguments.clone() })
            }
        };
        let welcome = Welcome {
            nesting: self.settings.nesting,
            places: PLACES as u8,
            limits: self.settings.limits,
            resources: self.settings.resources,
            initializer,
        };
        let bytes =
            welcome.to_bytes(&self.handshake_limits()).map_err(|error| error.to_string())?;
        self.workers[at].table = table;
        self.workers[at].reader.set_limit(self.settings.limits.payload.max(FAILURE_SIZE));
        self.workers[at].enter(Stage::Initializing, now);
        let words = self.workers[at].words.take();
        let flags = match self.settings.initializer_error {
            Some(_) => FrameFlags::FALLIBLE,
            None => FrameFlags::NONE,
        };
        self.workers[at].tell(FrameKind::Welcome, flags, bytes, words);
        self.write(at);
        Ok(())
    }

    /// # Errors
    /// What makes no sense.
    fn reply(&mut self, now: Duration, at: usize, frame: Frame) -> Result<(), String> {
        let header = frame.header;
        let worker = &mut self.workers[at];
        let Some(call) = worker.answered(&frame) else {
            return Err(format!("a reply to call {}, which it was not running", header.id));
        };
        worker.begin_first(now);
        let ran = Duration::from_nanos(u64::from(header.ran) * 100);
        self.note_time(call.task, ran);
        let landing = self.landing(at, &call, frame);
        match landing {
            Ok(landing) => {
                self.counters.started += 1;
                self.resolve(call, landing);
                Ok(())
            }
            Err(nonsense) => {
                self.workers[at].doomed.push(call);
                Err(nonsense)
            }
        }
    }

    /// It was on its way when the worker was told to end: the call has ended before its worker did.
    fn late_reply(&mut self, at: usize, frame: Frame) {
        let doomed = &mut self.workers[at].doomed;
        let Some(position) = doomed.iter().position(|call| call.number == frame.header.id) else {
            return;
        };
        let call = doomed.swap_remove(position);
        match self.landing(at, &call, frame) {
            Ok(landing) => {
                self.counters.started += 1;
                self.resolve(call, landing);
            }
            Err(_) => self.workers[at].doomed.push(call),
        }
    }

    fn note_time(&mut self, task: u32, ran: Duration) {
        if let Some(estimate) = self.estimates.get_mut(task as usize) {
            *estimate = Some(match estimate {
                Some(before) => (*before * 3 + ran) / 4,
                None => ran,
            });
        }
    }

    /// # Errors
    /// What makes no sense.
    fn landing(
        &mut self,
        at: usize,
        call: &super::NewCall<L>,
        frame: Frame,
    ) -> Result<Landing, String> {
        let large = match frame.header.attached {
            0 => None,
            length if length > self.settings.limits.attached => {
                return Err(format!("{length} bytes beside a reply are more than the limit"));
            }
            // What comes back lies in what came with the call, or in what was sent along.
            _ => match &call.large {
                Some((file, _)) => Some(file.clone()),
                None => self.workers[at].files.pop_front(),
            },
        };
        if frame.header.attached > 0 && large.is_none() {
            return Err(String::from("a reply with a file that did not come"));
        }
        let large = large.map(|file| Arc::new(file) as Arc<dyn LargeSource>);
        let kind = frame.header.kind;
        if kind == FrameKind::Failure {
            return self.failure(at, call, &frame).map(Landing::Failed);
        }
        let ran = Duration::from_nanos(u64::from(frame.header.ran) * 100);
        // A file that is used again may be longer than what was attached this time.
        let limits = self.settings.limits.attached(frame.header.attached);
        let encoded = Encoded::new(frame.payload, large, limits).after(ran);
        Ok(if kind == FrameKind::Raised {
            Landing::Raised(encoded)
        } else {
            Landing::Value(encoded)
        })
    }

    /// # Errors
    /// What makes no sense.
    fn failure(
        &self,
        at: usize,
        call: &super::NewCall<L>,
        frame: &Frame,
    ) -> Result<TaskError, String> {
        let failure = RemoteFailure::from_bytes(&frame.payload, &self.settings.limits)
            .map_err(|error| format!("a failure that cannot be read: {error}"))?;
        let pid = self.workers[at].pid;
        Ok(error_of(failure, |message| format!("{}, in process {pid}: {message}", call.name)))
    }
}
