//! `WaitSet`, `FixedWaitSet`, and sets that are polled.

use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::HashSet;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use concurrent_futures_core::{
    AnyFuture, Backend, Executor, FixedWaitSet, Future, Promise, Refused, ReturnWhen, SharedFuture,
    Task, ThreadParker, WaitSet, as_completed, as_completed_timeout, promise, wait,
};

use crate::support::{Counts, Held, Trace, Wakes, block_on, held_that_claims, within};

const SHORT: Duration = Duration::from_millis(5);

fn promises<const N: usize>() -> ([Promise<usize>; N], [Future<usize>; N]) {
    let (promises, futures): (Vec<_>, Vec<_>) = (0..N).map(|_| promise()).unzip();
    (
        promises.try_into().unwrap_or_else(|_| unreachable!("there are N")),
        futures.try_into().unwrap_or_else(|_| unreachable!("there are N")),
    )
}

fn resolve(promise: Promise<usize>, value: usize) {
    promise.complete(value).expect("not cancelled");
}

fn value(future: Option<Future<usize>>) -> usize {
    future.expect("one is done").result().expect("it has a value")
}

// --- WaitSet ---

#[test]
fn members_come_in_the_order_in_which_they_are_done() {
    let ([a, b, c], futures) = promises();
    let mut set = WaitSet::from_iter(futures);
    assert_eq!((set.len(), set.try_next().is_none()), (3, true));
    for (promise, number) in [(c, 3), (a, 1), (b, 2)] {
        resolve(promise, number);
    }
    let order: Vec<_> = core::iter::from_fn(|| set.next()).map(|f| value(Some(f))).collect();
    assert_eq!(order, [3, 1, 2]);
    assert!(set.is_empty() && set.next().is_none() && set.try_next().is_none());
}

#[test]
fn done_ones_come_before_those_that_are_done_later() {
    let ([a, b], [one, two]) = promises();
    resolve(b, 2);
    let mut set = WaitSet::new();
    set.insert(one);
    set.insert(two);
    resolve(a, 1);
    assert_eq!(value(set.next()), 2);
    assert_eq!(value(set.next()), 1);
}

#[test]
fn a_set_can_be_added_to_between_two_waits() {
    let ([a, b, c], [one, two, three]) = promises();
    let mut set = WaitSet::new();
    set.insert(one);
    resolve(a, 1);
    assert_eq!(value(set.next()), 1);
    set.extend([two, three]);
    resolve(c, 3);
    assert_eq!(value(set.next()), 3);
    let (d, four) = promise();
    set.insert(four);
    resolve(d, 4);
    assert_eq!(value(set.next()), 4);
    resolve(b, 2);
    assert_eq!(value(set.next()), 2);
    assert!(set.next().is_none());
}

#[test]
fn what_was_removed_is_as_it_was_and_does_not_come() {
    let ([a, b, c], [one, two, three]) = promises();
    let mut set = WaitSet::new();
    let [first, second, third] = [one, two, three].map(|future| set.insert(future));
    resolve(b, 2);
    assert!(set.remove(first).is_some_and(|future| !future.done()));
    assert_eq!(value(set.remove(second)), 2, "done, and not yielded yet");
    assert!(!set.contains(first) && set.remove(second).is_none() && set.contains(third));
    resolve(a, 1);
    resolve(c, 3);
    assert_eq!(value(set.next()), 3);
    assert!(set.next().is_none());
}

#[test]
fn the_key_of_one_that_has_gone_names_nobody() {
    let ([a, b], [one, two]) = promises();
    let mut set = WaitSet::new();
    let first = set.insert(one);
    resolve(a, 1);
    assert_eq!(value(set.next()), 1);
    let second = set.insert(two);
    assert_ne!(first, second);
    assert!(set.get(first).is_none() && set.remove(first).is_none());
    assert!(set.get(second).is_some_and(|future| !future.done()));
    drop(b);
}

#[test]
fn a_removed_future_can_be_waited_for_otherwise() {
    within(|| {
        let ([a], [one]) = promises();
        let mut set = WaitSet::new();
        let key = set.insert(one);
        let future = set.remove(key).expect("it is there");
        let completer = thread::spawn(move || resolve(a, 1));
        assert_eq!(future.result().expect("it has a value"), 1);
        completer.join().expect("no panic");
        assert!(set.try_next().is_none());
    });
}

