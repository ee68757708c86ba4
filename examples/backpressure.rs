//! A queue with an end: what becomes of work that comes faster than it is done.
//!
//! Without a bound the queue grows, and with it the memory and the time until an answer comes. With one,
//! somebody has to give way, and the policy says who: the submitter waits (for ever, or for so long), is
//! told no and gets the closure back, or does the work itself.
//!
//! ```sh
//! cargo run --release --example backpressure
//! cargo run --release --example backpressure -- 200    # tasks to be submitted
//! ```

use std::error::Error;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use concurrent_futures::{RefusedReason, ReturnWhen, Shutdown, ThreadPoolExecutor, WhenFull, wait};

const WORKERS: usize = 2;
const CAPACITY: usize = 4;
/// How long a task takes.
const WORK: Duration = Duration::from_millis(5);
/// How long a submitter that waits for room is patient; who is held up for less does not notice.
const PATIENCE: Duration = Duration::from_millis(1);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("backpressure: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let tasks = match std::env::args().nth(1) {
        None => 40,
        Some(text) => text.parse().map_err(|_| format!("{text:?} is not a number of tasks"))?,
    };
    println!("{tasks} tasks of {WORK:?}, {WORKERS} workers, room for {CAPACITY}:\n");
    println!(
        "policy          accepted  refused  held up  in caller  peak queue  submitting   until done"
    );
    for (name, policy) in [
        ("Block", WhenFull::Block),
        ("BlockFor(1 ms)", WhenFull::BlockFor(PATIENCE)),
        ("Reject", WhenFull::Reject),
        ("RunInCaller", WhenFull::RunInCaller),
    ] {
        flood(name, policy, tasks)?;
    }
    println!();
    states()
}

/// Submits as fast as it may, and says what came of it.
fn flood(name: &str, policy: WhenFull, tasks: usize) -> Result<(), Box<dyn Error>> {
    let pool = ThreadPoolExecutor::builder()
        .max_workers(WORKERS)
        .queue_capacity(CAPACITY)
        .when_full(policy)
        .build()?;
    let (mut accepted, mut refused, mut held_up, mut peak) = (Vec::new(), 0, 0, 0);
    let began = Instant::now();
    for _ in 0..tasks {
        let work = || {
            thread::sleep(WORK);
            thread::current().id()
        };
        let asked = Instant::now();
        match pool.submit(work) {
            Ok(future) => accepted.push(future),
            Err(error) if *error.reason() == RefusedReason::Full => {
                let _work = error.into_inner(); // to be kept, sent elsewhere, or dropped as here
                refused += 1;
            }
            Err(error) => return Err(error.reason().to_string().into()),
        }
        held_up += usize::from(asked.elapsed() >= PATIENCE);
        peak = peak.max(pool.counters().queued);
    }
    let submitting = began.elapsed();

    let (here, taken, mut in_caller) = (thread::current().id(), accepted.len(), 0);
    for future in accepted {
        in_caller += usize::from(future.result()? == here);
    }
    let done = began.elapsed();
    println!(
        "{name:<15} {taken:>8} {refused:>8} {held_up:>8} {in_caller:>10} {peak:>11} {submitting:>11.1?} \
         {done:>12.1?}"
    );
    Ok(())
}

/// `wait` with a timeout gives all futures back, done or not: nothing is lost, and each has a state.
fn states() -> Result<(), Box<dyn Error>> {
    let pool =
        ThreadPoolExecutor::builder().max_workers(WORKERS).queue_capacity(CAPACITY).build()?;
    let (release, released) = mpsc::channel::<()>();
    let released = Arc::new(Mutex::new(released));
    let mut futures = Vec::new();
    for number in 0..8 {
        let released = released.clone();
        let task = move || {
            if number >= 3 {
                // Busy until the sender is dropped.
                let _ = released.lock().unwrap_or_else(PoisonError::into_inner).recv();
            }
            number
        };
        futures.push((number, pool.submit(task)?));
    }

    let waited = wait(futures, Some(Duration::from_millis(200)), ReturnWhen::AllCompleted);
    println!("wait, 200 ms: {} done, {} not", waited.done.len(), waited.not_done.len());
    for (number, future) in waited.done.iter().chain(&waited.not_done) {
        println!("  task {number}: {}", future.state());
    }
    let cancelled = waited.not_done.iter().filter(|(_, future)| future.cancel()).count();
    println!("cancelled in time: {cancelled}");
    drop(release);
    pool.shutdown(Shutdown::wait())?;
    let counters = pool.counters();
    println!("in the end: {} finished, {} cancelled", counters.finished, counters.cancelled);
    Ok(())
}
