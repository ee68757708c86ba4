//! What the acts of the matrix act on: an executor in which something of each kind is under way.
#![forbid(unsafe_code)]

use core::cell::{Cell, RefCell};
use core::future::Future as _;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;

use concurrent_futures_core::{
    Canceller, FixedWaitSet, Future, Mailbox, Promise, Running, StaticExecutor, WaitKey,
};

use crate::life::{Bell, Callback, Kind, Life, Ticket, Value};
use crate::pinned::Pinned;
use crate::workers::Workers;

/// Slots: one for each subject, and two that are free.
pub(crate) const SLOTS: usize = 12;

pub(crate) type Executor = StaticExecutor<SLOTS, 16>;
pub(crate) type Set = Pin<Box<FixedWaitSet<Future<Value>, 4>>>;

/// Something that one context has at a time. Who does not find it there has nothing to do.
#[derive(Debug)]
pub(crate) struct Hand<T>(RefCell<Option<T>>);

impl<T> Hand<T> {
    pub(crate) fn of(value: T) -> Self {
        Self(RefCell::new(Some(value)))
    }

    pub(crate) fn empty() -> Self {
        Self(RefCell::new(None))
    }

    pub(crate) fn take(&self) -> Option<T> {
        self.0.try_borrow_mut().ok()?.take()
    }

    /// Puts something in, which is what was taken or made just now.
    pub(crate) fn put(&self, value: T) {
        self.0.replace(Some(value));
    }

    /// Puts it in the place of another like it, unless that is in use.
    pub(crate) fn renew(&self, value: T) {
        if let Ok(mut inside) = self.0.try_borrow_mut() {
            *inside = Some(value);
        }
    }

    pub(crate) fn with<R>(&self, f: impl FnOnce(&T) -> R) -> Option<R> {
        self.0.try_borrow().ok()?.as_ref().map(f)
    }

    pub(crate) fn with_mut<R>(&self, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.0.try_borrow_mut().ok()?.as_mut().map(f)
    }
}

/// A task or promise, and all that belongs to it.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) life: Arc<Life>,
    pub(crate) future: Hand<Future<Value>>,
    pub(crate) canceller: Hand<Canceller>,
    pub(crate) promise: Hand<Promise<Value>>,
    pub(crate) running: Hand<Running<Value>>,
    pub(crate) callback: &'static Callback,
    /// Of the last poll that found it pending.
    bell: RefCell<Option<Arc<Bell>>>,
}

/// A subject of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// A task at the front of the queue.
    Front,
    /// The task behind it.
    Next,
    /// A promise that has not started.
    Promised,
    /// A promise that has started, and whose future was polled.
    Started,
    /// A promise that was fulfilled.
    Done,
    /// A promise whose future is in the set.
    Member,
    /// A task whose future is in the set.
    QueuedMember,
    /// A task whose future is in the mailbox.
    Posted,
    /// A task whose future may be put anywhere.
    Spare,
}

/// In the order of `Who`.
const NAMES: [(&str, Kind); 9] = [
    ("front", Kind::Task),
    ("next", Kind::Task),
    ("promised", Kind::Promise),
    ("started", Kind::Promise),
    ("done", Kind::Promise),
    ("member", Kind::Promise),
    ("queued member", Kind::Task),
    ("posted", Kind::Task),
    ("spare", Kind::Task),
];

/// All of it.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) executor: &'static Executor,
    pub(crate) mailbox: &'static Mailbox<Future<Value>>,
    pub(crate) set: Hand<Set>,
    pub(crate) keys: Cell<[Option<WaitKey>; 2]>,
    /// One that is queued, and one that is not.
    pub(crate) pinned: [Pinned; 2],
    /// Of three executors: none but the thread itself, one, two.
    pub(crate) workers: [Workers; 3],
    subjects: Vec<Subject>,
    /// Submitted or promised by an act.
    more: RefCell<Vec<Subject>>,
    /// Of the set's last poll that found nothing.
    bell: RefCell<Option<Arc<Bell>>>,
}

