//! Workers that end at every point of their lives.

use concurrent_futures_core::TaskErrorKind;
use concurrent_futures_core::calls::{Exit, WorkerPhase};

use super::kit::World;
use super::puppet::{ECHO, Point, Temper};

#[test]
fn a_pool_does_what_it_is_there_for() {
    let mut world = World::of(2);
    let calls: Vec<usize> = (0..20).map(|_| world.submit(ECHO)).collect();
    world.settle();
    for call in calls {
        world.succeeds(call);
    }
    assert_eq!(world.spawns, 2);
    world.ends_well();
}

/// Seen red with `doom` that forgets what it has called back, and with one that forgets the doomed.
#[test]
fn a_death_costs_the_call_that_was_running_and_no_other() {
    let exits =
        [KILLED, Exit::Code(0), Exit::Code(3), Exit::Signal(6), Exit::Signal(11), Exit::Unknown];
    for point in Point::ALL {
        // Miri is interested in the points alone.
        for exit in &exits[..if cfg!(miri) { 1 } else { exits.len() }] {
            dies(point, *exit);
        }
    }
}

const KILLED: Exit = Exit::Signal(9);

fn dies(point: Point, exit: Exit) {
    let temper = Temper { dies_at: Some((point, Some(exit))), ..Temper::default() };
    let mut world = World::of(1).born(temper);
    let calls = [world.submit(ECHO), world.submit(ECHO), world.submit(ECHO)];
    world.settle();
    let lost = (Point::Running..=Point::InsideResult).contains(&point);
    for (position, call) in calls.into_iter().enumerate() {
        if lost && position == 0 {
            let error = world.fails(call, TaskErrorKind::WorkerLost);
            let report = error.worker().expect("a worker was lost");
            assert_eq!((report.pid, report.exit, &*report.task), (101, exit, "scripted"));
            let replying = point == Point::InsideResult;
            let phase = if replying { WorkerPhase::Replying } else { WorkerPhase::Running };
            assert_eq!(report.phase, phase, "{point:?}");
            let said = error.message();
            assert!(said.contains("101") && said.contains("scripted"), "{said}");
            assert!(said.contains(&exit.to_string()), "{said}");
        } else {
            world.succeeds(call);
        }
    }
    let replaced = !matches!(point, Point::Draining | Point::Gone);
    assert_eq!(world.spawns, 1 + usize::from(replaced), "{point:?}");
    world.ends_well();
}
