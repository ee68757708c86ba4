//! What the clock does: run time, patience, idleness, calls that take long.

use core::time::Duration;

use concurrent_futures_core::TaskErrorKind;
use concurrent_futures_core::calls::supervisor::Kill;

use super::kit::{World, settings};
use super::puppet::{ECHO, HOLD, Point, Temper, ms};

#[test]
fn a_call_that_runs_for_too_long_fails_and_its_worker_is_replaced() {
    let mut world = World::of(1);
    let slow = world.try_submit(HOLD, |call| call.run_for(ms(50))).expect("accepted");
    let next = world.call(ECHO);
    world.advance(ms(49));
    assert!(world.future(slow).running());
    world.advance(ms(1));
    let error = world.fails(slow, TaskErrorKind::DeadlinePassed);
    assert!(error.message().contains("scripted ran for longer than 50ms"), "{error}");
    assert_eq!(error.worker().expect("it was killed").pid, 101);
    assert_eq!(world.kills, [(101, Kill::Politely, ms(50))], "it may clean up");
    world.succeeds(next);
    world.ends_well();
}

#[test]
fn a_worker_that_ignores_the_polite_signal_gets_the_other_one_after_the_grace() {
    let mut world = World::of(1).born(Temper { stubborn: true, ..Temper::default() });
    let slow = world.try_submit(HOLD, |call| call.run_for(ms(50))).expect("accepted");
    world.advance(Duration::from_secs(1));
    assert!(world.future(slow).running(), "until its worker is gone");
    world.advance(Duration::from_secs(2));
    let last = ms(50) + settings(1).grace;
    assert_eq!(world.kills, [(101, Kill::Politely, ms(50)), (101, Kill::AtOnce, last)]);
    let _ = world.fails(slow, TaskErrorKind::DeadlinePassed);
    world.ends_well();
}

/// Seen red with a grace of nothing that meant one without end.
#[test]
fn without_grace_both_signals_come_at_once() {
    let mut with = settings(1);
    with.grace = Duration::ZERO;
    let mut world = World::new(with).born(Temper { stubborn: true, ..Temper::default() });
    let slow = world.try_submit(HOLD, |call| call.run_for(ms(50))).expect("accepted");
    world.advance(ms(51));
    let _ = world.fails(slow, TaskErrorKind::DeadlinePassed);
    world.ends_well();
}

#[test]
fn a_reply_between_the_two_signals_is_a_reply() {
    let mut world = World::of(1).born(Temper { stubborn: true, ..Temper::default() });
    let slow = world.try_submit(HOLD, |call| call.run_for(ms(50))).expect("accepted");
    world.advance(ms(60));
    world.release(slow);
    world.succeeds(slow);
    world.advance(settings(1).grace);
    assert_eq!(world.kills.last().expect("it was killed").1, Kill::AtOnce);
    world.ends_well();
}

/// The limit was the call's, not the worker's. Seen red with a limit that outlives its call.
#[test]
fn the_limit_of_a_call_that_was_called_back_kills_nobody() {
    let mut world =
        World::of(1).born(Temper { stops_at: Some(Point::AfterResult), ..Temper::default() });
    let first = world.call(ECHO);
    world.succeeds(first);
    let call = world.try_submit(HOLD, |call| call.run_for(ms(50))).expect("accepted");
    world.settle();
    let behind = world.call(ECHO);
    assert!(world.future(call).cancel());
    world.advance(ms(100));
    assert!(world.kills.is_empty(), "{:?}", world.kills);
    assert!(world.future(behind).cancel());
    let call = world.try_submit(HOLD, |call| call.run_for(ms(50))).expect("accepted");
    world.settle();
    assert!(world.future(call).cancel());
    world.advance(ms(100));
    assert!(world.kills.is_empty(), "{:?}", world.kills);
    world.only().temper = Temper::default();
    let next = world.call(HOLD);
    world.release(next);
    world.succeeds(next);
    world.ends_well();
}

