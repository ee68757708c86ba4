//! Says which of some large numbers are prime, all processors at it, each in a process of its own.
//!
//! The function is an ordinary one with `#[task]` on it: the loop calls it, and the workers do. They are this
//! same program, started again; that is what `init` at the beginning of `main` is for.
//!
//! ```sh
//! cargo run --release --example primes
//! cargo run --release --example primes -- 97 1_000_000_007 600_851_475_143
//! ```

use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use concurrent_futures::{ProcessPoolExecutor, task};

const NUMBERS: [u64; 6] = [
    112_272_535_095_293,
    112_582_705_942_171,
    112_272_535_095_293,
    115_280_095_190_773,
    115_797_848_077_099,
    1_099_726_899_285_419,
];

fn main() -> ExitCode {
    concurrent_futures::init(); // before anything else: in a worker it does not return
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("primes: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let numbers = numbers(std::env::args_os().skip(1))?;
    let workers = thread::available_parallelism()?.get().min(numbers.len());

    let start = Instant::now();
    let processes = ProcessPoolExecutor::new(workers)?;
    // Each result as soon as it and those before it are there.
    let mut found = Vec::new();
    for (number, prime) in numbers.iter().zip(processes.map(is_prime, numbers.clone())) {
        let prime = prime?;
        println!("{number} is prime: {prime}");
        found.push(prime);
    }
    let pooled = start.elapsed();

    let start = Instant::now();
    let expected: Vec<bool> = numbers.iter().map(|number| is_prime(*number)).collect();
    let alone = start.elapsed();
    if found != expected {
        return Err("the workers say something else than the loop".into());
    }
    println!("one loop: {}", milliseconds(alone));
    println!("{workers} processes: {}, their start included", milliseconds(pooled));
    Ok(())
}

/// Divides by all odd numbers up to the square root: much to compute, and only a number to be sent.
#[task]
fn is_prime(n: u64) -> bool {
    match n {
        0 | 1 => false,
        2 => true,
        _ if n.is_multiple_of(2) => false,
        _ => (3..=n.isqrt()).step_by(2).all(|divisor| !n.is_multiple_of(divisor)),
    }
}

fn numbers(arguments: impl Iterator<Item = OsString>) -> Result<Vec<u64>, String> {
    let number = |argument: OsString| match argument.to_string_lossy().replace('_', "").parse() {
        Ok(number) => Ok(number),
        Err(error) => Err(format!("{argument:?} is no number: {error}")),
    };
    let numbers = arguments.map(number).collect::<Result<Vec<_>, _>>()?;
    Ok(if numbers.is_empty() { NUMBERS.to_vec() } else { numbers })
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
