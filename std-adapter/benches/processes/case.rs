//! The workloads, with their sizes, who runs them, and what is to be reached. All of them are here.

use std::thread;

use crate::contestant::Contestant::{self, *};
use crate::harness::case::{Better, Case, Metric, Target, metric, percentiles};
use crate::placement::Placement;

/// What is done.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Work {
    RoundTrip(Placement),
    TinyCalls,
    MapChunked,
    Payload { bytes: usize },
    StartUp,
    Threads,
    Primes,
}

impl Case {
    /// How much of it one contestant does: less of the tiny calls for Python, and for a quick look.
    pub(crate) fn count_for(&self, contestant: Contestant, quick: bool) -> u64 {
        let divisor = match self.work {
            Work::RoundTrip(_) | Work::TinyCalls if contestant.is_python() => 10,
            _ => 1,
        };
        let count = self.count / divisor;
        if quick { (count / 100).max(2) } else { count }
    }
}

/// Why it cannot be run on this machine, where it cannot.
pub(crate) fn left_out(case: &Case) -> Option<&'static str> {
    let one = thread::available_parallelism().is_ok_and(|processors| processors.get() == 1);
    let apart = matches!(case.work, Work::RoundTrip(Placement::Apart));
    (one && apart).then_some("there is one processor only")
}

const MIB: usize = 1 << 20;

/// In the order of the tables.
pub(crate) const CASES: &[Case] = &[
    round_trip("round-trip", "round trip", Placement::Free, ANY_ROUND_TRIP),
    round_trip(
        "round-trip-apart",
        "round trip, two processors",
        Placement::Apart,
        BESIDE_PING_PONG,
    ),
    round_trip(
        "round-trip-together",
        "round trip, one processor",
        Placement::Together,
        ANY_ROUND_TRIP,
    ),
    Case {
        id: "tiny-calls",
        title: "tiny calls",
        work: Work::TinyCalls,
        workers: 2,
        count: 100_000,
        contestants: &[Ours, Procspawn, Python, PythonPool, WriteEach, WriteAll],
        metrics: &[
            metric("speed", "k/s", Better::More, Target::Against(Procspawn, 20.0)),
            metric("speed", "k/s", Better::More, Target::Against(WriteEach, 0.7)),
        ],
    },
    Case {
        id: "map-chunked",
        title: "map, in chunks",
        work: Work::MapChunked,
        workers: 2,
        count: 1_000_000,
        contestants: &[Ours, Procspawn, Python, PythonPool],
        metrics: &[metric("speed", "M/s", Better::More, Target::Against(PythonPool, 1.5))],
    },
    payload("payload-1", "1 MiB there and back", MIB, 100, ANY_TIME),
    payload("payload-64", "64 MiB there and back", 64 * MIB, 5, BESIDE_MEMFD),
    Case {
        id: "start-up",
        title: "start-up",
        work: Work::StartUp,
        workers: 2,
        count: 15,
        contestants: &[
            Ours,
            Procspawn,
            Python,
            PythonForkserver,
            PythonSpawn,
            PythonPool,
            PingPong,
        ],
        metrics: &[
            metric(
                "first",
                "ms to the first result",
                Better::Less,
                Target::Against(Procspawn, 1.0),
            ),
            metric("all", "ms with the end", Better::Less, Target::Against(Procspawn, 1.0)),
        ],
    },
    Case {
        id: "threads",
        title: "threads of a pool of 8",
        work: Work::Threads,
        workers: 8,
        count: 1,
        contestants: &[Ours, Procspawn, Python, PythonPool],
        metrics: &[metric("threads", "threads", Better::Less, Target::AtMost(2.0))],
    },
    Case {
        id: "primes",
        title: "six primes",
        work: Work::Primes,
        workers: 2,
        count: 6,
        contestants: &[Ours, Procspawn, Python, Threads, Loop],
        metrics: &[metric("time", "ms", Better::Less, Target::BestPeer(0.95))],
    },
];

const fn round_trip(
    id: &'static str,
    title: &'static str,
    placement: Placement,
    metrics: &'static [Metric],
) -> Case {
    let contestants = &[Ours, Procspawn, Python, PythonPool, PingPong];
    let work = Work::RoundTrip(placement);
    Case { id, title, work, workers: 2, count: 20_000, contestants, metrics }
}

const ANY_ROUND_TRIP: &[Metric] = &percentiles(Target::None);
const BESIDE_PING_PONG: &[Metric] = &percentiles(Target::Against(PingPong, 1.0 / 1.5));

const fn payload(
    id: &'static str,
    title: &'static str,
    bytes: usize,
    count: u64,
    metrics: &'static [Metric],
) -> Case {
    let contestants = &[Ours, Procspawn, ProcspawnShmem, Python, Socketpair, Memfd, Memcpy];
    Case { id, title, work: Work::Payload { bytes }, workers: 2, count, contestants, metrics }
}

const ANY_TIME: &[Metric] = &[metric("time", "ms", Better::Less, Target::None)];
const BESIDE_MEMFD: &[Metric] =
    &[metric("time", "ms", Better::Less, Target::Against(Memfd, 1.0 / 3.0))];
