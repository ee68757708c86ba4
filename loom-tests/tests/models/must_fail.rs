//! Models of known mistakes: each must be found, or the checker checks nothing.
//!
//! The table `MUST_FAIL` in `models_run.rs` says what each of them prints when it is found.

use core::mem;
use std::task::Wake;

use concurrent_futures_core::calls::supervisor::Action;
use concurrent_futures_core::{Park, SleepStrategy, ThreadParker, promise};
use concurrent_futures_loom::{Bound, model};
use loom::cell::Cell;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

use crate::call_support::{NOW, land, sent, submit};
use crate::parker_support::flag;
use crate::support::{Tracked, poll};

/// Mistake: an increment as a load and a store.
#[test]
fn lost_increment() {
    model(Bound::Exhaustive, || {
        let counter = Arc::new(AtomicUsize::new(0));
        let other = Arc::clone(&counter);
        let thread = thread::spawn(move || increment(&other));
        increment(&counter);
        thread.join().unwrap();
        assert_eq!(counter.load(Ordering::Relaxed), 2, "an increment was lost");
    });
}

fn increment(counter: &AtomicUsize) {
    let before = counter.load(Ordering::Relaxed);
    counter.store(before + 1, Ordering::Relaxed);
}

/// Mistake: whoever waits looks, registers its waker and does not look again.
#[test]
fn lost_wake_up() {
    model(Bound::Exhaustive, || {
        let done = Arc::new(AtomicBool::new(false));
        let waker = Arc::new(Mutex::new(None));
        let (their_done, their_waker) = (Arc::clone(&done), Arc::clone(&waker));
        thread::spawn(move || {
            their_done.store(true, Ordering::Release);
            if let Some(waker) = their_waker.lock().unwrap().take() {
                std::task::Waker::wake(waker);
            }
        });
        if !done.load(Ordering::Acquire) {
            let park = ThreadParker::new();
            *waker.lock().unwrap() = Some(park.waker());
            let _ = park.park(None);
        }
    });
}

/// Mistake: a promise that is neither fulfilled nor dropped, whose future somebody waits for.
#[test]
fn forgotten_promise() {
    model(Bound::Exhaustive, || {
        let (promise, future) = promise::<()>();
        thread::spawn(move || mem::forget(promise));
        let _ = future.result();
    });
}

/// Mistake: a future that is never dropped. That its slot is missed shows that core's slots are watched.
#[test]
fn forgotten_future() {
    model(Bound::Exhaustive, || {
        let (promise, future) = promise();
        let completer = thread::spawn(move || promise.complete(()).unwrap());
        mem::forget(future);
        completer.join().unwrap();
    });
}

/// What a slot is to its holders: a count, and something that is read while it lives and written at its end.
struct Counted {
    references: AtomicUsize,
    grave: Cell<bool>,
}

/// Mistake: references are given up without Release and Acquire, so that an access can come after the end.
#[test]
fn late_access() {
    model(Bound::Exhaustive, || {
        let references = AtomicUsize::new(2);
        let counted = Arc::new(Counted { references, grave: Cell::new(false) });
        let other = Arc::clone(&counted);
        let holder = thread::spawn(move || hold_and_release(&other));
        hold_and_release(&counted);
        holder.join().unwrap();
    });
}

fn hold_and_release(counted: &Counted) {
    assert!(!counted.grave.get());
    if counted.references.fetch_sub(1, Ordering::Relaxed) == 1 {
        counted.grave.set(true);
    }
}

/// Mistake: a value is published without Release.
#[test]
fn unpublished_value() {
    model(Bound::Exhaustive, || {
        let place = Arc::new((Cell::new(0), AtomicBool::new(false)));
        let other = Arc::clone(&place);
        thread::spawn(move || {
            other.0.set(7);
            other.1.store(true, Ordering::Relaxed);
        });
        if place.1.load(Ordering::Acquire) {
            assert_eq!(place.0.get(), 7);
        }
    });
}

/// Mistake: two look whether it is pending, and then both complete it.
#[test]
fn double_completion() {
    model(Bound::Exhaustive, || {
        let pending = Arc::new(AtomicBool::new(true));
        let other = Arc::clone(&pending);
        let completer = thread::spawn(move || complete(&other));
        let ours = complete(&pending);
        let theirs = completer.join().unwrap();
        assert!(ours != theirs, "completed twice");
    });
}