impl World {
    pub(crate) fn new() -> Self {
        let executor: &'static Executor = Box::leak(Box::new(Executor::new()));
        let world = Self {
            executor,
            mailbox: Box::leak(Box::new(Mailbox::new())),
            set: Hand::empty(),
            keys: Cell::new([None; 2]),
            pinned: ["pinned", "pinned, not submitted"].map(Pinned::new),
            workers: [0, 1, 2].map(Workers::new),
            subjects: NAMES
                .iter()
                .map(|&(name, kind)| Subject::new(executor, name, kind))
                .collect(),
            more: RefCell::default(),
            bell: RefCell::default(),
        };
        world.begin();
        world
    }

    /// Gets everything under way.
    fn begin(&self) {
        for who in [Who::Started, Who::Done] {
            let subject = self.of(who);
            let started = subject.promise.take().map(Promise::start);
            subject.running.put(started.expect("just promised").expect("not cancelled"));
        }
        self.of(Who::Started).poll();
        self.of(Who::Done).complete();
        let mut set = Box::pin(FixedWaitSet::new());
        self.keys.set([Who::Member, Who::QueuedMember].map(|who| {
            self.of(who).future.take().and_then(|future| set.as_mut().insert(future).ok())
        }));
        self.set.put(set);
        if let Some(future) = self.of(Who::Posted).future.take() {
            self.mailbox.put(future);
        }
        self.pinned[0].submit(self.executor);
        self.workers.iter().for_each(Workers::fall_asleep);
    }

    pub(crate) fn of(&self, who: Who) -> &Subject {
        &self.subjects[who as usize]
    }

    /// Submits one more task; says whether it was accepted.
    pub(crate) fn submit(&self) -> bool {
        let subject = Subject::nothing("submitted", Kind::Task);
        let accepted = subject.submit(self.executor);
        self.more.borrow_mut().push(subject);
        accepted
    }

    /// As `submit`, with a closure that may fail.
    pub(crate) fn submit_fallible(&self) -> bool {
        let subject = Subject::nothing("submitted to fail or not", Kind::Task);
        let ticket = Ticket::new(&subject.life);
        match self.executor.submit_fallible(move || Ok(ticket.run())) {
            Ok(future) => subject.future.put(future),
            Err(refused) => {
                subject.life.refused.up();
                drop(refused.into_inner());
            }
        }
        let accepted = subject.life.refused.get() == 0;
        self.more.borrow_mut().push(subject);
        accepted
    }

    /// Makes one more promise; says whether there was room for it.
    pub(crate) fn promise(&self) -> bool {
        let subject = Subject::nothing("promised later", Kind::Promise);
        let promised = subject.make_promise(self.executor);
        self.more.borrow_mut().push(subject);
        promised
    }

    /// Everything that was queued may have been cancelled.
    pub(crate) fn somebody_cancelled_what_was_queued(&self) {
        let of_futures = self.subjects.iter().map(|subject| Arc::clone(&subject.life));
        let of_more = self.more.take();
        let of_pinned = self.pinned.iter().map(|pinned| Arc::clone(&pinned.life));
        of_futures.chain(of_pinned).for_each(|life| life.left.up());
        of_more.iter().for_each(|subject| subject.life.left.up());
        self.more.replace(of_more);
    }

    /// Polls the set, with a new waker; whether something was taken out, or nothing is left.
    pub(crate) fn poll_set(&self, set: &mut Set, is_async: bool) {
        let (bell, waker) = Bell::new();
        let context = &mut Context::from_waker(&waker);
        let polled = if is_async {
            Pin::new(&mut set.as_mut().next_async()).poll(context)
        } else {
            set.as_mut().poll_next(context)
        };
        // A future of the set's that was dropped takes its waker along.
        let waits = polled.is_pending() && !is_async;
        self.bell.replace(waits.then_some(bell));
        drop(polled);
    }

    /// Ends all that is under way: what is queued is run, what is promised is fulfilled.
    pub(crate) fn resolve_all(&self) {
        self.executor.run_pending();
        self.subjects.iter().for_each(Subject::complete);
        let more = self.more.take();
        more.iter().for_each(Subject::complete);
        self.more.borrow_mut().extend(more);
    }

