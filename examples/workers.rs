//! Worker processes, as they come and go: what each one runs, which are lost, and what is still to do.
//!
//! Primes are counted, a block of numbers for each call. Some calls crash their worker at the first attempt.
//! Those are submitted again; all others do not notice. Besides, a worker is replaced after some calls, as one
//! does with libraries that leak. On a terminal there is a bar for each worker; elsewhere only lines of what
//! happens.
//!
//! ```sh
//! cargo run --release --example workers
//! cargo run --release --example workers -- 500 8    # blocks, workers
//! ```

use std::collections::HashMap;
use std::error::Error;
use std::ffi::OsString;
use std::num::ParseIntError;
use std::process::{self, ExitCode};
use std::str::FromStr;
use std::time::Duration;

use concurrent_futures::{
    Counters, Future, FutureId, ProcessPoolExecutor, Shutdown, TaskErrorKind, WaitSet, WorkerInfo,
    WorkerState, task,
};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const BLOCKS: u64 = 60;
const WORKERS: usize = 4;

/// Numbers in a block.
const BLOCK: u64 = 20_000;

/// A worker is replaced after so many calls.
const CALLS_PER_WORKER: u64 = 9;

/// How long a picture stands, at most.
const PICTURE: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    concurrent_futures::init();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("workers: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome {
    let mut arguments = std::env::args_os().skip(1);
    let blocks = arguments.next().map_or(Ok(BLOCKS), number)?;
    let workers = arguments.next().map_or(Ok(WORKERS), number)?;
    let pool = ProcessPoolExecutor::builder()
        .max_workers(workers)
        .max_tasks_per_child(CALLS_PER_WORKER)
        .restart_limit(usize::MAX, Duration::from_secs(1)) // they are to be lost, here
        .quiet()
        .build()?;
    let mut view = View::new(blocks)?;
    let mut calls = Calls { pool: &pool, set: WaitSet::new(), blocks: HashMap::new() };
    for number in 0..blocks {
        calls.submit(Block { number, attempt: 1 })?;
    }

    let (mut primes, mut lost) = (0, 0);
    while !calls.set.is_empty() {
        let done = calls.set.next_timeout(PICTURE);
        view.show(&pool.workers(), &pool.counters(), &calls.blocks);
        let Some((block, future)) = done else { continue };
        calls.blocks.remove(&future.id());
        match future.result() {
            Ok(found) => {
                primes += found;
                view.all.inc(1);
            }
            Err(error) if error.kind() == TaskErrorKind::WorkerLost && block.attempt < 3 => {
                lost += 1;
                view.say(&format!("block {}: {error}", block.number));
                calls.submit(Block { attempt: block.attempt + 1, ..block })?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    pool.shutdown(Shutdown::wait())?;
    view.show(&pool.workers(), &pool.counters(), &calls.blocks);
    view.end();
    println!("{primes} primes in {blocks} blocks, {lost} workers lost, {} started", view.started);
    Ok(())
}

fn number<N: FromStr<Err = ParseIntError>>(argument: OsString) -> Result<N, String> {
    let text = argument.to_string_lossy();
    text.parse().map_err(|error| format!("{argument:?} is no number: {error}"))
}

/// A part of the work.
#[derive(Clone, Copy)]
struct Block {
    number: u64,
    attempt: u32,
}

/// What is going on.
struct Calls<'a> {
    pool: &'a ProcessPoolExecutor,
    set: WaitSet<(Block, Future<usize>)>,
    /// Which block each future is for.
    blocks: HashMap<FutureId, Block>,
}

impl Calls<'_> {
    fn submit(&mut self, block: Block) -> Outcome {
        let future = self.pool.submit(count_primes, (block.number, block.attempt))?;
        self.blocks.insert(future.id(), block);
        self.set.insert((block, future));
        Ok(())
    }
}

/// Counts primes by division. Now and then it has enough, and half of its work is lost.
#[task]
fn count_primes(block: u64, attempt: u32) -> usize {
    let first = 1_000_000_001 + block * BLOCK;
    let is_prime = |n: &u64| (3..=n.isqrt()).step_by(2).all(|divisor| !n.is_multiple_of(divisor));
    let numbers = (first..first + BLOCK).step_by(2);
    let half = (BLOCK / 4) as usize;
    let found = numbers.clone().take(half).filter(is_prime).count();
    if block % 12 == 7 && attempt == 1 {
        process::abort();
    }
    found + numbers.skip(half).filter(is_prime).count()
}

/// A bar for all that is to be done, and one for each worker.
struct View {
    bars: MultiProgress,
    all: ProgressBar,
    workers: HashMap<u32, (ProgressBar, WorkerInfo)>,
    started: usize,
}

impl View {
    fn new(blocks: u64) -> Outcome<Self> {
        let bars = MultiProgress::new();
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len}  {msg}")?;
        let all = bars.add(ProgressBar::new(blocks).with_style(style));
        Ok(Self { bars, all, workers: HashMap::new(), started: 0 })
    }

    /// A line that stays. The bars step aside meanwhile; where there is no terminal there are none.
    fn say(&self, line: &str) {
        self.bars.suspend(|| println!("{line}"));
    }

    fn show(&mut self, now: &[WorkerInfo], counters: &Counters, blocks: &HashMap<FutureId, Block>) {
        let Counters { queued, live_workers, failed, .. } = counters;
        self.all.set_message(format!("{queued} wait, {live_workers} workers, {failed} failed"));
        self.forget_who_left(now);
        for worker in now {
            let bar = self.bar_of(worker);
            bar.set_message(activity(worker, blocks));
            bar.tick();
        }
    }

    fn forget_who_left(&mut self, now: &[WorkerInfo]) {
        let has_left = |pid: &u32| now.iter().all(|worker| worker.pid != *pid);
        let gone: Vec<u32> = self.workers.keys().copied().filter(has_left).collect();
        for pid in gone {
            if let Some((bar, last)) = self.workers.remove(&pid) {
                bar.finish_and_clear();
                self.bars.remove(&bar);
                self.say(&format!(
                    "process {pid} is gone, last seen with {} calls done",
                    last.answered
                ));
            }
        }
    }

    fn bar_of(&mut self, worker: &WorkerInfo) -> ProgressBar {
        if let Some((bar, last)) = self.workers.get_mut(&worker.pid) {
            *last = worker.clone();
            return bar.clone();
        }
        self.started += 1;
        self.say(&format!("process {} is there", worker.pid));
        let bar = self.bars.add(ProgressBar::new_spinner().with_prefix(worker.pid.to_string()));
        self.workers.insert(worker.pid, (bar.clone(), worker.clone()));
        bar
    }

    fn end(&self) {
        self.all.finish_and_clear();
    }
}

/// What a worker does, in words.
fn activity(worker: &WorkerInfo, blocks: &HashMap<FutureId, Block>) -> String {
    let block = worker.running.and_then(|future| blocks.get(&future));
    let doing = match (worker.state, block) {
        (WorkerState::Ending, _) => "is lost".into(),
        (_, Some(Block { number, attempt: 1 })) => format!("block {number}"),
        (_, Some(Block { number, attempt })) => format!("block {number}, attempt {attempt}"),
        (WorkerState::Starting, _) => "starts".into(),
        (WorkerState::Retiring, _) => "goes home".into(),
        _ => "has nothing to do".into(),
    };
    format!("{}  {:>2} done, now {doing}", worker.pid, worker.answered)
}
