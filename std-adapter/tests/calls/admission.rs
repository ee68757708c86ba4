//! Room for calls, and what becomes of those for which there is none.

use std::pin::{Pin, pin};
use std::process;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use concurrent_futures::{
    CallErrorReason, Future, MapOptions, ProcessPoolExecutor, RefusedReason, RetryPolicy, Shutdown,
    TaskErrorKind, WhenFull,
};
use futures::executor::block_on;

use crate::functions::{double, own_pid, parse, tell_and_wait, touchy};
use crate::support::{Signs, pool, until, within};

/// A pool of one worker, which runs a call until it is told to go on; there is room for one more.
struct Busy {
    pool: ProcessPoolExecutor,
    running: Future<u64>,
    signs: Signs,
}

impl Busy {
    fn new(when_full: WhenFull) -> Self {
        let signs = Signs::new();
        let builder = pool().max_workers(1).queue_capacity(1);
        let pool = builder.when_full(when_full).build().unwrap();
        let arguments = (signs.path("started"), signs.path("go"));
        let running = pool.submit(tell_and_wait, arguments).unwrap();
        signs.wait_for("started");
        Self { pool, running, signs }
    }

    /// The same, and the room is taken.
    fn full(when_full: WhenFull) -> (Self, Future<u64>) {
        let busy = Self::new(when_full);
        let waiting = busy.pool.submit(double, 1).unwrap();
        (busy, waiting)
    }

    fn go_on(&self) {
        self.signs.give("go");
    }
}

fn is_full<A>(refused: &concurrent_futures::CallError<A>) -> bool {
    *refused.reason() == CallErrorReason::Refused(RefusedReason::Full)
}

fn poll<F: std::future::Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn what_is_rejected_comes_back() {
    within(|| {
        let (busy, waiting) = Busy::full(WhenFull::Reject);
        let refused = busy.pool.submit(double, 7).unwrap_err();
        assert!(is_full(&refused), "{refused:?}");
        assert_eq!(refused.into_inner(), 7);
        busy.go_on();
        assert_eq!(waiting.result().unwrap(), 2);
        assert_eq!(busy.pool.submit(double, 7).unwrap().result().unwrap(), 14);
    });
}

/// Seen red with a pool that grants no places.
#[test]
fn by_default_whoever_submits_waits_for_room() {
    within(|| {
        let (busy, waiting) = Busy::full(WhenFull::default());
        let (sender, submitted) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| sender.send(busy.pool.submit(double, 7).unwrap()).unwrap());
            assert!(submitted.recv_timeout(Duration::from_millis(20)).is_err(), "there is no room");
            busy.go_on();
            assert_eq!(submitted.recv().unwrap().result().unwrap(), 14);
        });
        assert_eq!(waiting.result().unwrap(), 2);
    });
}

#[test]
fn a_wait_for_room_can_have_an_end() {
    within(|| {
        let (busy, _waiting) = Busy::full(WhenFull::BlockFor(Duration::from_millis(10)));
        let refused = busy.pool.submit(double, 7).unwrap_err();
        assert!(is_full(&refused), "{refused:?}");
        busy.go_on();
    });
}

#[test]
fn a_policy_may_be_another_for_once() {
    within(|| {
        let (busy, _waiting) = Busy::full(WhenFull::Block);
        assert!(is_full(&busy.pool.when_full(WhenFull::Reject).submit(double, 7).unwrap_err()));
        busy.go_on();
    });
}

#[test]
fn a_call_may_be_run_in_the_caller() {
    within(|| {
        let (busy, _waiting) = Busy::full(WhenFull::RunInCaller);
        let pool = &busy.pool;
        assert_eq!(pool.submit(own_pid, ()).unwrap().result().unwrap(), process::id());
        let panicked = pool.submit(touchy, 3).unwrap().result().unwrap_err();
        assert_eq!((panicked.kind(), panicked.message()), (TaskErrorKind::Panicked, "three"));
        let failed = pool.submit_fallible(parse, "x".into()).unwrap().result().unwrap_err();
        assert_eq!(failed.kind(), TaskErrorKind::Failed);
        busy.go_on();
        until("there is room", || pool.remaining().tasks == 0);
        assert_ne!(pool.submit(own_pid, ()).unwrap().result().unwrap(), process::id());
    });
}

#[test]
fn who_came_first_gets_room_first() {
    within(|| {
        let (busy, waiting) = Busy::full(WhenFull::Block);
        let (sender, started) = mpsc::channel();
        let mut first = pin!(busy.pool.submit_async(tell_and_wait, {
            (busy.signs.path("first"), busy.signs.path("first may end"))
        }));
        let mut second = pin!(busy.pool.submit_async(double, 2));
        assert!(poll(first.as_mut()).is_pending() && poll(second.as_mut()).is_pending());
        busy.go_on();
        waiting.result().unwrap();
        until("the first has its turn", || match poll(first.as_mut()) {
            Poll::Ready(future) => sender.send(future.unwrap()).is_ok(),
            Poll::Pending => {
                assert!(poll(second.as_mut()).is_pending(), "out of turn");
                false
            }
        });
        busy.signs.wait_for("first");
        busy.signs.give("first may end");
        assert_eq!(block_on(second).unwrap().result().unwrap(), 4);
        assert_eq!(started.recv().unwrap().result().unwrap(), 1);
    });
}

