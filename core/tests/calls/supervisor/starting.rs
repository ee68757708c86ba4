//! Workers that do not start, or not well, or not the right ones; and when a pool gives up.

use core::time::Duration;

use concurrent_futures_core::calls::{Exit, Limits, ResourceLimits, encode};
use concurrent_futures_core::{RefusedReason, TaskErrorKind};

use super::kit::{Birth, World, settings};
use super::puppet::{ECHO, HOLD, KILL, Point, Temper, ms};

fn dying_at(point: Point) -> Temper {
    Temper { dies_at: Some((point, None)), ..Temper::default() }
}

/// All that is submitted from now on is refused, because of that.
fn is_broken(world: &mut World, cause: &str) {
    match world.try_submit(ECHO, |call| call) {
        Err(RefusedReason::Broken(said)) => assert!(said.contains(cause), "{said}"),
        other => panic!("{other:?}: {world:?}"),
    }
}

#[test]
fn three_workers_in_a_row_that_never_get_ready_break_the_pool() {
    for point in [Point::Exec, Point::BeforeHello, Point::HelloSent] {
        let mut world = World::of(1);
        world.temper = dying_at(point);
        let calls = [world.submit(ECHO), world.submit(ECHO)];
        world.settle();
        // The replacement of the third was asked for when it had hung up, before it was known how it ended.
        assert_eq!(world.spawns, 4, "{point:?}");
        for call in calls {
            let error = world.fails(call, TaskErrorKind::PoolBroken);
            assert!(error.message().contains("signal 9"), "{error}");
            assert!(error.message().contains("init()"), "{error}");
        }
        is_broken(&mut world, "before they were ready");
        world.ends_well();
    }
}

#[test]
fn two_bad_starts_are_forgiven_and_forgotten() {
    let mut world = World::of(1);
    for _ in 0..3 {
        for _ in 0..2 {
            world.births.push_back(Birth::Alive(dying_at(Point::HelloSent)));
        }
        let call = world.call(ECHO);
        world.succeeds(call);
        let id = world.ids()[0];
        world.die(id, Exit::Code(0));
    }
    world.ends_well();
}

/// Seen red with a pool that waits for the exit, and starts others meanwhile.
#[test]
fn an_initializer_that_fails_breaks_the_pool_at_once() {
    let mut with = settings(1);
    with.initializer = Some((1, encode(&7_u64, &with.limits, None).expect("small")));
    let mut world = World::new(with);
    world.temper = Temper { init_fails: true, ..Temper::default() };
    let calls = [world.submit(ECHO), world.submit(ECHO)];
    world.settle();
    assert_eq!(world.spawns, 1);
    for call in calls {
        let error = world.fails(call, TaskErrorKind::PoolBroken);
        assert!(error.message().contains("no database"), "{error}");
    }
    is_broken(&mut world, "its initializer failed: no database");
    world.ends_well();
}

#[test]
fn a_worker_is_told_all_that_it_has_to_know() {
    let mut with = settings(1);
    with.initializer = Some((1, vec![1, 2, 3]));
    with.nesting = 2;
    with.resources = ResourceLimits { memory: Some(5), ..ResourceLimits::default() };
    let mut world = World::new(with);
    let call = world.call(ECHO);
    world.succeeds(call);
    let welcome = world.only().welcome.clone().expect("it was welcomed");
    let initializer = welcome.initializer.expect("there is one");
    assert_eq!((initializer.task, initializer.arguments), (2, vec![1, 2, 3]), "its own number");
    assert_eq!((welcome.nesting, welcome.places), (2, 64));
    assert_eq!(welcome.resources.memory, Some(5));
    world.ends_well();
}

#[test]
fn a_worker_of_another_build_breaks_the_pool() {
    let mut world = World::of(1);
    world.temper = Temper { build: 1, ..Temper::default() };
    let call = world.call(ECHO);
    let error = world.fails(call, TaskErrorKind::PoolBroken);
    assert!(error.message().contains("build 1 instead of 0"), "{error}");
    assert!(world.workers.is_empty(), "it was killed");
    is_broken(&mut world, "build 1");
    world.ends_well();
}