#[test]
fn a_worker_that_hangs_before_a_limited_call_starts_costs_it_nothing() {
    let temper = Temper { stops_at: Some(Point::Idle), stubborn: true, ..Temper::default() };
    let mut world = World::of(1).born(temper);
    let call = world.try_submit(ECHO, |call| call.run_for(ms(50))).expect("accepted");
    world.settle();
    assert!(!world.future(call).running());
    world.advance(ms(50));
    assert_eq!(world.spawns, 1, "it may yet begin");
    world.advance(ms(100));
    world.succeeds(call);
    assert_eq!(world.spawns, 2);
    world.ends_well();
}

/// Without the second look each such call had its worker killed, and was sent to the next.
#[test]
fn a_limit_too_short_to_begin_in_ends_no_worker_that_has_not_begun() {
    let mut world = World::of(1);
    let warm = world.call(ECHO);
    world.succeeds(warm);
    let call = world.try_submit(ECHO, |call| call.run_for(Duration::from_micros(1)));
    world.set_clock(world.now() + ms(50)); // nobody has read anything yet
    world.tick();
    world.settle();
    world.succeeds(call.expect("accepted"));
    assert_eq!(world.spawns, 1);
    world.ends_well();
}

#[test]
fn a_call_with_a_limit_has_its_worker_alone() {
    let mut world = World::of(1);
    let warm = world.call(ECHO);
    world.succeeds(warm);
    let (first, limited) = (world.submit(HOLD), world.try_submit(HOLD, |call| call.run_for(ms(9))));
    world.settle();
    world.advance(ms(100));
    world.release(first);
    world.succeeds(first);
    world.advance(ms(8));
    world.release(limited.expect("accepted"));
    world.succeeds(1 + first);
    world.ends_well();
}

#[test]
fn patience_ends_in_the_queue_and_at_a_worker_and_not_for_what_has_started() {
    let mut world = World::of(1);
    let warm = world.call(ECHO);
    world.succeeds(warm);
    let started = world.try_submit(HOLD, |call| call.start_by(ms(30))).expect("accepted");
    let ahead = world.try_submit(ECHO, |call| call.start_by(ms(2))).expect("accepted");
    let queued =
        world.try_submit(ECHO, |call| call.start_by(ms(30)).run_for(ms(100))).expect("accepted");
    world.settle();
    world.advance(ms(2));
    let error = world.fails(ahead, TaskErrorKind::DeadlinePassed);
    assert!(error.message().contains("scripted was not started in time"), "{error}");
    world.advance(ms(28));
    let _ = world.fails(queued, TaskErrorKind::DeadlinePassed);
    assert!(world.future(started).running());
    world.release(started);
    world.succeeds(started);
    world.ends_well();
}

#[test]
fn what_is_cancelled_is_not_waited_for() {
    let mut world = World::of(1);
    let first = world.call(HOLD);
    let call = world.try_submit(ECHO, |call| call.start_by(ms(700))).expect("accepted");
    assert!(world.future(call).cancel());
    assert_eq!(world.next_deadline(), None);
    world.release(first);
    world.ends_well();
}

#[test]
fn patience_of_a_call_whose_worker_died_goes_on() {
    let mut with = settings(1);
    with.restarts = 100;
    let mut world =
        World::new(with).born(Temper { stops_at: Some(Point::Idle), ..Temper::default() });
    let call = world.try_submit(ECHO, |call| call.start_by(ms(30))).expect("accepted");
    world.settle();
    world.temper = Temper { stops_at: Some(Point::Idle), ..Temper::default() };
    let id = world.ids()[0];
    world.die(id, super::puppet::KILL);
    world.advance(ms(30));
    let _ = world.fails(call, TaskErrorKind::DeadlinePassed);
    world.ends_well();
}

#[test]
fn a_worker_without_work_goes_home_and_is_replaced_when_there_is_some() {
    let mut with = settings(1);
    with.idle_timeout = Some(ms(500));
    let mut world = World::new(with);
    for spawns in 1..=3 {
        let call = world.call(ECHO);
        world.succeeds(call);
        assert_eq!(world.spawns, spawns);
        world.advance(ms(499));
        assert_eq!(world.workers.len(), 1);
        world.advance(ms(1));
        assert_eq!(world.workers.len(), 0);
    }
    assert!(world.kills.is_empty());
    world.ends_well();
}

