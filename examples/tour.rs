//! The whole of it in a minute: a pool of threads, and what its futures can do.
//!
//! Each function below shows one thing and stands on its own. The last one measures whether it pays:
//! sums over 1..=n, in one thread and in the pool.
//!
//! ```sh
//! cargo run --release --example tour
//! cargo run --release --example tour -- 5_000_000 500_000_000    # the sums that you want
//! ```

use std::error::Error;
use std::ffi::OsString;
use std::hint::black_box;
use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use concurrent_futures::{
    Future, ReturnWhen, Shutdown, SubmitError, ThreadPoolExecutor, as_completed, wait,
};

type Outcome = Result<(), Box<dyn Error>>;

const SUMS: [u64; 4] = [100_000, 1_000_000, 10_000_000, 100_000_000];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tour: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome {
    let sums = numbers(std::env::args_os().skip(1))?;
    let pool = Arc::new(ThreadPoolExecutor::new(4)?);
    results(&pool)?;
    timeout(&pool)?;
    callback(&pool)?;
    life_of_a_future()?;
    waiting(&pool)?;
    completing(&pool)?;
    mapping(&pool)?;
    nesting(&pool)?;
    // Dropping the pool would wait as well. This says what went wrong, if anything.
    pool.shutdown(Shutdown::wait())?;
    table(&sums)
}

/// `submit` gives a future, `result` waits for its value.
fn results(pool: &ThreadPoolExecutor) -> Outcome {
    title("submit, result");
    let future = pool.submit(|| sum(1..=1_000))?;
    println!("  the sum over 1..=1000 is {}", future.result()?);

    // An `Err` is a failure of the task here; through `submit` it would be a value like any other.
    let future = pool.submit_fallible(|| "4x".parse::<u32>())?;
    match future.result() {
        Ok(number) => println!("  \"4x\" is {number}"),
        Err(error) => println!("  \"4x\": {error}"),
    }
    Ok(())
}

/// A wait that ends too early leaves the future as it was.
fn timeout(pool: &ThreadPoolExecutor) -> Outcome {
    title("timeout");
    let mut slow = pool.submit(|| {
        thread::sleep(Duration::from_millis(100));
        "done in the end"
    })?;
    if let Err(error) = slow.result_timeout(Duration::from_millis(10)) {
        println!("  after 10 ms: {error}");
    }
    println!("  without a timeout: {}", slow.result()?);
    Ok(())
}

/// Callbacks are called by the thread that ends the task. They learn how it ended.
fn callback(pool: &ThreadPoolExecutor) -> Outcome {
    title("add_done_callback, then");
    let (report, reports) = mpsc::channel();
    let future = pool.submit(|| sum(1..=10))?;
    future.add_done_callback(move |completion| {
        // Fails only if nobody listens any more, which is nothing to a callback.
        let _ = report.send(completion.state());
    });
    println!("  the callback was told: {}", reports.recv()?);

    let text = future.then(|outcome| outcome.map(|sum| format!("{sum} as text")));
    println!("  then made of the value: {}", text.result()??);
    Ok(())
}

/// PENDING → RUNNING → FINISHED, or PENDING → CANCELLED.
fn life_of_a_future() -> Outcome {
    title("states, cancel");
    let pool = ThreadPoolExecutor::new(1)?;
    let (open, gate) = mpsc::channel::<()>();
    let (started, starts) = mpsc::channel();
    let mut first = pool.submit(move || {
        let _ = started.send(());
        gate.recv().is_ok()
    })?;
    let second = pool.submit(|| "never run")?;

    starts.recv()?;
    println!("  first: {:<10} second: {}", first.state(), second.state());
    println!("  cancel: {:<9} cancel: {}", first.cancel(), second.cancel());
    println!("  first: {:<10} second: {}", first.state(), second.state());
    open.send(())?;
    if first.exception().is_none() {
        println!("  first: {:<10} {first}", first.state());
    }
    if let Err(error) = second.result() {
        println!("  second has no result: {error}");
    }
    Ok(())
}

/// `wait` sorts futures into done and not done.
fn waiting(pool: &ThreadPoolExecutor) -> Outcome {
    title("wait");
    let futures = naps(pool, [60, 10, 30])?;
    let first = wait(futures, None, ReturnWhen::FirstCompleted);
    println!("  first completed: {} done, {} not", first.done.len(), first.not_done.len());
    let rest = wait(first.not_done, Some(Duration::from_secs(10)), ReturnWhen::AllCompleted);
    println!("  all completed:   {} done, {} not", rest.done.len(), rest.not_done.len());
    Ok(())
}