#[test]
fn a_function_that_the_worker_does_not_have_fails_its_call_alone() {
    let mut world = World::of(1);
    let call = world.try_submit_to(2, ECHO, |call| call).expect("accepted");
    let beyond = world.try_submit_to(99, ECHO, |call| call).expect("accepted");
    let good = world.call(ECHO);
    let error = world.fails(call, TaskErrorKind::Refused);
    assert!(error.message().contains("no function"), "{error}");
    let _ = world.fails(beyond, TaskErrorKind::Refused);
    world.succeeds(good);
    world.ends_well();
}

#[test]
fn an_initializer_that_the_worker_does_not_have_breaks_the_pool() {
    let mut with = settings(1);
    with.initializer = Some((2, Vec::new()));
    let mut world = World::new(with);
    let call = world.call(ECHO);
    let error = world.fails(call, TaskErrorKind::PoolBroken);
    assert!(error.message().contains("does not have the initializer"), "{error}");
    world.ends_well();
}

#[test]
fn a_worker_that_is_not_ready_in_time_is_replaced() {
    for point in [Point::Exec, Point::BeforeHello, Point::HelloSent] {
        let temper = Temper { stops_at: Some(point), stubborn: true, ..Temper::default() };
        let mut world = World::of(1).born(temper);
        let call = world.call(ECHO);
        world.advance(settings(1).start_timeout);
        world.succeeds(call);
        assert_eq!(world.spawns, 2);
        world.ends_well();
    }
}

#[test]
fn a_process_that_cannot_be_started_is_tried_again_later_and_later() {
    let mut world = World::of(1);
    world.births.extend([Birth::Fails, Birth::Fails, Birth::Fails, Birth::Fails]);
    let call = world.call(ECHO);
    let mut delays = Vec::new();
    while world.spawns < 5 {
        let before = world.now();
        let next = world.next_deadline().expect("it is tried again");
        world.jump_to(next);
        delays.push(next - before);
    }
    assert_eq!(delays, [ms(20), ms(40), ms(80), ms(160)]);
    world.succeeds(call);
    world.ends_well();
}

#[test]
fn calls_fail_when_no_process_can_be_started_for_long_and_the_next_is_tried() {
    let mut world = World::of(2);
    world.births.extend((0..5).map(|_| Birth::Fails));
    let call = world.call(ECHO);
    world.advance(Duration::from_secs(10));
    let error = world.fails(call, TaskErrorKind::Refused);
    assert!(error.message().contains("EAGAIN"), "{error}");
    world.ends_well();
}

/// Within the delay after the last attempt. Seen red with deadlines that forget the attempt.
#[test]
fn a_call_submitted_just_after_others_gave_up_is_not_forgotten() {
    let mut world = World::of(1);
    world.births.push_back(Birth::FailsForEver);
    let call = world.call(ECHO);
    let error = world.fails(call, TaskErrorKind::Refused);
    assert!(error.message().contains("none could be started"), "{error}");
    let call = world.call(ECHO);
    assert!(!world.calls[call].done());
    world.advance(ms(20));
    world.succeeds(call);
    world.ends_well();
}

#[test]
fn fewer_workers_go_on_where_no_more_can_be_started() {
    let mut world = World::of(3);
    world.births.extend([
        Birth::Alive(Temper::default()),
        Birth::FailsForEver,
        Birth::FailsForEver,
    ]);
    let calls: Vec<usize> = (0..30).map(|_| world.submit(ECHO)).collect();
    world.settle();
    calls.into_iter().for_each(|call| world.succeeds(call));
    world.ends_well();
}

