//! Which worker has which call: sent ahead, called back, taken from one for another, counted.

use concurrent_futures_core::{RefusedReason, TaskErrorKind};

use super::kit::{Birth, World, settings};
use super::puppet::{ECHO, HOLD, KILL, Point, Temper, ms};

/// A world whose workers' calls are known to be short.
fn warm(workers: usize, window: usize) -> World {
    let mut world = World::of(workers);
    world.window = window;
    let call = world.call(ECHO);
    world.succeeds(call);
    world
}

/// How many calls lie at the workers, started or not.
fn sent(world: &World) -> usize {
    let queued = world.desk.with(|supervisor, _| format!("{supervisor:?}"));
    let waiting = queued.split("queued: ").nth(1).and_then(|rest| rest.split(',').next());
    let waiting: usize = waiting.and_then(|text| text.parse().ok()).expect("a number");
    world.calls.iter().filter(|call| !call.done()).count() - waiting
}

#[test]
fn as_many_calls_lie_at_a_worker_as_its_window_is_wide() {
    let windows: &[usize] = if cfg!(miri) { &[1, 7] } else { &[1, 2, 7, 63, 64] };
    for window in windows.iter().copied() {
        let mut world = warm(1, window);
        let calls: Vec<usize> = (0..window + 30).map(|_| world.submit(HOLD)).collect();
        world.settle();
        assert_eq!(sent(&world), window, "window {window}");
        for call in calls {
            world.release(call);
            world.succeeds(call);
        }
        world.ends_well();
    }
}

#[test]
fn nothing_is_sent_ahead_of_calls_of_unknown_or_long_duration() {
    let mut world = World::of(1);
    world.ran = 20_000; // two milliseconds
    for _ in 0..3 {
        let calls: Vec<usize> = (0..5).map(|_| world.submit(HOLD)).collect();
        world.settle();
        assert_eq!(sent(&world), 1);
        for call in calls {
            world.release(call);
            world.succeeds(call);
        }
    }
    world.ends_well();
}

#[test]
fn a_worker_with_nothing_to_do_takes_what_others_have_not_started() {
    let mut world = warm(2, 64);
    let calls: Vec<usize> = (0..8).map(|_| world.submit(HOLD)).collect();
    world.settle();
    assert_eq!((world.spawns, sent(&world)), (1, 8), "short: one worker will do");
    world.advance(ms(5));
    assert_eq!(world.spawns, 2, "they take longer than was thought");
    world.everything_ends();
    calls.into_iter().for_each(|call| world.succeeds(call));
    assert!(world.kills.is_empty());
    world.ends_well();
}

/// Seen red with all of them at the first worker.
#[test]
fn calls_of_no_measurable_duration_are_spread_over_the_workers() {
    let mut world = warm(2, 64);
    let (first, _) = (world.submit(HOLD), world.submit(HOLD));
    world.advance(ms(5));
    world.release(first);
    world.submit(HOLD);
    (0..10).for_each(|_| _ = world.submit(HOLD));
    let supervisor = world.desk.with(|supervisor, _| format!("{supervisor:?}"));
    for worker in ["(101, Ready, 6)", "(102, Ready, 6)"] {
        assert!(supervisor.contains(worker), "{supervisor}");
    }
    world.ends_well();
}

/// Seen red with calls stolen that had started.
#[test]
fn what_an_idle_worker_takes_is_run_once() {
    let mut world = warm(2, 64);
    // A second worker, busy until the first has got all the others.
    let (one, two) = (world.submit(HOLD), world.submit(HOLD));
    world.advance(ms(5));
    assert_eq!(world.spawns, 2);
    world.release(one);
    let calls: Vec<usize> = (0..12).map(|_| world.submit(HOLD)).collect();
    world.settle();
    world.release(two);
    assert_eq!(world.workers.values().filter(|puppet| puppet.running.is_some()).count(), 2);
    world.everything_ends();
    calls.into_iter().for_each(|call| world.succeeds(call));
    world.ends_well();
}

