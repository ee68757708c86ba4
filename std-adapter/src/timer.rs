//! The timer of the process: one thread that calls whoever is due, started when somebody waits and
//! ended when nobody has for a while.
//!
//! Whatever it calls, and whatever it drops, may be a user's, and panic: that is contained, entry by
//! entry. One that blocks holds up all others: the thread is the only one.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard};
use std::task::{Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use crate::contain::contain;

/// How long the thread stays when nobody waits: starting one for each retry would cost more.
const LINGER: Duration = Duration::from_secs(1);

/// Waits for its time.
pub(crate) trait Timed: Send + Sync {
    /// It has come. Called once, in the timer's thread, under no lock.
    fn due(self: Arc<Self>);

    /// Whether the time has come because what is waited for cannot be any more.
    fn is_overtaken(&self) -> bool;
}

/// Names one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(Instant, u64);

#[derive(Default)]
struct Inner {
    entries: BTreeMap<Key, Arc<dyn Timed>>,
    numbered: u64,
    /// There is a thread, which looks at the entries again before it ends.
    runs: bool,
    /// Some entries may be overtaken.
    look: bool,
}

static INNER: Mutex<Inner> =
    Mutex::new(Inner { entries: BTreeMap::new(), numbered: 0, runs: false, look: false });
static CHANGED: Condvar = Condvar::new();

fn lock() -> MutexGuard<'static, Inner> {
    INNER.lock().unwrap_or_else(|poison| poison.into_inner())
}

/// Has `timed` called after `delay`; `None` if that cannot be, because the clock does not go so far or
/// the system has no thread left.
pub(crate) fn insert(delay: Duration, timed: Arc<dyn Timed>) -> Option<Key> {
    let at = Instant::now().checked_add(delay)?;
    let mut inner = lock();
    if !inner.runs && !start(&mut inner) {
        return None;
    }
    let key = Key(at, inner.numbered);
    inner.numbered += 1;
    inner.entries.insert(key, timed);
    drop(inner);
    CHANGED.notify_one();
    Some(key)
}

/// Says whether there was a thread to be had.
fn start(inner: &mut Inner) -> bool {
    inner.runs = thread::Builder::new().name("retry-timer".into()).spawn(run).is_ok();
    inner.runs
}

/// Takes an entry out, if it is not being called already.
pub(crate) fn remove(key: Key) -> Option<Arc<dyn Timed>> {
    let mut inner = lock();
    let entry = inner.entries.remove(&key);
    let is_idle = inner.entries.is_empty();
    drop(inner);
    if is_idle {
        CHANGED.notify_one(); // the thread waits for nobody any more, and may end
    }
    entry
}

/// A waker, always the same, that has the timer look for entries that are overtaken.
pub(crate) fn waker() -> &'static Waker {
    /// Not of size zero: a pointer to nothing lies behind its allocation, and a leak checker does not see
    /// that somebody has it.
    struct Look {
        _something: u8,
    }

    impl Wake for Look {
        fn wake(self: Arc<Self>) {
            lock().look = true;
            CHANGED.notify_one();
        }
    }

    static WAKER: LazyLock<Waker> = LazyLock::new(|| Waker::from(Arc::new(Look { _something: 0 })));
    &WAKER
}

/// The timer's thread ends, in whatever way: if entries are left, another one takes over. Without
/// one to be had they wait for the next `insert`.
struct Runs;

impl Drop for Runs {
    fn drop(&mut self) {
        let mut inner = lock();
        inner.runs = false;
        if !inner.entries.is_empty() {
            start(&mut inner);
        }
    }
}

fn run() {
    let _runs = Runs;
    let mut inner = lock(); // let go before `_runs` takes it
    loop {
        if core::mem::take(&mut inner.look) {
            drop(inner);
            call_overtaken();
            inner = lock();
            continue;
        }
        let now = Instant::now();
        match inner.entries.first_key_value() {
            Some((key, _)) if key.0 <= now => {
                let due = inner.entries.pop_first();
                drop(inner);
                if let Some((_, timed)) = due {
                    contain(|| timed.due());
                }
                inner = lock();
            }
            Some((key, _)) => {
                let left = key.0 - now;
                inner = wait(inner, left).0;
            }
            None => {
                let (again, timed_out) = wait(inner, LINGER);
                inner = again;
                if timed_out && inner.entries.is_empty() {
                    return;
                }
            }
        }
    }
}

/// Says whether the time passed without a word.
fn wait(
    inner: MutexGuard<'static, Inner>,
    patience: Duration,
) -> (MutexGuard<'static, Inner>, bool) {
    let (inner, timeout) =
        CHANGED.wait_timeout(inner, patience).unwrap_or_else(|poison| poison.into_inner());
    (inner, timeout.timed_out())
}

/// Calls those that are overtaken, whenever their time is. They are asked outside the lock.
fn call_overtaken() {
    let all: Vec<_> = lock().entries.iter().map(|(key, timed)| (*key, timed.clone())).collect();
    for (key, timed) in all {
        // Dropped inside, whether called or not: it may be the last by now.
        contain(move || {
            if timed.is_overtaken() && remove(key).is_some() {
                timed.due();
            }
        });
    }
}
