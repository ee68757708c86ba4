//! A thousand numbers in batches: a task for each, the results as they come and in order; then the
//! same left to `map`, and what chunks are worth there.
//!
//! A task costs a fraction of a microsecond to submit, hand over and wait for. Where an item costs less
//! than that, submit several at once.
//!
//! ```sh
//! cargo run --release --example batches
//! cargo run --release --example batches -- 64    # numbers in a batch
//! ```

use std::error::Error;
use std::hint::black_box;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use concurrent_futures::{MapOptions, TaskError, ThreadPoolExecutor, as_completed};

/// As many small items as make a difference that one can see.
const SMALL_ITEMS: u64 = 200_000;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("batches: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let size = match std::env::args().nth(1) {
        None => 150,
        Some(text) => match text.parse() {
            Ok(size @ 1..) => size,
            _ => return Err(format!("{text:?} is not a size of batches").into()),
        },
    };
    let pool = ThreadPoolExecutor::new(thread::available_parallelism()?.get())?;
    by_hand(&pool, size)?;
    by_map(&pool)?;
    Ok(())
}

/// Batches of our own: futures with what they are of, and the results brought back into order.
fn by_hand(pool: &ThreadPoolExecutor, size: usize) -> Result<(), Box<dyn Error>> {
    let numbers: Vec<u64> = (1..=1000).collect();
    let mut futures = Vec::new();
    for (index, batch) in numbers.chunks(size).enumerate() {
        let batch = batch.to_vec(); // a task owns what it works on
        futures.push((index, pool.submit(move || sum(&batch))?));
    }

    let mut sums = vec![None; futures.len()];
    print!("as completed:");
    for (index, future) in as_completed(futures) {
        let sum = future.result()?;
        print!("  {index}: {sum}");
        sums[index] = Some(sum);
    }
    println!();
    let sums = sums.into_iter().collect::<Option<Vec<_>>>().ok_or("a batch is missing")?;
    println!("in order: {sums:?}");
    println!("sum of 1..=1000 in batches of {size}: {}", sums.iter().sum::<u64>());
    Ok(())
}

fn sum(batch: &[u64]) -> u64 {
    batch.iter().sum()
}

/// `map` makes batches itself, if it is told to, and its results stay those of single items.
fn by_map(pool: &ThreadPoolExecutor) -> Result<(), Box<dyn Error>> {
    println!("\n{SMALL_ITEMS} small items through map:");
    let ways = [
        ("a task for each", MapOptions::new()),
        ("chunks of 100", MapOptions::new().chunk_size(100)),
        ("chunks of a size that is learned", MapOptions::new().auto_chunk_size()),
    ];
    let mut first = None;
    for (name, options) in ways {
        let (total, time) = timed(pool, options)?;
        let times_as_fast = first.get_or_insert(time).as_secs_f64() / time.as_secs_f64();
        println!(
            "{name:>34}: {:>7.1} ms, {times_as_fast:>5.1}x   total {total}",
            milliseconds(time)
        );
    }
    let began = Instant::now();
    let total: u64 = (0..SMALL_ITEMS).map(steps).sum();
    println!(
        "{:>34}: {:>7.1} ms           total {total}",
        "this thread alone",
        milliseconds(began.elapsed())
    );
    Ok(())
}

fn timed(pool: &ThreadPoolExecutor, options: MapOptions) -> Result<(u64, Duration), TaskError> {
    let began = Instant::now();
    let total = pool.map_with(options, steps, 0..SMALL_ITEMS).sum::<Result<u64, _>>()?;
    Ok((total, began.elapsed()))
}

/// How often a number is halved, or tripled and one added, until it is 1.
fn steps(number: u64) -> u64 {
    let (mut number, mut steps) = (black_box(number + 1), 0);
    while number != 1 {
        number = if number.is_multiple_of(2) { number / 2 } else { 3 * number + 1 };
        steps += 1;
    }
    steps
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
