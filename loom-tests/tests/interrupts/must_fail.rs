//! Mistakes that are known, each found in the words that its test gives: were one of them not, the others would
//! say nothing.

use core::cell::{Cell, RefCell};
use core::fmt::Display;
use core::task::Waker;
use std::mem;
use std::pin::pin;
use std::rc::Rc;

use concurrent_futures_core::{
    ArenaExecutor, Lock, MulticoreExecutor, Park, PinnedTask, StaticExecutor,
};

use crate::everywhere::{Deed, at_every_place};
use crate::one_core::in_users_code;
use crate::sleep::Sleeper;
use crate::world::{Who, World};

/// Tries it at every place, until it fails.
fn try_everywhere<W: 'static>(
    name: &dyn Display,
    new: impl Fn() -> W,
    body: impl Fn(&W),
    handler: impl Fn(&W) + 'static,
) {
    let handler: Rc<Deed<W>> = Rc::new(handler);
    at_every_place(name, new, &body, &handler, |_| ());
}

/// Whoever spins waits for somebody on the same core.
struct Caught;

impl spin::RelaxStrategy for Caught {
    fn relax() {
        panic!("the interrupt waits for what it interrupted: a lock");
    }
}

/// The mistake: a spin lock, taken by a handler that may have interrupted its holder.
#[test]
#[should_panic(expected = "the interrupt waits for what it interrupted: a lock")]
fn a_spin_lock_taken_by_a_handler() {
    type Executor = MulticoreExecutor<4, 16, Caught>;
    let new = || -> &'static Executor { Box::leak(Box::new(Executor::new())) };
    let submit = |executor: &&'static Executor| drop(executor.submit(|| ()));
    try_everywhere(&"submit with a spin lock", new, submit, submit);
}

/// A lock that keeps nobody out.
#[derive(Debug)]
struct Open;

// SAFETY: it is not; that is the mistake. There is one thread, and what two contexts would do at once is seen
// before they do it.
unsafe impl Lock for Open {
    fn with<R>(&self, f: impl FnOnce() -> R) -> R {
        f()
    }
}

/// The mistake: a list that is changed without a lock.
#[test]
#[should_panic(expected = "is in the middle of")]
fn a_queue_without_a_lock() {
    type Executor = ArenaExecutor<Open, 4, 16>;
    let new = || -> &'static Executor { Box::leak(Box::new(Executor::with_locks(Open, Open))) };
    let submit = |executor: &&'static Executor| drop(executor.submit(|| ()));
    try_everywhere(&"submit without a lock", new, submit, submit);
}

/// The mistake: a handler drops a pinned task that it may have interrupted, and waits for its end.
#[test]
#[should_panic(expected = "the interrupt waits for what it interrupted")]
fn a_pinned_task_dropped_by_a_handler() {
    let run = |world: &World| while world.executor.run_one() {};
    try_everywhere(&"drop pinned", World::new, run, |world| drop(world.pinned[0].task.take()));
}

/// The mistake: a user's value is dropped in a critical section.
#[test]
#[should_panic(expected = "a value is dropped in a critical section")]
fn a_value_dropped_under_a_lock() {
    let body = |world: &World| {
        if let Some(mut future) = world.of(Who::Done).future.take() {
            critical_section::with(|_| drop(future.try_result()));
        }
    };
    try_everywhere(&"drop under a lock", World::new, body, |_| ());
}

/// The mistake: a waiter that looks, registers, and sleeps without a second look.
#[test]
#[should_panic(expected = "a sleeper was not woken")]
fn a_sleep_without_a_second_look() {
    #[derive(Default)]
    struct Event {
        happened: Cell<bool>,
        waker: RefCell<Option<Waker>>,
    }
    let wait = |event: &Event| {
        let sleeper = Sleeper::until(|| ());
        if !event.happened.get() {
            in_users_code("it looked, and is about to register");
            event.waker.replace(Some(sleeper.waker()));
            let _ = sleeper.park(None);
        }
    };
    let happen = |event: &Event| {
        event.happened.set(true);
        if let Some(waker) = event.waker.take() {
            waker.wake();
        }
    };
    try_everywhere(&"wait for an event", Event::default, wait, happen);
}

/// The mistake: a future that nobody drops.
#[test]
#[should_panic(expected = "free slots")]
fn a_forgotten_future() {
    let forget = |world: &World| mem::forget(world.of(Who::Front).future.take());
    let handler: Rc<Deed<World>> = Rc::new(|_| ());
    at_every_place(&"forget", World::new, &forget, &handler, World::end);
}

/// No mistake: what the thread itself runs it need not wait for.
#[test]
fn a_pinned_task_dropped_by_its_thread() {
    static EXECUTOR: StaticExecutor<0, 0> = StaticExecutor::new();
    let body = |_: &()| {
        let mut task = pin!(PinnedTask::new(|| 1));
        EXECUTOR.submit_pinned(task.as_mut()).expect("submitted once");
    };
    let run = |_: &()| {
        EXECUTOR.run_one();
    };
    try_everywhere(&"submit and drop", || (), body, run);
    assert_eq!(EXECUTOR.queued(), 0);
}
