//! What workers say: every reply, and nonsense of every kind.

use concurrent_futures_core::TaskErrorKind;
use concurrent_futures_core::calls::{FrameHeader, FrameKind, RemoteFailure, RemoteFailureKind};

use super::kit::{TestFile, World, settings};
use super::puppet::{ECHO, HOLD, LARGE, PANIC, Point, RAISE, TOO_LARGE, Temper, frame};

#[test]
fn every_reply_resolves_its_call_and_leaves_the_worker_as_it_is() {
    let mut world = World::of(1);
    let [panics, raises, large, too_large, echo] =
        [PANIC, RAISE, LARGE, TOO_LARGE, ECHO].map(|script| world.submit(script));
    world.settle();
    assert_eq!(world.fails(panics, TaskErrorKind::Panicked).message(), "it said so");
    assert_eq!(world.fails(raises, TaskErrorKind::Failed).message(), "no");
    world.succeeds(large);
    let error = world.fails(too_large, TaskErrorKind::TooLarge);
    assert!(error.message().contains("scripted, in process 101: 9 bytes"), "{error}");
    world.succeeds(echo);
    assert_eq!((world.spawns, world.kills.len()), (1, 0));
    world.ends_well();
}

#[test]
fn a_result_may_come_in_the_file_of_its_call() {
    let mut world = World::of(1);
    for _ in 0..3 {
        let file = TestFile::new("of the call");
        let call = world.try_submit(LARGE, |call| call.large(file, 100)).expect("accepted");
        let other = world.submit(LARGE);
        world.settle();
        world.succeeds(call);
        world.succeeds(other);
    }
    world.ends_well();
}

#[test]
fn large_calls_are_written_in_pieces_with_their_files() {
    let mut world = World::of(1);
    let calls: Vec<usize> = (0..3)
        .map(|number| {
            let file = TestFile::new("of the call");
            let with_file = number != 1;
            let call = world
                .try_submit(LARGE, |call| if with_file { call.large(file, 100_000) } else { call });
            call.expect("accepted")
        })
        .collect();
    while world.perform_next() {}
    let id = world.ids()[0];
    let mut moved = true;
    while moved {
        moved = world.write(id, 1);
        while world.step(id) {
            moved = true;
        }
        moved |= world.read(id, 1);
    }
    world.settle();
    calls.into_iter().for_each(|call| world.succeeds(call));
    world.ends_well();
}

/// Ends its worker, whose call is lost, and nothing else.
fn breaks_the_protocol(what: &str, bytes: impl Fn(FrameHeader) -> Vec<u8>) {
    broken_with(what, bytes, None);
}

fn broken_with(what: &str, bytes: impl Fn(FrameHeader) -> Vec<u8>, file: Option<TestFile>) {
    let mut world = World::of(1);
    let (call, waits) = (world.call(HOLD), world.call(ECHO));
    let running = world.only().running.as_ref().expect("it runs").0;
    let bytes = bytes(running);
    world.only().write(&bytes, file);
    world.settle();
    let error = world.fails(call, TaskErrorKind::WorkerLost);
    assert!(error.message().contains("broke the protocol"), "{what}: {error}");
    assert!(error.message().contains(what), "{what}: {error}");
    assert_eq!(error.worker().expect("it was killed").pid, 101);
    world.succeeds(waits);
    assert_eq!(world.spawns, 2, "{what}");
    world.ends_well();
}

fn reply(call: FrameHeader, kind: FrameKind) -> FrameHeader {
    FrameHeader { id: call.id, place: call.place, ..FrameHeader::new(kind) }
}

/// Seen red with replies taken that are to no call, out of turn, or to one that has not started.
#[test]
fn nonsense_costs_the_worker_and_the_call_that_it_runs() {
    use FrameKind::{Call, Failure, Hello, InitFailed, Ready, Retire, Started, Value, Welcome};
    breaks_the_protocol("version 255", |_| vec![255; 32]);
    breaks_the_protocol("unknown kind", |_| {
        let mut bytes = frame(FrameHeader::new(Value), &[]);
        bytes[1] = 99;
        bytes
    });
    breaks_the_protocol("over the limit", |call| {
        FrameHeader { length: u32::MAX, ..reply(call, Value) }.to_bytes().to_vec()
    });
    for kind in [Hello, Ready, InitFailed, Started, Welcome, Call, Retire] {
        let what = format!("{kind:?} from a worker that is Ready");
        breaks_the_protocol(&what, |call| frame(reply(call, kind), &[]));
    }
    for id in [0, 7, u64::MAX] {
        breaks_the_protocol("which it was not running", |call| {
            frame(FrameHeader { id, ..reply(call, Value) }, &[])
        });
    }
    breaks_the_protocol("which it was not running", |call| {
        frame(FrameHeader { place: call.place + 1, ..reply(call, Value) }, &[])
    });
    breaks_the_protocol("a failure that cannot be read", |call| {
        frame(reply(call, Failure), &[250, 250])
    });
    breaks_the_protocol("a file that did not come", |call| {
        frame(FrameHeader { attached: 9, ..reply(call, Value) }, &[])
    });
    breaks_the_protocol("more than the limit", |call| {
        frame(FrameHeader { attached: u64::MAX, ..reply(call, Value) }, &[])
    });
}

#[test]
fn a_file_of_no_frame_is_nonsense_after_the_frame_is_there() {
    let mut world = World::of(1);
    let call = world.call(HOLD);
    let running = world.only().running.as_ref().expect("it runs").0;
    let bytes = frame(reply(running, FrameKind::Value), &running.id.to_le_bytes()[..2]);
    world.only().write(&bytes, Some(TestFile::new("stray")));
    world.settle();
    assert!(world.calls[call].done(), "it had its reply");
    assert_eq!(world.kills.len(), 1);
    let next = world.call(ECHO);
    world.succeeds(next);
    world.calls[call].future = None;
    world.ends_well();
}

