//! Runs tasks that would each take a program down, and is still there at the end.
//!
//! One writes where there is no memory, as a faulty library does. One takes all memory that it gets, one
//! never ends, one exits, one panics, and one returns more than its caller wants. Each costs its own call:
//! the error says which process it was, how that ended and during what; the pool starts another worker and
//! goes on. What the workers printed on the way is shown at the end.
//!
//! ```sh
//! cargo run --release --example isolation
//! cargo run --release --example isolation -- crash exit    # only these
//! ```

use std::error::Error;
use std::process::{self, ExitCode};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use concurrent_futures::calls::{Exit, Limits};
use concurrent_futures::{
    CallOptions, ProcessPoolExecutor, Shutdown, TaskError, TaskErrorKind, task,
};

const MEGABYTE: usize = 1 << 20;

/// What each worker may have, code and stacks included.
const MEMORY: usize = 512 * MEGABYTE;

const NAMES: [&str; 6] = ["crash", "memory", "endless", "exit", "panic", "size"];

fn main() -> ExitCode {
    concurrent_futures::init();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("isolation: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let given: Vec<_> =
        std::env::args_os().skip(1).map(|name| name.to_string_lossy().into_owned()).collect();
    let names = if given.is_empty() { NAMES.map(String::from).to_vec() } else { given };
    let printed = Arc::new(Mutex::new(Vec::new()));
    let pool = careful_pool(printed.clone())?;

    for name in names {
        println!("\n{name}");
        match attempt(&pool, &name)? {
            Ok(value) => println!("  went well: {value}"),
            Err(error) => report(&error),
        }
    }

    println!("\nand now?");
    let sum = pool.submit(sum, (1, 1_000))?.result()?;
    println!("  the sum over 1..=1000 is {sum}, and the pool works");
    let counters = pool.counters();
    println!("  {} calls, {} of them failed", counters.finished, counters.failed);

    pool.shutdown(Shutdown::wait())?; // all that was printed has arrived then
    println!("\nwhat the workers printed");
    let printed = printed.lock().unwrap_or_else(PoisonError::into_inner);
    for line in String::from_utf8_lossy(&printed).lines().filter(|line| !line.trim().is_empty()) {
        println!("  | {line}");
    }
    Ok(())
}

/// Two workers, with bounds on all that they can do to others.
fn careful_pool(printed: Arc<Mutex<Vec<u8>>>) -> Result<ProcessPoolExecutor, Box<dyn Error>> {
    let pool = ProcessPoolExecutor::builder()
        .max_workers(2)
        .memory_limit(MEMORY as u64)
        .limits(Limits::default().payload(MEGABYTE))
        .env("RUST_BACKTRACE", "1")
        .capture_output(move |output| {
            printed.lock().unwrap_or_else(PoisonError::into_inner).extend(output.bytes);
        })
        .build()?;
    Ok(pool)
}

/// Calls one of them and waits for its end.
fn attempt(
    pool: &ProcessPoolExecutor,
    name: &str,
) -> Result<Result<usize, TaskError>, Box<dyn Error>> {
    Ok(match name {
        "crash" => pool.submit(write_to_nowhere, ())?.result(),
        "memory" => pool.submit(take_all_memory, ())?.result(),
        "endless" => {
            let options = CallOptions::new().run_timeout(Duration::from_millis(300));
            pool.submit_with(options, wait_for_ever, ())?.result()
        }
        "exit" => pool.submit(leave, 3)?.result(),
        "panic" => pool.submit(third_of, vec![1, 2])?.result(),
        "size" => pool.submit(zeros, 4 * MEGABYTE)?.result().map(|zeros| zeros.len()),
        other => return Err(format!("{other}: there are {}", NAMES.join(", ")).into()),
    })
}

/// All that an error knows.
fn report(error: &TaskError) {
    println!("  error:   {error}");
    if let Some(worker) = error.worker() {
        let (pid, exit, phase) = (worker.pid, worker.exit, worker.phase);
        println!("  worker:  process {pid}, {exit}, while {phase}");
    }
    if let Some(location) = error.location() {
        println!("  at:      {location}");
    }
    if let Some(backtrace) = error.backtrace_text() {
        let lines = backtrace.lines().count();
        let own = backtrace.lines().find(|line| line.contains("third_of")).unwrap_or_default();
        println!("  through: {} (of {lines} lines)", own.trim());
    }
    println!("  to do:   {}", advice(error));
}

/// What one does about it.
fn advice(error: &TaskError) -> &'static str {
    match (error.kind(), error.worker().map(|worker| worker.exit)) {
        (TaskErrorKind::WorkerLost, Some(Exit::Signal(6 | 9))) => {
            "give it less to do at a time, or more memory; see below what it printed"
        }
        (TaskErrorKind::WorkerLost, Some(Exit::Signal(_))) => {
            "keep its arguments, and run it under a debugger"
        }
        (TaskErrorKind::WorkerLost, _) => "find who calls exit in there",
        (TaskErrorKind::DeadlinePassed, _) => "give it more time, or try again later",
        (TaskErrorKind::Panicked, _) => "mend it: message and place are known",
        (TaskErrorKind::TooLarge, _) => "return less, write a file, or raise the limit",
        _ => "see above",
    }
}

/// As foreign code does that has lost its way.
#[task]
#[expect(unsafe_code, reason = "this is what crashes are made of")]
fn write_to_nowhere() -> usize {
    let nowhere = std::ptr::without_provenance_mut::<u8>(16);
    // SAFETY: no object of this program is in the first page, which no system maps: the write ends the
    // process and changes nothing. A volatile one is left as it is by the compiler.
    unsafe { nowhere.write_volatile(1) };
    0
}

#[task]
fn take_all_memory() -> usize {
    let mut taken = Vec::new();
    loop {
        taken.push(vec![1_u8; 16 * MEGABYTE]);
    }
}

#[task]
fn wait_for_ever() -> usize {
    loop {
        thread::park();
    }
}

#[task]
fn leave(status: i32) -> usize {
    process::exit(status)
}

#[task]
#[inline(never)] // or the backtrace has nothing of it
fn third_of(numbers: Vec<usize>) -> usize {
    numbers[2]
}

#[task]
fn zeros(count: usize) -> Vec<u8> {
    vec![0; count]
}

#[task]
fn sum(from: u64, to: u64) -> u64 {
    (from..=to).sum()
}
