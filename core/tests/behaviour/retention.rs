//! What finished futures, waits that ended and yielded items hold on to: nothing.

use core::task::Waker;
use core::time::Duration;
use std::sync::{Arc, Weak};

use concurrent_futures_core::{
    Backend, Executor, InlineBackend, MapOptions, Park, Parked, Refused, RefusedReason, Shutdown,
    Task, promise,
};

use crate::support::{Counts, Held, Wakes, held, poll};

/// A backend held by hand that can be seen to be gone.
struct Mortal {
    held: Held,
    _life: Arc<()>,
}

impl Backend for Mortal {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        self.held.schedule(task)
    }

    fn run_one(&self) -> bool {
        self.held.run_one()
    }
}

fn mortal() -> (Held, Weak<()>, Executor<Mortal>) {
    let held = Held::default();
    let life = Arc::new(());
    let weak = Arc::downgrade(&life);
    (held.clone(), weak, Executor::new(Mortal { held, _life: life }))
}

fn gone(life: &Weak<()>) -> bool {
    life.strong_count() == 0
}

// --- the executor ---

#[test]
fn a_finished_future_does_not_keep_its_executor() {
    let (held, life, executor) = mortal();
    let future = executor.submit(|| 1).expect("accepted");
    held.run_all();
    assert!(!gone(&life));
    drop(executor);
    assert!(gone(&life));
    assert!(!future.cancel());
    assert_eq!(future.result().expect("it returned"), 1);
}

#[test]
fn a_cancelled_future_does_not_keep_its_executor() {
    let (held, life, executor) = mortal();
    let future = executor.submit(|| 1).expect("accepted");
    assert!(future.cancel());
    drop(executor);
    assert!(gone(&life), "though the entry is still queued");
    assert_eq!(held.len(), 1);
    held.run_all();
}

#[test]
fn an_abandoned_future_does_not_keep_its_executor() {
    let (held, life, executor) = mortal();
    let future = executor.submit(|| 1).expect("accepted");
    drop(held.pop());
    drop(executor);
    assert!(gone(&life));
    assert!(future.result().is_err());
}

#[test]
fn a_refused_closure_does_not_keep_the_executor() {
    let (_held, life, executor) = mortal();
    executor.close();
    let refused = executor.submit(|| 1).expect_err("closed");
    drop(executor);
    assert!(gone(&life));
    assert_eq!(*refused.reason(), RefusedReason::ShutDown);
}

#[test]
fn a_finished_future_s_canceller_does_not_keep_the_executor() {
    let (held, life, executor) = mortal();
    let canceller = executor.submit(|| 1).expect("accepted").canceller();
    held.run_all();
    drop(executor);
    assert!(gone(&life));
    assert!(!canceller.cancel());
}

#[test]
fn a_shared_future_does_not_keep_its_executor() {
    let (held, life, executor) = mortal();
    let shared = executor.submit(|| 1).expect("accepted").shared();
    held.run_all();
    drop(executor);
    assert!(gone(&life));
    assert_eq!(shared.result().expect("it returned"), &1);
}

#[test]
fn a_finished_map_does_not_keep_its_function_in_its_tasks() {
    let (held, executor) = held();
    let counts = Counts::default();
    let captured = counts.make();
    let map = executor.map(
        move |n| {
            let _captured = &captured;
            n
        },
        0..3,
    );
    held.run_all();
    assert_eq!(counts.alive(), 1);
    drop(map);
    counts.assert_each_dropped_once();
}

// --- closures and values ---

#[test]
fn a_finished_future_does_not_keep_its_closure() {
    let (held, executor) = held();
    let counts = Counts::default();
    let captured = counts.make();
    let future = executor.submit(move || drop(captured)).expect("accepted");
    held.run_all();
    counts.assert_each_dropped_once();
    drop(future);
}

#[test]
fn a_future_whose_value_was_taken_keeps_none() {
    let (held, executor) = held();
    let counts = Counts::default();
    let ours = counts.clone();
    let mut future = executor.submit(move || ours.make()).expect("accepted");
    held.run_all();
    drop(future.try_result());
    counts.assert_each_dropped_once();
    drop(future);
}