#[test]
fn losses_within_the_budget_are_replaced_and_those_beyond_break_the_pool() {
    let mut with = settings(1);
    with.restarts = 3;
    let mut world = World::new(with);
    for loss in 0..4 {
        let call = world.call(HOLD);
        let id = world.runner(call).unwrap_or_else(|| panic!("replaced: {loss}"));
        let waits = world.call(ECHO);
        world.die(id, KILL);
        let _ = world.fails(call, TaskErrorKind::WorkerLost);
        if loss < 3 {
            world.succeeds(waits);
        } else {
            let error = world.fails(waits, TaskErrorKind::PoolBroken);
            assert!(error.message().contains("4 workers were lost within 10s"), "{error}");
            assert!(error.message().contains("signal 9"), "{error}");
        }
    }
    is_broken(&mut world, "4 workers were lost");
    world.ends_well();
}

#[test]
fn losses_long_ago_do_not_count() {
    let mut with = settings(1);
    with.restarts = 1;
    let mut world = World::new(with);
    for _ in 0..6 {
        let call = world.call(HOLD);
        let id = world.runner(call).expect("replaced");
        world.die(id, KILL);
        let _ = world.fails(call, TaskErrorKind::WorkerLost);
        world.advance(Duration::from_secs(11));
    }
    world.ends_well();
}

/// Each future has its own error, and what runs elsewhere ends.
#[test]
fn a_pool_that_breaks_lets_end_what_runs() {
    let mut with = settings(2);
    with.restarts = 0;
    let mut world = World::new(with);
    let (runs, dies, waits) = (world.submit(HOLD), world.submit(HOLD), world.submit(ECHO));
    world.settle();
    let id = world.runner(dies).expect("it runs");
    world.die(id, KILL);
    let _ = world.fails(dies, TaskErrorKind::WorkerLost);
    let _ = world.fails(waits, TaskErrorKind::PoolBroken);
    assert!(world.future(runs).running());
    world.release(runs);
    world.succeeds(runs);
    is_broken(&mut world, "1 workers were lost");
    world.ends_well();
}

#[test]
fn a_worker_is_started_before_there_is_a_call_if_that_is_wanted() {
    let mut world = World::of(2);
    for _ in 0..2 {
        world.desk.with(|supervisor, now| supervisor.warm_up(now));
        world.settle();
    }
    assert_eq!((world.spawns, world.only().point), (1, Point::Idle));
    assert_eq!(world.desk.with(|supervisor, _| supervisor.pids()), [101]);
    world.ends_well();
}

/// They were sent, and have not started. Seen red with a pool that breaks and leaves them there.
#[test]
fn a_pool_that_breaks_calls_back_what_was_sent_ahead() {
    let mut with = settings(2);
    with.restarts = 0;
    let mut world = World::new(with);
    let (first, second) = (world.call(ECHO), world.call(ECHO));
    world.succeeds(first);
    world.succeeds(second);
    let (runs, dies) = (world.submit(HOLD), world.submit(HOLD));
    world.advance(ms(5));
    world.release(runs);
    world.succeeds(runs);
    let (runs, ahead) = (world.call(HOLD), world.call(ECHO));
    let id = world.runner(dies).expect("it runs");
    world.die(id, KILL);
    let _ = world.fails(dies, TaskErrorKind::WorkerLost);
    let error = world.fails(ahead, TaskErrorKind::PoolBroken);
    assert!(error.message().contains("1 workers were lost"), "{error}");
    world.release(runs);
    world.succeeds(runs);
    assert_eq!(world.starts(ahead), 0);
    world.ends_well();
}

/// Seen red with the limits of arguments and results.
#[test]
fn what_is_said_before_the_first_call_has_limits_of_its_own() {
    let mut with = settings(1);
    with.limits = Limits::default().payload(9).depth(1);
    let mut world = World::new(with);
    let calls = [world.call(ECHO), world.call(ECHO)];
    calls.into_iter().for_each(|call| world.succeeds(call));
    world.ends_well();
}

/// Seen red where twice as many were counted without care.
#[test]
fn as_many_workers_as_can_be_counted_are_not_too_many() {
    for workers in [usize::MAX, usize::MAX / 2 + 1] {
        let mut world = World::of(workers);
        let call = world.call(ECHO);
        world.succeeds(call);
        world.ends_well();
    }
}