#[test]
fn a_second_reply_to_the_same_call_is_nonsense() {
    let mut world = World::of(1);
    let call = world.call(ECHO);
    let id = world.calls[call].number;
    let header = FrameHeader { id, ..FrameHeader::new(FrameKind::Value) };
    world.only().say(header, &[0], None);
    world.settle();
    world.succeeds(call);
    assert_eq!(world.kills.len(), 1);
    world.ends_well();
}

#[test]
fn a_reply_to_a_call_that_has_not_started_is_nonsense_and_the_call_runs_elsewhere() {
    let mut world = World::of(1).born(Temper { stops_at: Some(Point::Idle), ..Temper::default() });
    let call = world.call(ECHO);
    let id = world.calls[call].number;
    let header = FrameHeader { id, ..FrameHeader::new(FrameKind::Value) };
    world.only().say(header, &[0], None);
    world.settle();
    world.succeeds(call);
    assert_eq!((world.spawns, world.kills.len()), (2, 1));
    world.ends_well();
}

#[test]
fn a_reply_to_a_call_that_was_cancelled_is_nonsense() {
    let mut world = World::of(1).born(Temper { stops_at: Some(Point::Idle), ..Temper::default() });
    let call = world.call(ECHO);
    assert!(world.future(call).cancel());
    let id = world.calls[call].number;
    let header = FrameHeader { id, ..FrameHeader::new(FrameKind::Value) };
    world.only().say(header, &[0], None);
    world.settle();
    let _ = world.fails(call, TaskErrorKind::Cancelled);
    assert_eq!(world.kills.len(), 1);
    world.ends_well();
}

#[test]
fn nonsense_before_it_is_ready_is_a_bad_start() {
    let says: [(Point, FrameKind); 4] = [
        (Point::BeforeHello, FrameKind::Ready),
        (Point::BeforeHello, FrameKind::Hello), // an empty one
        (Point::HelloSent, FrameKind::Hello),
        (Point::HelloSent, FrameKind::Value),
    ];
    for (point, kind) in says {
        let mut world = World::of(1);
        world.temper = Temper { stops_at: Some(point), ..Temper::default() };
        let call = world.call(ECHO);
        for _ in 0..3 {
            world.only().say(FrameHeader::new(kind), &[], None);
            world.settle();
        }
        let error = world.fails(call, TaskErrorKind::PoolBroken);
        assert!(error.message().contains("it broke the protocol"), "{error}");
        assert_eq!(world.kills.len(), 3 + 1, "and the one who was to replace the third");
        world.ends_well();
    }
}

#[test]
fn nonsense_on_the_way_home_costs_nobody_anything() {
    let mut with = settings(1);
    with.calls_per_worker = Some(1);
    let mut world =
        World::new(with).born(Temper { stops_at: Some(Point::Draining), ..Temper::default() });
    let (first, second) = (world.submit(ECHO), world.submit(ECHO));
    world.settle();
    world.succeeds(first);
    world.only().write(&[9; 40], None);
    world.settle();
    world.succeeds(second);
    world.ends_well();
}

#[test]
fn a_result_cut_anywhere_is_no_result() {
    let whole = frame(FrameHeader::new(FrameKind::Value), &[1, 2, 3]).len();
    for cut in (0..whole).step_by(if cfg!(miri) { 9 } else { 1 }) {
        let mut world = World::of(1);
        let call = world.call(HOLD);
        let running = world.only().running.as_ref().expect("it runs").0;
        let bytes = frame(reply(running, FrameKind::Value), &[1, 2, 3]);
        world.only().write(&bytes[..cut], None);
        let id = world.ids()[0];
        world.die(id, super::puppet::KILL);
        let _ = world.fails(call, TaskErrorKind::WorkerLost);
        world.ends_well();
    }
}

#[test]
fn a_failure_of_any_kind_is_told_with_its_function_and_process() {
    let kinds = [
        (RemoteFailureKind::UndecodableArguments, TaskErrorKind::Undecodable),
        (RemoteFailureKind::UnencodableResult, TaskErrorKind::Undecodable),
        (RemoteFailureKind::UnknownTask, TaskErrorKind::Undecodable),
        (RemoteFailureKind::ResultTooLarge, TaskErrorKind::TooLarge),
    ];
    for (remote, kind) in kinds {
        let mut world = World::of(1);
        let call = world.call(HOLD);
        let running = world.only().running.take().expect("it runs").0;
        let failure = RemoteFailure::new(remote, "because").to_bytes(&settings(1).limits);
        world.only().say(reply(running, FrameKind::Failure), &failure, None);
        world.only().point = Point::Idle;
        world.settle();
        let error = world.fails(call, kind);
        assert!(error.message().contains("scripted, in process 101: because"), "{error}");
        assert_eq!(world.kills.len(), 0);
        world.ends_well();
    }
}

#[test]
fn what_the_link_says_of_a_worker_is_as_bad_as_what_it_says_itself() {
    let mut world = World::of(1);
    let (call, waits) = (world.call(HOLD), world.call(ECHO));
    let id = world.ids()[0];
    for _ in 0..2 {
        world.desk.with(|supervisor, now| supervisor.misbehaved(now, id, "too many files"));
    }
    world.settle();
    let error = world.fails(call, TaskErrorKind::WorkerLost);
    assert!(error.message().contains("broke the protocol: too many files"), "{error}");
    world.succeeds(waits);
    assert_eq!((world.spawns, world.kills.len()), (2, 1));
    world.ends_well();
}
