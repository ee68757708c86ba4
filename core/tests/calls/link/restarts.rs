//! A worker that starts again, and says so.

use concurrent_futures_core::TaskErrorKind;
use concurrent_futures_core::calls::FrameKind;
use concurrent_futures_core::calls::link::LinkSettings;

use super::kit::{MISFIT, SECOND, World, frame, hello, started, value};

fn few() -> LinkSettings {
    let mut settings = LinkSettings::new();
    (settings.restarts, settings.restart_period) = (2, SECOND);
    settings
}

/// The worker starts again, and becomes ready.
fn start_again(world: &mut World) {
    world.hear(&hello(0));
    world.hear(&frame(FrameKind::Ready, 0, &[]));
}

#[test]
fn a_new_start_costs_the_call_that_was_sent_and_no_other() {
    let mut world = World::ready();
    let [lost, next] = [world.running(), world.call()];
    world.said();
    start_again(&mut world);
    assert!(lost.fails(TaskErrorKind::WorkerLost).contains("started again while it ran double"));
    assert_eq!(world.said(), [(FrameKind::Welcome, 0), (FrameKind::Call, next.number)]);
    world.hear(&[started(next.number), value(next.number)].concat());
    assert_eq!(next.outcome().expect("a value"), 6);
}

#[test]
fn a_call_that_may_have_run_is_not_sent_again() {
    let mut world = World::ready();
    let sent = world.call();
    world.said();
    start_again(&mut world);
    assert_eq!(world.said(), [(FrameKind::Welcome, 0)]);
    assert!(sent.fails(TaskErrorKind::WorkerLost).contains("when it was sent double"));
}

#[test]
fn what_was_not_written_before_a_new_start_never_is() {
    let mut world = World::ready();
    let lost = world.call();
    start_again(&mut world); // nobody has taken what there was to write
    assert_eq!(world.said(), [(FrameKind::Welcome, 0)]);
    lost.fails(TaskErrorKind::WorkerLost);
}

#[test]
fn a_worker_may_start_again_before_it_is_ready() {
    let mut world = World::new(LinkSettings::new());
    world.hear(&hello(0));
    let call = world.call();
    start_again(&mut world);
    assert_eq!(world.said().last(), Some(&(FrameKind::Call, call.number)));
}

#[test]
fn another_worker_that_does_not_fit_ends_it() {
    let mut world = World::ready();
    let [lost, waiting] = [world.running(), world.call()];
    world.hear(&hello(MISFIT));
    lost.fails(TaskErrorKind::WorkerLost);
    assert!(waiting.fails(TaskErrorKind::PoolBroken).contains("does not fit"));
}

#[test]
fn too_many_new_starts_are_the_end() {
    let mut world = World::ready_with(few());
    start_again(&mut world);
    start_again(&mut world);
    let waiting = [world.call(), world.call()].into_iter().next_back().expect("two");
    start_again(&mut world);
    assert!(waiting.fails(TaskErrorKind::PoolBroken).contains("started again 3 times within 1s"));
}

#[test]
fn new_starts_of_long_ago_do_not_count() {
    let mut world = World::ready_with(few());
    for _ in 0..10 {
        start_again(&mut world);
        world.advance(SECOND);
    }
    let call = world.running();
    world.hear(&value(call.number));
    assert_eq!(call.outcome().expect("a value"), 6);
}
