//! A link under a lock, as an executor has it, a worker that is played, and a clock that goes when it is told to.

use core::time::Duration;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use concurrent_futures_core::calls::link::{Link, LinkCall, LinkSettings};
use concurrent_futures_core::calls::{
    CallDesk, Decode, Desk, Encoded, FrameFlags, FrameHeader, FrameKind, FrameReader, Hello,
    Limits, RemoteFailure, RemoteFailureKind, TaskName, encode,
};
use concurrent_futures_core::{Future, RefusedReason, TaskError, TaskErrorKind};
use serde::Serialize;

/// What the parent's program calls.
pub(super) const DOUBLE: u32 = 0;
/// One that the worker does not have.
pub(super) const FORGOTTEN: u32 = 1;
/// The number that the worker has given to `DOUBLE`.
pub(super) const DOUBLE_THERE: u32 = 5;

/// The build of workers that will not do.
pub(super) const MISFIT: u64 = 13;

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// A link, as its desk has it.
pub(super) struct Shared {
    link: Mutex<Link>,
    now: Mutex<Duration>,
}

impl Shared {
    /// Does something under the lock, and keeps outside of it the promises that are to be kept.
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut Link, Duration) -> R) -> R {
        // One thread: whoever finds it locked would have waited for itself.
        let mut link = self.link.try_lock().expect("nothing of a user's runs under it");
        let result = f(&mut link, *self.now.lock().expect("a clock does not panic"));
        let resolved = link.take_resolved();
        drop(link);
        for (promise, landing) in resolved {
            drop(promise.land(landing));
        }
        result
    }
}

impl Desk for Shared {
    fn recall(&self, _: u64) -> bool {
        false
    }

    fn has_started(&self, call: u64) -> bool {
        // Futures are dropped too when a test fails: it is to say why.
        !std::thread::panicking() && self.with(|link, _| link.has_started(call))
    }

    fn cancelled(&self, call: u64) {
        if !std::thread::panicking() {
            self.with(|link, now| link.cancelled(now, call));
        }
    }
}

/// Decodes a number, or a `Result` of one that was called an error.
pub(super) struct Number;

impl Decode for Number {
    type Output = u32;

    fn decode(encoded: &Encoded) -> Result<u32, TaskError> {
        match encoded.decode::<u32>() {
            Ok(number) => Ok(number),
            Err(_) => encoded.decode::<Result<u32, String>>()?.map_err(TaskError::failed),
        }
    }
}

/// A future, and how often its callback was called.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) number: u64,
    pub(super) future: Future<u32>,
    pub(super) called: Arc<AtomicUsize>,
}

impl Watched {
    pub(super) fn called(&self) -> usize {
        self.called.load(Ordering::Relaxed)
    }

    /// The error that it failed with, of that kind.
    #[track_caller]
    pub(super) fn fails(self, kind: TaskErrorKind) -> String {
        let (called, error) = (self.called(), self.outcome().expect_err("it should have failed"));
        assert_eq!((error.kind(), called), (kind, 1), "{error}");
        error.to_string()
    }

    #[track_caller]
    pub(super) fn outcome(mut self) -> Result<u32, TaskError> {
        self.future.try_result().unwrap_or_else(|| panic!("call {} is not done", self.number))
    }
}

/// What the parent has said: what kind of frame, and of which call.
pub(super) type Said = Vec<(FrameKind, u64)>;

/// All there is.
pub(super) struct World {
    pub(super) desk: CallDesk<Shared>,
    /// What the parent writes.
    written: FrameReader,
    next: u64,
}

impl World {
    /// A link whose worker has not said a word.
    pub(super) fn new(settings: LinkSettings) -> Self {
        let fit = |hello: &Hello| match hello.build {
            MISFIT => Err(String::from("it is another one")),
            _ => Ok(vec![Some(DOUBLE_THERE), None]),
        };
        let link = Link::new(Duration::ZERO, settings, Box::new(fit));
        let shared = Shared { link: Mutex::new(link), now: Mutex::default() };
        Self { desk: CallDesk::new(shared), written: FrameReader::new(1 << 20), next: 1 }
    }

    /// A link that takes calls.
    pub(super) fn ready() -> Self {
        Self::ready_with(LinkSettings::new())
    }

