//! A worker that does not keep to the protocol: the link is given up, and every call says why.

use concurrent_futures_core::calls::link::LinkSettings;
use concurrent_futures_core::calls::{FrameHeader, FrameKind, Limits};
use concurrent_futures_core::{RefusedReason, TaskErrorKind};

use super::kit::{MISFIT, World, encoded, failure, frame, hello, started, value};

/// Says this to the parent of two calls, of which the first, which has the number 1, was sent if the worker is ready.
#[track_caller]
fn is_nonsense(mut world: World, nonsense: &[u8], cause: &str) {
    let [first, waiting] = [world.call(), world.call()];
    let kind = match world.said().contains(&(FrameKind::Call, first.number)) {
        true => TaskErrorKind::WorkerLost,
        false => TaskErrorKind::PoolBroken,
    };
    world.hear(nonsense);
    assert!(world.desk.with(|link, _| link.is_ended()), "{cause}: the link goes on");
    let said = first.fails(kind);
    assert!(said.contains(cause), "{said}, and not {cause}");
    assert!(waiting.fails(TaskErrorKind::PoolBroken).contains(cause));
    match world.try_call(0, |call| call) {
        Err(RefusedReason::Broken(why)) => assert!(why.contains(cause), "{why}"),
        other => panic!("{other:?}"),
    }
    world.hear(&[started(1), value(1), hello(0)].concat()); // too late to be of interest
}

#[test]
fn bytes_that_are_no_frames() {
    is_nonsense(World::new(LinkSettings::new()), &[0; 32], "version 0");
    is_nonsense(World::ready(), b"U-Boot 2026.10 (Oct 05 2026 - 12:00:00)", "version 85");
    let unknown_kind = [&[1, 99][..], &[0; 30]].concat();
    is_nonsense(World::ready(), &unknown_kind, "unknown kind 99");
}

#[test]
fn frames_that_only_a_parent_sends() {
    for kind in [FrameKind::Welcome, FrameKind::Call, FrameKind::Retire] {
        is_nonsense(World::ready(), &frame(kind, 1, &[]), &format!("{kind:?} while"));
    }
}

#[test]
fn words_before_the_first() {
    for kind in [FrameKind::Ready, FrameKind::Started, FrameKind::InitFailed, FrameKind::Value] {
        let world = World::new(LinkSettings::new());
        is_nonsense(world, &frame(kind, 1, &[]), &format!("{kind:?} while"));
    }
}

#[test]
fn a_first_word_that_cannot_be_read() {
    let world = World::new(LinkSettings::new());
    is_nonsense(world, &frame(FrameKind::Hello, 0, &[200; 7]), "first word");
}

#[test]
fn a_worker_that_does_not_fit() {
    let world = World::new(LinkSettings::new());
    is_nonsense(world, &hello(MISFIT), "does not fit: it is another one");
}

#[test]
fn a_worker_that_refuses_to_work() {
    let world = World::new(LinkSettings::new());
    world.hear(&hello(0));
    is_nonsense(world, &failure(FrameKind::InitFailed, 0, "no converter"), "no converter");
}

#[test]
fn a_start_before_it_is_ready() {
    let world = World::new(LinkSettings::new());
    world.hear(&hello(0));
    is_nonsense(world, &started(1), "Started while");
}

#[test]
fn a_worker_that_is_ready_twice() {
    is_nonsense(World::ready(), &frame(FrameKind::Ready, 0, &[]), "Ready while");
}

#[test]
fn starts_of_calls_that_were_not_sent() {
    is_nonsense(World::ready(), &started(2), "the start of call 2");
    is_nonsense(World::ready(), &started(77), "the start of call 77");
    is_nonsense(World::ready(), &[started(1), started(1)].concat(), "the start of call 1");
}

#[test]
fn replies_to_calls_that_do_not_run() {
    is_nonsense(World::ready(), &value(1), "a reply to call 1");
    is_nonsense(World::ready(), &[started(1), value(2)].concat(), "a reply to call 2");
    let failed = failure(FrameKind::Failure, 9, "who?");
    is_nonsense(World::ready(), &[started(1), failed].concat(), "a reply to call 9");
}

#[test]
fn a_second_reply_to_a_call() {
    let mut world = World::ready();
    let call = world.running();
    world.hear(&[value(call.number), value(call.number)].concat());
    assert_eq!(call.outcome().expect("the first one counts"), 6);
    assert!(world.desk.with(|link, _| link.lost().is_some()));
}

#[test]
fn a_failure_that_cannot_be_read() {
    let unreadable = frame(FrameKind::Failure, 1, &[250; 9]);
    is_nonsense(World::ready(), &[started(1), unreadable].concat(), "cannot be read");
}

#[test]
fn a_reply_with_something_beside_it() {
    let header =
        FrameHeader { id: 1, attached: 5, length: 1, ..FrameHeader::new(FrameKind::Value) };
    let reply = [&header.to_bytes()[..], &encoded(&6_u32)].concat();
    is_nonsense(World::ready(), &[started(1), reply].concat(), "5 bytes beside");
}

#[test]
fn a_reply_that_is_larger_than_agreed_upon() {
    let mut settings = LinkSettings::new();
    settings.limits = Limits::default().payload(64);
    let reply = frame(FrameKind::Value, 1, &[0; 65]);
    is_nonsense(World::ready_with(settings), &[started(1), reply].concat(), "65 bytes");
}
