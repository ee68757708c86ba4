//! What can be seen of workers.

use concurrent_futures_core::calls::supervisor::{Kill, WorkerInfo, WorkerState};

use super::kit::{World, settings};
use super::puppet::{ECHO, HOLD, Temper};

fn workers(world: &World) -> Vec<WorkerInfo> {
    world.desk.with(|supervisor, _| supervisor.workers())
}

/// The only one there is.
fn only(world: &World) -> WorkerInfo {
    let [worker] = workers(world).try_into().expect("one");
    worker
}

/// Seen red with calls that were sent ahead counted as answered, and with one of them named as the one that runs.
#[test]
fn a_worker_is_seen_in_each_state_of_its_life() {
    let mut world = World::of(1);
    let first = world.submit(ECHO);
    assert_eq!(workers(&world), [], "there is no process yet");
    assert!(world.perform_next());
    let worker = only(&world);
    assert_eq!((worker.state, worker.pid, worker.running), (WorkerState::Starting, 101, None));

    world.settle();
    world.succeeds(first);
    let worker = only(&world);
    assert_eq!((worker.state, worker.answered, worker.ahead), (WorkerState::Idle, 1, 0));

    let calls = [world.submit(HOLD), world.submit(HOLD)];
    world.settle();
    let running = Some(world.future(calls[0]).id());
    let worker = only(&world);
    assert_eq!((worker.state, worker.running, worker.ahead), (WorkerState::Busy, running, 1));
    assert_eq!(worker.answered, 1);

    for call in calls {
        world.release(call);
        world.succeeds(call);
    }
    assert_eq!((only(&world).state, only(&world).answered), (WorkerState::Idle, 3));
    world.desk.with(|supervisor, now| supervisor.close(now));
    assert_eq!(only(&world).state, WorkerState::Retiring);
    world.settle();
    assert_eq!(workers(&world), []);
    world.ends_well();
}

/// Seen red with lost calls counted as answered.
#[test]
fn a_worker_that_is_being_killed_is_seen_until_it_is_gone() {
    let mut world = World::of(1).born(Temper { stubborn: true, ..Temper::default() });
    let call = world.call(HOLD);
    world.desk.with(|supervisor, now| supervisor.kill_all(now, Kill::Politely));
    world.settle();
    let worker = only(&world);
    assert_eq!((worker.state, worker.running, worker.answered), (WorkerState::Ending, None, 0));
    world.advance(settings(1).grace);
    assert_eq!(workers(&world), []);
    assert!(world.outcome(call).is_err());
}
