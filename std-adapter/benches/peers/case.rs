//! The workloads, with their sizes, who runs them, and what is to be reached. All of them are here.

use crate::contestant::Contestant::{self, *};
use crate::harness::case::{Better, Case, Metric, Target, metric, percentiles};

/// What is done.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Work {
    Throughput { producers: usize },
    RoundTrip { silence: bool },
    Map,
    MapChunked,
    AsCompleted,
    Cancel,
    GiveBack,
    Memory,
    FanOut,
    Idle,
}

impl Case {
    /// How much of it one contestant does: less for Python, which is 50 times slower, and for a quick
    /// look.
    pub(crate) fn count_for(&self, contestant: Contestant, quick: bool) -> u64 {
        if matches!(self.work, Work::FanOut) {
            return if quick { 10 } else { self.count };
        }
        let divisor = if contestant == Python { self.python_divisor() } else { 1 };
        let count = self.count / divisor;
        if quick { (count / 100).max(20) } else { count }
    }

    fn python_divisor(&self) -> u64 {
        match self.work {
            Work::RoundTrip { silence: true } | Work::Idle => 1,
            Work::RoundTrip { silence: false } | Work::Cancel | Work::Memory => 10,
            _ => 50,
        }
    }
}

const fn speed(target: Target) -> Metric {
    metric("speed", "M/s", Better::More, target)
}

const POOLS: &[Contestant] =
    &[Ours, Crossbeam, Rayon, Tokio, Futures, Blocking, ThreadPool, Python];
const RUST_POOLS: &[Contestant] = &[Ours, Crossbeam, Rayon, Tokio, Futures, Blocking, ThreadPool];
const WITH_CANCEL: &[Contestant] = &[Ours, Crossbeam, Tokio, Futures, Blocking, Python];
/// Those that are fast and small enough to have ten million tasks at once.
const GROWING: &[Contestant] = &[Ours, Crossbeam, Rayon];

const ONE_PRODUCER: &[Metric] = &[speed(Target::BestPeer(1.3))];
const FOUR_PRODUCERS: &[Metric] = &[speed(Target::BestPeer(1.1))];
const ANY_SPEED: &[Metric] = &[speed(Target::None)];

/// In the order of the tables.
pub(crate) const CASES: &[Case] = &[
    throughput("throughput-2-1", "throughput, 1 producer", 2, 1, ONE_PRODUCER),
    throughput("throughput-2-4", "throughput, 4 producers", 2, 4, FOUR_PRODUCERS),
    throughput("throughput-8-1", "throughput, 1 producer, 8 workers", 8, 1, ANY_SPEED),
    throughput("throughput-8-4", "throughput, 4 producers, 8 workers", 8, 4, ANY_SPEED),
    Case {
        id: "round-trip",
        title: "round trip, back to back",
        work: Work::RoundTrip { silence: false },
        workers: 2,
        count: 20_000,
        contestants: WITH_HAND_OVER,
        metrics: &percentiles(Target::BestPeer(1.0)),
    },
    Case {
        id: "round-trip-silence",
        title: "round trip, after 300 µs of silence",
        work: Work::RoundTrip { silence: true },
        workers: 2,
        count: 1_000,
        contestants: WITH_HAND_OVER,
        metrics: &percentiles(Target::Against(HandOver, 1.0 / 1.1)),
    },
    Case {
        id: "map",
        title: "map, an item a task",
        work: Work::Map,
        workers: 2,
        count: 1_000_000,
        contestants: POOLS,
        metrics: ANY_SPEED,
    },
    Case {
        id: "map-chunked",
        title: "map, in chunks",
        work: Work::MapChunked,
        workers: 2,
        count: 1_000_000,
        contestants: &[Ours, Crossbeam, Rayon, Tokio, Futures, Blocking, ThreadPool, Loop],
        metrics: &[speed(Target::Against(Rayon, 0.8))],
    },
    Case {
        id: "as-completed",
        title: "as_completed, tasks of 0 to 5 µs",
        work: Work::AsCompleted,
        workers: 2,
        count: 100_000,
        contestants: RUST_POOLS,
        metrics: &[metric("time", "ms", Better::Less, Target::BestPeer(1.25))],
    },
    Case {
        id: "cancel",
        title: "cancel of queued tasks",
        work: Work::Cancel,
        workers: 2,
        count: 1_000_000,
        contestants: WITH_CANCEL,
        metrics: &[metric("time", "ns each", Better::Less, Target::BestPeer(1.0))],
    },
    Case {
        id: "give-back",
        title: "memory of cancelled tasks",
        work: Work::GiveBack,
        workers: 2,
        count: 1_000_000,
        contestants: &[Ours, Crossbeam, Tokio, Futures, Blocking],
        metrics: &[
            metric("held", "bytes held each", Better::Less, Target::None),
            metric("time", "ms to give back", Better::Less, Target::None),
        ],
    },
    Case {
        id: "memory",
        title: "memory of queued tasks",
        work: Work::Memory,
        workers: 2,
        count: 100_000,
        contestants: RUST_POOLS,
        metrics: &[
            metric("allocations", "allocations each", Better::Less, Target::AtMost(1.0)),
            metric("bytes", "bytes each", Better::Less, Target::AtMost(96.0)),
        ],
    },
    Case {
        id: "fan-out",
        title: "nested fan-out, fib(25)",
        work: Work::FanOut,
        workers: 2,
        count: 25,
        contestants: &[Ours, Tokio, Futures, Join, Scope],
        metrics: &[metric("time", "ns a call", Better::Less, Target::Against(Tokio, 4.0))],
    },
    growth("growth-3", "1,000 outstanding", 1_000),
    growth("growth-4", "10,000 outstanding", 10_000),
    growth("growth-5", "100,000 outstanding", 100_000),
    growth("growth-6", "1,000,000 outstanding", 1_000_000),
    growth("growth-7", "10,000,000 outstanding", 10_000_000),
    Case {
        id: "idle",
        title: "CPU time of an idle second",
        work: Work::Idle,
        workers: 2,
        count: 100_000,
        contestants: POOLS,
        metrics: &[metric("time", "ms", Better::Less, Target::AtMost(1.0))],
    },
];

const WITH_HAND_OVER: &[Contestant] =
    &[Ours, Crossbeam, Rayon, Tokio, Futures, Blocking, ThreadPool, Python, HandOver];

const fn throughput(
    id: &'static str,
    title: &'static str,
    workers: usize,
    producers: usize,
    metrics: &'static [Metric],
) -> Case {
    let work = Work::Throughput { producers };
    Case { id, title, work, workers, count: 1_000_000, contestants: POOLS, metrics }
}

const fn growth(id: &'static str, title: &'static str, count: u64) -> Case {
    let work = Work::Throughput { producers: 1 };
    Case { id, title, work, workers: 2, count, contestants: GROWING, metrics: ANY_SPEED }
}
