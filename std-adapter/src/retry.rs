//! Work that is attempted again: a promise whose attempts are tasks of an executor, with the timer
//! between them.
//!
//! Whoever has the work holds it alone: a queued attempt and the timer find it in `Phase::pending`,
//! a running attempt has it in its hands, an attempt that has ended finds it in `Phase::started`.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;
use std::time::Duration;

use concurrent_futures_core::{
    Attempts, Backend, Canceller, Executor, Future, Promise, RefusedReason, Running, SubmitError,
    TaskError, WeakExecutor, promise_in_attempts,
};

use crate::contain::contain;
use crate::retry_policy::{Delays, RetryPolicy};
use crate::timer::{self, Timed};

/// The errors of the attempts that have failed so far, the oldest first. Clones see the same.
#[derive(Clone, Debug, Default)]
pub struct History(Arc<Mutex<Vec<TaskError>>>);

impl History {
    /// The error of each attempt that has failed.
    pub fn errors(&self) -> Vec<TaskError> {
        self.lock().clone()
    }

    /// How many attempts have failed.
    pub fn failed(&self) -> usize {
        self.lock().len()
    }

    /// Another attempt has failed; says how many have.
    pub(crate) fn push(&self, error: TaskError) -> usize {
        let mut errors = self.lock();
        errors.push(error);
        errors.len()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<TaskError>> {
        self.0.lock().unwrap_or_else(|poison| poison.into_inner())
    }
}

/// Submits a closure that is called again, as the policy says, when it returns an error.
///
/// The future is resolved once: with the first value, or with the last error. Each attempt is a task
/// of the executor; between two of them there is none, no worker is occupied, and the future is
/// pending. The [`History`] has the error of each attempt, also after one has succeeded. Dropping the
/// future detaches it: the attempts go on.
///
/// A worker that waits for the future makes the attempts itself when they are due. Later attempts are
/// submitted by a thread that all retries of the process share: an executor that runs its tasks
/// wherever they are submitted runs them there.
///
/// That thread also goes on with what follows an attempt, if it has ended by the time that it is
/// submitted, and with what follows the end of an executor between two attempts: what the policy asks,
/// wakers, callbacks, and functions given to `then`. Usually the worker does so; it cannot be relied
/// on. None of these may block: it would hold up all retries, and if it waits for another attempt of
/// any, for ever. What has to wait belongs in a task of its own.
///
/// # Cancellation
/// Before an attempt has started and between two of them, `cancel` succeeds and drops the closure.
/// After a [`request_stop`](Future::request_stop), which the closure can
/// [see](concurrent_futures_core::stop_requested), there is no other attempt.
///
/// When the executor is shut down, an attempt that is queued still runs, and there is no other: the
/// future is resolved with the last error, at once if it is between two attempts. So it is if the
/// executor refuses an attempt for another reason than that it is full, which is waited out. A
/// shutdown that cancels futures cancels those whose attempt is queued.
///
/// # Panics
/// A closure that panics is not called again, unless the policy [says so](RetryPolicy::after_panics);
/// the panic is the future's error.
///
/// A backend that panics as an attempt is submitted to it ends the retry: at the first one the panic
/// goes on to the caller, at a later one the future has the last error, or is abandoned if that
/// attempt was started all the same.
///
/// # Errors
/// The closure back, if the first attempt is refused.
///
/// # Examples
/// ```
/// use concurrent_futures::{RetryPolicy, ThreadPoolExecutor};
/// use std::time::Duration;
///
/// let pool = ThreadPoolExecutor::new(2)?;
/// let policy = RetryPolicy::attempts(3)?.fixed(Duration::from_millis(1));
/// let mut answers = [Err("busy"), Err("still busy"), Ok(42)].into_iter();
/// let (future, history) =
///     pool.submit_retry(&policy, move || answers.next().unwrap_or(Err("gone")))?;
/// assert_eq!(future.result()?, 42);
/// assert_eq!(history.errors()[1].message(), "still busy");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn submit_retry<B, F, T, E>(
    executor: &Executor<B>,
    policy: &RetryPolicy,
    closure: F,
) -> Result<(Future<T>, History), SubmitError<F>>
where
    B: Backend,
    F: FnMut() -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: Into<Box<dyn Error + Send + Sync>> + 'static,
{
    let history = History::default();
    let retrying = Arc::new(Retrying {
        executor: executor.downgrade(),
        policy: policy.clone(),
        history: history.clone(),
        phase: Mutex::new(Phase::new()),
    });
    let (promise, future) = promise_in_attempts(retrying.clone());
    let work = Work { closure, delays: policy.delays(), right: promise };
    retrying.lock().pending = Some(work);
    // By the executor's own policy for when it is full, unlike the later ones.
    let task = retrying.clone();
    let unheard = Unheard(&retrying);
    let submitted = executor.submit_fallible(move || task.attempt());
    std::mem::forget(unheard);
    match submitted {
        Ok(attempt) => retrying.submitted(attempt),
        Err(refused) => {
            let work = retrying.lock().pending.take();
            if let Some(work) = work {
                return Err(refused.map(|_| work.closure));
            }
            // Not there: it has run all the same.
        }
    }
    Ok((future, history))
}

