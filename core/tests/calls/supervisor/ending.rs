//! The end of a pool: in every way, at every point of a worker's life.

use core::time::Duration;

use concurrent_futures_core::calls::supervisor::Kill;
use concurrent_futures_core::{RefusedReason, TaskErrorKind};

use super::kit::{World, settings};
use super::puppet::{ECHO, HOLD, Point, Temper};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Wait,
    Cancel,
    Terminate,
    Kill,
}

impl World {
    fn end(&mut self, how: How) {
        self.desk.with(|supervisor, now| match how {
            How::Wait => supervisor.close(now),
            How::Cancel => drop(supervisor.close_and_cancel(now)),
            How::Terminate => supervisor.kill_all(now, Kill::Politely),
            How::Kill => supervisor.kill_all(now, Kill::AtOnce),
        });
    }
}

#[test]
#[cfg_attr(miri, ignore = "the same paths many times over: minutes")]
fn a_pool_ends_at_every_point_of_its_workers_lives_in_every_way() {
    for point in Point::ALL {
        for how in [How::Wait, How::Cancel, How::Terminate, How::Kill] {
            for (stubborn, times) in [(true, 2), (false, 1), (true, 1), (false, 2)] {
                ends(point, how, stubborn, times);
            }
        }
    }
}

fn ends(point: Point, how: How, stubborn: bool, times: usize) {
    let temper = Temper { stops_at: Some(point), stubborn, ..Temper::default() };
    let mut world = World::of(1).born(temper);
    let calls = [world.submit(ECHO), world.submit(ECHO)];
    world.settle();
    let began = world.now();
    for _ in 0..times {
        world.end(how);
    }
    assert_eq!(world.try_submit(ECHO, |call| call), Err(RefusedReason::ShutDown));
    world.settle();
    if matches!(how, How::Terminate | How::Kill) {
        world.advance(settings(1).grace);
        assert_eq!(world.workers.len(), 0, "{point:?}, {how:?}: {world:?}");
        assert_eq!(world.spawns, 1, "none starts any more");
    }
    world.leaves_nothing();
    for call in calls {
        let kind = world.outcome(call).err().map(|error| error.kind());
        let (killed, cancelled) = (Some(TaskErrorKind::Killed), Some(TaskErrorKind::Cancelled));
        let allowed = match how {
            How::Wait => kind.is_none(),
            How::Cancel => kind.is_none() || kind == cancelled,
            How::Terminate | How::Kill => kind.is_none() || kind == cancelled || kind == killed,
        };
        assert!(allowed, "{point:?}, {how:?}: {kind:?}");
    }
    let most = if how == How::Wait { Duration::ZERO } else { settings(1).grace };
    assert!(world.now() - began <= most, "{point:?}, {how:?}");
}

#[test]
fn a_pool_that_was_never_used_ends_at_once() {
    let mut world = World::of(3);
    world.end(How::Wait);
    assert!(world.desk.with(|supervisor, _| supervisor.is_ended()));
    world.leaves_nothing();
}

#[test]
fn a_pool_ends_while_its_processes_are_being_started() {
    for how in [How::Wait, How::Cancel, How::Terminate, How::Kill] {
        let mut world = World::of(2);
        world.submit(ECHO);
        world.end(how); // the spawn was asked for, and was not done
        world.end(how);
        world.leaves_nothing();
        let kind = world.outcome(0).err().map(|error| error.kind());
        assert_eq!(kind, (how != How::Wait).then_some(TaskErrorKind::Cancelled), "{how:?}");
    }
}

#[test]
fn what_was_accepted_runs_after_closing_also_when_workers_die() {
    let mut world = World::of(1);
    let calls: Vec<usize> = (0..4).map(|_| world.submit(HOLD)).collect();
    world.settle();
    world.end(How::Wait);
    world.settle();
    let id = world.runner(calls[0]).expect("it runs");
    world.die(id, super::puppet::KILL);
    world.leaves_nothing();
    let _ = world.fails(calls[0], TaskErrorKind::WorkerLost);
    calls[1..].iter().for_each(|call| world.succeeds(*call));
}

