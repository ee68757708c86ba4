//! What the worker says.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;

use super::{Link, Nonsense, Stage};
use crate::calls::failures::error_of;
use crate::calls::{
    Encoded, Frame, FrameHeader, FrameKind, Hello, Landing, Limits, RemoteFailure, ResourceLimits,
    Welcome,
};

/// So many bytes a failure has, however small the limit is.
const FAILURE_SIZE: usize = 64;

impl Link {
    /// These bytes have come.
    pub fn receive(&mut self, now: Duration, bytes: &[u8]) {
        if self.is_ended() {
            return; // too late to be of interest
        }
        self.reader.push(bytes);
        while !self.is_ended() {
            let heard = match self.reader.next_frame() {
                Ok(None) => break,
                Ok(Some(frame)) => self.hear(now, frame),
                Err(error) => Err(error.to_string()),
            };
            if let Err(nonsense) = heard {
                self.give_up(now, &format!("what came makes no sense: {nonsense}"));
            }
        }
        self.dispatch(now);
    }

    /// # Errors
    /// What makes no sense.
    fn hear(&mut self, now: Duration, frame: Frame) -> Result<(), Nonsense> {
        let FrameHeader { kind, id, .. } = frame.header;
        match (&self.stage, kind) {
            (Stage::Greeting, FrameKind::Hello) => self.hello(now, &frame),
            (_, FrameKind::Hello) => self.hello_again(now, &frame),
            (Stage::Welcoming, FrameKind::Ready) => {
                self.enter(Stage::Ready, now);
                Ok(())
            }
            (Stage::Welcoming, FrameKind::InitFailed) => {
                let said = RemoteFailure::from_bytes(&frame.payload, &self.settings.limits)
                    .map_or_else(|error| error.to_string(), |failure| failure.message);
                self.give_up(now, &format!("the worker refused to work: {said}"));
                Ok(())
            }
            (Stage::Ready, FrameKind::Started) => self.started(id),
            (Stage::Ready, _) if kind.is_reply() => self.reply(now, frame),
            (stage, _) => Err(format!("{kind:?} while the link is {stage:?}")),
        }
    }

    /// # Errors
    /// What makes no sense.
    fn hello(&mut self, now: Duration, frame: &Frame) -> Result<(), Nonsense> {
        let hello = Hello::from_bytes(&frame.payload, &Limits::default())
            .map_err(|error| format!("a first word that cannot be read: {error}"))?;
        match (self.fit)(&hello) {
            Ok(table) => self.table = table,
            Err(mismatch) => {
                self.give_up(now, &format!("the worker does not fit: {mismatch}"));
                return Ok(());
            }
        }
        // It may say the same again.
        let largest = self.settings.limits.payload.max(FAILURE_SIZE).max(frame.payload.len());
        self.reader.set_limit(largest);
        self.welcome(now)
    }

    /// # Errors
    /// What cannot be said.
    fn welcome(&mut self, now: Duration) -> Result<(), Nonsense> {
        let welcome = Welcome {
            nesting: 1,
            places: 0,
            limits: self.settings.limits,
            resources: ResourceLimits::default(),
            initializer: None,
        };
        let bytes = welcome.to_bytes(&Limits::default()).map_err(|error| error.to_string())?;
        self.write(FrameHeader::new(FrameKind::Welcome), &bytes);
        self.enter(Stage::Welcoming, now);
        Ok(())
    }

    /// The worker has started again, and knows nothing of what it was sent.
    ///
    /// # Errors
    /// What makes no sense.
    fn hello_again(&mut self, now: Duration, frame: &Frame) -> Result<(), Nonsense> {
        self.outbox.clear();
        self.lose_sent(|name, started| match started {
            true => format!("the worker started again while it ran {name}"),
            false => format!("the worker started again when it was sent {name}"),
        });
        let period = self.settings.restart_period;
        self.restarts.retain(|time| now.saturating_sub(*time) <= period);
        self.restarts.push_back(now);
        if self.restarts.len() > self.settings.restarts {
            let count = self.restarts.len();
            self.give_up(now, &format!("the worker started again {count} times within {period:?}"));
            return Ok(());
        }
        self.hello(now, frame)
    }

    /// # Errors
    /// What makes no sense.
    fn started(&mut self, id: u64) -> Result<(), Nonsense> {
        match self.sent.front_mut() {
            Some(sent) if sent.number == id && !sent.started => {
                sent.started = true;
                self.counters.started += 1;
                Ok(())
            }
            _ => Err(format!("the start of call {id}, which is not the next")),
        }
    }

    /// # Errors
    /// What makes no sense.
    fn reply(&mut self, now: Duration, frame: Frame) -> Result<(), Nonsense> {
        let FrameHeader { id, attached, .. } = frame.header;
        if !self.sent.front().is_some_and(|sent| sent.number == id && sent.started) {
            return Err(format!("a reply to call {id}, which it was not running"));
        }
        if attached > 0 {
            return Err(format!("{attached} bytes beside a reply, where nothing goes beside"));
        }
        let name = self.sent.front().map_or("", |sent| sent.name());
        let landing = self.landing(name, frame)?;
        let answered = self.sent.pop_front();
        self.begin_first(now);
        if let Some(call) = answered.and_then(super::Sent::into_call) {
            self.resolve(call, landing);
        }
        Ok(())
    }

    /// # Errors
    /// What makes no sense.
    fn landing(&self, name: &str, frame: Frame) -> Result<Landing, Nonsense> {
        let limits = self.settings.limits;
        if frame.header.kind == FrameKind::Failure {
            let failure = RemoteFailure::from_bytes(&frame.payload, &limits)
                .map_err(|error| format!("a failure that cannot be read: {error}"))?;
            let said = |message: String| format!("{name}, in the worker: {message}");
            return Ok(Landing::Failed(error_of(failure, said)));
        }
        let ran = Duration::from_nanos(u64::from(frame.header.ran) * 100);
        let encoded = Encoded::new(frame.payload, None, limits).after(ran);
        Ok(match frame.header.kind {
            FrameKind::Raised => Landing::Raised(encoded),
            _ => Landing::Value(encoded),
        })
    }
}
