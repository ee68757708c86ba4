//! Tasks that borrow: no `Arc`, no clones, no `'static`.
//!
//! A scope returns when all that was submitted into it is over, so its tasks may borrow whatever lives
//! longer than the scope: read one text from many tasks, or write to parts of one vector. As
//! `std::thread::scope`, on the threads of a pool.
//!
//! ```sh
//! cargo run --release --example scoped               # the examples' own sources
//! cargo run --release --example scoped -- FILE...    # yours
//! ```

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::thread;

use concurrent_futures::{TaskError, ThreadPoolExecutor, as_completed};

/// How often each word is in a text, whose words they borrow.
type Counts<'text> = HashMap<&'text str, usize>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("scoped: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let text = read_all()?;
    let processors = thread::available_parallelism()?.get();
    let pool = ThreadPoolExecutor::new(processors)?;

    let counts = count_words(&pool, &text)?;
    let mut words: Vec<_> = counts.into_iter().collect();
    words.sort_unstable_by_key(|&(word, count)| (usize::MAX - count, word));
    println!(
        "{} words, {} different",
        words.iter().map(|(_, count)| count).sum::<usize>(),
        words.len()
    );
    for (word, count) in words.iter().take(3) {
        println!("{count:>7} × {word}");
    }

    let mut numbers: Vec<f64> = (1..=1_000_000).map(f64::from).collect();
    scale(&pool, &mut numbers, 0.5)?;
    println!("sum of {} halves: {}", numbers.len(), sum(&pool, &numbers)?);

    println!("sorted in place, a scope in each task: {}", is_sorted_by_tasks(&pool, &numbers));
    println!("what a task threw that nobody waited for: {}", thrown(&pool));
    Ok(())
}

/// The files that were named, or the sources of these examples, one behind the other.
fn read_all() -> Result<String, Box<dyn Error>> {
    let mut names: Vec<_> = std::env::args_os().skip(1).map(Into::into).collect();
    if names.is_empty() {
        for entry in fs::read_dir(env!("CARGO_MANIFEST_DIR"))? {
            let path = entry?.path();
            names.extend(
                path.extension().is_some_and(|extension| extension == "rs").then_some(path),
            );
        }
    }
    let mut text = String::new();
    for name in names {
        let bytes = fs::read(&name).map_err(|error| format!("{}: {error}", name.display()))?;
        text.push_str(&String::from_utf8_lossy(&bytes));
    }
    Ok(text)
}

/// Each task counts the words of some lines. The counts borrow their words from the text, and so does
/// what this function returns.
fn count_words<'text>(
    pool: &ThreadPoolExecutor,
    text: &'text str,
) -> Result<Counts<'text>, TaskError> {
    let lines: Vec<&str> = text.lines().collect();
    pool.scope(|scope| {
        let parts = lines.chunks(100).map(|lines| scope.submit(move || count_words_of(lines)));
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        let mut total = Counts::new();
        for part in as_completed(parts) {
            for (word, count) in part.result()? {
                *total.entry(word).or_default() += count;
            }
        }
        Ok(total)
    })
}

fn count_words_of<'text>(lines: &[&'text str]) -> Counts<'text> {
    let mut counts = Counts::new();
    let words = lines.iter().flat_map(|line| line.split(|c: char| !c.is_alphabetic()));
    for word in words.filter(|word| !word.is_empty()) {
        *counts.entry(word).or_default() += 1;
    }
    counts
}

/// Writes to disjoint parts of one slice. Nobody waits for the tasks by name: the scope does.
fn scale(pool: &ThreadPoolExecutor, numbers: &mut [f64], factor: f64) -> Result<(), TaskError> {
    pool.scope(|scope| {
        for part in numbers.chunks_mut(10_000) {
            drop(scope.submit(move || part.iter_mut().for_each(|number| *number *= factor))?);
        }
        Ok(())
    })
}

/// Reads disjoint parts of one slice.
fn sum(pool: &ThreadPoolExecutor, numbers: &[f64]) -> Result<f64, TaskError> {
    pool.scope(|scope| {
        let sums = numbers.chunks(10_000).map(|part| scope.submit(|| part.iter().sum::<f64>()));
        let sums = sums.collect::<Result<Vec<_>, _>>()?;
        sums.into_iter().map(|sum| sum.result()).sum()
    })
}

/// Sorts a copy the wrong way round, by tasks that open scopes of their own.
fn is_sorted_by_tasks(pool: &ThreadPoolExecutor, numbers: &[f64]) -> bool {
    let mut copy = numbers.to_vec();
    sort_descending(pool, &mut copy);
    copy.is_sorted_by(|one, next| one >= next)
}

/// Merge sort. A worker that comes to the end of its scope runs what nobody has started, so this works
/// in a pool of one thread too.
fn sort_descending(pool: &ThreadPoolExecutor, numbers: &mut [f64]) {
    if numbers.len() <= 10_000 {
        return numbers.sort_unstable_by(|one, other| other.total_cmp(one));
    }
    let (left, right) = numbers.split_at_mut(numbers.len() / 2);
    pool.scope(|scope| {
        // Refused, because the pool was shut down, say, the closure comes back, and runs right here.
        if let Err(refused) = scope.submit(|| sort_descending(pool, left)) {
            refused.into_inner()();
        }
        sort_descending(pool, right);
    });
    numbers.sort_by(|one, other| other.total_cmp(one)); // merges what is sorted in two runs
}

/// A task whose future is dropped has nobody to tell that it panicked. The scope says so.
fn thrown(pool: &ThreadPoolExecutor) -> String {
    let scoped = || {
        pool.scope(|scope| -> Result<(), TaskError> {
            // Not `panic!`, which would also print.
            drop(scope.submit(|| std::panic::resume_unwind(Box::new("no such luck")))?);
            Ok(())
        })
    };
    match catch_unwind(AssertUnwindSafe(scoped)) {
        Err(payload) => payload.downcast_ref::<&str>().map_or("something", |text| *text).to_owned(),
        Ok(outcome) => format!("nothing: {outcome:?}"),
    }
}