#[test]
fn what_runs_ends_when_the_rest_is_cancelled() {
    let mut world = World::of(1);
    let (runs, waits) = (world.call(HOLD), world.call(ECHO));
    assert_eq!(world.desk.with(|supervisor, now| supervisor.close_and_cancel(now)), 1);
    world.settle();
    let _ = world.fails(waits, TaskErrorKind::Cancelled);
    assert!(world.future(runs).running());
    world.release(runs);
    world.succeeds(runs);
    world.leaves_nothing();
}

/// The ladder goes on from where it is. Seen red with a ladder that begins anew each time.
#[test]
fn asking_again_does_not_give_a_worker_more_time() {
    let mut world = World::of(1).born(Temper { stubborn: true, ..Temper::default() });
    let call = world.call(HOLD);
    for _ in 0..4 {
        world.end(How::Terminate);
        world.advance(Duration::from_millis(600));
    }
    assert!(world.workers.is_empty(), "{world:?}");
    let _ = world.fails(call, TaskErrorKind::Killed);
    world.leaves_nothing();
}

#[test]
fn a_worker_that_does_not_go_home_is_killed() {
    let temper = Temper { stops_at: Some(Point::Draining), ..Temper::default() };
    let mut world = World::of(1).born(temper);
    let call = world.call(ECHO);
    world.succeeds(call);
    world.end(How::Wait);
    world.advance(settings(1).start_timeout);
    assert!(world.workers.is_empty(), "{world:?}");
    world.leaves_nothing();
}

/// Its answer may be on its way already. Seen red with a supervisor deaf to workers that it ends.
#[test]
fn what_was_answered_before_its_worker_died_has_its_value() {
    let mut world = World::of(1);
    let warm = world.call(ECHO);
    world.succeeds(warm);
    let (first, second) = (world.submit(ECHO), world.submit(HOLD));
    let id = world.ids()[0];
    while world.perform_next() | world.write(id, usize::MAX) {}
    while world.step(id) {} // answers the first, starts the second; nobody reads
    assert_eq!((world.starts(first), world.starts(second)), (1, 1));
    let future = world.future(second).id();
    assert!(world.desk.with(|supervisor, now| supervisor.kill(now, future)));
    world.settle();
    world.succeeds(first);
    let _ = world.fails(second, TaskErrorKind::Killed);
    world.ends_well();
}

#[test]
fn nothing_is_written_any_more_to_a_worker_that_is_to_end() {
    let mut world = World::of(1);
    let warm = world.call(ECHO);
    world.succeeds(warm);
    let runs = world.call(HOLD);
    let ahead = world.submit(ECHO);
    let id = world.ids()[0];
    let has_unsent = |world: &World| world.desk.with(|supervisor, _| supervisor.has_unsent(id));
    assert!(has_unsent(&world));
    let future = world.future(runs).id();
    assert!(world.desk.with(|supervisor, now| supervisor.kill(now, future)));
    assert!(!has_unsent(&world));
    world.settle();
    let _ = world.fails(runs, TaskErrorKind::Killed);
    world.succeeds(ahead);
    world.ends_well();
}

#[test]
fn a_call_that_runs_is_killed_and_one_that_waits_is_not() {
    let mut world = World::of(1);
    let (runs, waits) = (world.call(HOLD), world.call(ECHO));
    let (runs_id, waits_id) = (world.future(runs).id(), world.future(waits).id());
    let kill = |world: &World, id| world.desk.with(|supervisor, now| supervisor.kill(now, id));
    assert!(!kill(&world, waits_id));
    assert!(kill(&world, runs_id));
    assert!(!kill(&world, runs_id), "once is enough");
    assert!(world.future(runs).running(), "until it is known how its worker ended");
    world.settle();
    let error = world.fails(runs, TaskErrorKind::Killed);
    assert_eq!(error.worker().expect("a worker was killed").pid, 101);
    world.succeeds(waits);
    world.ends_well();
}
