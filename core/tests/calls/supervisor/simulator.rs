//! Everything at random: whatever users, workers, links and clocks can do, in any order, and afterwards
//! every call has ended once and the pool works or says why not.
//!
//! | variable | meaning |
//! |---|---|
//! | `SUPERVISOR_SEEDS` | how many seeds to play; a few by default |
//! | `SUPERVISOR_SEED` | the only seed to play |
//!
//! What happens does not depend on what has happened before, only what it happens to: so any part of a
//! story is a story. One that fails is made as short as can be, and told.

use core::cell::Cell;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use concurrent_futures_core::TaskErrorKind;
use concurrent_futures_core::calls::supervisor::{Kill, SupervisorSettings, WorkerId};
use concurrent_futures_core::calls::{Exit, FrameHeader, FrameKind};

use super::kit::{Birth, TestFile, World, settings};
use super::puppet::{ECHO, HOLD, LARGE, PANIC, Point, RAISE, Script, TOO_LARGE, Temper, frame};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    fn up_to(&mut self, milliseconds: usize) -> Duration {
        Duration::from_micros(self.below(milliseconds * 1_000) as u64)
    }
}

/// Something happens, to whoever has that number, counted around.
#[derive(Debug, Clone)]
enum Event {
    Submit {
        script: Script,
        task: u32,
        run: Option<Duration>,
        start: Option<Duration>,
        file: bool,
    },
    Cancel(usize),
    DropFuture(usize),
    KillCall(usize),
    /// What the supervisor has asked for first is done; or all of it.
    Perform {
        all: bool,
    },
    Callbacks,
    Write(usize, usize),
    Step(usize, usize),
    Read(usize, usize),
    Bury(usize),
    Release(usize),
    Die(usize, Exit, usize),
    Temper(usize, Temper),
    Birth(Birth),
    Garbage(usize, Vec<u8>),
    Frame(usize, FrameKind, bool, bool),
    Pass(Duration),
    ToDeadline,
    Tick,
    Settle,
    WarmUp,
    Close,
    CloseAndCancel,
    KillAll(Kill),
}

impl Event {
    fn random(random: &mut Random) -> Self {
        let who = random.below(64);
        match random.below(1_000) {
            0..180 => Self::submit(random),
            180..220 => Self::Cancel(who),
            220..235 => Self::DropFuture(who),
            235..245 => Self::KillCall(who),
            245..380 => Self::Perform { all: random.one_in(2) },
            380..410 => Self::Callbacks,
            410..480 => Self::Write(who, random.of(&[1, 7, 31, 32, 33, 100, 100_000])),
            480..620 => Self::Step(who, random.of(&[1, 2, 5, 50])),
            620..720 => Self::Read(who, random.of(&[1, 7, 31, 32, 33, 100, 100_000])),
            720..760 => Self::Bury(who),
            760..800 => Self::Release(who),
            800..830 => Self::Die(who, exit(random), random.of(&[0, 0, 1, 20, 33])),
            830..850 => Self::Temper(who, temper(random)),
            850..880 => Self::Birth(birth(random)),
            880..885 => {
                Self::Garbage(who, (0..random.below(80)).map(|_| random.next() as u8).collect())
            }
            885..895 => Self::Frame(who, kind(random), random.one_in(2), random.one_in(4)),
            895..930 => Self::Pass(random.up_to(20)),
            930..935 => Self::Pass(random.up_to(40_000)),
            935..955 => Self::ToDeadline,
            955..975 => Self::Tick,
            975..991 => Self::Settle,
            991..998 => Self::WarmUp,
            _ => Self::end(random),
        }
    }

    fn end(random: &mut Random) -> Self {
        match random.below(6) {
            0 => Self::Close,
            1 => Self::CloseAndCancel,
            2 => Self::KillAll(random.of(&[Kill::Politely, Kill::AtOnce])),
            _ => Self::ToDeadline,
        }
    }

    fn submit(random: &mut Random) -> Self {
        let script =
            random.of(&[ECHO, ECHO, ECHO, ECHO, HOLD, HOLD, PANIC, RAISE, LARGE, TOO_LARGE]);
        let run = random.one_in(6).then(|| random.up_to(100));
        let start = random.one_in(6).then(|| random.up_to(100));
        let task = if random.one_in(40) { 2 } else { 0 };
        Self::Submit { script, task, run, start, file: random.one_in(6) }
    }
}

fn exit(random: &mut Random) -> Exit {
    random.of(&[Exit::Code(0), Exit::Code(3), Exit::Signal(9), Exit::Signal(11), Exit::Unknown])
}

fn kind(random: &mut Random) -> FrameKind {
    use FrameKind::{
        Call, Failure, Hello, InitFailed, Raised, Ready, Retire, Started, Value, Welcome,
    };
    random.of(&[Call, Failure, Hello, InitFailed, Raised, Ready, Retire, Started, Value, Welcome])
}

fn temper(random: &mut Random) -> Temper {
    let point = random.of(&Point::ALL);
    Temper {
        stops_at: random.one_in(3).then_some(point),
        dies_at: random.one_in(4).then(|| (random.of(&Point::ALL), Some(exit(random)))),
        stubborn: random.one_in(2),
        init_fails: random.one_in(50),
        build: u64::from(random.one_in(100)),
    }
}