#[test]
fn a_dropped_future_s_value_goes_at_once_though_a_canceller_is_held() {
    let (promise, future) = promise();
    let counts = Counts::default();
    let canceller = future.canceller();
    promise.complete(counts.make()).expect("not cancelled");
    assert_eq!(counts.alive(), 1);
    drop(future);
    counts.assert_each_dropped_once();
    assert!(canceller.done());
}

#[test]
fn a_value_that_comes_after_the_future_was_dropped_goes_at_once_though_a_canceller_is_held() {
    let (promise, future) = promise();
    let counts = Counts::default();
    let canceller = future.canceller();
    drop(future);
    promise.complete(counts.make()).expect("not cancelled");
    counts.assert_each_dropped_once();
    assert!(canceller.done());
}

#[test]
fn a_queued_entry_keeps_neither_closure_nor_value_of_a_cancelled_task() {
    let (held, executor) = held();
    let counts = Counts::default();
    let captured = counts.make();
    let future = executor.submit(move || captured).expect("accepted");
    assert!(future.cancel());
    assert_eq!(held.len(), 1);
    counts.assert_each_dropped_once();
    drop(future);
    held.run_all();
}

#[test]
fn a_future_keeps_no_error_that_was_taken() {
    let (held, executor) = held();
    let counts = Counts::default();
    let ours = counts.clone();
    let mut future = executor.submit_fallible(move || Err::<u8, _>(ours.make())).expect("accepted");
    future.add_done_callback(|completion| assert!(completion.error().is_some()));
    held.run_all();
    assert_eq!(counts.alive(), 1);
    drop(future.try_result());
    counts.assert_each_dropped_once();
    drop(future);
}

// --- callbacks ---

#[test]
fn a_callback_is_gone_once_it_was_called() {
    let (promise, future) = promise::<u8>();
    let counts = Counts::default();
    let captured = counts.make();
    future.add_done_callback(move |_| {
        let _captured = &captured;
    });
    assert_eq!(counts.alive(), 1);
    promise.complete(1).expect("not cancelled");
    counts.assert_each_dropped_once();
    drop(future);
}

#[test]
fn a_function_given_to_then_is_gone_once_it_was_called_or_cancelled() {
    let (promise, future) = promise::<u8>();
    let counts = Counts::default();
    let captured = counts.make();
    let called = future.then(move |_| drop(captured));
    promise.complete(1).expect("not cancelled");
    counts.assert_each_dropped_once();

    let (promise, future) = crate::retention::promise::<u8>();
    let captured = counts.make();
    let cancelled = future.then(move |_| drop(captured));
    assert!(cancelled.cancel());
    counts.assert_each_dropped_once();
    drop((called, promise));
}

// --- wakers ---

/// A parker whose deadline has always passed.
struct Late(Waker);

impl Park for Late {
    type Instant = ();

    fn waker(&self) -> Waker {
        self.0.clone()
    }

    fn park(&self, deadline: Option<()>) -> Parked {
        assert!(deadline.is_some(), "it would wait for ever");
        Parked::DeadlinePassed
    }
}

#[test]
fn a_wait_that_timed_out_leaves_no_waker() {
    let (promise, mut future) = promise::<u8>();
    let (wakes, waker) = Wakes::new();
    let park = Late(waker);
    assert!(future.result_deadline_with(&park, ()).is_err());
    assert_eq!(Arc::strong_count(&wakes), 2, "the parker's own");
    promise.complete(1).expect("not cancelled");
    assert_eq!(wakes.count(), 0);
}

#[test]
fn a_shared_wait_that_timed_out_leaves_no_waker() {
    let (promise, future) = promise::<u8>();
    let shared = future.shared();
    let (wakes, waker) = Wakes::new();
    let park = Late(waker);
    assert!(shared.result_with(&park, Some(())).is_err());
    assert_eq!(Arc::strong_count(&wakes), 2, "the parker's own");
    promise.complete(1).expect("not cancelled");
    assert_eq!(wakes.count(), 0);
}

#[test]
fn a_dropped_future_leaves_no_waker_though_the_promise_lives() {
    let (promise, mut future) = promise::<u8>();
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut future, &waker).is_pending());
    drop((future, waker));
    assert_eq!(Arc::strong_count(&wakes), 1);
    drop(promise);
}

