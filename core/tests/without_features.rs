//! What there is without a single feature: no allocator, no operating system.
//!
//! Compiled and run with every set of features.
#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]

use core::error::Error;
use core::sync::atomic::{AtomicBool, Ordering};

use concurrent_futures_core::{
    Backend, Completion, Failure, FixedWaitSet, Future, InUse, InlineBackend, Lock, Park, Parked,
    Queue, Refused, RefusedReason, Ring, Shutdown, ShutdownError, StaticCallback, Task, TaskError,
    TaskErrorKind,
};

static OVERRUN: Failure = Failure::new(7, "the converter was read too late");

#[test]
fn a_failure_is_a_code_and_a_text() {
    let error = TaskError::from(&OVERRUN);
    assert_eq!(error.kind(), TaskErrorKind::Failed);
    assert_eq!(error.code(), Some(7));
    assert_eq!(error.message(), "the converter was read too late");
    assert_eq!(error.to_string(), "task failed: the converter was read too late");
    assert!(!error.is_cancelled() && !error.is_panicked() && !error.is_timed_out());
    assert!(error.source().is_none());
    let clone = error.clone();
    assert_eq!(clone.code(), error.code());
    assert!(format!("{error:?}").contains("Failed"));
}

#[test]
fn a_failure_may_be_made_where_it_is_named() {
    const fn named() -> Failure {
        Failure::new(1, "named")
    }
    static NAMED: Failure = named();
    assert_eq!(TaskError::from(&NAMED).code(), Some(1));
}

#[test]
fn a_task_error_is_an_error_of_any_thread() {
    fn is_error<E: Error + Send + Sync + 'static>() {}
    is_error::<TaskError>();
    is_error::<InUse>();
    is_error::<ShutdownError>();
    is_error::<concurrent_futures_core::Cancelled>();
    is_error::<concurrent_futures_core::SubmitError<u8>>();
}

/// One lock, taken by swapping a flag.
struct Flag(AtomicBool);

// SAFETY: whoever swapped the flag to true is alone until it stores false; Acquire and Release make
// each see what the ones before it wrote. Nothing interrupts a thread here.
unsafe impl Lock for Flag {
    fn with<R>(&self, f: impl FnOnce() -> R) -> R {
        while self.0.swap(true, Ordering::Acquire) {
            core::hint::spin_loop();
        }
        let value = f();
        self.0.store(false, Ordering::Release);
        value
    }
}

#[test]
fn a_lock_of_one_s_own_guards_a_ring_in_a_static() {
    static RING: Ring<Flag, 4> = Ring::new(Flag(AtomicBool::new(false)));
    assert!(RING.pop().is_none());
    assert!(format!("{RING:?}").contains('4'));
}

#[test]
fn a_static_callback_is_made_in_a_static() {
    static CALLBACK: StaticCallback<fn(&Completion)> = StaticCallback::new(|_| ());
    assert!(format!("{CALLBACK:?}").contains("in_use"));
}

#[test]
fn backends_and_parkers_need_no_features() {
    struct Queueing<Q>(Q);
    impl<Q: Queue + 'static> Backend for Queueing<Q> {
        fn schedule(&self, task: Task) -> Result<(), Refused> {
            self.0.push(task).map_err(|task| Refused::new(task, RefusedReason::Full))
        }
        fn run_one(&self) -> bool {
            self.0.pop().map(Task::run).is_some()
        }
    }
    struct Loop;
    impl Park for Loop {
        type Instant = u32;
        fn waker(&self) -> core::task::Waker {
            core::task::Waker::noop().clone()
        }
        fn park(&self, deadline: Option<u32>) -> Parked {
            if deadline == Some(0) { Parked::DeadlinePassed } else { Parked::Woken }
        }
    }
    let backend = Queueing(Ring::<_, 1>::new(Flag(AtomicBool::new(false))));
    assert!(!backend.run_one());
    assert!(!backend.may_claim());
    assert!(!InlineBackend.may_claim());
    assert_eq!(Loop.park(Some(0)), Parked::DeadlinePassed);
    assert_eq!(Loop.park(None), Parked::Woken);
}

#[test]
fn a_fixed_set_is_made_in_a_constant() {
    let mut set = core::pin::pin!(const { FixedWaitSet::<Future<u8>, 2>::new() });
    assert!(set.is_empty() && set.as_mut().try_next().is_none());
    let mut context = core::task::Context::from_waker(core::task::Waker::noop());
    assert!(set.as_mut().poll_next(&mut context).is_ready());
    assert!(format!("{set:?}").contains("FixedWaitSet"));
}

#[test]
fn reasons_say_what_was_wrong_and_what_to_do() {
    for reason in [RefusedReason::ShutDown, RefusedReason::Full, RefusedReason::WrongTask] {
        let text = reason.to_string();
        assert!(text.starts_with(|first: char| first.is_lowercase()), "{text}");
        assert!(text.contains(": "), "{text}");
    }
    let text = ShutdownError::WouldDeadlock.to_string();
    assert!(text.starts_with("a task cannot wait"), "{text}");
    let _ways = [Shutdown::wait(), Shutdown::detach().cancel_futures()];
}

#[test]
fn handles_are_one_pointer() {
    let pointer = size_of::<usize>();
    assert_eq!(size_of::<concurrent_futures_core::Future<[u64; 9]>>(), pointer);
    assert_eq!(size_of::<concurrent_futures_core::Promise<[u64; 9]>>(), pointer);
    assert_eq!(size_of::<concurrent_futures_core::Canceller>(), pointer);
    assert_eq!(size_of::<Task>(), pointer);
}