fn birth(random: &mut Random) -> Birth {
    match random.below(6) {
        0 => Birth::FailsForEver,
        1 | 2 => Birth::Fails,
        _ => Birth::Alive(temper(random)),
    }
}

fn random_settings(random: &mut Random) -> SupervisorSettings {
    let mut settings = settings(random.of(&[1, 1, 2, 3, 5]));
    settings.capacity = random.one_in(4).then(|| random.below(20) + 1);
    settings.calls_per_worker = random.one_in(4).then(|| random.below(5) as u64 + 1);
    settings.idle_timeout = random.one_in(4).then(|| random.up_to(100));
    settings.restarts = random.of(&[0, 2, 10, 1_000, 1_000, 1_000]);
    settings.grace =
        random.of(&[Duration::ZERO, Duration::from_millis(50), Duration::from_secs(2)]);
    settings.initializer = random.one_in(4).then(|| (1, vec![1]));
    settings
}

/// A world, and what happens in it.
struct Play {
    world: World,
    /// Of each call, whether the clock can end it.
    limited: Vec<bool>,
    /// Some worker has said things that only look like a reply.
    fooled: bool,
}

/// A story that has an end: all of its events, and then everything that must be.
fn play(seed: u64, events: &[Event]) {
    let mut random = Random(seed);
    let mut world = World::new(random_settings(&mut random));
    world.window = random.of(&[1, 2, 5, 64]);
    world.ran = random.of(&[0, 0, 100, 1_000, 20_000]);
    let mut play = Play { world, limited: Vec::new(), fooled: false };
    for (position, event) in events.iter().enumerate() {
        play.happen(event);
        let call = position.checked_rem(play.world.calls.len());
        call.into_iter().for_each(|call| play.world.check_call(call));
    }
    play.end();
}

impl Play {
    fn worker(&self, who: usize) -> Option<WorkerId> {
        let ids = self.world.ids();
        Some(ids[who.checked_rem(ids.len())?])
    }

    fn happen(&mut self, event: &Event) {
        let world = &mut self.world;
        match event {
            Event::Submit { .. } => self.submit(event),
            Event::Cancel(who) | Event::DropFuture(who) | Event::KillCall(who) => {
                let Some(call) = who.checked_rem(world.calls.len()) else { return };
                self.happen_to_call(event, call);
            }
            Event::Perform { all: true } => while world.perform_next() {},
            Event::Perform { all: false } => _ = world.perform_next(),
            Event::Callbacks => _ = world.run_callbacks(),
            Event::Birth(birth) => world.births.push_back(birth.clone()),
            Event::Pass(time) => world.set_clock(world.now() + *time),
            Event::ToDeadline => {
                if let Some(deadline) = world.next_deadline() {
                    world.set_clock(deadline.max(world.now()));
                    world.tick();
                }
            }
            Event::Tick => world.tick(),
            Event::Settle => world.settle(),
            Event::WarmUp => world.desk.with(|supervisor, now| supervisor.warm_up(now)),
            Event::Close => world.desk.with(|supervisor, now| supervisor.close(now)),
            Event::CloseAndCancel => {
                world.desk.with(|supervisor, now| _ = supervisor.close_and_cancel(now));
            }
            Event::KillAll(how) => {
                world.desk.with(|supervisor, now| supervisor.kill_all(now, *how))
            }
            _ => self.happen_to_worker(event),
        }
    }

    fn submit(&mut self, event: &Event) {
        let Event::Submit { script, task, run, start, file } = event else { return };
        let now = self.world.now();
        let refused = self.world.try_submit_to(*task, *script, |mut call| {
            if let Some(time) = run {
                call = call.run_for(*time);
            }
            if let Some(time) = start {
                call = call.start_by(now + *time);
            }
            if *file { call.large(TestFile::new("of the call"), 100) } else { call }
        });
        if refused.is_ok() {
            self.limited.push(run.is_some() || start.is_some());
        } // otherwise it is closed, full or broken, as it may be
    }

    fn happen_to_call(&mut self, event: &Event, call: usize) {
        let watched = &mut self.world.calls[call];
        let Some(future) = &watched.future else { return };
        match event {
            Event::Cancel(_) => {
                let cancelled = future.cancel();
                assert_eq!(cancelled, future.cancelled(), "cancel says what is so");
            }
            Event::KillCall(_) => {
                let (runs, id) = (future.running(), future.id());
                let killed = self.world.desk.with(|supervisor, now| supervisor.kill(now, id));
                assert!(!killed || runs, "what does not run is not killed");
            }
            _ => watched.future = None,
        }
    }

