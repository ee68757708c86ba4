//! Calls that are attempted again.
//!
//! A call has one promise for all its attempts. While an attempt is under way the supervisor has it, and
//! gives it to [`Retrying::failed`] in place of resolving it; between two attempts it is in
//! `Phase::waiting`, for the timer.
#![forbid(unsafe_code)]

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use concurrent_futures_core::calls::{
    CallDesk, CallPromise, Decode, Encoded, FallibleCallee, FrameFlags, Landing, Portable,
};
use concurrent_futures_core::{Future, RefusedReason, TaskError, TaskErrorKind};

use super::call_error::{CallError, CallErrorReason};
use super::called::Called;
use super::caller::Packed;
use super::decode::AsFallible;
use super::desk::PoolDesk;
use super::executor::ProcessPoolExecutor;
use super::os::Os;
use super::retries::Retry;
use crate::contain::contain;
use crate::retry::{History, UNTIL_ROOM};
use crate::retry_policy::{Delays, RetryPolicy};
use crate::timer::{self, Timed};

/// A call that so many workers were lost with is not attempted again.
const LETHAL: u32 = 3;

impl ProcessPoolExecutor {
    /// Calls a registered function again, as the policy says, when it returns an error.
    ///
    /// The future is resolved once: with the first value, or with the last error. Each attempt is a call; it
    /// may run in another worker than the one before. Between two of them no worker is occupied, and the
    /// future is pending. The [`History`] has the error of each attempt, also after one has succeeded.
    /// Dropping the future detaches it: the attempts go on. The arguments are encoded once, for all attempts;
    /// large payloads are sent among the others, and count for their limit.
    ///
    /// After a panic, and after the worker was lost, there is another attempt only if the policy says so:
    /// [`after_panics`](RetryPolicy::after_panics), [`after_lost_workers`](RetryPolicy::after_lost_workers). A
    /// call that three workers were lost with is not attempted again, nor is one that was
    /// [killed](Self::kill).
    ///
    /// What the policy asks is asked in the pool's thread for callbacks, and must not block. A done callback that
    /// does holds up the attempts of other calls.
    ///
    /// # Cancellation
    /// Before an attempt has started and between two of them, `cancel` succeeds. After a
    /// [`request_stop`](Future::request_stop), and when the pool is shut down, there is no other attempt: the
    /// future is resolved with the last error, at once if it is between two attempts.
    ///
    /// # Errors
    /// The arguments back, as [`submit`](Self::submit) does, if the first attempt is refused.
    ///
    /// # Examples
    /// ```standalone_crate
    /// use concurrent_futures::{ProcessPoolExecutor, RetryPolicy, task};
    /// use std::time::Duration;
    ///
    /// #[task]
    /// fn fetch(path: String) -> Result<usize, String> {
    ///     match std::fs::read(&path) {
    ///         Ok(bytes) => Ok(bytes.len()),
    ///         Err(error) => Err(format!("{path}: {error}")),
    ///     }
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     concurrent_futures::init();
    ///     let processes = ProcessPoolExecutor::new(1)?;
    ///     let policy = RetryPolicy::attempts(3)?.fixed(Duration::from_millis(1));
    ///     let (future, history) = processes.submit_retry(&policy, fetch, "/no/such/file".into())?;
    ///     assert!(future.result().is_err());
    ///     assert_eq!(history.failed(), 3);
    ///     Ok(())
    /// }
    /// ```
    pub fn submit_retry<F, A, M>(
        &self,
        policy: &RetryPolicy,
        function: F,
        arguments: A,
    ) -> Result<(Future<F::Value>, History), CallError<A>>
    where
        F: FallibleCallee<A, M>,
        A: Portable,
    {
        let _ = function; // its type says which it is
        type Of<F, A, M> =
            AsFallible<<F as FallibleCallee<A, M>>::Value, <F as FallibleCallee<A, M>>::Error>;
        let called = Called::find::<F>(FrameFlags::FALLIBLE, self.options());
        let submit = |called| self.try_submit_retry::<Of<F, A, M>, A>(policy, called, &arguments);
        match called.and_then(submit) {
            Ok(submitted) => {
                contain(|| drop(arguments)); // they are kept in bytes
                Ok(submitted)
            }
            Err(reason) => Err(CallError::new(arguments, reason)),
        }
    }

    /// # Errors
    /// Why the first attempt was refused.
    fn try_submit_retry<D, A>(
        &self,
        policy: &RetryPolicy,
        called: Called,
        arguments: &A,
    ) -> Result<(Future<D::Output>, History), CallErrorReason>
    where
        D: Decode<Output: Send + 'static>,
        A: Portable,
    {
        let desk = self.caller().desk();
        if desk.is_copy() {
            return Err(CallErrorReason::Refused(RefusedReason::ShutDown));
        }
        let packed = self.caller().pack_inline(arguments)?;
        let history = History::default();
        let phase = Phase {
            delays: Some(policy.delays()),
            waiting: None,
            due: None,
            lost: 0,
            ended: false,
        };
        let number = desk.number();
        let (promise, future) = desk.call::<D>(number);
        let retrying = Arc::new(Retrying {
            desk: desk.clone(),
            number,
            called,
            packed: packed.clone(),
            raised: raised::<D>,
            policy: policy.clone(),
            history: history.clone(),
            phase: Mutex::new(phase),
        });
        desk.lock().retries.insert(number, retrying);
        let queue_timeout = called.queue_timeout();
        let call = called.call(packed, promise);
        match desk.admit(call, queue_timeout, self.caller().policy()) {
            Ok(()) => Ok((future, history)),
            Err(reason) => {
                contain(|| drop(desk.end_retry(number)));
                Err(CallErrorReason::Refused(reason))
            }
        }
    }
}

