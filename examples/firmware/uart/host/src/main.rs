//! Calls functions of a board over its serial line: starts the firmware that it is given in QEMU, has samples filtered
//! there, and sees what becomes of calls that fail, that are cancelled, that take too long, and that crash the board.
#![forbid(unsafe_code)]

mod qemu;

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use concurrent_futures::{
    CallErrorReason, CallOptions, Future, LinkExecutor, TaskErrorKind, as_completed,
};
use qemu::Qemu;
use uart_tasks::{NoSuchChannel, TASKS, count_primes, crash, crc, filter, limits, measure};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Takes the board long enough for somebody to change his mind: about a second.
const MANY: u32 = 2_000_000;

/// How many primes are below that.
const PRIMES: u32 = 148_933;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("host: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome {
    let firmware = env::args_os().nth(1).ok_or("say which firmware; `cargo run` in ../ does")?;
    let (qemu, reader, writer) = Qemu::start(&firmware)?;
    let board = LinkExecutor::builder().tasks(TASKS).limits(limits()).build(reader, writer)?;
    samples(&board)?;
    checksums(&board)?;
    failures(&board)?;
    cancellation(&board)?;
    deadline(&board)?;
    restart(&board)?;
    let counters = board.counters();
    println!(
        "{} calls: {} finished, {} of them with an error; {} cancelled",
        counters.submitted, counters.finished, counters.failed, counters.cancelled
    );
    drop(board); // tells the firmware that this was all
    let status = qemu.wait()?;
    ensure(status.success(), "the firmware ends with success")?;
    println!("the board has ended: {status}");
    Ok(())
}

/// A call is a future, as in any other executor.
fn samples(board: &LinkExecutor) -> Outcome {
    let samples = vec![1000, 1010, 4095, 1020, 1030, 0, 1040];
    let filtered = board.submit(filter, samples.clone())?.result()?;
    println!("filtered: {filtered:?}");
    ensure(filtered == filter(samples), "the board filters as this computer does")
}

/// Many at a time: they are sent one by one, each when the board is free.
fn checksums(board: &LinkExecutor) -> Outcome {
    let blocks = (0..20_u8).map(|n| vec![n; usize::from(n) * 50]);
    let calls = blocks
        .map(|block| Ok((crc(block.clone()), board.submit(crc, block)?)))
        .collect::<Outcome<Vec<_>>>()?;
    let mut count = 0;
    for (expected, future) in as_completed(calls) {
        ensure(future.result()? == expected, "the checksums are right")?;
        count += 1;
    }
    println!("checksums: {count}, all right");
    Ok(())
}

/// An error of the function comes back as what it was; what the board could not bear is not sent.
fn failures(board: &LinkExecutor) -> Outcome {
    let Err(error) = board.submit_fallible(measure, 7)?.result() else {
        return Err("there is no channel 7".into());
    };
    println!("measured: {error}");
    ensure(error.downcast_ref() == Some(&NoSuchChannel { channel: 7 }), "the error is its own")?;
    let Err(refused) = board.submit(crc, vec![0; 100_000]) else {
        return Err("the board has 64 KiB of memory".into());
    };
    println!("refused: {refused}");
    ensure(matches!(refused.reason(), CallErrorReason::Arguments(_)), "that was the reason")
}

/// What waits here can be cancelled, what has been sent cannot.
fn cancellation(board: &LinkExecutor) -> Outcome {
    let mut slow = board.submit(count_primes, MANY)?;
    let behind = board.submit(crc, vec![1, 2, 3])?;
    until_running(&slow);
    println!("cancelled: {} while it runs, {} behind it", slow.cancel(), behind.cancel());
    ensure(!slow.cancelled() && behind.cancelled(), "one is cancelled and the other is not")?;
    match slow.result_timeout(Duration::from_millis(1)) {
        Err(error) if error.is_timed_out() => println!("waited: {error}"),
        outcome => return Err(format!("that was quick: {outcome:?}").into()),
    }
    let primes = slow.result()?;
    println!("waited: {primes} primes below {MANY}");
    ensure(primes == PRIMES, "that is how many there are")
}

/// The board cannot be stopped, but nobody has to wait for it.
fn deadline(board: &LinkExecutor) -> Outcome {
    let options = CallOptions::new().run_timeout(Duration::from_millis(20));
    let late = board.submit_with(options, count_primes, MANY)?;
    let next = board.submit(crc, vec![4, 5, 6])?;
    let Err(error) = late.result() else { return Err("that was quick".into()) };
    println!("late: {error}");
    ensure(error.kind() == TaskErrorKind::DeadlinePassed, "it was late")?;
    ensure(next.result()? == crc(vec![4, 5, 6]), "the next one has its turn")
}

/// Firmware that panics starts the board again: that call is lost, and no other.
fn restart(board: &LinkExecutor) -> Outcome {
    let lost = board.submit(crash, ())?;
    let next = board.submit_fallible(measure, 2)?;
    let Err(error) = lost.result() else { return Err("the board has crashed".into()) };
    println!("lost: {error}");
    ensure(error.kind() == TaskErrorKind::WorkerLost, "the board was lost")?;
    println!("after that: {} mV", next.result()?);
    Ok(())
}

fn until_running<T>(future: &Future<T>) {
    while !future.running() && !future.done() {
        thread::sleep(Duration::from_millis(1));
    }
}

fn ensure(so: bool, what: &str) -> Outcome {
    if so { Ok(()) } else { Err(format!("it is not so that {what}").into()) }
}
