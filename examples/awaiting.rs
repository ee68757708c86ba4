//! The same future in an async runtime and without one: it is `std`'s trait, and needs neither.
//!
//! Work that would block an async runtime's threads goes to a pool of one's own, and is awaited like
//! anything else.
//!
//! ```sh
//! cargo run --release --example awaiting                  # sums up the bytes of this program
//! cargo run --release --example awaiting -- FILE          # of yours
//! ```

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use concurrent_futures::{SharedFuture, TaskError, ThreadPoolExecutor};
use tokio::time::timeout;

/// An async runtime in ten lines: polls, and sleeps until it is woken.
fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(), // may return without a reason: it polls once more
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("awaiting: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let path = match std::env::args_os().nth(1) {
        Some(path) => PathBuf::from(path),
        None => std::env::current_exe()?,
    };
    let pool = ThreadPoolExecutor::new(2)?;
    let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build()?;

    // An async fn awaits it like any other. Who polls that one does not matter.
    println!("block_on: {}", block_on(report(&pool, path.clone()))?);
    println!("tokio:    {}", tokio.block_on(report(&pool, path.clone()))?);

    // One future, awaited by two tasks of Tokio and by a thread without a runtime.
    let shared = pool.submit_fallible(move || checksum(&path))?.shared();
    let (one, two) = tokio.block_on(async {
        let one = tokio::spawn(lent(shared.clone()));
        let two = tokio::spawn(lent(shared.clone()));
        Ok::<_, tokio::task::JoinError>((one.await?, two.await?))
    })?;
    let three = block_on(lent(shared));
    println!("shared:   {:x} and {:x} by tokio, {:x} by block_on", one?, two?, three?);

    tokio.block_on(not_in_time(&pool))
}

async fn report(pool: &ThreadPoolExecutor, path: PathBuf) -> Result<String, Box<dyn Error>> {
    let name = path.display().to_string();
    let sum = pool.submit_fallible(move || checksum(&path))?.await?;
    Ok(format!("{name} has the checksum {sum:x}"))
}

/// A shared future lends its outcome to whoever awaits it.
async fn lent(shared: SharedFuture<u64>) -> Result<u64, TaskError> {
    (&shared).await.copied()
}

/// The runtime's own timeouts work too, and leave the future as it was.
async fn not_in_time(pool: &ThreadPoolExecutor) -> Result<(), Box<dyn Error>> {
    let mut slow = pool.submit(|| thread::sleep(Duration::from_millis(100)))?;
    let mut ticks = 0;
    let outcome: Result<(), TaskError> = loop {
        match timeout(Duration::from_millis(20), &mut slow).await {
            Ok(outcome) => break outcome,
            Err(_) => ticks += 1,
        }
    };
    outcome?;
    println!("timeouts: {ticks} passed before a task of 100 ms was done");
    Ok(())
}

/// FNV-1a, byte by byte: long enough to be worth a thread of its own.
fn checksum(path: &Path) -> io::Result<u64> {
    let bytes = fs::read(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    Ok(bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix))
}
