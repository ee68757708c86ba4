//! Anything, in any order: every call that was accepted ends, and ends once.

use proptest::collection::vec;
use proptest::prelude::*;

use super::kit::{
    FORGOTTEN, MISFIT, SECOND, Watched, World, failure, frame, hello, started, value,
};
use crate::support::cases;
use concurrent_futures_core::calls::FrameKind;
use concurrent_futures_core::calls::link::{LinkCall, LinkSettings};

/// What may happen.
#[derive(Debug, Clone)]
enum Event {
    Call {
        timed: bool,
        known: bool,
    },
    Cancel(usize),
    Forget(usize),
    Hello(bool),
    Ready,
    /// Of the call with that number, counted from the last that was sent.
    Started(u64),
    Value(u64),
    Failure(u64),
    Garbage(Vec<u8>),
    Time(u32),
    Close,
    CloseAndCancel,
    Disconnect,
    HangUp,
}

/// Those that end the link are rare, or there would be nothing to see.
fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        30 => (any::<bool>(), prop::bool::weighted(0.9))
            .prop_map(|(timed, known)| Event::Call { timed, known }),
        10 => any::<usize>().prop_map(Event::Cancel),
        3 => any::<usize>().prop_map(Event::Forget),
        2 => prop::bool::weighted(0.9).prop_map(Event::Hello),
        2 => Just(Event::Ready),
        30 => prop_oneof![20 => Just(0), 1 => 1..3_u64].prop_map(Event::Started),
        30 => prop_oneof![20 => Just(0), 1 => 1..3_u64].prop_map(Event::Value),
        4 => Just(Event::Failure(0)),
        1 => vec(any::<u8>(), 1..40).prop_map(Event::Garbage),
        10 => (0..20_u32).prop_map(Event::Time),
        1 => Just(Event::Close),
        1 => Just(Event::CloseAndCancel),
        1 => Just(Event::Disconnect),
        1 => Just(Event::HangUp),
    ]
}

struct Story {
    world: World,
    calls: Vec<Watched>,
    forgotten: usize,
    /// The last call that was sent.
    last: u64,
}

impl Story {
    fn happen(&mut self, event: &Event) {
        let world = &mut self.world;
        match event {
            Event::Call { timed, known } => {
                let now = world.now();
                let with_time = |call: LinkCall| match timed {
                    true => call.start_by(now + 5 * SECOND).run_for(SECOND),
                    false => call,
                };
                let task = if *known { 0 } else { FORGOTTEN };
                self.calls.extend(world.try_call(task, with_time));
            }
            Event::Cancel(which) if !self.calls.is_empty() => {
                let _ = self.calls[which % self.calls.len()].future.cancel();
            }
            Event::Forget(which) if !self.calls.is_empty() => {
                drop(self.calls.swap_remove(which % self.calls.len()).future);
                self.forgotten += 1;
            }
            Event::Cancel(_) | Event::Forget(_) => {}
            Event::Hello(fits) => world.hear(&hello(if *fits { 0 } else { MISFIT })),
            Event::Ready => world.hear(&frame(FrameKind::Ready, 0, &[])),
            Event::Started(back) => world.hear(&started(self.last.saturating_sub(*back))),
            Event::Value(back) => world.hear(&value(self.last.saturating_sub(*back))),
            Event::Failure(back) => {
                world.hear(&failure(FrameKind::Failure, self.last.saturating_sub(*back), "no"));
            }
            Event::Garbage(bytes) => world.hear(bytes),
            Event::Time(seconds) => world.advance(*seconds * SECOND),
            Event::Close => world.desk.with(|link, now| link.close(now)),
            Event::CloseAndCancel => {
                let _ = world.desk.with(|link, now| link.close_and_cancel(now));
            }
            Event::Disconnect => world.desk.with(|link, now| link.disconnect(now)),
            Event::HangUp => world.hang_up(),
        }
        let sent = self.world.said().into_iter().filter(|(kind, _)| *kind == FrameKind::Call);
        self.last = sent.map(|(_, id)| id).next_back().unwrap_or(self.last);
    }
}

#[test]
fn every_call_ends_once() {
    let stories = (0..3_usize, 0..3_usize, vec(event(), 0..60));
    let outcome = cases().run(&stories, |(early, ahead, events)| tell(early, ahead, &events));
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// The first words are said `early`, so that there are calls to speak of.
fn tell(early: usize, ahead: usize, events: &[Event]) -> Result<(), TestCaseError> {
    let mut settings = LinkSettings::new();
    settings.ahead = ahead;
    let world = World::new(settings);
    let mut story = Story { world, calls: Vec::new(), forgotten: 0, last: 0 };
    for event in [Event::Hello(true), Event::Ready].iter().take(early).chain(events) {
        story.happen(event);
    }
    story.world.hang_up();
    for call in &story.calls {
        prop_assert_eq!((call.future.done(), call.called()), (true, 1), "call {}", call.number);
    }
    let counters = story.world.desk.with(|link, _| link.counters());
    prop_assert_eq!(counters.submitted, counters.finished + counters.cancelled);
    prop_assert_eq!(counters.submitted, story.calls.len() + story.forgotten);
    prop_assert_eq!((counters.queued, counters.live_workers), (0, 0));
    Ok(())
}
