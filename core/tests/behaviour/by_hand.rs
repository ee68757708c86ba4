//! A pool whose workers the test runs itself, on the thread that it likes, and in which nobody sleeps:
//! whoever parks takes the next step of the test instead.

use core::cell::RefCell;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Waker;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Wake;

use concurrent_futures_core::{
    Executor, Lock, OsLock, Park, Parked, Platform, Pool, PoolSettings, StartError, Text, Worker,
};

pub(crate) type HandPool = Arc<Executor<Pool<ByHand>>>;

/// The platform.
pub(crate) struct ByHand(Hand);

/// What the test holds of it.
#[derive(Clone, Default)]
pub(crate) struct Hand(Arc<State>);

#[derive(Default)]
struct State {
    started: Mutex<VecDeque<Worker<ByHand>>>,
    steps: Mutex<VecDeque<Step>>,
    /// What becomes of the next workers.
    starts: Mutex<VecDeque<Start>>,
    /// There are no workers to be had.
    refuses: AtomicBool,
    /// Initializing a worker fails.
    fails: AtomicBool,
    /// There is no clock.
    timeless: AtomicBool,
}

/// What happens while somebody sleeps, and, if that is decided by it, why the sleep ends.
type Step = Box<dyn FnOnce() -> Option<Parked> + Send>;

/// What the platform does with a worker, instead of keeping it for the test.
type Start = Box<dyn FnOnce(Worker<ByHand>) + Send>;

/// Settings of pools whose idle workers end, so that running one comes to an end.
pub(crate) fn settings(max_workers: usize) -> PoolSettings {
    PoolSettings::new(max_workers).keep_alive(Duration::from_secs(1))
}

pub(crate) fn by_hand(settings: PoolSettings) -> (Hand, HandPool) {
    let hand = Hand::default();
    let pool = Pool::with_settings(ByHand(hand.clone()), settings).expect("good settings");
    (hand, Arc::new(Executor::new(pool)))
}

impl Hand {
    /// Runs every worker that was started until it has nothing to do; says how many. They take no steps:
    /// those are for whoever parks next.
    pub(crate) fn run(&self) -> usize {
        let steps = core::mem::take(&mut *lock(&self.0.steps));
        let mut workers = 0;
        while let Some(worker) = self.start() {
            worker.run();
            workers += 1;
        }
        lock(&self.0.steps).extend(steps);
        workers
    }

    /// A worker that was started and has not been run.
    pub(crate) fn start(&self) -> Option<Worker<ByHand>> {
        lock(&self.0.started).pop_front()
    }

    /// The next one to park does this, and sleeps on unless that has woken it.
    pub(crate) fn when_parked(&self, step: impl FnOnce() + Send + 'static) {
        self.step(move || {
            step();
            None
        });
    }

    /// The next one to park does this, and then its deadline has passed.
    pub(crate) fn until_deadline(&self, step: impl FnOnce() + Send + 'static) {
        self.step(move || {
            step();
            Some(Parked::DeadlinePassed)
        });
    }

    fn step(&self, step: impl FnOnce() -> Option<Parked> + Send + 'static) {
        lock(&self.0.steps).push_back(Box::new(step));
    }

    /// The next worker to be started is handed to this, and the pool is told that it was started.
    pub(crate) fn when_started(&self, start: impl FnOnce(Worker<ByHand>) + Send + 'static) {
        lock(&self.0.starts).push_back(Box::new(start));
    }

    pub(crate) fn steps_left(&self) -> usize {
        lock(&self.0.steps).len()
    }

    pub(crate) fn refuse_workers(&self, refuse: bool) {
        self.0.refuses.store(refuse, Ordering::Relaxed);
    }

    pub(crate) fn fail_to_initialize(&self) {
        self.0.fails.store(true, Ordering::Relaxed);
    }

    pub(crate) fn stop_the_clock(&self) {
        self.0.timeless.store(true, Ordering::Relaxed);
    }
}

impl ByHand {
    pub(crate) fn of(hand: &Hand) -> Self {
        Self(hand.clone())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics under the lock")
}

impl Platform for ByHand {
    type Lock = OsLock;
    type StartLock = StartLock;
    type Park = HandPark;

    fn start(&self, worker: Worker<Self>) -> Result<(), StartError> {
        if self.0.0.refuses.load(Ordering::Relaxed) {
            return Err(StartError::new("no worker to be had"));
        }
        let start = lock(&self.0.0.starts).pop_front();
        match start {
            Some(start) => start(worker),
            None => lock(&self.0.0.started).push_back(worker),
        }
        Ok(())
    }

    fn parker(&self) -> HandPark {
        HandPark { hand: self.0.clone(), woken: Arc::default() }
    }

    fn deadline_after(&self, _: Duration) -> Option<()> {
        (!self.0.0.timeless.load(Ordering::Relaxed)).then_some(())
    }

    fn has_initializer(&self) -> bool {
        self.0.0.fails.load(Ordering::Relaxed)
    }

    fn initialize(&self) -> Result<(), Text> {
        if self.has_initializer() { Err("it does not begin".into()) } else { Ok(()) }
    }
}

/// The lock under which workers are started.
#[derive(Default)]
pub(crate) struct StartLock(OsLock);

std::thread_local! {
    static WHEN_RELEASED: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

/// This thread does that when it has had a lock under which workers are started, before it looks at
/// anything else: as if it were preempted there.
pub(crate) fn when_start_lock_is_released(step: impl FnOnce() + 'static) {
    WHEN_RELEASED.set(Some(Box::new(step)));
}

// SAFETY: a mutex; what follows is done when it has been released.
unsafe impl Lock for StartLock {
    fn with<R>(&self, f: impl FnOnce() -> R) -> R {
        let result = self.0.with(f);
        if let Some(step) = WHEN_RELEASED.take() {
            step();
        }
        result
    }
}

/// Parks by taking steps; without any left, its deadline passes.
pub(crate) struct HandPark {
    hand: Hand,
    woken: Arc<Flag>,
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

impl Park for HandPark {
    type Instant = ();

    fn waker(&self) -> Waker {
        Waker::from(self.woken.clone())
    }

    fn park(&self, deadline: Option<()>) -> Parked {
        loop {
            if self.woken.0.swap(false, Ordering::Acquire) {
                return Parked::Woken;
            }
            let step = lock(&self.hand.0.steps).pop_front();
            match step {
                Some(step) => {
                    if let Some(parked) = step() {
                        return parked;
                    }
                }
                None if deadline.is_some() => return Parked::DeadlinePassed,
                None => panic!("nobody is left who could wake it"),
            }
        }
    }
}