#[test]
fn cancelling_a_member_in_the_set_yields_it() {
    let ([_a, _b], [one, two]) = promises();
    let mut set = WaitSet::new();
    let key = set.insert(one);
    set.insert(two);
    assert!(set.get(key).is_some_and(Future::cancel));
    assert!(set.next().is_some_and(|future| future.cancelled()));
    assert_eq!(set.iter().filter(|future| !future.done()).count(), 1);
}

#[test]
fn the_same_shared_future_is_in_a_set_once() {
    let (promise, future) = promise();
    let shared = future.shared();
    let mut set = WaitSet::from_iter([("a", shared.clone())]);
    let key = set.insert(("b", shared.clone()));
    assert_eq!((set.len(), set.get(key).map(|(name, _)| *name)), (1, Some("a")));
    promise.complete(1).expect("not cancelled");
    assert_eq!(set.next().map(|(name, _)| name), Some("a"));
    assert!(set.next().is_none());
    // Once it has gone, it may come again.
    set.insert(("c", shared.clone()));
    assert_eq!(set.next().map(|(name, _)| name), Some("c"));
    let key = set.insert(("d", shared.clone()));
    assert!(set.remove(key).is_some() && set.is_empty());
    set.insert(("e", shared));
    assert_eq!(set.next().map(|(name, _)| name), Some("e"));
}

#[test]
fn a_set_takes_borrowed_shared_erased_and_paired_ones() {
    let ([a, b], mut futures) = promises();
    let mut borrowed = WaitSet::from_iter(futures.iter_mut());
    resolve(b, 2);
    assert!(borrowed.next().is_some_and(|future| future.done()));
    drop(borrowed);
    resolve(a, 1);
    let [one, two] = futures;
    let mut erased: WaitSet<(u8, AnyFuture)> = WaitSet::new();
    let (text, words) = promise();
    text.complete("words").expect("not cancelled");
    erased.extend([(1, one.erase()), (2, two.erase()), (3, words.erase())]);
    let keys: HashSet<u8> = core::iter::from_fn(|| erased.next()).map(|(key, _)| key).collect();
    assert_eq!(keys, HashSet::from([1, 2, 3]));
}

#[test]
fn a_wait_ends_when_the_time_is_up_and_can_go_on() {
    within(|| {
        let ([a], futures) = promises();
        let mut set = WaitSet::from_iter(futures);
        let started = Instant::now();
        assert!(set.next_timeout(SHORT).is_none() && started.elapsed() >= SHORT);
        assert!(set.next_deadline(started).is_none(), "long past");
        assert!(set.next_timeout(Duration::ZERO).is_none() && set.len() == 1);
        resolve(a, 1);
        assert_eq!(value(set.next_deadline(started)), 1, "done is done, however late one asks");
        assert!(set.next_timeout(Duration::MAX).is_none(), "empty");
    });
}

#[test]
fn no_members_is_no_wait() {
    within(|| {
        let mut set = WaitSet::<Future<u8>>::default();
        assert!(set.next().is_none() && set.next_timeout(Duration::MAX).is_none());
        assert!(matches!(poll_once(&mut set, Waker::noop()), Poll::Ready(None)));
        assert_eq!(set.drain().count(), 0);
        assert_eq!(as_completed(Vec::<Future<u8>>::new()).len(), 0);
    });
}

#[test]
fn a_set_may_go_to_another_thread_between_two_waits() {
    within(|| {
        let ([a, b, c], futures) = promises();
        let mut set = WaitSet::from_iter(futures);
        let completer = thread::spawn(move || resolve(a, 1));
        assert_eq!(value(set.next()), 1);
        let completer_of_two = thread::spawn(move || resolve(b, 2));
        let waiter = thread::spawn(move || (value(set.next()), set));
        let (two, mut set) = waiter.join().expect("no panic");
        assert_eq!(two, 2);
        resolve(c, 3);
        assert_eq!(value(set.next()), 3);
        completer.join().expect("no panic");
        completer_of_two.join().expect("no panic");
    });
}