#[test]
fn a_turn_that_is_given_up_goes_to_the_next() {
    within(|| {
        let (busy, waiting) = Busy::full(WhenFull::Block);
        let mut first = Box::pin(busy.pool.submit_async(double, 1));
        let mut second = Box::pin(busy.pool.submit_fallible_async(parse, "2".into()));
        assert!(poll(first.as_mut()).is_pending() && poll(second.as_mut()).is_pending());
        busy.go_on();
        waiting.result().unwrap();
        drop(first); // its place was granted, perhaps
        assert_eq!(block_on(second).unwrap().result().unwrap(), 2);
    });
}

#[test]
fn a_wait_for_room_may_be_sent_to_another_thread() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    within(|| {
        let busy = Busy::new(WhenFull::Block);
        let future = block_on(is_send(busy.pool.submit_async(double, 4))).unwrap();
        busy.go_on();
        assert_eq!(future.result().unwrap(), 8);
    });
}

#[test]
fn a_shutdown_ends_the_wait() {
    within(|| {
        let (busy, _waiting) = Busy::full(WhenFull::Block);
        let mut awaited = pin!(busy.pool.submit_async(double, 1));
        assert!(poll(awaited.as_mut()).is_pending());
        thread::scope(|scope| {
            let blocked = scope.spawn(|| busy.pool.submit(double, 7).unwrap_err());
            busy.pool.shutdown(Shutdown::detach()).unwrap();
            let shut = CallErrorReason::Refused(RefusedReason::ShutDown);
            assert_eq!(*blocked.join().unwrap().reason(), shut);
            let refused = block_on(awaited).unwrap_err();
            assert_eq!(*refused.reason(), shut);
            assert_eq!(refused.into_inner(), 1);
        });
        busy.go_on();
        busy.pool.shutdown(Shutdown::wait()).unwrap();
    });
}

#[test]
fn nobody_waits_in_a_callback() {
    within(|| {
        let Busy { pool, running, signs } = Busy::new(WhenFull::Block);
        let pool = std::sync::Arc::new(pool);
        let (sender, told) = mpsc::channel();
        let other = pool.clone();
        running.add_done_callback(move |_| {
            let go = Signs::new();
            let slow = other.submit(tell_and_wait, (go.path("started"), go.path("go"))).unwrap();
            go.wait_for("started");
            let waiting = other.submit(double, 1).unwrap();
            let full = other.submit(double, 2).map(drop);
            let here = other.when_full(WhenFull::RunInCaller).submit(double, 2).map(drop);
            go.give("go");
            sender.send((full, here, waiting.result(), slow.result())).unwrap();
        });
        signs.give("go");
        let (full, here, waiting, slow) = told.recv().unwrap();
        assert!(is_full(&full.unwrap_err()) && is_full(&here.unwrap_err()));
        assert_eq!((waiting.unwrap(), slow.unwrap()), (2, 1));
    });
}

#[test]
fn a_map_waits_for_room() {
    within(|| {
        for when_full in [WhenFull::Block, WhenFull::RunInCaller] {
            let builder = pool().max_workers(2).queue_capacity(3).when_full(when_full);
            let pool = builder.build().unwrap();
            for options in [MapOptions::new(), MapOptions::new().chunk_size(7)] {
                let doubled = pool.map_with(options, double, 0..200).into_vec().unwrap();
                assert_eq!(doubled, (0..200).map(|n| 2 * n).collect::<Vec<_>>());
            }
        }
    });
}

#[test]
fn another_attempt_waits_for_room() {
    within(|| {
        let (busy, waiting) = Busy::full(WhenFull::Reject);
        let policy = RetryPolicy::attempts(2).unwrap().fixed(Duration::from_millis(1));
        let refused = busy.pool.submit_retry(&policy, parse, "x".into()).unwrap_err();
        assert!(is_full(&refused), "the first one does not");
        busy.go_on();
        waiting.result().unwrap();
        until("there is room", || busy.pool.remaining().tasks == 0);
        let (future, history) = busy.pool.submit_retry(&policy, parse, "x".into()).unwrap();
        assert!(future.result().is_err());
        assert_eq!(history.failed(), 2);
    });
}

#[test]
fn many_threads_keep_to_the_capacity() {
    within(|| {
        let pool = pool().max_workers(2).queue_capacity(4).build().unwrap();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for n in 0..200 {
                        let future = pool.submit(double, n).unwrap();
                        assert!(pool.counters().queued <= 4 + 2, "what waits, and what may start");
                        drop(future);
                    }
                });
            }
        });
        pool.shutdown(Shutdown::wait()).unwrap();
        assert_eq!(pool.counters().finished, 800);
    });
}
