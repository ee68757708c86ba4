//! What became of a task or promise: closures and values that notice their end, outcomes that are looked at
//! once, wakers that count.
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::Waker;
use std::sync::Arc;
use std::task::Wake;

use concurrent_futures_core::{Completion, StaticCallback, TaskError, TaskErrorKind};

use crate::one_core::in_users_code;

/// How often something happened.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicUsize);

impl Count {
    pub(crate) fn up(&self) {
        // ORDERING: Relaxed; a model has one thread. As everywhere in this file.
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts what is to happen once.
    ///
    /// # Panics
    /// If it has happened before.
    fn once(&self, what: &str) {
        self.up();
        assert_eq!(self.get(), 1, "{what} twice");
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Whether somebody submitted a closure, or promised a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Task,
    Promise,
}

/// All that happened to one task or promise.
#[derive(Debug)]
pub(crate) struct Life {
    name: &'static str,
    kind: Kind,
    /// The closure was not accepted.
    pub(crate) refused: Count,
    ran: Count,
    closures_ended: Count,
    values: Count,
    values_ended: Count,
    /// Somebody was told that the promise is fulfilled, or has failed.
    pub(crate) fulfilled: Count,
    /// Somebody was told that it will never start.
    cancelled: Count,
    /// Somebody has cancelled it if that was possible, and was told nothing.
    pub(crate) left: Count,
    /// A value, or an error of its own, was taken.
    taken: Count,
    pub(crate) told: Arc<Told>,
}

/// What the done callback of one future was told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    added: Count,
    calls: Count,
    of_cancel: Count,
}

/// A done callback of any kind.
pub(crate) type Callback = StaticCallback<Box<dyn Fn(&Completion) + Send + Sync>>;

impl Life {
    pub(crate) fn new(name: &'static str, kind: Kind) -> Arc<Self> {
        Arc::new(Self {
            name,
            kind,
            refused: Count::default(),
            ran: Count::default(),
            closures_ended: Count::default(),
            values: Count::default(),
            values_ended: Count::default(),
            fulfilled: Count::default(),
            cancelled: Count::default(),
            left: Count::default(),
            taken: Count::default(),
            told: Arc::default(),
        })
    }

    /// A callback, which is told of one future at a time.
    pub(crate) fn callback(&self) -> &'static Callback {
        let told = Arc::clone(&self.told);
        let tell = move |done: &Completion| {
            in_users_code("a callback is called");
            told.calls.up();
            if done.cancelled() {
                told.of_cancel.up();
            }
        };
        Box::leak(Box::new(Callback::new(Box::new(tell))))
    }

    pub(crate) fn callback_added(&self) {
        self.told.added.up();
    }

    /// Notes what somebody was told about a cancel.
    pub(crate) fn note_cancel(&self, cancelled: bool) {
        if cancelled {
            self.cancelled.up();
        }
    }

    /// Looks at an outcome, and drops it.
    ///
    /// # Panics
    /// If it cannot be.
    pub(crate) fn note_outcome(&self, outcome: Result<Value, TaskError>) {
        let name = self.name;
        match outcome {
            Ok(value) => {
                assert!(Arc::ptr_eq(&value.0.told, &self.told), "{name}: another's value");
                self.taken.once("a value was taken");
            }
            Err(error) if error.kind() == TaskErrorKind::Cancelled => {
                assert_eq!(self.ran.get(), 0, "{name}: cancelled, and it ran");
                self.cancelled.up();
            }
            Err(error) if error.kind() == TaskErrorKind::Taken => {
                assert_eq!(self.taken.get(), 1, "{name}: taken, and by nobody");
            }
            Err(error) => {
                assert!(
                    matches!(error.kind(), TaskErrorKind::Failed | TaskErrorKind::Abandoned),
                    "{name}: {error}"
                );
                self.taken.once("an error was taken");
            }
        }
    }

    /// Asserts that all went well. Everybody has let go of it.
    ///
    /// # Panics
    /// If not.
    pub(crate) fn assert_ended_well(self: &Arc<Self>) {
        let name = self.name;
        let was_cancelled = self.cancelled.get() + self.told.of_cancel.get() > 0
            || self.kind == Kind::Task
                && self.left.get() > 0
                && self.ran.get() + self.refused.get() == 0;
        let was_cancelled = usize::from(was_cancelled);
        assert_eq!(Arc::strong_count(self), 1, "{name}: a closure or a value is left");
        assert_eq!(self.values.get(), self.values_ended.get(), "{name}: values ended");
        assert_eq!(self.told.added.get(), self.told.calls.get(), "{name}: calls of its callback");
        assert!(self.taken.get() + was_cancelled <= 1, "{name}: cancelled, and it has an outcome");
        let accepted = 1 - self.refused.get();
        if self.kind == Kind::Task {
            assert_eq!(self.closures_ended.get(), 1, "{name}: ends of its closure");
            assert_eq!(self.ran.get() + was_cancelled, accepted, "{name}: run or cancelled, once");
        } else {
            let fulfilled = self.fulfilled.get();
            assert!(fulfilled + was_cancelled <= accepted, "{name}: fulfilled or cancelled, once");
        }
    }
}

/// What a closure captures. It ends once, in nobody's critical section.
#[derive(Debug)]
pub(crate) struct Ticket(Arc<Life>);

impl Ticket {
    pub(crate) fn new(life: &Arc<Life>) -> Self {
        Self(Arc::clone(life))
    }

    /// Runs the task.
    pub(crate) fn run(self) -> Value {
        in_users_code("a task runs");
        self.0.ran.once("a task ran");
        Value::new(&self.0)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        in_users_code("a closure is dropped");
        self.0.closures_ended.up();
    }
}

/// A value. It ends once, in nobody's critical section.
#[derive(Debug)]
pub(crate) struct Value(Arc<Life>);

impl Value {
    pub(crate) fn new(life: &Arc<Life>) -> Self {
        life.values.up();
        Self(Arc::clone(life))
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        in_users_code("a value is dropped");
        self.0.values_ended.up();
    }
}

/// What a waker rings. It ends in nobody's critical section.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rung: Count,
}

impl Bell {
    pub(crate) fn new() -> (Arc<Self>, Waker) {
        let bell = Arc::new(Self::default());
        (Arc::clone(&bell), Waker::from(bell))
    }

    pub(crate) fn has_rung(&self) -> bool {
        self.rung.get() > 0
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        in_users_code("a waker is woken");
        self.rung.up();
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        in_users_code("a waker is dropped");
    }
}
