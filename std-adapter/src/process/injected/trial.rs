//! [`Trial`]: one pool, with one fault at most, and what became of its calls.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use concurrent_futures_core::calls::supervisor::{NewCall, SupervisorSettings};
use concurrent_futures_core::calls::{CallDesk, Callee, Limits, Portable, encode_into};

use super::super::decode::AsValue;
use super::super::desk::PoolDesk;
use super::super::file::Writing;
use super::super::init::worker_arguments;
use super::super::os::{FailingSys, Fault, Launch, Os, Output};
use super::super::pool::{Parts, Pool};
use super::super::registration;
use super::tasks::double;
use super::watch::{PATIENCE, until};
use crate::{Future, FutureId, RefusedReason, Shutdown, TaskErrorKind};

/// A pool, and what became of its calls.
pub(super) struct Trial {
    /// Taken by who drops it.
    pool: Option<Pool<FailingSys<Os>>>,
    desk: CallDesk<PoolDesk<FailingSys<Os>>>,
    /// How often the callbacks of each future were called.
    told: Vec<Arc<AtomicUsize>>,
    fault: Option<Fault>,
    _clock: Clock,
}

/// Moves the clock of a pool, faster than the real one, until it is dropped.
struct Clock {
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Clock {
    fn start(desk: CallDesk<PoolDesk<FailingSys<Os>>>) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let is_stopped = stopped.clone();
        let thread = thread::spawn(move || {
            let (tick, ticks) = (Duration::from_millis(1), 20);
            // ORDERING: Relaxed; nothing else is to be seen.
            while !is_stopped.load(Ordering::Relaxed) {
                thread::sleep(tick);
                desk.sys.advance(tick * ticks);
            }
        });
        Self { stopped, thread: Some(thread) }
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        // ORDERING: Relaxed; see `start`.
        self.stopped.store(true, Ordering::Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(matches!(ended, Some(Ok(()))) || thread::panicking());
    }
}

/// Why there is no future.
#[derive(Debug)]
pub(super) enum NotAccepted {
    NotEncoded,
    Refused(RefusedReason),
}

impl Trial {
    /// # Errors
    /// The pool does not start.
    pub(super) fn begin(fault: Option<Fault>) -> io::Result<Self> {
        let registry = registration::registry().unwrap();
        let arguments = worker_arguments(true).unwrap();
        let mut settings = SupervisorSettings::new(1);
        settings.grace = Duration::from_millis(200);
        settings.start_timeout = Duration::from_secs(1000); // by a fast clock
        let parts = Parts {
            settings,
            functions: registry.len(),
            fit: Box::new(|hello| {
                registry.match_with(hello).map_err(|mismatch| mismatch.to_string())
            }),
            launch: Launch { arguments, stdout: Output::Null, ..Launch::default() },
            listener: None,
        };
        let sys = FailingSys::new(Os::new(), fault).with_stopped_clock();
        let pool = Pool::start(sys, parts)?;
        let desk = pool.desk().clone();
        let clock = Clock::start(desk.clone());
        Ok(Self { _clock: clock, pool: Some(pool), desk, told: Vec::new(), fault })
    }

    pub(super) fn pool(&self) -> &Pool<FailingSys<Os>> {
        self.pool.as_ref().expect("nobody has dropped it")
    }

    pub(super) fn submit<F, A, M>(&mut self, function: F, arguments: A) -> Option<Future<F::Output>>
    where
        F: Callee<A, M>,
        A: Portable,
    {
        self.submit_for(None, function, arguments)
    }

    /// As the executor does; `None` if that fails, as it may only if something was made to fail.
    pub(super) fn submit_for<F, A, M>(
        &mut self,
        run_for: Option<Duration>,
        function: F,
        arguments: A,
    ) -> Option<Future<F::Output>>
    where
        F: Callee<A, M>,
        A: Portable,
    {
        match self.try_submit(run_for, function, &arguments) {
            Ok(future) => Some(future),
            Err(error) => {
                assert!(self.has_failed(), "{error:?}");
                None
            }
        }
    }