/// Seen red with workers that take calls while they go.
#[test]
fn a_call_that_comes_while_a_worker_goes_home_is_run_by_another() {
    let mut with = settings(1);
    with.idle_timeout = Some(ms(500));
    let mut world =
        World::new(with).born(Temper { stops_at: Some(Point::Draining), ..Temper::default() });
    let call = world.call(ECHO);
    world.succeeds(call);
    world.advance(ms(500));
    let call = world.call(ECHO);
    assert!(!world.calls[call].done());
    world.only().temper = Temper::default();
    world.settle();
    world.succeeds(call);
    assert_eq!((world.spawns, world.kills.len()), (2, 0));
    world.ends_well();
}

/// Seen red with calls that stay behind one that takes long.
#[test]
fn nothing_starves_behind_a_call_that_takes_longer_than_was_thought() {
    let mut world = World::of(2);
    let warm = world.call(ECHO);
    world.succeeds(warm);
    let long = world.submit(HOLD);
    let calls: Vec<usize> = (0..20).map(|_| world.submit(ECHO)).collect();
    world.settle();
    world.advance(ms(5));
    calls.into_iter().for_each(|call| world.succeeds(call));
    assert_eq!(world.spawns, 2);
    assert!(world.future(long).running());
    world.release(long);
    world.succeeds(long);
    world.ends_well();
}

/// Seen red with a worker that stays slow for ever.
#[test]
fn a_worker_that_was_slow_is_used_again_when_its_call_was_cancelled() {
    let mut world =
        World::of(1).born(Temper { stops_at: Some(Point::AfterResult), ..Temper::default() });
    let warm = world.call(ECHO);
    world.succeeds(warm);
    let (first, second) = (world.submit(ECHO), world.submit(ECHO));
    world.advance(ms(20));
    assert!(world.future(first).cancel() && world.future(second).cancel());
    world.only().temper = Temper::default();
    let call = world.call(ECHO);
    world.succeeds(call);
    world.ends_well();
}

#[test]
fn a_clock_that_jumps_hurts_only_what_it_is_too_late_for() {
    let mut with = settings(2);
    with.idle_timeout = Some(ms(500));
    let mut world = World::new(with);
    let runs = world.submit(HOLD);
    let waits = world.try_submit(HOLD, |call| call.start_by(ms(900_000))).expect("accepted");
    let limited = world.try_submit(HOLD, |call| call.run_for(ms(900_000))).expect("accepted");
    world.settle();
    world.jump_to(Duration::from_secs(3_600));
    world.jump_to(Duration::MAX);
    world.release(runs);
    world.succeeds(runs);
    world.everything_ends();
    world.succeeds(waits);
    world.succeeds(limited);
    world.ends_well();
}

/// Seen red with replacements for whoever is about to end, without bound.
#[test]
fn workers_that_do_not_end_are_not_replaced_again_and_again() {
    let mut world = World::of(2);
    world.temper = Temper { stubborn: true, ..Temper::default() };
    let limited = |world: &mut World| world.try_submit(HOLD, |call| call.run_for(ms(10)));
    let calls: Vec<usize> = (0..12).map(|_| limited(&mut world).expect("accepted")).collect();
    world.advance(ms(1_000));
    assert_eq!(world.workers.len(), 4, "two that are to end, and the two after them: {world:?}");
    world.advance(Duration::from_secs(20));
    for call in calls {
        let _ = world.fails(call, TaskErrorKind::DeadlinePassed);
    }
    world.ends_well();
}

/// Its answer is on its way. Seen red by the simulator, with the call behind it lost.
#[test]
fn a_limit_that_ends_while_the_answer_is_on_its_way_kills_nobody() {
    let mut world = World::of(1);
    let warm = world.call(ECHO);
    world.succeeds(warm);
    let limited = world.try_submit(ECHO, |call| call.run_for(ms(50))).expect("accepted");
    let behind = world.submit(HOLD);
    let id = world.ids()[0];
    while world.perform_next() | world.write(id, usize::MAX) {}
    while world.step(id) {} // answers the first, starts the second; nobody reads
    world.set_clock(ms(50));
    world.tick();
    world.settle();
    world.succeeds(limited);
    assert!(world.future(behind).running() && world.kills.is_empty());
    world.release(behind);
    world.succeeds(behind);
    world.ends_well();
}