/// `as_completed` yields them as they are done, each with whatever it was paired with.
fn completing(pool: &ThreadPoolExecutor) -> Outcome {
    title("as_completed");
    for (asked, future) in as_completed(naps(pool, [60, 10, 30])?) {
        println!("  a nap of {asked} ms took {:.0?}", future.result()?);
    }
    Ok(())
}

/// How many milliseconds were asked for, and how long it was.
type Nap = (u64, Future<Duration>);

fn naps(pool: &ThreadPoolExecutor, naps: [u64; 3]) -> Result<Vec<Nap>, SubmitError<()>> {
    let nap = |milliseconds| {
        let nap = move || {
            let start = Instant::now();
            thread::sleep(Duration::from_millis(milliseconds));
            start.elapsed()
        };
        Ok((milliseconds, pool.submit(nap).map_err(SubmitError::without_callable)?))
    };
    naps.into_iter().map(nap).collect()
}

/// `map` keeps the order of the items. A failure in one is the failure of that one.
fn mapping(pool: &ThreadPoolExecutor) -> Outcome {
    title("map");
    let squares = pool.map(|n| n * n, 1..=8u64).collect::<Result<Vec<_>, _>>()?;
    println!("  squares: {squares:?}");

    let words = ["3", "four", "5"];
    for (word, number) in words.iter().zip(pool.map_fallible(str::parse::<u8>, words)) {
        match number {
            Ok(number) => println!("  {word}: {number}"),
            Err(error) => println!("  {word}: {error}"),
        }
    }
    Ok(())
}

/// A task may submit to its own pool and wait there, however small the pool is: see `recursion`.
fn nesting(pool: &Arc<ThreadPoolExecutor>) -> Outcome {
    title("nested submit");
    let inner_pool = pool.clone();
    let outer = pool.submit_fallible(move || -> Result<u64, Box<dyn Error + Send + Sync>> {
        let left = inner_pool.submit(|| sum(1..=500))?;
        let right = inner_pool.submit(|| sum(501..=1_000))?;
        Ok(left.result()? + right.result()?)
    })?;
    println!("  a task that waits for two of its own: {}", outer.result()?);
    Ok(())
}

/// One thread against as many as there are processors.
fn table(sums: &[u64]) -> Outcome {
    let workers = thread::available_parallelism()?.get();
    let pool = ThreadPoolExecutor::new(workers)?;
    title(&format!("sums over 1..=n, {workers} workers"));
    println!("  {:>15} {:>13} {:>13} {:>8}", "n", "one thread", "pool", "ratio");
    for &n in sums {
        // The shortest of five runs each, in turns: what else the machine does makes them only longer.
        let (mut alone, mut pooled) = (Duration::MAX, Duration::MAX);
        for _ in 0..5 {
            let start = Instant::now();
            let expected = sum(1..=n);
            alone = alone.min(start.elapsed());

            let start = Instant::now();
            let total = sum_in(&pool, n)?;
            pooled = pooled.min(start.elapsed());
            if total != expected {
                return Err(format!("{total} in the pool, {expected} in one thread").into());
            }
        }
        let ratio = alone.as_secs_f64() / pooled.as_secs_f64();
        let (alone, pooled) = (milliseconds(alone), milliseconds(pooled));
        println!("  {:>15} {alone:>13} {pooled:>13} {ratio:>7.2}x", grouped(n));
    }
    Ok(())
}

/// The sum of the sums of four pieces for each worker: one that is held up leaves its rest to others.
fn sum_in(pool: &ThreadPoolExecutor, n: u64) -> Result<u64, Box<dyn Error>> {
    let pieces = pool.max_workers() as u64 * 4;
    let bound = move |piece| (u128::from(n) * u128::from(piece) / u128::from(pieces)) as u64;
    let sums = pool.map(move |piece| sum(bound(piece) + 1..=bound(piece + 1)), 0..pieces);
    let mut total = 0u64;
    for sum in sums {
        total = total.wrapping_add(sum?);
    }
    Ok(total)
}

/// Added up one by one: without `black_box` the compiler would put a formula in place of the loop, and
/// inlined it would be other code here than there, of another speed.
#[inline(never)]
fn sum(numbers: RangeInclusive<u64>) -> u64 {
    numbers.map(black_box).fold(0, u64::wrapping_add)
}

fn numbers(arguments: impl Iterator<Item = OsString>) -> Result<Vec<u64>, String> {
    let number = |argument: OsString| match argument.to_string_lossy().replace('_', "").parse() {
        Ok(number) => Ok(number),
        Err(error) => Err(format!("{argument:?} is no number to sum up to: {error}")),
    };
    let numbers = arguments.map(number).collect::<Result<Vec<_>, _>>()?;
    Ok(if numbers.is_empty() { SUMS.to_vec() } else { numbers })
}

fn title(title: &str) {
    println!("\n{title}");
}

fn milliseconds(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1e3)
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
