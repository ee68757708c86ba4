//! The same sums in a loop, in threads and in processes: when processes pay, and why they lose on small work.
//!
//! Which executor runs the functions is chosen at run time, by what the work is like: `io` is threads, `cpu` is
//! processes. The rest of the program is written once, for both.
//!
//! ```sh
//! cargo run --release --example sums
//! cargo run --release --example sums -- 1_000 5_000_000    # sums over 1..=n, for these n
//! ```

use std::error::Error;
use std::ffi::OsString;
use std::hint::black_box;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use concurrent_futures::{
    AnyTaskExecutor, MapOptions, ProcessPoolExecutor, TaskExecutor, ThreadPoolExecutor, task,
};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const SUMS: [u64; 4] = [100, 10_000, 1_000_000, 20_000_000];

fn main() -> ExitCode {
    concurrent_futures::init();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sums: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome {
    let sums = numbers(std::env::args_os().skip(1))?;
    let workers = thread::available_parallelism()?.get();
    let (threads, processes) = (choose_executor("io", workers)?, choose_executor("cpu", workers)?);

    let (in_thread, in_process) = (round_trip(&threads)?, round_trip(&processes)?);
    println!("{workers} workers each. What a call costs:");
    println!(
        "  alone:            in a thread {:>8}, in a process {:>8}",
        time(in_thread),
        time(in_process)
    );
    let (in_thread, together) = (many(&threads)?, many(&processes)?);
    println!(
        "  one of very many: in a thread {:>8}, in a process {:>8}\n",
        time(in_thread),
        time(together)
    );

    println!(
        "{:>12} {:>7} {:>7} {:>11} {:>11} {:>11}",
        "sum over 1..", "items", "chunk", "loop", "threads", "processes"
    );
    for n in sums {
        // Enough of them for a tenth of a second or so, and not too many to be sent one by one.
        let items = (100_000_000 / n.max(1)).clamp(8, 10_000) as usize;
        let items = vec![n; items];
        for chunk in [1, items.len() / (workers * 8)] {
            if chunk > 0 {
                row(n, &items, chunk, &threads, &processes)?;
            }
        }
    }
    explain(in_process, together);
    Ok(())
}

/// Threads for what waits, processes for what computes.
fn choose_executor(kind: &str, workers: usize) -> Outcome<AnyTaskExecutor> {
    Ok(match kind {
        "io" => ThreadPoolExecutor::new(workers)?.into(),
        "cpu" => ProcessPoolExecutor::new(workers)?.into(),
        other => return Err(format!("{other}: choose io or cpu").into()),
    })
}

/// Added up one by one: without `black_box` the compiler would put a formula in place of the loop.
#[task]
fn sum(n: u64) -> u64 {
    (1..=n).map(black_box).fold(0, u64::wrapping_add)
}

/// The shortest of many: what else the machine does makes them only longer.
fn round_trip(executor: &AnyTaskExecutor) -> Outcome<Duration> {
    let mut shortest = Duration::MAX;
    for _ in 0..1_000 {
        let start = Instant::now();
        executor.submit_task(sum, 1)?.result()?;
        shortest = shortest.min(start.elapsed());
    }
    Ok(shortest)
}

/// What each takes of calls that do not wait for one another.
fn many(executor: &AnyTaskExecutor) -> Outcome<Duration> {
    const CALLS: u32 = 20_000;
    let start = Instant::now();
    executor.map_task(sum, vec![1; CALLS as usize]).into_vec()?;
    Ok(start.elapsed() / CALLS)
}

/// The shortest of three runs each, in turns, as in `round_trip`.
fn row(
    n: u64,
    items: &[u64],
    chunk: usize,
    threads: &AnyTaskExecutor,
    processes: &AnyTaskExecutor,
) -> Outcome {
    let mut times = [Duration::MAX; 3];
    for _ in 0..3 {
        let start = Instant::now();
        let expected: Vec<u64> = items.iter().map(|n| sum(*n)).collect();
        times[0] = times[0].min(start.elapsed());
        for (executor, shortest) in [threads, processes].into_iter().zip(&mut times[1..]) {
            let start = Instant::now();
            let options = MapOptions::new().chunk_size(chunk);
            let sums = executor.map_task_with(options, sum, items.to_vec()).into_vec()?;
            *shortest = start.elapsed().min(*shortest);
            if sums != expected {
                return Err(format!("wrong sums of {} items over 1..={n}", items.len()).into());
            }
        }
    }
    let [alone, in_threads, in_processes] = times.map(time);
    println!(
        "{:>12} {:>7} {chunk:>7} {alone:>11} {in_threads:>11} {in_processes:>11}",
        grouped(n),
        items.len()
    );
    Ok(())
}

/// What follows from what calls cost.
fn explain(alone: Duration, together: Duration) {
    const LONG: u64 = 10_000_000;
    let start = Instant::now();
    black_box(sum(LONG));
    let addition = start.elapsed().as_secs_f64() / LONG as f64;
    let worth = |time: Duration| grouped((time.as_secs_f64() / addition) as u64);
    println!(
        "\nWhy processes lose on small work: the arguments of a call are written, copied through a socket and\n\
         read again, and so is its result; and a worker that slept is woken. While one call goes there and back,\n\
         the loop adds up {} numbers; in what each of many calls takes, {}. Work that is smaller than\n\
         that is done sooner than sent. A chunk of many items is one call, and large work hides what calls cost.\n\
         Threads copy nothing.",
        worth(alone),
        worth(together)
    );
}

fn numbers(arguments: impl Iterator<Item = OsString>) -> Result<Vec<u64>, String> {
    let number = |argument: OsString| match argument.to_string_lossy().replace('_', "").parse() {
        Ok(number) => Ok(number),
        Err(error) => Err(format!("{argument:?} is no number to sum up to: {error}")),
    };
    let numbers = arguments.map(number).collect::<Result<Vec<_>, _>>()?;
    Ok(if numbers.is_empty() { SUMS.to_vec() } else { numbers })
}

fn time(time: Duration) -> String {
    match time.as_micros() {
        0..1_000 => format!("{:.1} µs", time.as_secs_f64() * 1e6),
        _ => format!("{:.2} ms", time.as_secs_f64() * 1e3),
    }
}

/// 1000000 as 1_000_000.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push('_');
        }
        grouped.push(digit);
    }
    grouped
}