    fn try_submit<F, A, M>(
        &mut self,
        run_for: Option<Duration>,
        _: F,
        arguments: &A,
    ) -> Result<Future<F::Output>, NotAccepted>
    where
        F: Callee<A, M>,
        A: Portable,
    {
        let (task, name) = registration::find_named::<F>().unwrap();
        let desk = self.desk.clone();
        let mut files = Writing::new(&desk.files, &desk.sys, &desk.open);
        let mut payload = Vec::new();
        encode_into(&mut payload, arguments, &Limits::default(), Some(&mut files))
            .map_err(|_| NotAccepted::NotEncoded)?;
        let number = desk.number();
        let (promise, future) = desk.call::<AsValue<F::Output>>(number);
        let mut call = NewCall::new(number, promise, task, name, payload);
        if let Some((file, length)) = files.finish() {
            call = call.large(file, length);
        }
        if let Some(time) = run_for {
            call = call.run_for(time);
        }
        desk.submit(call).map_err(|(_, reason)| NotAccepted::Refused(reason))?;
        let told = Arc::new(AtomicUsize::new(0));
        self.told.push(told.clone());
        future.add_done_callback(move |_| {
            // ORDERING: Relaxed; the thread that calls it is joined before anybody looks.
            told.fetch_add(1, Ordering::Relaxed);
        });
        Ok(future)
    }

    /// Whether the call that should fail has come.
    pub(super) fn has_failed(&self) -> bool {
        self.desk.sys.has_failed()
    }

    /// The future of this call, if it was accepted, resolves: with this value unless something was made to fail.
    #[track_caller]
    pub(super) fn has_value<T: PartialEq + fmt::Debug>(
        &self,
        future: Option<Future<T>>,
        value: &T,
    ) {
        self.ends(future, |ended| ended.as_ref() == Ok(value));
    }

    /// As [`has_value`](Self::has_value), with an error.
    #[track_caller]
    pub(super) fn fails<T: fmt::Debug>(&self, future: Option<Future<T>>, kind: TaskErrorKind) {
        self.ends(future, |ended| matches!(ended, Err(error) if *error == kind));
    }

    #[track_caller]
    fn ends<T: fmt::Debug>(
        &self,
        future: Option<Future<T>>,
        as_it_should: impl FnOnce(&Result<T, TaskErrorKind>) -> bool,
    ) {
        let Some(mut future) = future else { return };
        let ended = future.result_timeout(PATIENCE);
        let what = format!("{:?}: {ended:?}", self.fault);
        let ended = ended.map_err(|error| error.kind());
        assert_ne!(ended.as_ref().err(), Some(&TaskErrorKind::TimedOut), "{what}");
        assert!(as_it_should(&ended) || (ended.is_err() && self.has_failed()), "{what}");
    }

    /// Waits until a call runs, unless it ends before that.
    #[track_caller]
    pub(super) fn runs<T>(&self, future: Option<&Future<T>>) -> Option<FutureId> {
        let future = future?;
        until("it runs", || future.running() || future.done());
        Some(future.id())
    }

    /// The pool does what it should, now that nothing fails any more; or it says why it does not.
    #[track_caller]
    pub(super) fn is_usable(&mut self) {
        for still_to_come in [true, false] {
            let future = match self.try_submit(None, double, &21) {
                Ok(mut future) => future.result_timeout(PATIENCE),
                Err(NotAccepted::Refused(RefusedReason::Broken(cause))) => {
                    return assert!(!cause.is_empty());
                }
                Err(other) => panic!("{:?}: {other:?}", self.fault),
            };
            match future {
                Ok(answer) => return assert_eq!(answer, 42),
                Err(error) if error.kind() == TaskErrorKind::PoolBroken => {
                    return assert!(!error.message().is_empty());
                }
                // Perhaps this was the call for which it came.
                Err(error) => assert!(still_to_come && self.has_failed(), "{error}"),
            }
        }
    }

    /// Drops the pool, which waits for what it has accepted.
    pub(super) fn drop_pool(&mut self) {
        self.pool = None;
    }

    /// Shuts down, and says whether something failed.
    #[track_caller]
    pub(super) fn end(mut self) -> bool {
        if let Some(pool) = &self.pool {
            let ended = pool.shutdown(Shutdown::wait_timeout(PATIENCE));
            assert!(ended.is_ok(), "{:?}: {ended:?}", self.fault);
        }
        self.drop_pool();
        // ORDERING: Relaxed; see `try_submit`.
        let told: Vec<_> = self.told.iter().map(|told| told.load(Ordering::Relaxed)).collect();
        assert!(told.iter().all(|times| *times == 1), "{:?}: {told:?}", self.fault);
        self.has_failed()
    }
}