/// What is attempted, and the right to resolve its future: a [`Promise`] before and between attempts,
/// [`Running`] in one.
struct Work<F, R> {
    closure: F,
    delays: Delays,
    right: R,
}

struct Retrying<B, F, T> {
    executor: WeakExecutor<B>,
    policy: RetryPolicy,
    history: History,
    phase: Mutex<Phase<F, T>>,
}

struct Phase<F, T> {
    /// Until the next attempt takes it.
    pending: Option<Work<F, Promise<T>>>,
    /// Since an attempt has ended.
    started: Option<Work<F, Running<T>>>,
    /// The attempt that was submitted last.
    queued: Option<Canceller>,
    /// The entry in the timer.
    due: Option<timer::Key>,
    /// Workers that wait for the future.
    watching: Vec<Waker>,
    /// Nothing is attempted any more.
    ended: bool,
}

impl<F, T> Phase<F, T> {
    fn new() -> Self {
        Self {
            pending: None,
            started: None,
            queued: None,
            due: None,
            watching: Vec::new(),
            ended: false,
        }
    }
}

impl<B, F, T, E> Retrying<B, F, T>
where
    B: Backend,
    F: FnMut() -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: Into<Box<dyn Error + Send + Sync>> + 'static,
{
    /// Submits another attempt, without blocking the timer.
    ///
    /// # Errors
    /// Why it was refused.
    fn submit(self: &Arc<Self>) -> Result<(), SubmitError<()>> {
        let task = self.clone();
        let unheard = Unheard(self);
        let submitted = self.executor.submit_fallible(move || task.attempt());
        std::mem::forget(unheard);
        self.submitted(submitted.map_err(SubmitError::without_callable)?);
        Ok(())
    }

    fn submitted(self: &Arc<Self>, attempt: Future<T>) {
        // Before it can be settled, which may be followed by the next one's announcement.
        self.announce(attempt.canceller());
        let this = self.clone();
        drop(attempt.then(move |outcome| this.settle(outcome)));
    }

    /// Tells who waits, so that a worker that does may run the attempt.
    fn announce(&self, attempt: Canceller) {
        let mut phase = self.lock();
        if phase.ended {
            drop(phase);
            attempt.cancel();
            return;
        }
        let before = phase.queued.replace(attempt);
        let watching = std::mem::take(&mut phase.watching);
        drop(phase);
        drop(before);
        for waker in watching {
            contain(|| waker.wake());
        }
    }

    /// An attempt, on a worker.
    ///
    /// # Errors
    /// What the closure returned; any, if the future was cancelled.
    fn attempt(&self) -> Result<T, Box<dyn Error + Send + Sync>> {
        let Some(work) = self.lock().pending.take() else { return Err(CANCELLED.into()) };
        let Work { closure, delays, right } = work;
        let Ok(right) = right.start() else { return Err(CANCELLED.into()) };
        let mut attempt = Attempt { of: self, work: Some(Work { closure, delays, right }) };
        let Some(work) = &mut attempt.work else { return Err(CANCELLED.into()) };
        let Work { closure, right, .. } = work;
        right.run(closure).map_err(Into::into)
    }

    /// An attempt has ended, or will never start.
    fn settle(self: &Arc<Self>, outcome: Result<T, TaskError>) {
        let (started, attempt) = {
            let mut phase = self.lock();
            (phase.started.take(), phase.queued.take())
        };
        drop(attempt);
        match (started, outcome) {
            (Some(work), Ok(value)) => {
                contain(|| drop(work.closure));
                work.right.complete(value);
            }
            (Some(work), Err(error)) => self.failed(work, error),
            (None, Err(error)) => self.never_started(error),
            (None, Ok(_)) => {} // not reached: what has returned was started
        }
    }

    /// The executor has cancelled the attempt, or will not run it; or the future was cancelled.
    fn never_started(&self, error: TaskError) {
        let Some(work) = self.lock().pending.take() else { return };
        contain(|| drop(work.closure));
        if error.is_cancelled() {
            work.right.cancel();
        } else {
            let _ = work.right.fail(error); // or it was cancelled just now
        }
    }

    /// An attempt has failed.
    fn failed(self: &Arc<Self>, mut work: Work<F, Running<T>>, error: TaskError) {
        let failed = self.history.push(error.clone());
        let over = work.right.stop_requested() || self.executor.is_closed();
        let delay = if over { None } else { self.next_delay(failed, &error, &mut work.delays) };
        match delay {
            Some(delay) => self.wait(work, delay),
            None => {
                contain(|| drop(work.closure));
                work.right.fail(error);
            }
        }
    }

    /// How long to wait for another attempt, if there is to be one. What it asks is the user's, and
    /// may panic.
    fn next_delay(
        &self,
        failed: usize,
        error: &TaskError,
        delays: &mut Delays,
    ) -> Option<Duration> {
        contain(|| if self.policy.goes_on(failed, error) { delays.next() } else { None }).flatten()
    }

    /// Has the timer submit the next attempt.
    fn wait(self: &Arc<Self>, work: Work<F, Running<T>>, delay: Duration) {
        let Work { closure, delays, right } = work;
        let work = Work { closure, delays, right: right.suspend() };
        let mut phase = self.lock();
        if phase.ended {
            drop(phase);
            contain(|| drop(work)); // cancelled just now
            return;
        }
        phase.pending = Some(work);
        self.arm(phase, delay);
    }

    /// Has the timer call after `delay`.
    fn arm(self: &Arc<Self>, mut phase: MutexGuard<'_, Phase<F, T>>, delay: Duration) {
        phase.due = timer::insert(delay, self.clone());
        let is_timed = phase.due.is_some();
        drop(phase);
        if !is_timed {
            self.give_up();
        } else if self.executor.poll_closed(timer::waker()).is_ready() {
            timer::waker().wake_by_ref(); // closed after it was looked at, and before this
        }
    }
}