    pub(super) fn ready_with(settings: LinkSettings) -> Self {
        let mut world = Self::new(settings);
        world.hear(&hello(0));
        world.hear(&frame(FrameKind::Ready, 0, &[]));
        assert_eq!(world.said(), [(FrameKind::Welcome, 0)]);
        world
    }

    // --- what users do ---

    pub(super) fn try_call(
        &mut self,
        task: u32,
        with: impl FnOnce(LinkCall) -> LinkCall,
    ) -> Result<Watched, RefusedReason> {
        let number = self.next;
        self.next += 1;
        let (promise, future) = self.desk.call::<Number>(number);
        let called = Arc::new(AtomicUsize::new(0));
        future.add_done_callback({
            let called = called.clone();
            move |_| {
                let _ = called.fetch_add(1, Ordering::Relaxed);
            }
        });
        let call = with(LinkCall::new(number, promise, task, "double", encoded(&3_u32)));
        let submitted = self.desk.with(|link, now| link.submit(now, call));
        submitted.map_err(|(_, reason)| reason)?;
        Ok(Watched { number, future, called })
    }

    pub(super) fn call(&mut self) -> Watched {
        self.call_with(|call| call)
    }

    pub(super) fn call_with(&mut self, with: impl FnOnce(LinkCall) -> LinkCall) -> Watched {
        self.try_call(DOUBLE, with).expect("accepted")
    }

    /// A call that the worker runs.
    pub(super) fn running(&mut self) -> Watched {
        let call = self.call();
        self.hear(&started(call.number));
        call
    }

    // --- what the worker does ---

    pub(super) fn hear(&self, bytes: &[u8]) {
        self.desk.with(|link, now| link.receive(now, bytes));
    }

    pub(super) fn hang_up(&self) {
        self.desk.with(|link, now| link.hung_up(now));
    }

    /// What the parent has said since the last time.
    pub(super) fn said(&mut self) -> Said {
        self.frames().into_iter().map(|(header, _)| (header.kind, header.id)).collect()
    }

    pub(super) fn frames(&mut self) -> Vec<(FrameHeader, Vec<u8>)> {
        self.written.push(&self.desk.with(|link, _| link.take_output()));
        let next = || self.written.next_frame().expect("frames");
        core::iter::from_fn(next).map(|frame| (frame.header, frame.payload)).collect()
    }

    // --- the clock ---

    pub(super) fn now(&self) -> Duration {
        *self.desk.now.lock().expect("a clock does not panic")
    }

    /// Lets the clock go on, and the link look at it if that is its time.
    pub(super) fn advance(&self, time: Duration) {
        let now = {
            let mut now = self.desk.now.lock().expect("a clock does not panic");
            *now += time;
            *now
        };
        self.desk.with(|link, _| {
            if link.next_deadline().is_some_and(|deadline| deadline <= now) {
                link.tick(now);
                let next = link.next_deadline();
                assert!(next.is_none_or(|next| next > now), "a deadline stays behind");
            }
        });
    }
}

/// What is still waiting holds on to the desk, and the desk to what is waiting.
impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.desk.with(|link, now| link.disconnect(now));
        }
    }
}

pub(super) fn encoded(value: &impl Serialize) -> Vec<u8> {
    encode(value, &Limits::default(), None).expect("small")
}

pub(super) fn frame(kind: FrameKind, id: u64, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("small");
    let flags = FrameFlags::NONE;
    let header = FrameHeader { id, length, flags, ..FrameHeader::new(kind) };
    [&header.to_bytes()[..], payload].concat()
}

pub(super) fn hello(build: u64) -> Vec<u8> {
    let tasks = vec![TaskName { name: "double".into(), signature: 7 }];
    let hello = Hello { build, pid: 0, tasks };
    frame(FrameKind::Hello, 0, &hello.to_bytes(&Limits::default()).expect("small"))
}

pub(super) fn started(id: u64) -> Vec<u8> {
    frame(FrameKind::Started, id, &[])
}

pub(super) fn value(id: u64) -> Vec<u8> {
    frame(FrameKind::Value, id, &encoded(&6_u32))
}

pub(super) fn failure(kind: FrameKind, id: u64, message: &str) -> Vec<u8> {
    let failure = RemoteFailure::new(RemoteFailureKind::Panicked, message);
    frame(kind, id, &failure.to_bytes(&Limits::default()))
}