fn complete(pending: &AtomicBool) -> bool {
    let won = pending.load(Ordering::Acquire);
    pending.store(false, Ordering::Release);
    won
}

/// Mistake: a future that is being completed is taken to be pending. Loom by itself tries that look in one order
/// only, since the completer looks as well before it writes.
#[test]
fn untried_order_of_a_load() {
    model(Bound::Exhaustive, || {
        let (promise, future) = promise();
        let completer = thread::spawn(move || promise.complete(Tracked::new(7)).unwrap());
        assert!(!future.done(), "completed before the look");
        completer.join().unwrap();
    });
}

/// Mistake: a failure where core contains it, in a waker.
#[test]
fn contained_panic() {
    struct Panics;

    impl Wake for Panics {
        fn wake(self: std::sync::Arc<Self>) {
            panic!("woken");
        }
    }

    model(Bound::Exhaustive, || {
        let (promise, mut future) = promise();
        let waker = std::task::Waker::from(std::sync::Arc::new(Panics));
        assert!(poll(&mut future, &waker).is_pending());
        let completer = thread::spawn(move || promise.complete(()).unwrap());
        completer.join().unwrap();
    });
}

/// Mistake: a worker looks for work and then says that it sleeps, without looking again (P3 of the pool).
#[test]
fn sleep_without_a_second_look() {
    model(Bound::Exhaustive, || {
        let (queued, asleep) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (push, wake) = (Arc::clone(&queued), Arc::clone(&asleep));
        let submitter = thread::spawn(move || {
            push.swap(true, Ordering::AcqRel);
            wake.swap(false, Ordering::AcqRel)
        });
        let found = queued.swap(false, Ordering::AcqRel);
        if !found {
            asleep.swap(true, Ordering::AcqRel);
        }
        let woken = submitter.join().unwrap();
        assert!(found || woken, "nobody runs the task");
    });
}

/// Mistake: a core sleeps without looking whether it was woken, and what ends its sleep is not latched.
#[test]
fn sleep_of_a_core_without_a_look() {
    #[derive(Default)]
    struct Blind(Mutex<()>, Condvar);

    impl SleepStrategy for Blind {
        fn sleep(&self, _: impl Fn() -> bool) {
            drop(self.1.wait(self.0.lock().unwrap()).unwrap());
        }

        fn wake(&self) {
            self.1.notify_one();
        }
    }

    model(Bound::Exhaustive, || {
        let flag = flag(Blind::default());
        let waker = flag.parker().waker();
        thread::spawn(move || waker.wake());
        let _ = flag.parker().park(None);
    });
}

/// Mistake: a worker looks whether the call is still offered, and then says that it has started it; its parent takes
/// it back likewise.
#[test]
fn call_started_in_two_steps() {
    model(Bound::Exhaustive, || {
        let offered = Arc::new(AtomicBool::new(true));
        let other = Arc::clone(&offered);
        let worker = thread::spawn(move || take_in_two_steps(&other));
        let recalled = take_in_two_steps(&offered);
        let started = worker.join().unwrap();
        assert!(!(started && recalled), "started and cancelled");
    });
}

fn take_in_two_steps(offered: &AtomicBool) -> bool {
    let taken = offered.load(Ordering::Relaxed);
    offered.swap(false, Ordering::Relaxed);
    taken
}

/// Mistake: a call is landed under the lock of its pool, and a callback of its future cancels another.
#[test]
fn call_landed_under_the_lock() {
    model(Bound::Exhaustive, || {
        let (calls, _worker, _, future) = sent(1);
        let second = submit(&calls, 2);
        future.add_done_callback(move |_| {
            second.cancel();
        });
        let desk = calls.clone();
        let close = thread::spawn(move || {
            desk.with(|supervisor| {
                supervisor.close_and_cancel(NOW);
                for action in supervisor.take_actions() {
                    if let Action::Resolve(promise, landing) = action {
                        land(promise, landing);
                    }
                }
            });
        });
        close.join().unwrap();
    });
}
