//! The workloads. Each runs in a process of its own, warms up, does it, and checks what came out.

mod as_completed;
mod cancel;
mod fan_out;
mod idle;
mod map;
mod memory;
mod round_trip;
mod throughput;

use std::sync::mpsc;

use crate::case::Work;
use crate::contestant::Contestant;
use crate::harness::Figures;
use crate::harness::case::Case;
use crate::pools::Pool;

/// Runs it here and now; `None` if this contestant cannot.
pub(crate) fn run(case: &Case, contestant: Contestant, count: u64) -> Option<Figures> {
    let workers = case.workers;
    match case.work {
        Work::Throughput { producers } => throughput::run(contestant, workers, producers, count),
        Work::RoundTrip { silence } => round_trip::run(contestant, workers, silence, count),
        Work::Map => map::run(contestant, workers, count),
        Work::MapChunked => map::run_chunked(contestant, workers, count),
        Work::AsCompleted => as_completed::run(contestant, workers, count),
        Work::Cancel => cancel::run(contestant, workers, count),
        Work::GiveBack => cancel::run_give_back(contestant, workers, count),
        Work::Memory => memory::run(contestant, workers, count),
        Work::FanOut => fan_out::run(contestant, workers, count),
        Work::Idle => idle::run(contestant, workers, count),
    }
}

/// Every worker of a pool, busy with a task that waits until this is dropped.
struct Occupied<P: Pool> {
    gates: Vec<mpsc::Sender<()>>,
    ends: Vec<P::Handle<()>>,
}

impl<P: Pool> Occupied<P> {
    fn new(pool: &P, workers: usize) -> Self {
        let (started, starts) = mpsc::channel();
        let mut occupied = Self { gates: Vec::new(), ends: Vec::new() };
        for _ in 0..workers {
            let started = started.clone();
            let (gate, opened) = mpsc::channel::<()>();
            occupied.gates.push(gate);
            occupied.ends.push(pool.submit(move || {
                started.send(()).expect("somebody waits for it");
                let _ = opened.recv(); // nothing is ever sent
            }));
        }
        for _ in 0..workers {
            starts.recv().expect("the task starts");
        }
        occupied
    }

    /// Lets the workers go on.
    fn release(self) {
        drop(self.gates);
        self.ends.into_iter().for_each(P::result);
    }
}