#[test]
fn ten_thousand_come_once_each_with_churn() {
    within(|| {
        const MEMBERS: usize = if cfg!(miri) { 200 } else { 10_000 };
        let (promises, futures): (Vec<_>, Vec<_>) = (0..MEMBERS).map(|_| promise()).unzip();
        let mut set = WaitSet::new();
        let keys: Vec<_> = futures.into_iter().map(|future| set.insert(future)).collect();
        // Every third one is taken out and put in again.
        for key in keys.iter().step_by(3) {
            let future = set.remove(*key).expect("it is there");
            set.insert(future);
        }
        let completer = thread::spawn(move || {
            promises.into_iter().enumerate().for_each(|(n, promise)| resolve(promise, n));
        });
        let values: HashSet<_> =
            core::iter::from_fn(|| set.next()).map(|future| value(Some(future))).collect();
        assert_eq!(values.len(), MEMBERS);
        completer.join().expect("no panic");
    });
}

#[test]
fn what_is_left_in_a_dropped_set_is_detached() {
    let values = Counts::default();
    let (first, one) = promise();
    let (second, two) = promise();
    let mut set = WaitSet::from_iter([one, two]);
    first.complete(values.make()).unwrap_or_else(|_| unreachable!("not cancelled"));
    assert!(set.next().is_some());
    drop(set);
    second.complete(values.make()).unwrap_or_else(|_| unreachable!("detached, not cancelled"));
    values.assert_each_dropped_once();
}

#[test]
#[cfg_attr(miri, ignore = "what is forgotten is leaked: the set, nothing else")]
fn a_forgotten_set_harms_nobody() {
    let ([a, b], mut futures) = promises();
    core::mem::forget(WaitSet::from_iter(&mut futures));
    resolve(a, 1);
    let [mut one, two] = futures;
    assert_eq!(one.try_result().map(Result::unwrap), Some(1));
    let mut set = WaitSet::from_iter([two]);
    resolve(b, 2);
    assert_eq!(value(set.next()), 2);
}

#[test]
fn a_worker_runs_the_members_itself_when_nobody_else_could() {
    within(|| {
        let (held, executor) = held_that_claims();
        let executor = Arc::new(executor);
        let inner = executor.clone();
        let outer = executor
            .submit(move || {
                let tasks = (0..3).map(|n| inner.submit(move || n).expect("accepted"));
                let waited = wait(tasks, None, ReturnWhen::AllCompleted);
                let mut set = WaitSet::from_iter(waited.done);
                let mut sum = 0;
                while let Some(future) = set.next() {
                    sum += future.result().expect("it has a value");
                }
                sum
            })
            .expect("accepted");
        held.run_all();
        assert_eq!(outer.result().expect("it has a value"), 3);
    });
}

// --- polled ---

fn poll_once<F: concurrent_futures_core::Waitable>(
    set: &mut WaitSet<F>,
    waker: &Waker,
) -> Poll<Option<F>> {
    Pin::new(set).poll_next(&mut Context::from_waker(waker))
}

#[test]
fn the_waker_of_the_last_poll_is_woken_once_for_a_batch() {
    let ([a, b, c], futures) = promises();
    let mut set = WaitSet::from_iter(futures);
    let (early, early_waker) = Wakes::new();
    let (late, late_waker) = Wakes::new();
    assert!(poll_once(&mut set, &early_waker).is_pending());
    assert!(poll_once(&mut set, &late_waker).is_pending());
    assert!(poll_once(&mut set, &late_waker).is_pending());
    resolve(a, 1);
    resolve(b, 2);
    assert_eq!((early.count(), late.count()), (0, 1));
    for number in [1, 2] {
        match poll_once(&mut set, &late_waker) {
            Poll::Ready(future) => assert_eq!(value(future), number),
            Poll::Pending => panic!("two are done"),
        }
    }
    assert!(poll_once(&mut set, &late_waker).is_pending());
    resolve(c, 3);
    assert_eq!((early.count(), late.count()), (0, 2));
}

