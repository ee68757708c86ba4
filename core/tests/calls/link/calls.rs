//! Calls of a worker that keeps to the protocol.

use concurrent_futures_core::calls::link::LinkSettings;
use concurrent_futures_core::calls::{FrameKind, Limits, Welcome};
use concurrent_futures_core::{RefusedReason, TaskErrorKind};

use super::kit::{
    DOUBLE_THERE, FORGOTTEN, SECOND, World, encoded, failure, frame, hello, started, value,
};

#[test]
fn a_worker_that_says_hello_is_welcomed_without_places() {
    let mut settings = LinkSettings::new();
    settings.limits = Limits::default().payload(500);
    let mut world = World::new(settings);
    world.hear(&hello(0));
    let frames = world.frames();
    let [(header, payload)] = &frames[..] else { panic!("{frames:?}") };
    assert_eq!(header.kind, FrameKind::Welcome);
    let welcome = Welcome::from_bytes(payload, &Limits::default()).expect("readable");
    assert_eq!((welcome.places, welcome.limits.payload), (0, 500));
}

#[test]
fn calls_wait_until_the_worker_is_ready() {
    let mut world = World::new(LinkSettings::new());
    let call = world.call();
    assert_eq!(world.said(), []);
    world.hear(&hello(0));
    assert_eq!(world.said(), [(FrameKind::Welcome, 0)]);
    world.hear(&frame(FrameKind::Ready, 0, &[]));
    let frames = world.frames();
    assert_eq!((frames[0].0.kind, frames[0].0.task), (FrameKind::Call, DOUBLE_THERE));
    assert_eq!((frames[0].0.id, &frames[0].1), (call.number, &encoded(&3_u32)));
}

#[test]
fn a_reply_in_any_pieces_resolves_its_call() {
    let mut world = World::ready();
    let call = world.call();
    for byte in [started(call.number), value(call.number)].concat() {
        assert_eq!(call.called(), 0);
        world.hear(&[byte]);
    }
    assert_eq!(call.called(), 1);
    assert_eq!(call.outcome().expect("a value"), 6);
}

#[test]
fn a_call_runs_when_the_worker_says_so() {
    let mut world = World::ready();
    let call = world.call();
    assert!(!call.future.running(), "it was sent, no more");
    world.hear(&started(call.number));
    assert!(call.future.running());
    let counters = world.desk.with(|link, _| link.counters());
    assert_eq!((counters.submitted, counters.started, counters.queued), (1, 1, 0));
}

#[test]
fn one_call_at_a_time_is_sent() {
    let mut world = World::ready();
    let [first, second] = [world.running(), world.call()];
    assert_eq!(world.said(), [(FrameKind::Call, first.number)]);
    world.hear(&value(first.number));
    assert_eq!(world.said(), [(FrameKind::Call, second.number)]);
}

#[test]
fn as_many_calls_as_wanted_are_sent_ahead() {
    let mut settings = LinkSettings::new();
    settings.ahead = 2;
    let mut world = World::ready_with(settings);
    let calls: Vec<_> = (0..4).map(|_| world.call()).collect();
    assert_eq!(world.said().len(), 3);
    world.hear(&[started(calls[0].number), value(calls[0].number)].concat());
    assert_eq!(world.said(), [(FrameKind::Call, calls[3].number)]);
    assert_eq!(calls[0].called(), 1);
}

#[test]
fn a_call_that_waits_can_be_cancelled_and_is_never_sent() {
    let mut world = World::ready();
    let [first, second, third] = [world.running(), world.call(), world.call()];
    assert!(second.future.cancel());
    world.hear(&value(first.number));
    assert_eq!(world.said(), [(FrameKind::Call, first.number), (FrameKind::Call, third.number)]);
    second.fails(TaskErrorKind::Cancelled);
}

#[test]
fn a_call_that_was_sent_cannot_be_cancelled() {
    let mut world = World::ready();
    let call = world.call();
    assert!(!call.future.cancel(), "it was sent");
    world.hear(&started(call.number));
    assert!(!call.future.cancel(), "it runs");
    world.hear(&value(call.number));
    assert!(!call.future.cancel(), "it is done");
    assert_eq!(call.outcome().expect("a value"), 6);
}

#[test]
fn errors_of_the_function_are_errors_of_the_call() {
    let mut world = World::ready();
    let call = world.running();
    let raised = encoded(&Err::<u32, _>("too odd"));
    world.hear(&frame(FrameKind::Raised, call.number, &raised));
    assert!(call.fails(TaskErrorKind::Failed).contains("too odd"));
    let call = world.running();
    world.hear(&failure(FrameKind::Failure, call.number, "on purpose"));
    assert!(call.fails(TaskErrorKind::Panicked).contains("on purpose"));
    let call = world.running();
    world.hear(&frame(FrameKind::Value, call.number, &[]));
    call.fails(TaskErrorKind::Undecodable);
    let call = world.running();
    world.hear(&value(call.number));
    assert_eq!(call.outcome().expect("the link is as good as before"), 6);
}

#[test]
fn a_function_that_the_worker_does_not_have_fails_its_call_alone() {
    let mut world = World::ready();
    let forgotten = world.try_call(FORGOTTEN, |call| call).expect("who knows");
    assert!(forgotten.fails(TaskErrorKind::Refused).contains("no function double"));
    let call = world.running();
    world.hear(&value(call.number));
    assert_eq!(call.outcome().expect("a value"), 6);
}

#[test]
fn a_future_that_is_dropped_cancels_nothing() {
    let mut world = World::ready();
    let [first, second] = [world.running(), world.call()];
    drop(second);
    world.hear(&value(first.number));
    let next = first.number + 1;
    assert_eq!(world.said(), [(FrameKind::Call, first.number), (FrameKind::Call, next)]);
    world.hear(&[started(next), value(next)].concat());
    let counters = world.desk.with(|link, _| link.counters());
    assert_eq!((counters.finished, counters.failed, counters.idle_workers), (2, 0, 1));
}

#[test]
fn nothing_is_accepted_when_it_is_closed() {
    let mut world = World::ready();
    world.desk.with(|link, now| link.close(now));
    let refused = world.try_call(0, |call| call.start_by(SECOND)).expect_err("it is closed");
    assert_eq!(refused, RefusedReason::ShutDown);
}
