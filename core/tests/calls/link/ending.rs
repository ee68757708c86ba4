//! The end of a link, wanted or not.

use concurrent_futures_core::TaskErrorKind;
use concurrent_futures_core::calls::FrameKind;
use concurrent_futures_core::calls::link::LinkSettings;

use super::kit::{World, hello, started, value};

#[test]
fn a_link_that_is_closed_runs_what_was_accepted_and_then_lets_the_worker_go() {
    let mut world = World::ready();
    let [first, second] = [world.running(), world.call()];
    world.desk.with(|link, now| link.close(now));
    world.hear(&value(first.number));
    world.hear(&[started(second.number), value(second.number)].concat());
    let said = world.said();
    assert_eq!(said.last(), Some(&(FrameKind::Retire, 0)));
    assert_eq!((said.len(), first.called(), second.called()), (3, 1, 1));
    assert!(world.desk.with(|link, _| link.is_ended() && link.lost().is_none()));
    world.hang_up(); // as it should
    assert!(world.desk.with(|link, _| link.lost().is_none()));
}

#[test]
fn closed_before_the_worker_is_ready_it_says_nothing_more() {
    let mut world = World::new(LinkSettings::new());
    world.hear(&hello(0));
    world.desk.with(|link, now| link.close(now));
    assert_eq!(world.said(), [(FrameKind::Welcome, 0)]);
    assert!(world.desk.with(|link, _| link.is_ended()));
}

#[test]
fn closed_with_calls_it_waits_for_the_worker() {
    let mut world = World::new(LinkSettings::new());
    let call = world.call();
    world.desk.with(|link, now| link.close(now));
    assert!(!world.desk.with(|link, _| link.is_ended()));
    assert!(call.future.cancel());
    assert!(world.desk.with(|link, _| link.is_ended()), "there is nothing left to wait for");
}

#[test]
fn what_was_not_sent_can_be_cancelled_at_the_end() {
    let mut world = World::ready();
    let [first, second, third] = [world.running(), world.call(), world.call()];
    assert_eq!(world.desk.with(|link, now| link.close_and_cancel(now)), 2);
    second.fails(TaskErrorKind::Cancelled);
    third.fails(TaskErrorKind::Cancelled);
    world.hear(&value(first.number));
    assert_eq!(first.outcome().expect("it ran to its end"), 6);
    assert_eq!(world.said().last(), Some(&(FrameKind::Retire, 0)));
}

#[test]
fn disconnected_it_waits_for_nothing() {
    let mut world = World::ready();
    let [first, second] = [world.running(), world.call()];
    world.said();
    world.desk.with(|link, now| link.disconnect(now));
    first.fails(TaskErrorKind::Killed);
    second.fails(TaskErrorKind::Cancelled);
    assert_eq!(world.said(), []);
    world.hear(&value(1));
    world.desk.with(|link, now| link.disconnect(now)); // again, for nothing
    assert!(world.desk.with(|link, _| link.is_ended() && link.lost().is_none()));
}

#[test]
fn the_end_of_the_stream_is_the_end_of_all_calls() {
    let mut world = World::ready();
    let [running, waiting] = [world.running(), world.call()];
    world.hang_up();
    assert!(running.fails(TaskErrorKind::WorkerLost).contains("while it ran double: the stream"));
    assert!(waiting.fails(TaskErrorKind::PoolBroken).contains("stream from the worker ended"));
}

#[test]
fn an_end_inside_of_a_frame_is_told_apart() {
    let mut world = World::ready();
    let call = world.running();
    world.hear(&value(call.number)[..20]);
    world.hang_up();
    assert!(call.fails(TaskErrorKind::WorkerLost).contains("inside of a frame"));
}

#[test]
fn an_end_before_the_first_word_is_told_apart() {
    let mut world = World::new(LinkSettings::new());
    let call = world.call();
    world.hang_up();
    assert!(call.fails(TaskErrorKind::PoolBroken).contains("before its first word"));
}

#[test]
fn a_stream_that_fails_says_how() {
    let mut world = World::ready();
    let call = world.call();
    world.desk.with(|link, now| link.failed(now, "it cannot be written to: no carrier"));
    assert!(call.fails(TaskErrorKind::WorkerLost).contains("no carrier"));
    let lost = world.desk.with(|link, _| link.lost().cloned()).expect("it is lost");
    assert!(lost.contains("no carrier"));
    world.hang_up();
    assert_eq!(
        world.desk.with(|link, _| link.lost().cloned()),
        Some(lost),
        "the first cause counts"
    );
}