#[test]
fn a_dropped_wait_takes_nothing_and_keeps_nothing() {
    let ([a], futures) = promises();
    let mut set = WaitSet::from_iter(futures);
    let (wakes, waker) = Wakes::new();
    {
        let mut next = pin!(set.next_async());
        assert!(next.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert_eq!(Arc::strong_count(&wakes), 3);
    }
    assert_eq!(Arc::strong_count(&wakes), 2, "the test's own two");
    resolve(a, 1);
    assert_eq!(wakes.count(), 0);
    assert_eq!(value(block_on(set.next_async())), 1);
}

#[test]
fn sets_can_be_awaited_while_another_thread_completes() {
    within(|| {
        let (promises, futures): (Vec<_>, Vec<_>) = (0..100).map(|_| promise()).unzip();
        let completer = thread::spawn(move || {
            promises.into_iter().enumerate().for_each(|(n, promise)| resolve(promise, n));
        });
        let mut completed = as_completed(futures);
        let sum = block_on(async {
            let mut sum = 0;
            while let Some(future) =
                poll_fn(|context| Pin::new(&mut completed).poll_next(context)).await
            {
                sum += future.await.expect("it has a value");
            }
            sum
        });
        assert_eq!(sum, 4950);
        completer.join().expect("no panic");
    });
}

#[cfg(feature = "stream")]
#[test]
fn sets_are_streams() {
    use futures_core::stream::{FusedStream, Stream};

    async fn sum<S: FusedStream<Item = Future<usize>> + Unpin>(mut stream: S) -> usize {
        let mut sum = 0;
        while let Some(future) = poll_fn(|cx| Stream::poll_next(Pin::new(&mut stream), cx)).await {
            sum += future.await.expect("it has a value");
        }
        assert!(stream.is_terminated() && stream.size_hint() == (0, Some(0)));
        sum
    }

    within(|| {
        let ([a, b, c, d, e, f], [u, v, w, x, y, z]) = promises();
        let mut fixed = Box::pin(FixedWaitSet::<_, 2>::new());
        let completed = as_completed([u, v]);
        let set = WaitSet::from_iter([w, x]);
        fixed.as_mut().insert(y).expect("room for two");
        fixed.as_mut().insert(z).expect("room for two");
        assert_eq!(Stream::size_hint(&set), (2, Some(2)));
        let completer = thread::spawn(move || {
            [a, b, c, d, e, f].into_iter().for_each(|promise| resolve(promise, 1));
        });
        let sums = block_on(async { (sum(completed).await, sum(set).await, sum(fixed).await) });
        assert_eq!(sums, (2, 2, 2));
        completer.join().expect("no panic");
    });
}

// --- hostile wakers ---

#[test]
fn a_waker_that_panics_costs_nothing_but_itself() {
    let ([a, b], [one, two]) = promises();
    let mut set = WaitSet::from_iter([one]);
    let mut fixed = pin!(FixedWaitSet::<_, 1>::new());
    fixed.as_mut().insert(two).expect("room for one");
    let bomb = crate::support::Calls::waker(|| panic!("a waker of the test"));
    assert!(poll_once(&mut set, &bomb).is_pending());
    assert!(fixed.as_mut().poll_next(&mut Context::from_waker(&bomb)).is_pending());
    resolve(a, 1);
    resolve(b, 2);
    assert_eq!(value(set.next()), 1);
    assert_eq!(value(fixed.as_mut().try_next()), 2);
}

#[test]
fn the_waker_of_a_dropped_set_is_dropped_with_it() {
    let trace = Trace::default();
    let note = trace.on_drop("dropped");
    let ([_a, _b], [one, two]) = promises();
    let mut set = WaitSet::from_iter([one]);
    let mut fixed = Box::pin(FixedWaitSet::<_, 1>::new());
    fixed.as_mut().insert(two).expect("room for one");
    let waker = crate::support::Calls::waker(move || drop(format!("{note:?}")));
    assert!(poll_once(&mut set, &waker).is_pending());
    assert!(fixed.as_mut().poll_next(&mut Context::from_waker(&waker)).is_pending());
    drop(waker);
    assert!(trace.take().is_empty());
    drop(set);
    assert!(trace.take().is_empty());
    drop(fixed);
    assert_eq!(trace.take(), ["dropped"]);
}

// --- FixedWaitSet ---

#[test]
fn a_full_set_gives_the_future_back() {
    let ([a, b, c], [one, two, three]) = promises();
    let mut set = pin!(FixedWaitSet::<_, 2>::new());
    set.as_mut().insert(one).expect("room for two");
    let key = set.as_mut().insert(two).expect("room for two");
    let full = set.as_mut().insert(three).expect_err("no room for three");
    let three = full.into_inner();
    assert_eq!(set.len(), 2);
    drop(set.as_mut().remove(key));
    set.as_mut().insert(three).expect("room again");
    resolve(c, 3);
    assert_eq!(value(set.as_mut().try_next()), 3);
    resolve(b, 2);
    assert!(set.as_mut().try_next().is_none());
    resolve(a, 1);
    assert_eq!(value(set.as_mut().try_next()), 1);
    assert!(set.as_mut().next_with(&ThreadParker::new(), None).is_none() && set.is_empty());
}

#[test]
fn a_set_of_none_is_full() {
    let ([_a], [one]) = promises();
    let mut set = pin!(FixedWaitSet::<_, 0>::default());
    assert!(set.as_mut().insert(one).is_err() && set.as_mut().try_next().is_none());
}

#[test]
fn a_done_member_that_is_removed_makes_room() {
    let mut set = pin!(FixedWaitSet::<_, 2>::new());
    let (_pending, future) = promise();
    set.as_mut().insert(future).expect("room for two");
    for round in 0..20 {
        let (promise, future) = promise();
        let early = round % 2 == 0;
        let mut promise = Some(promise);
        let complete = |promise: &mut Option<Promise<usize>>| {
            promise.take().into_iter().for_each(|promise| resolve(promise, round));
        };
        if early {
            complete(&mut promise);
        }
        let key = set.as_mut().insert(future).expect("room for the second");
        complete(&mut promise);
        assert_eq!(value(set.as_mut().remove(key)), round);
    }
    assert_eq!(set.len(), 1);
}

#[test]
fn a_fixed_set_blocks_on_whatever_parks() {
    within(|| {
        let ([a, b], futures) = promises();
        let mut set = Box::pin(FixedWaitSet::<_, 2>::new());
        for future in futures {
            set.as_mut().insert(future).expect("room for two");
        }
        let park = ThreadParker::new();
        assert!(set.as_mut().next_with(&park, Some(Instant::now() + SHORT)).is_none());
        let completer = thread::spawn(move || {
            resolve(b, 2);
            resolve(a, 1);
        });
        assert_eq!(value(set.as_mut().next_with(&park, None)), 2);
        // And in another thread.
        let waiter =
            thread::spawn(move || value(set.as_mut().next_with(&ThreadParker::current(), None)));
        assert_eq!(waiter.join().expect("no panic"), 1);
        completer.join().expect("no panic");
    });
}

#[test]
fn a_fixed_set_takes_shared_ones_once_and_beside_other_waiters() {
    let (promise, future) = promise();
    let shared: SharedFuture<usize> = future.shared();
    let mut set = pin!(FixedWaitSet::<_, 2>::new());
    let first = set.as_mut().insert(shared.clone()).expect("room for two");
    let second = set.as_mut().insert(shared.clone()).expect("it is there already");
    assert_eq!((first, set.len()), (second, 1));
    let (wakes, waker) = Wakes::new();
    let mut waiting = pin!((&shared).into_future());
    assert!(waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    promise.complete(1).expect("not cancelled");
    assert_eq!(wakes.count(), 1);
    assert!(set.as_mut().try_next().is_some_and(|shared| shared.done()));
    assert!(set.as_mut().try_next().is_none());
}

#[test]
fn a_future_that_was_polled_before_wakes_the_set_only() {
    let ([a], [mut one]) = promises();
    let (wakes, waker) = Wakes::new();
    assert!(crate::support::poll(&mut one, &waker).is_pending());
    let mut set = pin!(FixedWaitSet::<_, 1>::new());
    set.as_mut().insert(one).expect("room for one");
    assert_eq!(Arc::strong_count(&wakes), 2, "the test's own two");
    resolve(a, 1);
    assert_eq!((wakes.count(), value(set.as_mut().try_next())), (0, 1));
}

#[test]
#[cfg_attr(miri, ignore = "what is forgotten is leaked: the set, nothing else")]
fn a_fixed_set_that_is_forgotten_where_it_is_pinned_harms_nobody() {
    let ([a], mut futures) = promises();
    let [one] = &mut futures;
    let mut set = Box::pin(FixedWaitSet::<_, 1>::new());
    set.as_mut().insert(one).expect("room for one");
    core::mem::forget(set);
    resolve(a, 1);
    let [mut one] = futures;
    assert_eq!(one.try_result().map(Result::unwrap), Some(1));
}

#[test]
fn a_dropped_wait_of_a_fixed_set_keeps_nothing() {
    let ([a], [one]) = promises();
    let mut set = pin!(FixedWaitSet::<_, 1>::new());
    set.as_mut().insert(one).expect("room for one");
    let (wakes, waker) = Wakes::new();
    {
        let mut next = pin!(set.as_mut().next_async());
        assert!(next.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    assert_eq!(Arc::strong_count(&wakes), 2, "the test's own two");
    resolve(a, 1);
    assert_eq!((wakes.count(), value(block_on(set.as_mut().next_async()))), (0, 1));
}

#[test]
fn fixed_sets_survive_members_that_are_completed_meanwhile() {
    within(|| {
        const ROUNDS: usize = if cfg!(miri) { 20 } else { 500 };
        let (sender, promises) = std::sync::mpsc::channel::<Promise<usize>>();
        let completer =
            thread::spawn(move || promises.into_iter().for_each(|promise| resolve(promise, 1)));
        let mut set = Box::pin(FixedWaitSet::<_, 4>::new());
        let mut out = 0;
        for round in 0..ROUNDS {
            let (promise, future) = promise();
            sender.send(promise).expect("the completer lives as long as its sender");
            let future = match set.as_mut().insert(future) {
                Ok(key) if round % 3 == 0 => set.as_mut().remove(key),
                Ok(_) => None,
                Err(full) => {
                    out += value(set.as_mut().next_with(&ThreadParker::current(), None));
                    let inserted = set.as_mut().insert(full.into_inner());
                    inserted.expect("one was taken out");
                    None
                }
            };
            out += future.map_or(0, |future| value(Some(future)));
            if round % 50 == 49 {
                out += set.len();
                set = Box::pin(FixedWaitSet::new()); // dropped with what is in it
            }
        }
        drop(sender);
        while let Some(future) = set.as_mut().next_with(&ThreadParker::current(), None) {
            out += value(Some(future));
        }
        assert_eq!(out, ROUNDS);
        completer.join().expect("no panic");
    });
}

// --- as_completed ---

#[test]
fn as_completed_says_how_many_are_left() {
    let ([a, b], futures) = promises();
    let mut completed = as_completed(futures);
    assert_eq!(completed.len(), 2);
    resolve(a, 1);
    assert_eq!((value(completed.next()), completed.len()), (1, 1));
    resolve(b, 2);
    assert_eq!(
        (
            completed.count(),
            as_completed_timeout([0; 0].map(|_: i32| promise::<u8>().1), SHORT).count()
        ),
        (1, 0)
    );
}

#[test]
fn each_member_is_looked_at_once_however_often_the_waiter_is_woken() {
    /// Counts how often somebody asks whether a task may be claimed.
    struct Asked(Held, Arc<AtomicUsize>);
    impl Backend for Asked {
        fn schedule(&self, task: Task) -> Result<(), Refused> {
            self.0.schedule(task)
        }
        fn may_claim(&self) -> bool {
            self.1.fetch_add(1, Ordering::Relaxed);
            false
        }
    }
    within(|| {
        const TASKS: usize = if cfg!(miri) { 50 } else { 10_000 };
        let (held, asked) = (Held::default(), Arc::new(AtomicUsize::new(0)));
        let executor = Executor::new(Asked(held.clone(), asked.clone()));
        let futures: Vec<_> =
            (0..TASKS).map(|n| executor.submit(move || n).expect("accepted")).collect();
        let runner = thread::spawn(move || {
            while held.run_next() {
                thread::yield_now(); // so that the waiter is woken often
            }
        });
        let waited = wait(futures, None, ReturnWhen::AllCompleted);
        assert_eq!(waited.done.len(), TASKS);
        assert!(asked.load(Ordering::Relaxed) <= TASKS, "{asked:?} for {TASKS}");
        runner.join().expect("no panic");
    });
}