    fn happen_to_worker(&mut self, event: &Event) {
        let (Event::Write(who, _)
        | Event::Step(who, _)
        | Event::Read(who, _)
        | Event::Bury(who)
        | Event::Release(who)
        | Event::Die(who, ..)
        | Event::Temper(who, _)
        | Event::Garbage(who, _)
        | Event::Frame(who, ..)) = event
        else {
            return;
        };
        let Some(id) = self.worker(*who) else { return };
        let world = &mut self.world;
        match event {
            Event::Write(_, most) => _ = world.write(id, *most),
            Event::Step(_, times) => (0..*times).for_each(|_| _ = world.step(id)),
            Event::Read(_, most) => _ = world.read(id, *most),
            Event::Bury(_) => _ = world.bury(id),
            Event::Release(_) => world.puppet(id).released = true,
            Event::Die(_, exit, unwritten) if world.puppet(id).is_alive() => {
                world.puppet(id).die_writing(*exit, *unwritten);
            }
            Event::Temper(_, temper) => world.puppet(id).temper = temper.clone(),
            Event::Garbage(_, bytes) => self.says(id, bytes, None),
            Event::Frame(_, kind, of_call, file) => self.says_frame(id, *kind, *of_call, *file),
            _ => {}
        }
    }

    /// A worker says what no worker says.
    fn says(&mut self, id: WorkerId, bytes: &[u8], file: Option<TestFile>) {
        let puppet = self.world.puppet(id);
        if puppet.is_alive() && !bytes.is_empty() {
            puppet.hostile = true;
            puppet.write(bytes, file);
        }
    }

    fn says_frame(&mut self, id: WorkerId, kind: FrameKind, of_call: bool, file: bool) {
        let mut header = FrameHeader::new(kind);
        let running = self.world.puppet(id).running.as_ref().map(|(header, ..)| *header);
        if let (true, Some(call)) = (of_call, running) {
            header = FrameHeader { id: call.id, place: call.place, ..header };
            self.fooled = true;
        }
        self.says(id, &frame(header, &[]), file.then(|| TestFile::new("stray")));
    }

    /// From now on everybody does what is expected.
    fn end(mut self) {
        self.world.births.clear();
        self.world.everything_ends();
        for call in 0..self.world.calls.len() {
            self.ended_rightly(call);
        }
        self.world.ends_well();
    }

    /// What became of a call is in accord with whether it was started.
    fn ended_rightly(&mut self, call: usize) {
        let starts = self.world.starts(call);
        let Some(future) = &mut self.world.calls[call].future else { return };
        let Some(error) = future.exception() else {
            return assert!(starts == 1 || self.fooled, "call {call} has a value out of nothing");
        };
        use TaskErrorKind::{
            Abandoned, Cancelled, DeadlinePassed, Killed, PoolBroken, Refused, WorkerLost,
        };
        match error.kind() {
            Cancelled | PoolBroken | Refused => assert_eq!(starts, 0, "call {call}: {error}"),
            Killed | WorkerLost => {
                assert_eq!(starts, 1, "call {call}: {error}");
                let report = error.worker().expect("a worker was lost");
                assert!(report.pid > 100 && report.task == "scripted", "{error}");
            }
            DeadlinePassed => assert!(self.limited[call], "call {call}: {error}"),
            Abandoned => panic!("call {call} was forgotten: {error}"),
            _ => {}
        }
    }
}

// --- seeds, and stories made short ---

fn story(seed: u64) -> Vec<Event> {
    let mut random = Random(!seed);
    let length = random.of(&[20, 60, 200, 400]);
    (0..length).map(|_| Event::random(&mut random)).collect()
}

fn fails(seed: u64, events: &[Event]) -> bool {
    quietly(|| catch_unwind(AssertUnwindSafe(|| play(seed, events))).is_err())
}

std::thread_local! {
    /// Panics of this thread are expected.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

fn quietly<R>(f: impl FnOnce() -> R) -> R {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                before(info);
            }
        }));
    });
    QUIET.set(true);
    let result = f();
    QUIET.set(false);
    result
}

/// Leaves out of a story that fails what is not needed for that.
fn shorten(seed: u64, mut events: Vec<Event>) -> Vec<Event> {
    let mut size = events.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        while at < events.len() {
            let mut shorter = events.clone();
            drop(shorter.drain(at..(at + size).min(events.len())));
            if fails(seed, &shorter) {
                events = shorter;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    events
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Seen red, with as many seeds as by default, with calls forgotten when they come home, doomed calls
/// forgotten on exit, calls stolen that had started, calls sent elsewhere without being called back, calls
/// that do not count against their worker's quota, and calls forgotten between attempts to start a process.
#[test]
fn whatever_happens_every_call_ends_once_and_the_pool_works_or_says_why_not() {
    let seeds = match number("SUPERVISOR_SEED") {
        Some(seed) => seed..seed + 1,
        None if cfg!(miri) => 0..2,
        None => 0..number("SUPERVISOR_SEEDS").unwrap_or(1_000),
    };
    for seed in seeds {
        let events = story(seed);
        if !fails(seed, &events) {
            continue;
        }
        let events = shorten(seed, events);
        println!("seed {seed}, made short (alone: SUPERVISOR_SEED={seed}):");
        events.iter().enumerate().for_each(|(number, event)| println!("{number:4} {event:?}"));
        play(seed, &events);
        unreachable!("it has failed before");
    }
}