    /// Ends the world, and asserts that all in it went well.
    ///
    /// # Panics
    /// If not.
    pub(crate) fn end(&self) {
        self.resolve_all();
        assert_eq!(self.executor.queued(), 0, "tasks in the queue");
        self.end_set();
        drop(self.mailbox.take());
        let subjects = || self.subjects.iter();
        let more = self.more.take();
        subjects().chain(&more).for_each(Subject::end);
        self.pinned.iter().for_each(Pinned::end);
        self.workers.iter().for_each(Workers::end);
        assert_eq!(self.executor.free_slots(), SLOTS, "free slots");
        subjects().chain(&more).for_each(|subject| subject.life.assert_ended_well());
    }

    /// # Panics
    /// If a member is not done, or the waker was forgotten.
    fn end_set(&self) {
        let Some(mut set) = self.set.take() else { return };
        let bell = self.bell.take();
        assert!(bell.is_none_or(|bell| bell.has_rung()), "the set's waker was not woken");
        while let Some(future) = set.as_mut().try_next() {
            assert!(future.done(), "a member that is not done");
        }
        assert!(set.is_empty(), "members that are never done");
    }
}

impl Subject {
    pub(crate) fn nothing(name: &'static str, kind: Kind) -> Self {
        let life = Life::new(name, kind);
        Self {
            callback: life.callback(),
            life,
            future: Hand::empty(),
            canceller: Hand::empty(),
            promise: Hand::empty(),
            running: Hand::empty(),
            bell: RefCell::default(),
        }
    }

    fn new(executor: &'static Executor, name: &'static str, kind: Kind) -> Self {
        let subject = Self::nothing(name, kind);
        let made = match kind {
            Kind::Task => subject.submit(executor),
            Kind::Promise => subject.make_promise(executor),
        };
        assert!(made, "the arena has room for {name}");
        if let Some(canceller) = subject.future.with(Future::canceller) {
            subject.canceller.put(canceller);
        }
        subject
    }

    pub(crate) fn submit(&self, executor: &'static Executor) -> bool {
        let ticket = Ticket::new(&self.life);
        match executor.submit(move || ticket.run()) {
            Ok(future) => self.future.put(future),
            Err(refused) => {
                self.life.refused.up();
                drop(refused.into_inner());
            }
        }
        self.life.refused.get() == 0
    }

    fn make_promise(&self, executor: &'static Executor) -> bool {
        match executor.promise() {
            Ok((promise, future)) => {
                self.promise.put(promise);
                self.future.put(future);
                true
            }
            Err(_) => false,
        }
    }

    /// Fulfils the promise, if it is still to be.
    fn complete(&self) {
        let value = || Value::new(&self.life);
        if let Some(promise) = self.promise.take()
            && promise.complete(value()).is_ok()
        {
            self.life.fulfilled.up();
        }
        if let Some(running) = self.running.take() {
            running.complete(value());
            self.life.fulfilled.up();
        }
    }

    /// Polls the future, with a new waker.
    pub(crate) fn poll(&self) -> bool {
        let (bell, waker) = Bell::new();
        let poll = |future: &mut Future<Value>| {
            let polled = Pin::new(future).poll(&mut Context::from_waker(&waker));
            self.bell.replace(polled.is_pending().then_some(bell));
            if let Poll::Ready(outcome) = polled {
                self.life.note_outcome(outcome);
            }
        };
        self.future.with_mut(poll).is_some()
    }

    /// Another waker has taken the place of the last poll's.
    pub(crate) fn forget_poll(&self) {
        self.bell.take();
    }

    /// Takes the outcome, if there is one.
    pub(crate) fn look(&self) -> bool {
        let looked = self.future.with_mut(Future::try_result);
        looked.map(|outcome| outcome.map(|outcome| self.life.note_outcome(outcome))).is_some()
    }

    /// # Panics
    /// If it is not done, or its waker was forgotten.
    pub(crate) fn end(&self) {
        let name = &self.life;
        if let Some(mut future) = self.future.take() {
            let bell = self.bell.take();
            assert!(bell.is_none_or(|bell| bell.has_rung()), "its waker was not woken: {name:?}");
            let outcome = future.try_result();
            self.life.note_outcome(outcome.unwrap_or_else(|| panic!("not done: {name:?}")));
        }
        drop(self.canceller.take());
    }
}