/// Seen red with calls that are not called back before they are sent elsewhere.
#[test]
fn a_worker_that_wakes_up_skips_what_was_called_back() {
    let mut world = warm(1, 64);
    let first = world.submit(HOLD);
    let calls: Vec<usize> = (0..5).map(|_| world.submit(ECHO)).collect();
    world.settle();
    for call in &calls[..3] {
        assert!(world.future(*call).cancel(), "it was sent, and has not started");
    }
    // Their places are free: others get them while the old frames still lie there.
    let more: Vec<usize> = (0..5).map(|_| world.submit(ECHO)).collect();
    world.release(first);
    world.succeeds(first);
    for call in &calls[..3] {
        let _ = world.fails(*call, TaskErrorKind::Cancelled);
    }
    calls[3..].iter().chain(&more).for_each(|call| world.succeeds(*call));
    assert_eq!(world.spawns, 1);
    world.ends_well();
}

#[test]
fn cancel_says_true_only_if_the_call_never_starts() {
    for point in Point::ALL {
        let mut world = World::of(1).born(Temper { stops_at: Some(point), ..Temper::default() });
        let (first, second) = (world.call(ECHO), world.call(ECHO));
        let started = world.starts(first) > 0;
        let done = world.calls[first].done();
        assert_eq!(world.future(first).cancel(), !started && !done, "{point:?}");
        if !world.calls[second].done() && world.starts(second) == 0 {
            assert!(world.future(second).cancel(), "{point:?}");
        }
        world.everything_ends();
        world.ends_well();
    }
}

#[test]
fn a_dead_workers_calls_are_run_in_their_order_before_later_ones() {
    let mut world = warm(1, 64);
    let first = world.submit(HOLD);
    let calls: Vec<usize> = (0..5).map(|_| world.submit(HOLD)).collect();
    world.settle();
    let id = world.runner(first).expect("it runs");
    world.die(id, KILL);
    let _ = world.fails(first, TaskErrorKind::WorkerLost);
    for call in calls {
        assert!(world.future(call).running(), "in their order");
        world.release(call);
        world.succeeds(call);
    }
    world.ends_well();
}

/// Seen red with calls that were not counted.
#[test]
fn a_worker_is_replaced_after_so_many_calls() {
    for quota in [1, 2, 5] {
        let mut with = settings(1);
        with.calls_per_worker = Some(quota);
        let mut world = World::new(with);
        let calls: Vec<usize> = (0..10).map(|_| world.submit(ECHO)).collect();
        world.settle();
        calls.into_iter().for_each(|call| world.succeeds(call));
        assert_eq!(world.spawns as u64, 10_u64.div_ceil(quota));
        assert!(world.kills.is_empty());
        world.ends_well();
    }
}

#[test]
fn calls_called_back_are_not_counted() {
    let mut with = settings(1);
    with.calls_per_worker = Some(3);
    let mut world = World::new(with);
    let warm = world.call(ECHO);
    world.succeeds(warm);
    let (first, ahead) = (world.call(HOLD), world.call(ECHO));
    assert!(world.future(ahead).cancel());
    world.release(first);
    assert_eq!(world.workers.len(), 1, "it has one more to go");
    let last = world.call(ECHO);
    world.succeeds(last);
    assert_eq!(world.spawns, 1);
    world.ends_well();
}

#[test]
fn what_waits_is_bounded() {
    let mut with = settings(1);
    with.capacity = Some(2);
    let mut world = World::new(with);
    let calls = [world.call(HOLD), world.call(ECHO), world.call(ECHO)];
    assert_eq!(world.try_submit(ECHO, |call| call), Err(RefusedReason::Full));
    assert!(world.future(calls[1]).cancel());
    let last = world.call(ECHO);
    assert_eq!(world.try_submit(ECHO, |call| call), Err(RefusedReason::Full));
    world.release(calls[0]);
    [calls[0], calls[2], last].into_iter().for_each(|call| world.succeeds(call));
    world.ends_well();
}

#[test]
fn what_was_sent_ahead_counts_as_waiting() {
    let mut with = settings(1);
    with.capacity = Some(2);
    let mut world = World::new(with);
    let warm = world.call(ECHO);
    world.succeeds(warm);
    let calls = [world.call(HOLD), world.call(ECHO), world.call(ECHO)];
    assert_eq!(sent(&world), 3, "none is in the queue");
    assert_eq!(world.try_submit(ECHO, |call| call), Err(RefusedReason::Full));
    world.release(calls[0]);
    calls.into_iter().for_each(|call| world.succeeds(call));
    world.ends_well();
}