#[test]
fn a_finished_future_keeps_no_waker() {
    let (promise, mut future) = promise::<u8>();
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut future, &waker).is_pending());
    drop(waker);
    promise.complete(1).expect("not cancelled");
    assert_eq!(Arc::strong_count(&wakes), 1);
    drop(future);
}

#[test]
fn a_cancelled_future_keeps_no_waker() {
    let (promise, mut future) = promise::<u8>();
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut future, &waker).is_pending());
    drop(waker);
    assert!(future.cancel());
    assert_eq!(Arc::strong_count(&wakes), 1);
    drop((future, promise));
}

#[test]
fn a_dropped_shared_waiter_leaves_no_waker() {
    let (promise, future) = promise::<u8>();
    let shared = future.shared();
    let (wakes, waker) = Wakes::new();
    let mut waiting = Box::pin((&shared).into_future());
    let mut context = core::task::Context::from_waker(&waker);
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    assert_eq!(Arc::strong_count(&wakes), 3);
    drop(waiting);
    assert_eq!(Arc::strong_count(&wakes), 2);
    drop(promise);
    assert_eq!(wakes.count(), 0);
}

#[test]
fn a_future_that_was_polled_and_then_shared_keeps_no_waker() {
    let (promise, mut future) = promise::<u8>();
    let (wakes, waker) = Wakes::new();
    assert!(poll(&mut future, &waker).is_pending());
    drop(waker);
    let shared = future.shared();
    assert_eq!(Arc::strong_count(&wakes), 1, "nobody polls it any more");
    promise.complete(1).expect("not cancelled");
    assert!(shared.result().is_ok());
}

// --- map ---

#[test]
fn a_map_keeps_nothing_of_what_it_has_yielded() {
    let (held, executor) = held();
    let counts = Counts::default();
    let (items, values) = (counts.clone(), counts.clone());
    let mut map = executor.map(
        move |item| {
            drop(item);
            values.make()
        },
        core::iter::repeat_with(move || items.make()).take(4),
    );
    held.run_all();
    for left in (0..4).rev() {
        drop(map.next().expect("four"));
        assert_eq!(counts.alive(), left);
    }
    assert!(map.next().is_none());
    counts.assert_each_dropped_once();
}

#[test]
fn a_map_keeps_nothing_of_an_item_that_timed_out() {
    let (held, executor) = held();
    let counts = Counts::default();
    let items = counts.clone();
    let items = core::iter::repeat_with(move || items.make()).take(2);
    let options = MapOptions::new().timeout(Duration::from_micros(1));
    let mut map = executor.map_with(options, drop, items);
    assert!(map.next().expect("two").is_err());
    assert!(map.next().expect("two").is_err());
    counts.assert_each_dropped_once();
    drop(map);
    held.run_all();
}

// --- shutdown ---

#[test]
fn what_a_shutdown_cancelled_keeps_nothing() {
    let (held, life, executor) = mortal();
    let counts = Counts::default();
    let captured = counts.make();
    let future = executor.submit(move || drop(captured)).expect("accepted");
    executor.shutdown(Shutdown::detach().cancel_futures()).expect("it does not wait");
    counts.assert_each_dropped_once();
    drop(executor);
    assert!(gone(&life));
    assert!(future.cancelled());
    held.run_all();
}

#[test]
#[cfg_attr(miri, ignore = "half a million handles take Miri too long")]
fn more_handles_than_can_be_counted_leak_the_slot_and_no_more() {
    let counts = Counts::default();
    let executor = Executor::new(InlineBackend);
    let value = counts.make();
    let future = executor.submit(move || value).expect("accepted");
    let canceller = future.canceller();
    let many: Vec<_> = (0..(1 << 20) + 5).map(|_| canceller.clone()).collect();
    assert!(many.iter().all(|canceller| canceller.done()));
    drop(many);
    drop(canceller);
    assert_eq!(counts.alive(), 1, "the future has it");
    drop(future.result().expect("it ran"));
    counts.assert_each_dropped_once();
}