/// The error that was encoded. Decoding it runs a user's code.
fn raised<D: Decode>(encoded: &Encoded) -> TaskError {
    let decoded = contain(|| D::decode(encoded).err());
    decoded.flatten().unwrap_or_else(|| TaskError::failed("its error cannot be decoded"))
}

/// A call that is attempted again.
struct Retrying {
    desk: CallDesk<PoolDesk<Os>>,
    number: u64,
    called: Called,
    packed: Packed,
    raised: fn(&Encoded) -> TaskError,
    policy: RetryPolicy,
    history: History,
    phase: Mutex<Phase>,
}

/// Taken after no other lock than this, and before that of the timer only.
struct Phase {
    /// Out while the next one is asked for.
    delays: Option<Delays>,
    /// Between two attempts: the right to resolve the future, and what it is resolved with if there is no
    /// other one.
    waiting: Option<(CallPromise, Landing)>,
    /// The entry in the timer.
    due: Option<timer::Key>,
    /// Workers that were lost with it.
    lost: u32,
    /// Nothing is attempted any more.
    ended: bool,
}

impl Retrying {
    /// Nothing of a user's runs under this lock.
    fn lock(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(|poison| poison.into_inner())
    }

    /// How long to wait for another attempt, if there is to be one.
    fn next_delay(&self, error: &TaskError) -> Option<Duration> {
        let failed = self.history.push(error.clone());
        let goes_on = contain(|| self.policy.goes_on(failed, error)) == Some(true);
        if !goes_on || !self.survives(error) || self.desk.lock().is_closed() {
            return None;
        }
        let mut delays = self.lock().delays.take()?;
        let delay = contain(|| delays.next()).flatten();
        self.lock().delays = Some(delays);
        delay
    }

    /// Whether it may be attempted again for all that it has done to workers.
    fn survives(&self, error: &TaskError) -> bool {
        match error.kind() {
            TaskErrorKind::WorkerLost => {
                let mut phase = self.lock();
                phase.lost += 1;
                self.policy.goes_on_after_lost_workers() && phase.lost < LETHAL
            }
            TaskErrorKind::Killed | TaskErrorKind::PoolBroken => false,
            _ => true,
        }
    }

    /// Has the timer call after `delay`.
    fn wait(self: &Arc<Self>, promise: CallPromise, landing: Landing, delay: Duration) {
        promise.come_home();
        let mut phase = self.lock();
        if phase.ended {
            drop(phase);
            return drop(promise); // cancelled just now
        }
        phase.waiting = Some((promise, landing));
        phase.due = timer::insert(delay, self.clone());
        let is_timed = phase.due.is_some();
        drop(phase);
        if !is_timed {
            self.give_up();
        } else if self.desk.lock().is_closed() {
            timer::waker().wake_by_ref(); // closed after it was looked at, and before this
        }
    }

    /// There is no other attempt: the last error it is.
    fn give_up(&self) {
        let waiting = self.lock().waiting.take();
        if let Some((promise, landing)) = waiting {
            self.land(promise, landing);
        }
    }

    fn land(&self, promise: CallPromise, landing: Landing) {
        self.lock().ended = true;
        let ended = self.desk.end_retry(self.number);
        if let Some(aftermath) = promise.land(landing) {
            self.desk.call_back(Box::new(move || aftermath.run()));
        }
        contain(|| drop(ended));
    }
}

impl Retry for Retrying {
    fn failed(self: Arc<Self>, promise: CallPromise, landing: Landing) {
        let error = match &landing {
            Landing::Failed(error) => error.clone(),
            Landing::Raised(encoded) => (self.raised)(encoded),
            Landing::Value(_) | Landing::Cancelled => return self.land(promise, landing),
        };
        let delay = self.next_delay(&error);
        match delay.filter(|_| !promise.stop_requested()) {
            Some(delay) => self.wait(promise, landing, delay),
            None => self.land(promise, landing),
        }
    }

    fn cancelled(&self) -> bool {
        let (waiting, due) = {
            let mut phase = self.lock();
            phase.ended = true;
            (phase.waiting.take(), phase.due.take())
        };
        drop(due.and_then(timer::remove));
        waiting.is_some()
    }
}

impl Timed for Retrying {
    fn due(self: Arc<Self>) {
        let (waiting, ended) = {
            let mut phase = self.lock();
            phase.due = None;
            (phase.waiting.take(), phase.ended)
        };
        let Some((promise, landing)) = waiting else { return };
        if ended || promise.stop_requested() {
            return self.land(promise, landing);
        }
        let call = self.called.call(self.packed.clone(), promise);
        match self.desk.submit_again(call, self.called.queue_timeout()) {
            Ok(()) => {}
            Err((promise, RefusedReason::Full)) => self.wait(promise, landing, UNTIL_ROOM),
            Err((promise, _)) => self.land(promise, landing),
        }
    }

    fn is_overtaken(&self) -> bool {
        self.desk.lock().is_closed()
    }
}

impl fmt::Debug for Retrying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retrying").field("policy", &self.policy).finish_non_exhaustive()
    }
}
