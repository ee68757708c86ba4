//! What the time brings.

use core::time::Duration;

use concurrent_futures_core::TaskErrorKind;
use concurrent_futures_core::calls::FrameKind;
use concurrent_futures_core::calls::link::LinkSettings;

use super::kit::{SECOND, World, hello, started, value};

fn next_deadline(world: &World) -> Option<Duration> {
    world.desk.with(|link, _| link.next_deadline())
}

#[test]
fn a_worker_that_says_nothing_is_given_up() {
    let mut world = World::new(LinkSettings::new());
    let call = world.call();
    world.advance(29 * SECOND);
    assert_eq!(call.called(), 0);
    world.advance(SECOND);
    assert!(call.fails(TaskErrorKind::PoolBroken).contains("has not said a word"));
    assert_eq!(next_deadline(&world), None);
}

#[test]
fn a_worker_that_does_not_become_ready_is_given_up() {
    let mut world = World::new(LinkSettings::new());
    let call = world.call();
    world.advance(29 * SECOND);
    world.hear(&hello(0));
    world.advance(29 * SECOND);
    assert_eq!(call.called(), 0);
    world.advance(SECOND);
    assert!(call.fails(TaskErrorKind::PoolBroken).contains("has not become ready"));
}

#[test]
fn a_worker_that_is_ready_may_be_idle_for_ever() {
    let world = World::ready();
    assert_eq!(next_deadline(&world), None);
}

#[test]
fn a_call_that_was_not_started_in_time_never_is() {
    let mut world = World::ready();
    let [first, late] = [world.running(), world.call_with(|call| call.start_by(SECOND))];
    world.advance(SECOND);
    assert!(late.fails(TaskErrorKind::DeadlinePassed).contains("not started in time"));
    world.hear(&value(first.number));
    assert_eq!(world.said(), [(FrameKind::Call, first.number)]);
}

#[test]
fn a_call_that_was_sent_in_time_is_not_late() {
    let mut world = World::ready();
    let call = world.call_with(|call| call.start_by(SECOND));
    assert_eq!(next_deadline(&world), None);
    world.advance(2 * SECOND);
    world.hear(&[started(call.number), value(call.number)].concat());
    assert_eq!(call.outcome().expect("a value"), 6);
}

#[test]
fn a_cancelled_call_has_no_deadline() {
    let mut world = World::ready();
    let [_first, second] = [world.running(), world.call_with(|call| call.start_by(SECOND))];
    assert_eq!(next_deadline(&world), Some(SECOND));
    assert!(second.future.cancel());
    assert_eq!(next_deadline(&world), None);
}

#[test]
fn a_call_that_runs_for_too_long_fails_and_its_answer_is_dropped() {
    let mut world = World::ready();
    let call = world.call_with(|call| call.run_for(SECOND));
    let (number, next) = (call.number, world.call());
    world.hear(&started(number));
    world.advance(SECOND);
    assert!(call.fails(TaskErrorKind::DeadlinePassed).contains("not answered within 1s"));
    assert_eq!(world.said(), [(FrameKind::Call, number)], "the worker is busy");
    world.hear(&value(number));
    assert_eq!(world.said(), [(FrameKind::Call, next.number)]);
    world.hear(&[started(next.number), value(next.number)].concat());
    assert_eq!(next.outcome().expect("a value"), 6);
}

#[test]
fn a_call_that_is_not_even_begun_is_late_too() {
    let mut world = World::ready();
    let call = world.call_with(|call| call.run_for(SECOND));
    let number = call.number;
    world.advance(SECOND);
    call.fails(TaskErrorKind::DeadlinePassed);
    world.hear(&[started(number), value(number)].concat());
    let counters = world.desk.with(|link, _| link.counters());
    assert_eq!((counters.finished, counters.failed, counters.idle_workers), (1, 1, 1));
}

#[test]
fn time_counts_from_when_the_worker_has_nothing_before_it() {
    let mut settings = LinkSettings::new();
    settings.ahead = 1;
    let mut world = World::ready_with(settings);
    let first = world.running();
    let second = world.call_with(|call| call.run_for(SECOND));
    world.advance(10 * SECOND);
    assert_eq!(second.called(), 0);
    world.hear(&value(first.number));
    assert_eq!(next_deadline(&world), Some(11 * SECOND));
    world.advance(SECOND);
    second.fails(TaskErrorKind::DeadlinePassed);
}

#[test]
fn a_call_that_was_given_up_is_lost_without_a_word() {
    let mut world = World::ready();
    let call = world.call_with(|call| call.run_for(SECOND));
    world.advance(SECOND);
    world.hang_up();
    call.fails(TaskErrorKind::DeadlinePassed);
    let counters = world.desk.with(|link, _| link.counters());
    assert_eq!((counters.finished, counters.queued), (1, 0));
}

#[test]
fn a_time_that_never_comes_is_no_deadline() {
    let mut world = World::ready();
    world.advance(SECOND);
    let call = world.call_with(|call| call.run_for(Duration::MAX));
    assert_eq!(next_deadline(&world), None);
    world.hear(&[started(call.number), value(call.number)].concat());
    assert_eq!(call.outcome().expect("a value"), 6);
}