/// How long after an executor had no room for an attempt it is asked again.
pub(crate) const UNTIL_ROOM: Duration = Duration::from_millis(10);

/// What nobody ever reads: the future was cancelled.
const CANCELLED: &str = "cancelled before it started";

impl<B, F, T> Retrying<B, F, T> {
    /// Nothing of a user's runs under this lock.
    fn lock(&self) -> MutexGuard<'_, Phase<F, T>> {
        self.phase.lock().unwrap_or_else(|poison| poison.into_inner())
    }

    /// There is no other attempt: the last error it is.
    fn give_up(&self) {
        let Some(work) = self.lock().pending.take() else { return };
        contain(|| drop(work.closure));
        let error = self.history.lock().last().cloned();
        if let Some(error) = error {
            let _ = work.right.fail(error); // or it was cancelled just now
        }
    }
}

/// An attempt that is being submitted. If that unwinds nobody hears how it ends: one that was not
/// started is the end with the last error, one that was is abandoned.
struct Unheard<'a, B, F, T>(&'a Retrying<B, F, T>);

impl<B, F, T> Drop for Unheard<'_, B, F, T> {
    fn drop(&mut self) {
        let started = {
            let mut phase = self.0.lock();
            phase.ended = true;
            phase.started.take()
        };
        contain(|| drop(started));
        self.0.give_up();
    }
}

/// An attempt that runs: leaves the work to whoever settles it, if there is to be somebody, also when
/// the closure unwinds.
struct Attempt<'a, B, F, T> {
    of: &'a Retrying<B, F, T>,
    work: Option<Work<F, Running<T>>>,
}

impl<B, F, T> Drop for Attempt<'_, B, F, T> {
    fn drop(&mut self) {
        let work = self.work.take();
        let mut phase = self.of.lock();
        if phase.ended {
            drop(phase);
            contain(|| drop(work)); // unheard
        } else {
            phase.started = work;
        }
    }
}

impl<B, F, T, E> Timed for Retrying<B, F, T>
where
    B: Backend,
    F: FnMut() -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: Into<Box<dyn Error + Send + Sync>> + 'static,
{
    fn due(self: Arc<Self>) {
        let stop = {
            let mut phase = self.lock();
            phase.due = None;
            phase.pending.as_ref().is_none_or(|work| work.right.stop_requested())
        };
        if stop {
            return self.give_up();
        }
        // Contained here, and not by the timer, to have what unwinds end before this is let go.
        let Some(submitted) = contain(|| self.submit()) else { return };
        match submitted {
            Ok(()) => {}
            Err(refused) if *refused.reason() == RefusedReason::Full => {
                let phase = self.lock();
                if phase.pending.is_some() {
                    self.arm(phase, UNTIL_ROOM);
                }
            }
            Err(_) => self.give_up(),
        }
    }

    fn is_overtaken(&self) -> bool {
        self.executor.is_closed()
    }
}

impl<B, F, T> Attempts for Retrying<B, F, T>
where
    B: Backend,
    F: Send + 'static,
    T: Send + 'static,
{
    fn queued(&self) -> Option<Canceller> {
        self.lock().queued.clone()
    }

    fn watch(&self, waker: &Waker) {
        let waker = waker.clone();
        let mut phase = self.lock();
        let known = phase.watching.iter().any(|other| other.will_wake(&waker));
        let unused = if known || phase.ended {
            Some(waker)
        } else {
            phase.watching.push(waker);
            None
        };
        drop(phase);
        drop(unused);
    }

    fn ended(&self) {
        let (work, attempt, due, watching) = {
            let mut phase = self.lock();
            phase.ended = true;
            let watching = std::mem::take(&mut phase.watching);
            (phase.pending.take(), phase.queued.take(), phase.due.take(), watching)
        };
        contain(|| drop(work));
        if let Some(attempt) = attempt {
            attempt.cancel();
        }
        drop(due.and_then(timer::remove));
        contain(|| drop(watching));
    }
}

impl<B, F, T> fmt::Debug for Retrying<B, F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retrying").field("policy", &self.policy).finish_non_exhaustive()
    }
}
