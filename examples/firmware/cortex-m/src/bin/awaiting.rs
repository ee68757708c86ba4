//! Futures awaited in async tasks: those of embassy, here.
//!
//! A future of an executor in a static is a future like any other: whoever runs async tasks can await it. Here two tasks
//! do. One has a sum computed in pieces; the other waits for measurements that an interrupt handler delivers, and has each
//! of them scaled. The work itself is done by a third task.
//!
//! ```sh
//! cargo run --release --bin awaiting      # Cortex-M3, machine lm3s6965evb of QEMU
//! ```
#![no_std]
#![no_main]

use concurrent_futures_core::{Mailbox, Promise, StaticExecutor, TaskError};
use cortex_m::Peripherals;
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::hprintln;
use embassy_executor::Spawner;
use panic_semihosting as _;

/// Room for 8 tasks, whose closures and results take up to 32 bytes.
static EXECUTOR: StaticExecutor<8, 32> = StaticExecutor::new();

/// What the next measurement is for.
static ASKED: Mailbox<Promise<u32>> = Mailbox::new();
#[exception]
fn SysTick() {
    static mut READ: u32 = 1000;

    if let Some(promise) = ASKED.take() {
        *READ += 4;
        let _ = promise.complete(*READ); // an error if nobody wants it any more
    }
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    match run(spawner).await {
        Ok(()) => {
            hprintln!("both are right");
            debug::exit(EXIT_SUCCESS);
        }
        Err(error) => {
            hprintln!("error: {}", error);
            debug::exit(EXIT_FAILURE);
        }
    }
}

async fn run(spawner: Spawner) -> Result<(), &'static str> {
    let peripherals = Peripherals::take().ok_or("the peripherals are taken already")?;
    start_ticks(peripherals.SYST);
    let (sum_promise, sum) = EXECUTOR.promise().map_err(|_| "no slot for the sum")?;
    let (mean_promise, mean) = EXECUTOR.promise().map_err(|_| "no slot for the mean")?;
    let (ended_promise, ended) = EXECUTOR.promise().map_err(|_| "no slot for the end")?;
    spawner.spawn(work(ended_promise).map_err(|_| "the working task runs already")?);
    spawner.spawn(add_up(sum_promise).map_err(|_| "the adding task runs already")?);
    spawner.spawn(measure(mean_promise).map_err(|_| "the measuring task runs already")?);
    let sum = sum.await.map_err(|_| "there is no sum")?;
    let mean = mean.await.map_err(|_| "there is no mean")?;
    hprintln!("sum {}, mean {}", sum, mean);
    EXECUTOR.shutdown();
    ended.await.map_err(|_| "the working task was lost")?;
    if sum != 500_500 {
        Err("the sum of the numbers up to 1000 is 500500")
    } else if mean != 757 {
        Err("the mean of 753, 756, 759 and 762 is 757")
    } else {
        Ok(())
    }
}

fn start_ticks(mut timer: SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(12_000 - 1); // a millisecond at 12 MHz
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
}

/// The worker: it runs one submitted task at a time, so that the other async tasks have their turn, and sleeps while there
/// is none. It ends when the executor was shut down.
#[embassy_executor::task]
async fn work(ended: Promise<()>) {
    EXECUTOR.run().await;
    let _ = ended.complete(());
}

/// An embassy task returns nothing: what it has found, or why it has found nothing, goes by its promise.
#[embassy_executor::task]
async fn add_up(promise: Promise<u32>) {
    let _ = match sum_in_pieces().await {
        Ok(sum) => promise.complete(sum).is_ok(),
        Err(error) => promise.fail(error).is_ok(),
    };
}

async fn sum_in_pieces() -> Result<u32, TaskError> {
    let mut sum = 0;
    for first in (1..=1000).step_by(100) {
        sum += EXECUTOR.submit(move || (first..first + 100).sum::<u32>())?.await?;
        hprintln!("summed up to {}", first + 99);
    }
    Ok(sum)
}

#[embassy_executor::task]
async fn measure(promise: Promise<u32>) {
    let _ = match mean_of_four().await {
        Ok(mean) => promise.complete(mean).is_ok(),
        Err(error) => promise.fail(error).is_ok(),
    };
}

async fn mean_of_four() -> Result<u32, TaskError> {
    let mut sum = 0;
    for _ in 0..4 {
        let (promise, measurement) = EXECUTOR.promise()?;
        ASKED.put(promise);
        let read = measurement.await?;
        sum += EXECUTOR.submit(move || read * 3 / 4)?.await?;
        hprintln!("measured {}", read);
    }
    Ok(sum / 4)
}