/// Seen red with cancellations counted by who recalls and by who is told.
#[test]
fn each_call_is_counted_once() {
    let mut world = warm(1, 64);
    let runs = world.call(HOLD);
    let (ahead, late) = (world.call(ECHO), world.call(ECHO));
    assert!(world.future(ahead).cancel());
    assert_eq!(world.desk.with(|supervisor, _| supervisor.counters()).cancelled, 1);
    world.desk.with(|supervisor, now| supervisor.close_and_cancel(now));
    // Resolved in the books; its user is faster.
    assert!(world.future(late).cancel());
    world.settle();
    let counters = world.desk.with(|supervisor, _| supervisor.counters());
    assert_eq!((counters.cancelled, counters.queued, counters.started), (2, 0, 2));
    world.release(runs);
    world.leaves_nothing();
}

#[test]
fn a_call_whose_worker_is_being_ended_is_counted_as_running() {
    let mut world = World::of(1).born(Temper { stubborn: true, ..Temper::default() });
    let runs = world.try_submit(HOLD, |call| call.run_for(ms(10))).expect("accepted");
    world.settle();
    let temper = Temper { stops_at: Some(Point::Exec), ..Temper::default() };
    world.temper = temper;
    world.advance(ms(10));
    let waits = world.call(ECHO);
    let counters = world.desk.with(|supervisor, _| supervisor.counters());
    assert_eq!((counters.started, counters.queued), (1, 1), "{counters:?}");
    world.everything_ends();
    world.succeeds(waits);
    world.succeeds(runs);
    world.ends_well();
}

/// A worker comes to the old frame of a call that was called back and sent again in the same place, behind
/// others: it runs that first. Seen red with a supervisor that takes the first sent for the one that runs.
#[test]
fn nothing_starves_behind_a_call_that_overtook_it() {
    let mut world = warm(2, 64);
    let first = world.submit(HOLD);
    let other = world.try_submit_to(1, HOLD, |call| call).expect("accepted"); // nothing is put behind it
    world.advance(ms(5));
    world.release(first);
    // The first worker is busy again, with three calls behind; then the second takes two of them.
    let busy = world.submit(HOLD);
    let [gap, early, overtakes] = [ECHO, ECHO, HOLD].map(|script| world.submit(script));
    world.settle();
    let (one, two) = (world.runner(busy), world.runner(other));
    let (one, two) = (one.expect("it runs"), two.expect("it runs"));
    world.puppet(two).temper.stops_at = Some(Point::AfterResult);
    world.release(other);
    // It dies; meanwhile its calls' places at the first were given to others, but for one.
    let late = world.submit(ECHO);
    world.settle();
    assert!(world.future(gap).cancel());
    world.births.push_back(Birth::Fails);
    world.die(two, KILL);
    world.release(busy);
    assert_eq!(world.runner(overtakes), Some(one));
    assert_eq!((world.starts(late), world.starts(early)), (0, 0), "they were sent before");
    world.advance(ms(50));
    world.succeeds(late);
    world.succeeds(early);
    assert!(world.future(overtakes).running());
    world.release(overtakes);
    world.succeeds(overtakes);
    world.ends_well();
}

/// Whatever it does with them, it is its own calls that are lost, and only when it dies.
#[test]
fn a_worker_that_scribbles_on_its_places_harms_only_itself() {
    let mut world = warm(1, 4);
    let calls: Vec<usize> = (0..6).map(|_| world.submit(HOLD)).collect();
    world.settle();
    for call in &calls[1..4] {
        let number = world.calls[*call].number;
        for place in world.only().places.iter() {
            let _ = place.start(number);
        }
        assert!(!world.future(*call).cancel(), "for all that is known it runs");
    }
    let id = world.ids()[0];
    world.die(id, KILL);
    for call in &calls[..4] {
        let _ = world.fails(*call, TaskErrorKind::WorkerLost);
    }
    for call in &calls[4..] {
        world.release(*call);
        world.succeeds(*call);
    }
    assert_eq!(world.spawns, 2);
}
