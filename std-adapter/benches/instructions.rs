//! Instructions from submit to result, counted by callgrind: the same on a busy machine as on a quiet
//! one. `.ci/run instructions` counts them and fails if there are more than `instructions.txt` allows;
//! `RENEW=1 .ci/run instructions` writes that file anew.
//!
//! All of it happens in one thread. What wake-ups cost is not in it: see the benchmark `peers`.

#![expect(
    missing_docs,
    clippy::missing_panics_doc,
    reason = "a program; nobody else calls its functions, nor the modules that gungraun's macros make"
)]

use std::hint::black_box;

use concurrent_futures::{
    ArenaExecutor, Backend, Executor, Future, InlineBackend, OsLock, QueueBackend, Ring, promise,
};
use gungraun::{
    Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};

/// So many of each are counted, so that what happens once does not show.
const CALLS: u64 = 1_000;

/// How many more instructions than were written down are too many.
const TOLERATED_PERCENT: u64 = 5;

type Queued = Executor<QueueBackend<Ring<OsLock, 16>>>;
type Arena = ArenaExecutor<OsLock, 16, 64>;

static ARENA: Arena = ArenaExecutor::with_locks(OsLock::new(), OsLock::new());

/// What a closure of 16 bytes computes.
fn task(number: u64) -> impl FnOnce() -> u64 + Send + 'static {
    let other = black_box(number);
    move || number ^ other
}

fn result(future: Future<u64>) -> u64 {
    future.result().expect("no task fails")
}

/// One call of each before it counts: thread-locals and malloc set themselves up.
fn inline() -> Executor<InlineBackend> {
    let executor = Executor::new(InlineBackend);
    result(executor.submit(task(0)).expect("it is open"));
    executor
}

fn queued() -> Queued {
    let executor = Executor::new(QueueBackend::new(Ring::new(OsLock::new())));
    queued_round(&executor, 0);
    executor
}

fn queued_round(executor: &Queued, number: u64) -> u64 {
    let future = executor.submit(task(number)).expect("it has room");
    executor.backend().run_one();
    result(future)
}

fn arena() -> &'static Arena {
    arena_round(&ARENA, 0);
    &ARENA
}

fn arena_round(executor: &'static Arena, number: u64) -> u64 {
    let future = executor.submit(task(number)).expect("it has room");
    executor.run_one();
    result(future)
}

fn promised() {
    promised_round(0);
}

fn promised_round(number: u64) -> u64 {
    let (promise, future) = promise();
    promise.complete(black_box(number)).expect("nobody cancels it");
    result(future)
}

#[library_benchmark]
#[bench::calls(args = (), setup = promised, config = limited("promise_complete_result"))]
fn promise_complete_result(_: ()) -> u64 {
    (0..CALLS).map(promised_round).sum()
}

#[library_benchmark]
#[bench::calls(args = (), setup = inline, config = limited("inline_submit_result"))]
fn inline_submit_result(executor: Executor<InlineBackend>) -> u64 {
    (0..CALLS).map(|n| result(executor.submit(task(n)).expect("it is open"))).sum()
}

#[library_benchmark]
#[bench::calls(args = (), setup = queued, config = limited("queued_submit_run_result"))]
fn queued_submit_run_result(executor: Queued) -> u64 {
    (0..CALLS).map(|n| queued_round(&executor, n)).sum()
}

#[library_benchmark]
#[bench::calls(args = (), setup = queued, config = limited("queued_submit_cancel"))]
fn queued_submit_cancel(executor: Queued) -> usize {
    let cancel = |n| executor.submit(task(n)).expect("it has room").cancel();
    let cancelled = (0..CALLS).filter(|&n| cancel(n) && executor.backend().run_one());
    cancelled.count()
}

#[library_benchmark]
#[bench::calls(args = (), setup = arena, config = limited("arena_submit_run_result"))]
fn arena_submit_run_result(executor: &'static Arena) -> u64 {
    (0..CALLS).map(|n| arena_round(executor, n)).sum()
}

/// With the limit that `instructions.txt` sets, unless it is to be written anew.
fn limited(name: &str) -> LibraryBenchmarkConfig {
    let mut callgrind = Callgrind::with_args(["--cache-sim=no"]);
    if std::env::var_os("RENEW").is_none() {
        let mut lines = include_str!("instructions.txt").lines();
        let written = lines.find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
        let count = written.expect("every benchmark is in instructions.txt; to renew it: RENEW=1");
        callgrind.hard_limits([(EventKind::Ir, count * (100 + TOLERATED_PERCENT) / 100)]);
    }
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(callgrind);
    config
}

library_benchmark_group!(
    name = instructions,
    benchmarks = [
        promise_complete_result,
        inline_submit_result,
        queued_submit_run_result,
        queued_submit_cancel,
        arena_submit_run_result
    ]
);

main!(library_benchmark_groups = instructions);
